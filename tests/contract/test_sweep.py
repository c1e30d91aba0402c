from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

from pyndis.contract.bench import Rig
from pyndis.contract.faults.sweep import Path, _prepared


def test_what_initialize_left_to_run_has_run_before_the_calls_of_a_path_are_counted() -> None:
    order: list[str] = []
    host = SimpleNamespace(settle=lambda: order.append("settle"), calls=lambda reset: order.append("count"))
    path = Path("send", prepare=lambda rig: order.append("prepare"), walk=lambda rig, ready: None)
    _prepared(cast("Rig", cast("Any", SimpleNamespace(host=host))), path)
    assert order == ["prepare", "settle", "count"]
