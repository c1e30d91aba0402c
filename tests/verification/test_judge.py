from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from pyndis.contract import Finding, Outcome
from pyndis.diagnostics import Diagnostic, Label, Span
from pyndis.explore import Coverage
from pyndis.verification.judge import Judge
from pyndis.verification.observed import Compilation, Image, Run
from pyndis.verification.results import RuleResult
from pyndis.verification.rules import Rule
from tests.verification.conftest import outcome, rule

COMPILED = Compilation(functions=12)


def judged(
    *names: str, imports: tuple[str, ...] = (), run: tuple[Outcome, ...] = (), compiled: Compilation | None = None
) -> list[RuleResult]:
    rules = [rule(each) for each in names]
    return Judge(rules, compiled, Image(frozenset(imports)), Run(run)).results()


def test_a_rule_whose_call_was_made_passes_with_how_often() -> None:
    (result,) = judged("DoubleCompletion", imports=("IofCompleteRequest",), run=(outcome(calls={"IofCompleteRequest": 1200}),))
    assert result.result == "Pass"
    assert result.evidence == ("called IofCompleteRequest: 1,200 times in 1 cases",)


def test_a_rule_about_a_call_that_the_image_does_not_import_is_not_applicable() -> None:
    (result,) = judged("CancelTimerObject", run=(outcome(entries={"MiniportPause": 3}),))
    assert (result.result, result.reason) == ("NotApplicable", "the driver never calls NdisSetTimerObject")


def test_a_call_that_is_imported_and_never_made_is_not_checked() -> None:
    (result,) = judged("CancelTimerObject", imports=("NdisSetTimerObject",), run=(outcome(),))
    assert (result.result, result.reason) == ("NotChecked", "never called NdisSetTimerObject in a case of the suite")


def test_an_entry_that_never_ran_is_not_checked() -> None:
    (result,) = judged("MiniportPause_Return", run=(outcome(entries={"MiniportRestart": 1}),))
    assert result.result == "NotChecked"


def test_both_things_that_a_rule_needs_must_have_happened() -> None:
    imports = ("IoAcquireRemoveLockEx",)
    one = outcome(calls={"IoAcquireRemoveLockEx": 1}, entries={"IRP_MJ_WRITE": 1})
    both = outcome(calls={"IoAcquireRemoveLockEx": 1}, entries={"IRP_MJ_READ": 1})
    assert judged("RemoveLockReleaseRead", imports=imports, run=(one,))[0].result == "NotChecked"
    assert judged("RemoveLockReleaseRead", imports=imports, run=(both,))[0].result == "Pass"


def test_what_the_suite_cannot_break_does_not_pass_by_a_run() -> None:
    seen = outcome(calls={"NdisCancelTimerObject": 5}, entries={"IRP_MJ_WRITE": 5})
    (result,) = judged("PeriodicTimer", imports=("NdisCancelTimerObject",), run=(seen,))
    assert (result.result, result.reason[:12]) == ("NotChecked", "not watched:")


def test_a_compile_time_check_passes_with_its_codes() -> None:
    (result,) = judged("DoubleFetch", compiled=COMPILED)
    assert result.result == "Pass"
    assert result.evidence[0] == "compile time: PYN-O15 in none of 12 functions"
    assert result.evidence[1] == "never counted writes of changing memory in a case of the suite"


def test_what_the_language_cannot_say_is_not_applicable_only_with_sources() -> None:
    assert judged("IrpCancelField", compiled=COMPILED)[0].reason.startswith("by construction: ")
    assert judged("IrpCancelField")[0].result == "NotChecked"


def test_a_rule_about_other_drivers_is_not_applicable() -> None:
    (result,) = judged("WlanAssert")
    assert (result.result, result.reason) == ("NotApplicable", "Rules for wireless miniports, which pyndis does not make")


def test_a_paragraph_of_the_contract_passes_with_the_cases_about_it() -> None:
    (result,) = judged("NM-24", run=(outcome(about=("NM-24",)),))
    assert (result.result, result.evidence) == ("Pass", ("1 cases about it passed: area.case",))
    assert judged("NM-24", run=(outcome(),))[0].result == "NotChecked"


@pytest.mark.parametrize(
    ("said", "name"),
    [("DoubleCompletion", "DoubleCompletion"), ("PoolLeak", "Pool tracking"), ("IndicateWhileLent", "NM-52")],
)
def test_a_finding_is_a_defect_of_its_rule(said: str, name: str) -> None:
    found = Finding(said, "what happened", "tun.sys!Write+0x12 (tun.c:40)", ("  called from:\n    there",), "pyndis test tun.sys")
    (result,) = judged(name, run=(outcome(found),))
    assert result.result == "Defect"
    (defect,) = result.defects
    assert (defect.message, defect.file, defect.line, defect.case) == ("what happened", "tun.c", 40, "area.case")
    assert defect.again == "pyndis test tun.sys"


def test_a_finding_is_placed_in_the_python_that_its_c_was_made_of() -> None:
    compiled = Compilation(12, places={40: Span(Path("drivers/tun.py"), 7)})
    seen = outcome(Finding("DoubleCompletion", "again", "tun.sys!Write+0x12 (tun.c:40)"))
    (result,) = judged("DoubleCompletion", run=(seen,), compiled=compiled)
    assert result.defects[0].place == "tun.py:7, tun.sys!Write+0x12 (tun.c:40)"


def test_a_finding_whose_symbols_name_the_python_is_left_there() -> None:
    compiled = Compilation(12, places={40: Span(Path("drivers/tun.py"), 7)})
    seen = outcome(Finding("DoubleCompletion", "again", "tun.sys!Write+0x12 (tun.py:40)"))
    (result,) = judged("DoubleCompletion", run=(seen,), compiled=compiled)
    assert result.defects[0].place == "tun.sys!Write+0x12 (tun.py:40)"


def test_a_finding_that_no_table_has_is_a_defect_under_its_own_name() -> None:
    passing, other = judged(
        "DoubleCompletion", imports=("IofCompleteRequest",), run=(outcome(Finding("Fault:access", "a crash")),)
    )
    assert passing.result == "NotChecked"
    assert (other.rule.name, other.rule.family, other.result) == ("Fault", "other", "Defect")


def test_a_rule_that_was_not_asked_for_is_broken_all_the_same() -> None:
    asked, broken = judged("CancelTimerObject", run=(outcome(Finding("DoubleCompletion", "again")),))
    assert (asked.result, broken.rule, broken.result) == ("NotApplicable", rule("DoubleCompletion"), "Defect")


def test_of_namesakes_the_one_whose_calls_are_made_is_broken() -> None:
    from pyndis.verification.rules import every

    rules = [each for each in every() if each.name == "SpinLock"]
    image, run = Image(frozenset(("KeAcquireSpinLockRaiseToDpc",))), Run([outcome(Finding("SpinLock", "held"))])
    assert [each.result for each in Judge(rules, None, image, run).results()] == ["NotApplicable", "Defect"]


def test_an_exploration_counts_as_runs_in_many_orders() -> None:
    explored = replace(outcome(), coverage=Coverage("pause+restart", 400, 900, 20, 5, 2, True, 1.0))
    (result,) = judged("Kernel synchronisation delay fuzzing", run=(explored,))
    assert result.evidence == ("counted runs, schedules: 400 times in 1 cases",)


def test_what_sums_up_is_broken_with_what_it_sums_up() -> None:
    found = Finding("NdisTimedDataSend", "late")
    *_, summed = judged("NdisTimedDataSend", "DDI compliance", run=(outcome(found),))
    assert (summed.result, summed.evidence) == ("Defect", ("broken: NdisTimedDataSend",))


def refused(*names: str, diagnostic: Diagnostic) -> list[RuleResult]:
    return Judge([rule(each) for each in names], Compilation(3, (diagnostic,)), None, None).results()


def test_a_compile_time_error_is_a_defect_of_the_rule_that_it_names() -> None:
    span = Span(Path("tun.py"), 12, 4)
    error = Diagnostic(
        "PYN-I01", "`NdisMSleep` is called", (Label(span),), ("way: a", "rule Irql_Timer_Function, code analysis 28121")
    )
    broken, other = refused("Irql_Timer_Function", "Irql_SendRcv_Function", diagnostic=error)
    assert (broken.result, broken.defects[0].place) == ("Defect", str(span))
    assert (other.result, other.reason) == ("NotChecked", "the driver does not compile, so nothing of it ran")


def test_a_compile_time_error_without_a_rule_stands_for_itself() -> None:
    *_, other = refused("DoubleCompletion", diagnostic=Diagnostic("PYN-X99", "no such thing"))
    assert (other.rule.name, other.result) == ("PYN-X99", "Defect")


def test_the_rules_of_a_host_on_irqls_are_about_the_calls_that_it_limits() -> None:
    image = Image(frozenset(("NdisSetTimerObject",)), limited={"Irql_Timer_Function": frozenset(("NdisSetTimerObject",))})
    only: list[Rule] = [rule("Irql_Timer_Function")]
    (result,) = Judge(only, None, image, Run([outcome(calls={"NdisSetTimerObject": 2})])).results()
    assert result.evidence == ("called NdisSetTimerObject: 2 times in 1 cases",)
