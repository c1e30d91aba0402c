from __future__ import annotations

import json
from typing import Any

import pytest

from pyndis.toolchains.msbuild.output import Message
from pyndis.toolchains.msbuild.sarif import findings


def result(uri: str = "tunnel.c", line: int = 7, **more: Any) -> dict[str, Any]:
    place = {"physicalLocation": {"artifactLocation": {"uri": uri}, "region": {"startLine": line, "startColumn": 3}}}
    return {"ruleId": "C28182", "message": {"text": "a null pointer"}, "locations": [place], **more}


def log(*results: dict[str, Any], rules: list[dict[str, Any]] | None = None) -> str:
    # The form is SARIF's own; which of it cl and CodeQL use: unconfirmed.
    return json.dumps(
        {"version": "2.1.0", "runs": [{"tool": {"driver": {"name": "x", "rules": rules or []}}, "results": list(results)}]}
    )


def test_a_finding() -> None:
    assert findings("\ufeff" + log(result())) == (Message("tunnel.c", 7, False, "C28182", "a null pointer"),)


@pytest.mark.parametrize(
    ("uri", "file"),
    [
        ("file:///C:/my%20driver/tunnel.c", "C:/my driver/tunnel.c"),
        ("file:///home/me/tunnel.c", "/home/me/tunnel.c"),
        ("wdm/tunnel-wdm.c", "wdm/tunnel-wdm.c"),
    ],
)
def test_the_file_of_a_finding(uri: str, file: str) -> None:
    assert findings(log(result(uri)))[0].file == file


def test_the_level_is_the_finding_s_own_or_its_rule_s() -> None:
    rules = [{"id": "C28182", "defaultConfiguration": {"level": "error"}}]
    assert findings(log(result(), rules=rules))[0].is_error
    assert not findings(log(result(level="warning"), rules=rules))[0].is_error
    assert findings(log(result(level="note"))) == ()


def test_what_is_suppressed_or_passes_is_no_finding() -> None:
    assert findings(log(result(suppressions=[{"kind": "inSource"}]), result(kind="pass"))) == ()


def test_a_finding_without_a_place() -> None:
    assert findings(log({"ruleId": "r", "message": {"text": "t"}})) == (Message("", 0, False, "r", "t"),)


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"runs": 3}', "<xml/>"])
def test_what_is_no_sarif(text: str) -> None:
    with pytest.raises(ValueError):
        findings(text)
