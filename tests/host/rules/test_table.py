from __future__ import annotations

import re
import tomllib
from functools import cache
from pathlib import Path

import pytest

import pyndis
from pyndis.host import Host
from pyndis.verification.rules import FAMILIES, Rule, described, every, names
from tests.host.rules.table import ROOT, Shown, page, shown

PACKAGE = Path(pyndis.__file__).parent
NATIVE = PACKAGE / "host" / "native"
PAGE = ROOT / "docs" / "host-rules.md"
REJECTED = ROOT / "tests" / "rejected"
RULES = every()


@cache
def codes() -> set[str]:
    files = (PACKAGE / "diagnostics" / "codes").glob("*.toml")
    return {code for file in files for code in tomllib.loads(file.read_text("utf-8"))}


def run_time(rule: Rule) -> bool:
    return "RT" in rule.where and not rule.not_applicable


@pytest.mark.parametrize("family", FAMILIES)
def test_every_rule_is_described(family: str) -> None:
    assert list(described(family)) == list(names()[family])


@pytest.mark.parametrize("rule", RULES, ids=lambda each: each.name)
def test_a_rule_says_how_it_is_checked(rule: Rule) -> None:
    assert rule.demand.endswith(".")
    if rule.not_applicable:
        assert rule.where in ("not applicable", "out of scope")
        return
    if "RT" in rule.where:
        assert rule.run_time or rule.refused_at_load, "nothing checks it at run time"
    if "CT" in rule.where:
        assert rule.compile_time or rule.not_offered, "nothing checks it at compile time"


@pytest.mark.parametrize("rule", [each for each in RULES if run_time(each) and each.run_time], ids=lambda each: each.name)
def test_a_rule_of_the_host_is_shown_broken_and_kept(rule: Rule) -> None:
    tests = shown().get(rule.name, Shown())
    assert tests.breaks, f"no test is marked breaks({rule.name!r})"
    assert tests.keeps, f"no test is marked keeps({rule.name!r})"


@pytest.mark.parametrize("rule", [each for each in RULES if each.run_time], ids=lambda each: each.name)
def test_the_hosts_files_report_it(rule: Rule) -> None:
    text = "".join((NATIVE / each).read_text("utf-8") for each in rule.run_time)
    wanted = rule.reported_as or (rule.name,)
    assert all(f'"{each}"' in text for each in wanted) or rule.family == "driver_verifier"


@pytest.mark.parametrize("rule", [each for each in RULES if each.compile_time or each.rejected], ids=lambda each: each.name)
def test_the_compilers_refusals_are_there(rule: Rule) -> None:
    assert [each for each in rule.compile_time if each not in codes()] == []
    reports = [(REJECTED / "golden" / f"{each}.txt").read_text("utf-8") for each in rule.rejected]
    refusals = {code for report in reports for code in re.findall(r"^error\[(PYN-\w+)\]", report, re.M)}
    assert refusals <= set(rule.compile_time)


def test_what_is_refused_at_load_is_not_exported(probe_image: Path) -> None:
    with Host(probe_image) as host:
        exported = {each.name for each in host.exports()}
    refused = {each.name: sorted(set(each.refused_at_load) & exported) for each in RULES}
    assert {name: found for name, found in refused.items() if found} == {}


def test_every_mark_names_a_rule_of_the_table() -> None:
    known = {name for rules in names().values() for name in rules}
    assert sorted(set(shown()) - known - OWN) == []


# The host's own names, for contracts that no rule of the kits covers (PROTOCOL.md, section 11).
OWN = set(re.findall(r"`(\w+)`", (PACKAGE / "host" / "PROTOCOL.md").read_text("utf-8")))


def test_the_page_is_what_the_table_says(request: pytest.FixtureRequest) -> None:
    if request.config.getoption("--regenerate-golden"):
        PAGE.write_text(page(), "utf-8")
    assert PAGE.is_file()
    assert PAGE.read_text("utf-8") == page(), "differs from docs/host-rules.md; pytest --regenerate-golden"
