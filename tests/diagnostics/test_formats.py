from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from pyndis.diagnostics import Diagnostic, Label, Span
from pyndis.diagnostics.formats import as_codequality, as_json, as_sarif


@pytest.fixture
def found(tmp_path: Path) -> list[Diagnostic]:
    file = tmp_path / "a.py"
    file.write_text("x = 'ü', y\nz\n")
    labels = (Label(Span(file, 1, 10, 1, 11), "here"), Label(Span(file, 2), "there"))
    return [Diagnostic("PYN-P05", "wrong", labels, ("note",), "mend"), Diagnostic("PYN-X99", "no place")]


def sarif(found: list[Diagnostic], root: Path) -> dict[str, Any]:
    log: dict[str, Any] = json.loads(as_sarif(found, root))
    return log


def test_json_holds_all_of_a_diagnostic(found: list[Diagnostic], tmp_path: Path) -> None:
    first, second = json.loads(as_json(found, tmp_path))["diagnostics"]
    assert first["labels"][0] == {"file": "a.py", "line": 1, "column": 11, "end_line": 1, "end_column": 12, "text": "here"}
    assert first["labels"][1] == {"file": "a.py", "line": 2, "column": 1, "end_line": 2, "end_column": 1, "text": "there"}
    assert (first["code"], first["message"], first["notes"], first["help"]) == ("PYN-P05", "wrong", ["note"], "mend")
    assert (second["labels"], second["help"]) == ([], "")


def test_sarif_has_what_its_schema_requires(found: list[Diagnostic], tmp_path: Path) -> None:
    log = sarif(found, tmp_path)
    assert log["version"] == "2.1.0"
    (run,) = log["runs"]
    assert run["tool"]["driver"]["name"] == "pyndis"
    for result in run["results"]:
        assert result["message"]["text"]
        assert run["tool"]["driver"]["rules"][result["ruleIndex"]]["id"] == result["ruleId"]


def test_sarif_places_count_characters_from_one(found: list[Diagnostic], tmp_path: Path) -> None:
    first, second = sarif(found, tmp_path)["runs"][0]["results"]
    (location,) = first["locations"]
    assert location["physicalLocation"]["artifactLocation"] == {"uri": "a.py", "uriBaseId": "ROOT"}
    assert location["physicalLocation"]["region"] == {"startLine": 1, "startColumn": 10, "endLine": 1, "endColumn": 11}
    assert first["relatedLocations"][0]["message"] == {"text": "there"}
    assert "locations" not in second


def test_sarif_rules_explain_themselves(found: list[Diagnostic], tmp_path: Path) -> None:
    known, unknown = sarif(found, tmp_path)["runs"][0]["tool"]["driver"]["rules"]
    assert known["shortDescription"]["text"] == "a value of driver.toml is of the wrong kind"
    assert unknown == {"id": "PYN-X99"}


def test_code_quality_has_a_place_for_every_issue_and_tells_them_apart(found: list[Diagnostic], tmp_path: Path) -> None:
    first, second = json.loads(as_codequality(found, tmp_path))
    assert (first["check_name"], first["description"], first["severity"]) == ("PYN-P05", "wrong", "major")
    assert first["location"] == {"path": "a.py", "lines": {"begin": 1}}
    assert second["location"] == {"path": ".", "lines": {"begin": 1}}
    assert first["fingerprint"] != second["fingerprint"]


def test_a_run_without_findings_is_a_log_too(tmp_path: Path) -> None:
    assert sarif([], tmp_path)["runs"][0]["results"] == []
    assert json.loads(as_codequality([], tmp_path)) == []
    assert json.loads(as_json([], tmp_path)) == {"diagnostics": []}
