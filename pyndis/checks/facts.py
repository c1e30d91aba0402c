"""What the passes ask of the DDI facts, and the few facts about locks that no header says, from `locks.json`."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal, Protocol, cast

PASSIVE, APC, DISPATCH = 0, 1, 2
LEVELS = {PASSIVE: "PASSIVE_LEVEL", APC: "APC_LEVEL", DISPATCH: "DISPATCH_LEVEL"}


class ParamFacts(Protocol):
    """One parameter of a DDI, its type in C."""

    @property
    def name(self) -> str: ...
    @property
    def type(self) -> str: ...


class IrqlRuleFacts(Protocol):
    """A limit that depends on the arguments."""

    @property
    def kind(self) -> str: ...
    @property
    def level(self) -> int: ...
    @property
    def when(self) -> str: ...


class FunctionFacts(Protocol):
    """One DDI, as `pyndis.ddi.Function` has it."""

    @property
    def name(self) -> str: ...
    @property
    def params(self) -> Sequence[ParamFacts]: ...
    @property
    def irql_min(self) -> int | None: ...
    @property
    def irql_max(self) -> int | None: ...
    @property
    def irql_requires(self) -> int | None: ...
    @property
    def irql_when(self) -> Sequence[IrqlRuleFacts]: ...
    @property
    def raises_irql(self) -> int | None: ...
    @property
    def restores_irql(self) -> bool: ...
    @property
    def calls_out(self) -> bool: ...
    @property
    def min_ntddi(self) -> str | None: ...
    @property
    def min_ndis(self) -> str | None: ...
    @property
    def module(self) -> str | None: ...
    @property
    def inline(self) -> bool: ...
    @property
    def macro(self) -> bool: ...


class StructFacts(Protocol):
    """A layout."""

    @property
    def size(self) -> int: ...


class CallbackFacts(Protocol):
    """A function type that the driver implements."""

    @property
    def irql_min(self) -> int | None: ...
    @property
    def irql_max(self) -> int | None: ...
    @property
    def irql_requires(self) -> int | None: ...


class Facts(Protocol):
    """The way in to the facts, as `pyndis.ddi.facts()` gives it. Architectures: amd64, x86, arm64."""

    def function(self, name: str, arch: str = "amd64") -> FunctionFacts | None:
        """None: unknown, or that architecture lacks it."""

    def callback(self, name: str, arch: str = "amd64") -> CallbackFacts | None:
        """A function type by name."""

    def struct(self, name: str, arch: str = "amd64") -> StructFacts | None:
        """The kernel's layout of a struct or union, by its typedef name."""

    def constant(self, name: str, arch: str = "amd64") -> int | None:
        """A macro constant or enumerator."""

    def scalar(self, name: str, arch: str = "amd64") -> tuple[str, int, int] | None:
        """(C type, size, alignment) of a typedef that is an integer or an enum."""


@dataclass(frozen=True)
class LockFacts:
    """One way to take a lock. `lock`, `handle`: positions of the arguments that name it to the acquire and the release.

    `level`: position of the argument that is the IRQL to raise to.
    """

    acquire: str
    release: tuple[str, ...]
    kind: Literal["spin", "mutex", "region"]
    rule: str
    lock: int | None = None
    handle: int | None = None
    level: int | None = None


@cache
def _locks() -> dict[str, LockFacts]:
    table = cast("dict[str, dict[str, Any]]", json.loads(Path(__file__).with_name("locks.json").read_bytes())["locks"])
    return {name: LockFacts(name, tuple(entry.pop("release")), **entry) for name, entry in table.items()}


def lock_taken_by(name: str) -> LockFacts | None:
    """The lock that this DDI takes, if it takes one."""
    return _locks().get(name)


@cache
def releases(name: str) -> bool:
    """Whether this DDI gives a lock back."""
    return any(name in lock.release for lock in _locks().values())


def level(irql: int) -> str:
    """An IRQL as the documentation names it."""
    return LEVELS.get(irql, f"IRQL {irql}")
