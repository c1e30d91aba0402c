from __future__ import annotations

import json
import re
from pathlib import Path

from pyndis.contract import AREAS
from pyndis.contract.output import json_report
from pyndis.contract.scenarios.library import COMMON
from pyndis.contract.traffic import FUNCTIONS

NOT_NAMED = {"failed", "not_exercised"}  # the parts of the totals
PAGE = (Path(__file__).parents[2] / "docs" / "testing.md").read_text("utf-8")


def test_the_page_speaks_of_every_area() -> None:
    (table,) = re.findall(r"\| area \|.*?\n\n", PAGE, re.DOTALL)
    rows = [line for line in table.splitlines()[2:] if line]
    assert [name for row in rows for name in re.findall(r"`([a-z-]+)`", row.split("|")[1])] == [each.name for each in AREAS]


def test_the_page_names_every_element_of_the_pairs() -> None:
    (row,) = [line for line in PAGE.splitlines() if line.startswith("| `scenarios`")]
    assert [name for name in COMMON if name not in row.lower()] == []


def test_the_page_has_every_function_of_a_traffic_file() -> None:
    assert re.findall(r"^def (\w+)\(.*\) -> \w+", PAGE, re.MULTILINE)[: len(FUNCTIONS)] == list(FUNCTIONS)


def test_the_page_has_every_key_of_the_json() -> None:
    schema = json.loads(json_report.SCHEMA.read_bytes())
    parts = [schema, *schema["$defs"].values()]
    named = {name.rpartition(".")[2] for name in re.findall(r"`([a-z.\[\]]+)`", PAGE.replace("[]", ""))}
    assert {key for part in parts for key in part["properties"]} - named - NOT_NAMED == set()
