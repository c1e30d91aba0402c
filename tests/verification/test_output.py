from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from pyndis.diagnostics import Diagnostic, Label, Span
from pyndis.verification.output import json_report, sarif, text
from pyndis.verification.results import NOTICE, Defect, RuleResult, Verification
from pyndis.verification.rules import Rule
from tests.verification.conftest import rule, verification

SEEN = Defect(
    "completed again",
    "tun.sys!Write+0x12 (tun.c:40)",
    "tun.c",
    40,
    "receives.inline",
    ("  called from:", "    there"),
    "pyndis test",
)


@pytest.fixture
def whole() -> Verification:
    return verification(
        [
            RuleResult(rule("CancelTimerObject"), "Pass", evidence=("called NdisSetTimerObject: 2 times in 1 cases",)),
            RuleResult(rule("NdisTimedDataSend"), "NotChecked", "never entered by MiniportSendNetBufferLists"),
            RuleResult(rule("WlanAssert"), "NotApplicable", "no wireless"),
            RuleResult(rule("DoubleCompletion"), "Defect", defects=(SEEN,)),
            RuleResult(Rule("other", "Fault", "Nothing crashes.", ""), "Defect", defects=(Defect("a crash"),)),
        ]
    )


def test_json_fits_its_schema_and_is_read_back(whole: Verification) -> None:
    written = json_report.text(whole)
    jsonschema.validate(json.loads(written), json.loads(json_report.SCHEMA.read_text("utf-8")))
    assert json_report.read(written) == whole


@pytest.mark.parametrize("damaged", ["", "{}", '{"format": 0}', "[]"])
def test_what_is_no_report_is_not_read(damaged: str) -> None:
    with pytest.raises((ValueError, KeyError, TypeError)):
        json_report.read(damaged)


def test_the_text_says_what_it_is_not(whole: Verification) -> None:
    said = " ".join(text.lines(whole))
    assert NOTICE in said
    assert "It is not Microsoft's Static Driver Verifier" in said


def test_the_text_names_defects_with_their_place_and_what_was_not_checked(whole: Verification) -> None:
    said = list(text.lines(whole))
    assert "Defect DoubleCompletion: A request is completed at most once." in said
    assert "    at tun.sys!Write+0x12 (tun.c:40)" in said
    assert "    again: pyndis test" in said
    assert "      NdisTimedDataSend" in said
    assert said[-1] == "5 rules: 2 Defect, 1 NotChecked, 1 Pass, 1 NotApplicable"


def run_of(whole: Verification, tmp_path: Path) -> dict[str, Any]:
    (run,) = json.loads(sarif.text(whole, tmp_path / "out", tmp_path))["runs"]
    assert isinstance(run, dict)
    return run


def test_sarif_has_a_result_for_each_breach_and_every_rule_says_what_came_out(whole: Verification, tmp_path: Path) -> None:
    run = run_of(whole, tmp_path)
    rules = run["tool"]["driver"]["rules"]
    assert [(each["ruleId"], each["level"]) for each in run["results"]] == [("DoubleCompletion", "error"), ("Fault", "error")]
    assert all(rules[each["ruleIndex"]]["id"] == each["ruleId"] and each["message"]["text"] for each in run["results"])
    assert [each["properties"]["result"] for each in rules] == ["Pass", "NotChecked", "NotApplicable", "Defect", "Defect"]
    assert rules[0]["properties"]["evidence"] == ["called NdisSetTimerObject: 2 times in 1 cases"]


def test_sarif_notes_what_was_not_checked(whole: Verification, tmp_path: Path) -> None:
    (invocation,) = run_of(whole, tmp_path)["invocations"]
    assert invocation["executionSuccessful"]
    (note,) = invocation["toolExecutionNotifications"]
    assert note["message"]["text"] == "NdisTimedDataSend was not checked: never entered by MiniportSendNetBufferLists"


def test_sarif_places_a_defect_in_the_generated_c_or_else_in_the_image(whole: Verification, tmp_path: Path) -> None:
    found = {each["ruleId"]: each for each in run_of(whole, tmp_path)["results"]}
    (location,) = found["DoubleCompletion"]["locations"]
    assert location["physicalLocation"] == {
        "artifactLocation": {"uri": "out/tun.c", "uriBaseId": "ROOT"},
        "region": {"startLine": 40},
    }
    (image,) = found["Fault"]["locations"]
    assert image["physicalLocation"]["artifactLocation"]["uri"] == "out/amd64/Release/tun/tun.sys"


def test_sarif_places_a_defect_in_the_python_where_the_c_was_made_of_it(tmp_path: Path) -> None:
    file = tmp_path / "tun.py"
    file.write_text("a\nb\n")
    broken = RuleResult(rule("DoubleCompletion"), "Defect", defects=(replace(SEEN, python=Span(file, 2, 0, 2, 1)),))
    (result,) = run_of(verification([broken]), tmp_path)["results"]
    assert result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == "tun.py"
    assert result["relatedLocations"][0]["physicalLocation"]["artifactLocation"]["uri"] == "out/tun.c"


def test_sarif_places_a_compile_time_defect_in_the_python(tmp_path: Path) -> None:
    file = tmp_path / "tun.py"
    file.write_text("a\nb\n")
    error = Diagnostic("PYN-I01", "too high", (Label(Span(file, 2, 0, 2, 1)),))
    broken = RuleResult(rule("Irql_Timer_Function"), "Defect", defects=(Defect("too high", diagnostic=error),))
    (result,) = run_of(verification([broken]), tmp_path)["results"]
    assert result["ruleId"] == "Irql_Timer_Function"
    assert result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == "tun.py"


def test_sarif_says_no_path_of_the_machine(whole: Verification, tmp_path: Path) -> None:
    assert str(tmp_path) not in sarif.text(whole, tmp_path / "out", tmp_path)
