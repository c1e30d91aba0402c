from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from pyndis.verification.log_xml import NAMESPACE
from pyndis.verification.output import json_report
from pyndis.verification.results import RESULTS
from pyndis.verification.rules import Rule

PAGE = (Path(__file__).parents[2] / "docs" / "verification.md").read_text("utf-8")
NAMED = set(re.findall(r"`([\w./-]+)`", PAGE))


@pytest.mark.parametrize("result", RESULTS)
def test_the_page_explains_each_result(result: str) -> None:
    assert f"| `{result}` |" in PAGE


def test_the_page_names_every_key_of_the_json() -> None:
    schema = json.loads(json_report.SCHEMA.read_bytes())
    rule = schema["properties"]["rules"]["items"]["properties"]
    defect = rule["defects"]["items"]["properties"]
    assert {key for part in (schema["properties"], rule, defect) for key in part} - NAMED == set()


def test_the_page_names_the_namespace_of_the_log_and_every_code() -> None:
    assert f"`{NAMESPACE}`" in PAGE
    assert {f"PYN-Y0{number}" for number in (2, 5, 6, 7, 8)} <= set(re.findall(r"PYN-Y\d\d", PAGE))


def test_the_page_names_what_can_break_a_rule() -> None:
    keys = {"calls", "calls_too", "entries", "states", "sections", "figures", "unarmed", "run_time", "compile_time"}
    assert keys <= NAMED
    assert keys <= set(Rule.__dataclass_fields__)
