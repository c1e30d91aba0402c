"""The rules: `rules/names.toml` says which there are, a file per family how each is checked."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, fields
from functools import cache
from pathlib import Path

FAMILIES = ("ndis", "contracts", "wdm", "driver_verifier")
"""In the order in which people read them."""

TITLES = {
    "ndis": "NDIS miniports",
    "contracts": "What a miniport owes NDIS besides",
    "wdm": "IRPs, IRQL and locks",
    "driver_verifier": "Driver Verifier's features without names",
}

_PLACE = Path(__file__).parent / "rules"


@dataclass(frozen=True)
class Rule:
    """One rule. What may be empty says how it is checked:

    `run_time`: files of the host's C that report it; `reported_as`: by which names, if not its own; `compile_time`: codes of
    diagnostics that refuse a driver that would break it, `rejected`: programs of tests/rejected that show them;
    `not_offered`: why the language cannot express it;
    `refused_at_load`: what a driver would have to import, and the host does not export; `not_applicable`: why the rule says
    nothing of a miniport. `set`, `where` and `dv` are the documentation's: rule set, where the check belongs, bug check 0xC4's
    first parameter.

    What a run must do so that the driver could have broken the rule, as patterns of names; one of each that is not empty:
    `calls` and `calls_too`: exports that the driver calls (a rule on the IRQL of calls has those of the host's table besides);
    `entries`: the driver's functions that the kernel calls, as the host names them; `states` of the host; `sections` of the
    image; `figures` of the contract suite's cases. `unarmed`: why no run of the suite can break it. `sums_up`: the rules whose
    results it repeats, all with a number of Driver Verifier ("dv") or those of a set.
    """

    family: str
    name: str
    demand: str
    where: str
    set: str = ""
    dv: str = ""
    run_time: tuple[str, ...] = ()
    reported_as: tuple[str, ...] = ()
    compile_time: tuple[str, ...] = ()
    rejected: tuple[str, ...] = ()
    not_offered: str = ""
    refused_at_load: tuple[str, ...] = ()
    not_applicable: str = ""
    calls: tuple[str, ...] = ()
    calls_too: tuple[str, ...] = ()
    entries: tuple[str, ...] = ()
    states: tuple[str, ...] = ()
    sections: tuple[str, ...] = ()
    figures: tuple[str, ...] = ()
    unarmed: str = ""
    sums_up: str = ""


@cache
def names() -> dict[str, dict[str, dict[str, str]]]:
    """Family, rule: what the documentation says of it (`set`, `where`, `dv`)."""
    found: dict[str, dict[str, dict[str, str]]] = tomllib.loads((_PLACE / "names.toml").read_text("utf-8"))
    return found


@cache
def described(family: str) -> dict[str, Rule]:
    """The rules of a family's file. Raises KeyError for an unknown name, TypeError for a key that a rule does not have."""
    rules = tomllib.loads((_PLACE / f"{family}.toml").read_text("utf-8"))
    return {name: _rule(family, name, entry) for name, entry in rules.items()}


def every() -> list[Rule]:
    """All rules, family after family."""
    return [each for family in FAMILIES for each in described(family).values()]


def _rule(family: str, name: str, entry: dict[str, object]) -> Rule:
    lists = {each.name for each in fields(Rule) if "tuple" in str(each.type)}
    values = {key: tuple(value) if key in lists else value for key, value in entry.items()}  # type: ignore[arg-type]
    return Rule(family, name, **names()[family][name], **values)  # type: ignore[arg-type]
