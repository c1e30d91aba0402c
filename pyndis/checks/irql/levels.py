"""Limits of single calls: what the facts say, with conditions on arguments decided where they can be."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, cast

from pyndis.checks.facts import Facts, FunctionFacts
from pyndis.ir import nodes as ir

HIGHEST = 15
_EQUAL = re.compile(r"^(?:\((\w+) & (\w+)\)|(\w+)) ?([!=]=) ?(\w+)$")


@dataclass(frozen=True)
class Limits:
    """The IRQLs at which a call is legal."""

    low: int = 0
    high: int = HIGHEST


def limits(known: FunctionFacts, call: ir.Call, facts: Facts) -> Limits:
    """Where a DDI may be called, given these arguments. Where a condition cannot be decided its limit counts."""
    if known.irql_requires is not None:
        return Limits(known.irql_requires, known.irql_requires)
    ruled = [(rule.level, _holds(rule.when, known, call, facts)) for rule in known.irql_when if rule.kind == "max"]
    open_limits = [level for level, holds in ruled if holds is not False]
    high = known.irql_max
    if ruled and open_limits:
        high = min(open_limits)
    return Limits(known.irql_min or 0, HIGHEST if high is None else high)


def _holds(when: str, known: FunctionFacts, call: ir.Call, facts: Facts) -> bool | None:
    found = _EQUAL.match(when.strip())
    if found is None:
        return None
    masked, mask, plain, operator, wanted = found.groups()
    names = [param.name for param in known.params]
    name = masked or plain
    value = _constant(call.args[names.index(name)]) if name in names and len(names) == len(call.args) else None
    right = _number(wanted, facts)
    bits = _number(mask, facts) if mask else -1
    if value is None or right is None or bits is None:
        return None
    return (value & bits == right) == (operator == "==")


def _constant(expr: ir.Expr) -> int | None:
    while isinstance(expr, ir.Cast):
        expr = expr.operand
    if isinstance(expr, ir.Null):
        return 0
    if isinstance(expr, ir.Global):
        return cast("dict[str, int]", _data("roles")["globals"]).get(expr.name)
    return expr.value if isinstance(expr, ir.Const) else None


def _number(text: str, facts: Facts) -> int | None:
    if text == "NULL":
        return 0
    return int(text, 0) if text[0].isdigit() else facts.constant(text)


def raised_to(known: FunctionFacts, call: ir.Call, argument: int | None) -> int | None:
    """The IRQL that a call raises to, if it does."""
    if argument is not None and argument < len(call.args):
        return _constant(call.args[argument])
    return known.raises_irql


@dataclass(frozen=True)
class Role:
    """What a callback type demands, from `roles.json` and the facts."""

    irql: tuple[int, int] = (0, 2)
    locked: bool = False
    leaves: str = ""
    dispatch_flag: bool = False


@cache
def _roles() -> dict[str, dict[str, Any]]:
    return cast("dict[str, dict[str, Any]]", _data("roles")["roles"])


def role(function: ir.Function, facts: Facts) -> Role:
    """The role of a function that the kernel calls; of one without a role, what any function may be."""
    entry = dict(_roles().get(function.role, {}))
    irql = function.entry_irql or entry.pop("irql", None) or _from_facts(function.role, facts)
    entry.pop("irql", None)
    return Role((irql[0], irql[1]), **entry)


def _from_facts(name: str, facts: Facts) -> tuple[int, int]:
    known = facts.callback(name) if name else None
    if known is None:
        return 0, 2
    if known.irql_requires is not None:
        return known.irql_requires, known.irql_requires
    return known.irql_min or 0, 2 if known.irql_max is None else known.irql_max


def is_entry(function: ir.Function) -> bool:
    """Whether the kernel calls it."""
    return bool(function.role) or function.entry_irql is not None


def rule(name: str) -> str:
    """The official rule on the IRQL of a call."""
    rules = _data("rules")
    if name in rules["calls"]:
        return str(rules["calls"][name])
    fitting = [each for each in rules["beginnings"] if name.startswith(each)]
    return str(rules["beginnings"][max(fitting, key=len)]) if fitting else "code analysis 28118"


@cache
def _data(name: str) -> dict[str, Any]:
    return cast("dict[str, Any]", json.loads(Path(__file__).with_name(f"{name}.json").read_bytes()))
