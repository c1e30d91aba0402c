"""Every DDI that is called exists where the driver is to run, and is one that a driver should call.

Takes any program. Leaves diagnostics PYN-E..; without them the facts know each call that is not a pure macro, with its IRQL, on
every architecture, and each import is there on Windows 7 and NDIS 6.20.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import Any, cast

from pyndis.checks import walk
from pyndis.checks.facts import Facts, FunctionFacts
from pyndis.diagnostics import Diagnostic, Label
from pyndis.ir import nodes as ir

OLDEST_NDIS = "620"


@cache
def _data() -> dict[str, Any]:
    return cast("dict[str, Any]", json.loads(Path(__file__).with_name("banned.json").read_bytes()))


def check(program: ir.Program, facts: Facts, arches: Sequence[str]) -> list[Diagnostic]:
    """All errors, each name once, at its first call."""
    found: dict[str, Diagnostic] = {}
    for function in program.functions:
        for call in walk.calls(function.body):
            if isinstance(call.function, str) and call.function not in found:
                for error in _errors(call, call.function, function, facts, arches):
                    found.setdefault(call.function, error)
    return list(found.values())


def _errors(call: ir.Call, name: str, function: ir.Function, facts: Facts, arches: Sequence[str]) -> Iterator[Diagnostic]:
    place = call.span or function.span
    labels = (Label(place, f"`{function.source or function.name}` calls it here"),) if place else ()
    banned = _data()["banned"].get(name)
    if banned is not None:
        notes = (f"rule {banned['rule']}",)
        yield Diagnostic("PYN-E01", f"`{name}` is not for drivers: {banned['why']}", labels, notes, f"use {banned['instead']}")
        return
    if name in _data()["macros"]:
        return
    known = {arch: facts.function(name, arch) for arch in arches}
    missing = [arch for arch, fact in known.items() if fact is None]
    ours = name in _data()["headers"]
    if missing and not call.pure and not (ours and len(missing) < len(arches)):
        yield _unknown(name, missing, len(missing) == len(arches), labels)
    for fact in known.values():
        if fact is not None:
            yield from () if ours else _too_new(fact, labels)
            yield from _silent(fact, call, labels)


def _unknown(name: str, missing: list[str], everywhere: bool, labels: tuple[Label, ...]) -> Diagnostic:
    if everywhere:
        return Diagnostic(
            "PYN-E02",
            f"the facts know no `{name}`",
            labels,
            ("Its IRQL, its module and whether it calls back are unknown, so nothing can be said of who may call it.",),
            "check the name; a call that the facts lack is added to pyndis/ddi/data/supplement.json",
        )
    return Diagnostic(
        "PYN-E03",
        f"`{name}` does not exist on {', '.join(missing)}",
        labels,
        (),
        "call what exists on every architecture of driver.toml, or take the architecture out",
    )


def _too_new(fact: FunctionFacts, labels: tuple[Label, ...]) -> Iterator[Diagnostic]:
    imported = fact.module is not None and not fact.inline and not fact.macro
    if imported and fact.min_ntddi is not None:
        since = fact.min_ntddi.removeprefix("NTDDI_")
        yield Diagnostic(
            "PYN-E04",
            f"`{fact.name}` is there since {since} only: on Windows 7 the driver would not load",
            labels,
            (f"module {fact.module}",),
            "call what Windows 7 has",
        )
    if imported and fact.min_ndis is not None and fact.min_ndis > OLDEST_NDIS:
        since = f"{fact.min_ndis[0]}.{fact.min_ndis[1:]}"
        yield Diagnostic(
            "PYN-E04",
            f"`{fact.name}` is there since NDIS {since} only: on Windows 7 the driver would not load",
            labels,
            (f"module {fact.module}",),
            "call what NDIS 6.20 has",
        )


def _silent(fact: FunctionFacts, call: ir.Call, labels: tuple[Label, ...]) -> Iterator[Diagnostic]:
    silent = fact.irql_min is None and fact.irql_max is None and fact.irql_requires is None
    if silent and not call.pure:
        yield Diagnostic(
            "PYN-E05",
            f"the facts do not say at which IRQL `{fact.name}` may be called",
            labels,
            (),
            "look it up in its documentation, and add it to pyndis/ddi/data/irql.json",
        )
