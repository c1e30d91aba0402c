from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from pyndis.host import Export, Host

ROOT = Path(__file__).parents[2]
TABLE = ROOT / "pyndis" / "host" / "native" / "tables" / "exports.toml"
PAGE = ROOT / "docs" / "host-exports.md"
LEVELS = {0: "PASSIVE_LEVEL", 1: "APC_LEVEL", 2: "DISPATCH_LEVEL"}
HEAD = """# What the host exports

An image that imports anything else is refused when it is loaded, with the list of what is missing (PYN-H02): each name with its
module, as the import table has it. What begins with `Ndis` is in `ndis.sys`, all else in `ntoskrnl.exe` (or `hal.dll`, which
forwards to it). `MmGetSystemRoutineAddress` and `NdisGetRoutineAddress` find the same names.

*full*: does what its documentation says. *checked*: the same, and a misuse is a broken rule (see [the rules](host-rules.md)).
*partial*: the remark says what is left out. The IRQL is checked in any case.
This page is made from `pyndis/host/native/tables/exports.toml`, by `python -m pytest tests/host/test_export_states.py
--regenerate-golden`.

| export | state | IRQL | can be made to fail | remark |
| --- | --- | --- | --- | --- |
"""


@pytest.fixture(scope="module")
def table() -> dict[str, tuple[str, str]]:
    """State and remark by name, of this architecture."""
    data = tomllib.loads(TABLE.read_text())
    rows = {name: (state, "") for state in ("full", "checked") for name in data[state]}
    rows |= {name: ("partial", remark) for name, remark in data["partial"].items()}
    return {name: row for name, row in rows.items() if data["only"].get(name, "amd64") == "amd64"}


@pytest.fixture(scope="module")
def exports(tun_image: Path) -> list[Export]:
    with Host(tun_image) as host:
        return sorted(host.exports(), key=lambda each: (not each.name.startswith("Ndis"), each.name.lower()))


def test_the_table_names_what_the_host_exports(table: dict[str, tuple[str, str]], exports: list[Export]) -> None:
    assert set(table) == {each.name for each in exports}


def test_each_name_has_one_state() -> None:
    data = tomllib.loads(TABLE.read_text())
    names = [*data["full"], *data["checked"], *data["partial"]]
    assert len(names) == len(set(names))
    assert set(data["only"]) <= set(names)


def test_the_page_is_the_table(table: dict[str, tuple[str, str]], exports: list[Export], request: pytest.FixtureRequest) -> None:
    found = HEAD + "".join(_row(each, *table[each.name]) for each in exports)
    if request.config.getoption("--regenerate-golden"):
        PAGE.write_text(found)
    assert PAGE.read_text() == found


def _row(export: Export, state: str, remark: str) -> str:
    fails = "yes" if export.can_fail else ""
    return f"| `{export.name}` | {state} | {_levels(export)} | {fails} | {remark} |\n"


def _levels(export: Export) -> str:
    low, high = export.lowest_irql, export.highest_irql
    if (low, high) == (0, max(high, 3)):
        return "any"
    if low == high:
        return LEVELS[low]
    return f"up to {LEVELS[high]}" if low == 0 else f"{LEVELS[low]} to {LEVELS.get(high, 'any')}"
