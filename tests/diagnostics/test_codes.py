from __future__ import annotations

import re
from pathlib import Path

import pytest

import pyndis
from pyndis.diagnostics import UsageFailure
from pyndis.diagnostics.codes import explanation, explanations

PACKAGE = Path(pyndis.__file__).parent
CODE = re.compile(r"\"(PYN-[A-Z]+[0-9]{2})\"")


def raised() -> dict[str, set[str]]:
    """The codes in string literals of pyndis, with the stages (folders) that have them."""
    found: dict[str, set[str]] = {}
    for file in sorted(PACKAGE.rglob("*.py")):
        for code in CODE.findall(file.read_text("utf-8")):
            found.setdefault(code, set()).add(file.relative_to(PACKAGE).parts[0])
    return found


def test_every_code_that_is_raised_is_explained() -> None:
    assert sorted(raised().keys() - explanations().keys()) == []


def test_every_code_that_is_explained_is_raised() -> None:
    assert sorted(explanations().keys() - raised().keys()) == []


def test_a_code_means_one_thing() -> None:
    assert {code: stages for code, stages in raised().items() if len(stages) > 1} == {}


@pytest.mark.parametrize("code", explanations())
def test_an_explanation_says_something(code: str) -> None:
    entry = explanations()[code]
    assert entry.title
    assert not entry.title.endswith(".")
    assert len(entry.explanation) > 40
    assert entry.explanation.endswith((".", ":"))
    assert bool(entry.example) <= bool(entry.mend), "an example of a fault goes with its mend"


@pytest.mark.parametrize("said", ["PYN-P05", "pyn-p05", "p05", " P05 "])
def test_a_code_is_found_however_it_is_written(said: str) -> None:
    assert explanation(said).code == "PYN-P05"


@pytest.mark.parametrize(
    ("said", "help"),
    [("PYN-P5", "did you mean PYN-P0"), ("hello", "pyndis explain without a code"), ("", "pyndis explain without")],
)
def test_an_unknown_code_is_wrong_usage(said: str, help: str) -> None:
    with pytest.raises(UsageFailure) as caught:
        explanation(said)
    (found,) = caught.value.diagnostics
    assert found.code == "PYN-A01"
    assert found.help.startswith(help)
