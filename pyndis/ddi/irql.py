"""IRQLs of a call: the headers' annotations, and over them the groups of `irql.json`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from pyndis.ddi.model import IrqlRule

_RULES: tuple[Literal["min", "max", "requires"], ...] = ("min", "max", "requires")


@dataclass(frozen=True)
class Irqls:
    """The IRQL facts of one call or callback, as `Function` has them."""

    minimum: int | None = None
    maximum: int | None = None
    requires: int | None = None
    when: tuple[IrqlRule, ...] = ()
    raises: int | None = None
    restores: bool = False


class IrqlTable:
    """The groups of `irql.json`, turned round: name -> what holds for it."""

    def __init__(self, groups: dict[str, Any], levels: dict[str, int]) -> None:
        self._levels = levels
        self._rules: dict[str, tuple[str, int]] = {}
        for kind in ("requires", "max"):
            for level, names in groups[kind].items():
                self._rules.update(dict.fromkeys(names, (kind, levels[level])))
        self._rules.update(dict.fromkeys(groups["any"], ("max", levels["HIGH_LEVEL"])))
        self._families = tuple(groups["families_any"])
        self._raises = {name: levels[level] for level, names in groups["raises"].items() for name in names}
        self._restores = frozenset(groups["restores"])
        self.calls_out = frozenset(groups["calls_out"])

    def of(self, name: str, annotations: list[dict[str, str]]) -> Irqls:
        """What is known of `name`, whose header carries `annotations`."""
        limits, when = self._annotated(annotations)
        if name in self._rules:
            kind, level = self._rules[name]
            limits, when = {kind: level}, ()
        elif not limits and name.startswith(self._families):
            limits = {"max": self._levels["HIGH_LEVEL"]}
        raised = [self._level(each["v"]) for each in annotations if each["k"] == "raises"]
        restores = name in self._restores or any(each["k"].startswith("restores") for each in annotations)
        return Irqls(
            minimum=limits.get("min"),
            maximum=limits.get("max"),
            requires=limits.get("requires"),
            when=when,
            raises=self._raises.get(name, raised[0] if raised else None),
            restores=restores,
        )

    def _annotated(self, annotations: list[dict[str, str]]) -> tuple[dict[str, int], tuple[IrqlRule, ...]]:
        limits: dict[str, int] = {}
        when: list[IrqlRule] = []
        for kind in _RULES:
            plain: list[int] = []
            conditional: list[IrqlRule] = []
            for each in annotations:
                level = self._level(each.get("v", "")) if each["k"] == kind else None
                if level is None:
                    continue
                if "when" in each:
                    conditional.append(IrqlRule(kind, level, each["when"]))
                else:
                    plain.append(level)
            when += conditional
            # A limit that depends on the arguments counts, for a caller who knows none of them, as its strictest.
            known = plain or [rule.level for rule in conditional if kind != "requires"]
            if known:
                limits[kind] = max(known) if kind == "min" else min(known)
        return limits, tuple(when)

    def _level(self, text: str) -> int | None:
        return int(text) if text.isdigit() else self._levels.get(text)
