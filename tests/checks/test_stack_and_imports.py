from __future__ import annotations

import pytest

from pyndis import ddi
from pyndis.checks import check, imports, stack, stack_report
from pyndis.ir.types import ULONG, Array, Struct
from tests.checks.build import FakeDdi, FakeFacts, codes, declare, do, function, give, local, op, program

FACTS = FakeFacts(
    FakeDdi("Known"),
    FakeDdi("Later", min_ntddi="NTDDI_WIN8"),
    FakeDdi("LaterInline", min_ntddi="NTDDI_WIN8", inline=True),
    FakeDdi("LaterNdis", min_ndis="630"),
    FakeDdi("Silent", irql_max=None),
    FakeDdi("ExAllocatePool"),
)


def size_of(name: str) -> int:
    return {"BIG": 900, "SMALL": 16}[name]


def test_functions_that_call_each_other_are_an_error_with_the_cycle():
    a, b = function("A", [], []), function("B", [], [])
    a.body.append(do(b))
    b.body.append(do(a))
    (error,) = stack.check(program(a, b), size_of)
    assert (error.code, error.message) == ("PYN-Z01", "`a` calls itself: `a` → `b` → `a`")


def test_an_entry_takes_the_deepest_way():
    leaf = function("Leaf", [], [declare(local("X", Struct("BIG")))])
    side = function("Side", [], [declare(local("X", Struct("SMALL")))])
    entry = function("Entry", [], [do(side), do(leaf)], entry_irql=(0, 2))
    uses = stack.measure(program(leaf, side, entry), size_of)
    assert uses[entry].way == (entry, leaf)
    assert uses[entry].deepest == uses[entry].frame + uses[leaf].frame
    assert uses[leaf].frame >= 900


def test_a_frame_over_the_limit_names_its_largest_local():
    (error,) = stack.check(program(function("F", [], [declare(local("Table", Array(ULONG, 512)))])), size_of)
    assert error.code == "PYN-Z02"
    assert error.message.startswith("`f` takes 2")


def test_an_entry_over_the_limit_is_an_error():
    functions = []
    for number in range(6):
        body = [declare(local("X", Struct("BIG")))] + ([do(functions[-1])] if functions else [])
        functions.append(function(f"F{number}", [], body))
    functions[-1].entry_irql = (0, 0)
    assert codes(stack.check(program(*functions), size_of)) == ["PYN-Z03"]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Known", []),
        ("Later", ["PYN-E04"]),
        ("LaterInline", []),
        ("LaterNdis", ["PYN-E04"]),
        ("Silent", ["PYN-E05"]),
        ("Nowhere", ["PYN-E02"]),
        ("ExAllocatePool", ["PYN-E01"]),
        ("UNREFERENCED_PARAMETER", []),
    ],
)
def test_calls_are_held_against_the_facts(name, expected):
    assert codes(imports.check(program(function("F", [], [do(name)])), FACTS, ["amd64"])) == expected


def test_a_name_is_reported_once():
    assert codes(imports.check(program(function("F", [], [do("Nowhere"), do("Nowhere")])), FACTS, ["amd64"])) == ["PYN-E02"]


def test_real_facts_serve_all_checks():
    entry = function("Pause", [], [do("NdisMSleep", 10)], entry_irql=(0, 0))
    assert check(program(entry), arches=["amd64", "x86", "arm64"], facts=ddi.facts()) == []
    assert stack_report(program(entry), arches=["amd64"], facts=ddi.facts()).startswith("Pause: ")


def test_errors_of_all_checks_come_together():
    a = local("A", ULONG)
    bad = function("F", [a], [do("Nowhere"), give(op(a, "-", 1))], ULONG, entry_irql=(2, 2))
    assert codes(check(program(bad), arches=["amd64"], facts=FACTS)) == ["PYN-E02", "PYN-R01"]
