"""The table of rules: the package says which there are and how each is checked, marks of tests what shows it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

from pyndis.verification.rules import FAMILIES, TITLES, Rule, described

ROOT = Path(__file__).parents[3]
SPEAKING = ("breaks", "keeps")


@dataclass(frozen=True)
class Shown:
    """Identifiers of the tests that show a rule broken and kept."""

    breaks: tuple[str, ...] = ()
    keeps: tuple[str, ...] = ()


class _Marks:
    """A pytest plugin: writes what the marks of all tests say."""

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        found: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
        for item in session.items:
            for word in SPEAKING:
                for mark in item.iter_markers(word):
                    for name in {mark.args[0], mark.kwargs.get("feature") or mark.args[0]}:
                        found[name][word].append(item.nodeid)
        Path(os.environ["MARKS"]).write_text(json.dumps(found))


@cache
def shown() -> dict[str, Shown]:
    """What the tests of the host show, by rule. They are collected in a process of their own: a selection does not count."""
    with tempfile.NamedTemporaryFile() as file:
        command = [sys.executable, "-m", __name__, "--collect-only", "-q", "-p", "no:cacheprovider", "tests/host"]
        environment = {**os.environ, "MARKS": file.name}
        result = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
        assert result.returncode == 0, result.stdout[-2000:] + result.stderr[-2000:]
        marks: dict[str, dict[str, list[str]]] = json.loads(Path(file.name).read_text())
    return {rule: Shown(tuple(found.get("breaks", ())), tuple(found.get("keeps", ()))) for rule, found in marks.items()}


HEAD = """\
# The rules that the host checks

Every rule for miniports and for the control device of a miniport, with the check and the tests that show that it fires, and that
it lets a driver pass that keeps the rule. `breaks` and `keeps` are parameters of tests below `tests/host/`. *Refused at load*: a
driver can break the rule only with a function that the host does not export, so its image does not load.
This page is made from `pyndis/verification/rules/*.toml`: `python -m pytest tests/host/rules --regenerate-golden`.
"""
COLUMNS = "| rule | what is demanded | host | compiler | tests |\n| --- | --- | --- | --- | --- |\n"


def page() -> str:
    """docs/host-rules.md."""
    parts = [HEAD]
    for family in FAMILIES:
        parts += [f"\n## {TITLES[family]}\n\n", COLUMNS]
        parts += [_row(each, shown().get(each.name, Shown())) for each in described(family).values() if not each.not_applicable]
        parts += _rest(each for each in described(family).values() if each.not_applicable)
    return "".join(parts)


def _row(rule: Rule, tests: Shown) -> str:
    name = f"`{rule.name}`" + (f" ({rule.dv})" if rule.dv else "")
    host = [f"as {_list(rule.reported_as)}"] if rule.reported_as else []
    host += [f"`{each}`" for each in rule.run_time]
    host += [f"refused at load: {_list(rule.refused_at_load)}"] if rule.refused_at_load else []
    compiler = [*rule.compile_time, *([rule.not_offered] if rule.not_offered else []), *(f"`{each}`" for each in rule.rejected)]
    return f"| {name} | {rule.demand} | {', '.join(host)} | {', '.join(compiler)} | {_tests(tests)} |\n"


def _tests(tests: Shown) -> str:
    words = [(word, sorted({_short(each) for each in getattr(tests, word)})) for word in SPEAKING]
    return "; ".join(f"{word} {_list(ids)}" for word, ids in words if ids)


def _short(test: str) -> str:
    """`test_ndis.py[CancelTimerObject]`, of a test's whole identifier."""
    file, _, rest = test.partition("::")
    name, bracket, parameter = rest.partition("[")
    return f"{Path(file).name}[{parameter}" if bracket else f"{Path(file).name}::{name}"


def _list(items: Iterable[str]) -> str:
    return ", ".join(f"`{each}`" for each in items)


def _rest(rules: Iterable[Rule]) -> list[str]:
    reasons: dict[str, list[str]] = defaultdict(list)
    for rule in rules:
        reasons[rule.not_applicable].append(rule.name)
    return [f"\n{reason} {_list(names)}.\n" for reason, names in reasons.items()]


if __name__ == "__main__":
    sys.exit(pytest.main(sys.argv[1:], plugins=[_Marks()]))
