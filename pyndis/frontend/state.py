"""What a function owns and knows at a point, and the frames that say where raise, break and yield go."""

from __future__ import annotations

import ast
from collections.abc import Callable
from dataclasses import dataclass, field

from pyndis.diagnostics import Span
from pyndis.frontend import types as t
from pyndis.frontend.constants import Constant
from pyndis.frontend.declarations import FuncDecl
from pyndis.ir import nodes as ir


@dataclass(eq=False)
class Local:
    """A name in a function. `alias`: what it stands for, in an expanded generator; `root`: the local that it looks into.

    `tracked`: it begins with an assignment, so that there are paths on which it has no value.
    """

    name: str
    type: t.Type
    symbol: ir.Symbol | None = None
    stored: bool = False
    alias: Value | None = None
    owner: Owner | None = None
    root: Local | None = None
    tracked: bool = False


@dataclass(eq=False)
class Value:
    """A lowered expression. Of a stored struct, `expr` is its address."""

    type: t.Type
    expr: ir.Expr
    local: Local | None = None
    constant: Constant | None = None
    fresh: bool = False
    node: ast.AST | None = None


@dataclass(eq=False)
class Owner:
    """Something that must be consumed or released. `release(raising)` emits that; None where only the author can.

    `given`: where it was consumed, on one path at least; `moved`: what owns it since.
    """

    name: str
    span: Span
    depth: int
    release: Callable[[bool], None] | None
    kind: str = "owned"
    given: Span | None = None
    moved: Owner | None = None


@dataclass
class State:
    """At one point of a function: what is owned, in order of acquiring; which locals are narrowed; how the request stands.

    `used`: readers whose record is loaded and not taken, and places that are taken; `assigned`: locals that have a value.
    """

    live: list[Owner] = field(default_factory=list)
    narrow: dict[Local, t.Type] = field(default_factory=dict)
    disposition: str = ""
    used: frozenset[Local] = frozenset()
    assigned: frozenset[Local] = frozenset()

    def copy(self) -> State:
        """For a branch."""
        return State(list(self.live), dict(self.narrow), self.disposition, self.used, self.assigned)


@dataclass(eq=False)
class LoopFrame:
    """Where `break` and `continue` go, and what was owned, known and used outside of the loop."""

    break_label: str
    continue_label: str
    base: list[Owner]
    known: list[Local]
    used: frozenset[Local]
    break_states: list[State] = field(default_factory=list)
    continue_states: list[State] = field(default_factory=list)
    breaks: int = 0


@dataclass(eq=False)
class TryFrame:
    """The handlers around a point: exception class -> label."""

    handlers: dict[str, str]
    base: list[Owner]
    states: dict[str, list[State]] = field(default_factory=dict)


@dataclass(eq=False)
class GeneratorFrame:
    """A generator that is being expanded. `emit` lowers the loop's body for what is yielded."""

    decl: FuncDecl
    end_label: str
    emit: Callable[[list[Value], Span], None]
    base: list[Owner]
    states: list[State] = field(default_factory=list)
