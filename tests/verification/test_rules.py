from __future__ import annotations

from fnmatch import fnmatchcase
from functools import cache

import pytest

from pyndis.ddi.facts import facts
from pyndis.diagnostics import UsageFailure
from pyndis.host import Host, native
from pyndis.verification.rules import FAMILIES, Rule, every, names
from pyndis.verification.selection import selected

RULES = every()
STATES = {"paged"}
FIGURES = {"faults", "runs", "schedules", "writes of changing memory"}


@cache
def exports() -> set[str]:
    """Of the kernel and ndis.sys for amd64."""
    return {name for names in facts().imports("amd64").values() for name in names}


def native_text() -> str:
    return "".join(file.read_text("utf-8") for file in sorted(native.SOURCES.glob("*.c")))


def test_every_family_has_its_rules() -> None:
    assert set(names()) == set(FAMILIES)


@pytest.mark.parametrize("rule", RULES, ids=lambda each: f"{each.family}-{each.name}")
def test_names_of_calls_are_those_of_exports(rule: Rule) -> None:
    patterns = (*rule.calls, *rule.calls_too)
    assert [each for each in patterns if not any(fnmatchcase(name, each) for name in exports())] == []


def test_names_of_entries_are_the_hosts() -> None:
    text = native_text()
    known = {each for rule in RULES for each in rule.entries} - {"IRP_MJ_*"}
    assert sorted(each for each in known if f'"{each}"' not in text) == []


def test_states_and_figures_are_those_that_are_counted() -> None:
    assert {each for rule in RULES for each in rule.states} == STATES
    assert {each for rule in RULES for each in rule.figures} == FIGURES


def test_every_rule_of_the_host_says_what_could_break_it(probe_image: object) -> None:
    with Host(str(probe_image)) as host:
        of_calls = {each.irql_rule for each in host.exports()}
    watched = [each for each in RULES if each.run_time and not each.unarmed and each.family != "contracts"]
    silent = [
        each.name
        for each in watched
        if not (
            each.calls or each.entries or each.states or each.sections or each.figures or each.sums_up or each.name in of_calls
        )
    ]
    assert silent == []


def test_rules_are_chosen_by_name_in_the_tables_order() -> None:
    assert [each.name for each in selected(["DoubleCompletion", "canceltimerobject"])] == [
        "CancelTimerObject",
        "DoubleCompletion",
    ]
    assert [each.family for each in selected(["SpinLock"])] == ["ndis", "wdm"]
    assert selected([]) == selected(["*"]) == RULES


def test_an_unknown_rule_is_refused_with_near_names() -> None:
    with pytest.raises(UsageFailure) as refused:
        selected(["DoubleCompletions"])
    (diagnostic,) = refused.value.diagnostics
    assert diagnostic.code == "PYN-Y01"
    assert diagnostic.help.startswith("did you mean DoubleCompletion")
