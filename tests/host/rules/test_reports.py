from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from pyndis.host import Violation
from tests.host.rules.conftest import SOURCES, Choose
from tests.host.rules.scenes import Scene, tour

Golden = Callable[[str, bytes], None]


def source_line(file: str, number: int) -> str:
    return (SOURCES / file).read_text("utf-8").splitlines()[number - 1].strip()


def report_of(violation: Violation) -> str:
    """A report with what differs from run to run or with the compiler left out: addresses, threads, offsets of instructions; and
    with the text of each source line in place of its number."""
    report = re.sub(
        r"\b(\w+\.c):(\d+)(?=[,) ])", lambda place: f"{place[1]}: {source_line(place[1], int(place[2]))}", violation.report()
    )
    for pattern, instead in ((r"0x7[0-9a-f]{10,}", "ADDRESS"), (r"thread \d+", "thread N"), (r"(!\w+)\+0x[0-9a-f]+", r"\1")):
        report = re.sub(pattern, instead, report)
    return report + "\n"


@pytest.mark.parametrize(
    ("name", "rule"),
    [
        ("NdisOidDoubleComplete", "NdisOidDoubleComplete"),
        ("NdisAllocateMdl", "NdisAllocateMdl"),
        ("SpinLockDpr", "SpinLockDpr"),
        ("Irql_SendRcv_Function", "Irql_SendRcv_Function"),
        ("MiniportPause_Return", "MiniportPause_Return"),
        ("DoubleCompletion", "DoubleCompletion"),
        ("PoolReadAfterFree", "Fault"),
    ],
)
def test_a_report_tells_rule_place_object_and_history(choose: Choose, golden: Golden, name: str, rule: str) -> None:
    found = Scene(rule, tour, name=name).violations(choose(f"breaks {name}"))
    golden(f"{name}.txt", report_of(next(each for each in found if each.rule == rule)).encode())


def test_a_run_with_a_seed_says_how_to_see_it_again(choose: Choose) -> None:
    image = choose("breaks NdisOidDoubleComplete")
    first, again = (Scene("NdisOidDoubleComplete", tour, options={"seed": 5}).violations(image) for _ in range(2))
    assert "replay with Host('probe.sys', seed=5) and the same calls" in first[0].report()
    assert [report_of(each) for each in first] == [report_of(each) for each in again]
