"""Lowering one function: its emitted statements, names, labels, owners; the parts that lower syntax lean on this."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from pyndis.diagnostics import Span
from pyndis.frontend import types as t
from pyndis.frontend.errors import SourceError, error, span_of
from pyndis.frontend.layout import c_value, is_stored, pointee
from pyndis.frontend.names import camel
from pyndis.frontend.program import Context, Instance
from pyndis.frontend.source import Module
from pyndis.frontend.state import GeneratorFrame, Local, LoopFrame, Owner, State, TryFrame, Value
from pyndis.ir import nodes as ir
from pyndis.ir import types as c


class Lowering:
    """The function that is being lowered."""

    def __init__(self, context: Context, instance: Instance, lower_block: Callable[[Lowering, list[ast.stmt]], None]) -> None:
        self.context = context
        self._lower_block = lower_block
        self.instance = instance
        self.module: Module = instance.decl.module
        self.bindings = instance.bindings
        self.owner = instance.owner
        self.locals: dict[str, Local] = {}
        self.out: list[ir.Stmt] = []
        self.state: State | None = State()
        self.symbols: list[ir.Symbol] = []
        self.loops: list[LoopFrame] = []
        self.tries: list[TryFrame] = []
        self.walked: list[tuple[str, Local | None]] = []
        self.parameters: list[Local] = []
        self.generators: list[GeneratorFrame] = []
        self.depth = 0
        self.unsafe = 0
        self.request: Local | None = None
        self.status: ir.Symbol | None = None
        self.ladder: dict[tuple[tuple[Owner, ...], str], str] = {}
        self.raising: set[ir.Stmt] = set()
        self.result_out: ir.Symbol | None = None
        self.role = ""
        self._taken: set[str] = {"Result"}
        self._labels: set[str] = set()

    @property
    def source(self) -> ast.FunctionDef:
        """The function in whose text the lowering is: its own, or that of a generator."""
        return self.generators[-1].decl.node if self.generators else self.instance.decl.node

    # ---- places and errors

    def span(self, node: ast.AST) -> Span:
        """Where a node is."""
        return span_of(self.module.file, node)

    def refuse(self, code: str, message: str, node: ast.AST, text: str = "here", help: str = "") -> SourceError:
        """An error at a node."""
        return error(code, message, (self.span(node), text), help=help)

    # ---- statements

    def emit(self, statement: ir.Stmt, node: ast.AST | None = None) -> None:
        """Append a statement, unless this point cannot be reached."""
        if self.state is not None:
            if node is not None and statement.span is None:
                statement.span = self.span(node)
            self.out.append(statement)

    def lower_block(self, statements: list[ast.stmt]) -> None:
        """Lower statements of the source, in order."""
        self._lower_block(self, statements)

    @contextmanager
    def block(self) -> Iterator[list[ir.Stmt]]:
        """Collect statements apart."""
        outer, self.out = self.out, []
        try:
            yield self.out
        finally:
            self.out = outer

    @property
    def live(self) -> State:
        """The state here; only where the point can be reached."""
        assert self.state is not None
        return self.state

    # ---- names

    def symbol(self, name: str, type: c.CType, node: ast.AST | None = None, *, local: bool = True) -> ir.Symbol:
        """A C local (or parameter) with a name of its own."""
        wanted = camel(name) or "Value"
        unique, number = wanted, 2
        while unique in self._taken:
            unique, number = f"{wanted}{number}", number + 1
        self._taken.add(unique)
        symbol = ir.Symbol(unique, type, source=name, span=self.span(node) if node is not None else None)
        if local:
            self.symbols.append(symbol)
        return symbol

    def rename(self, symbol: ir.Symbol, name: str) -> None:
        """What was a temporary has a name; `_` is none."""
        if not camel(name):
            return
        self._taken.discard(symbol.name)
        wanted = camel(name)
        unique, number = wanted, 2
        while unique in self._taken:
            unique, number = f"{wanted}{number}", number + 1
        self._taken.add(unique)
        symbol.name, symbol.source = unique, name

    def label(self, name: str) -> str:
        """A label with a name of its own."""
        unique, number = name, 2
        while unique in self._labels:
            unique, number = f"{name}{number}", number + 1
        self._labels.add(unique)
        return unique

    def status_symbol(self) -> ir.Symbol:
        """The local that holds the status of a call."""
        if self.status is None:
            self.status = self.symbol("status", c.NTSTATUS)
        return self.status

    # ---- values

    def reference(self, local: Local) -> Value:
        """A name's value here."""
        if local.alias is not None:
            return Value(local.alias.type, local.alias.expr, local.alias.local or local, local.alias.constant)
        assert local.symbol is not None
        type = self.live.narrow.get(local, local.type) if self.state is not None else local.type
        var = ir.Var(local.symbol.type, local.symbol)
        if local.stored:
            return Value(type, ir.AddressOf(c.Pointer(local.symbol.type), var), local)
        return Value(type, var, local)

    def storage(self, name: str, type: t.Type, node: ast.AST, *, zeroed: bool = True) -> Local:
        """A local that holds a struct in place."""
        kind = pointee(self.context, type)
        local = Local(name, type, self.symbol(name, kind, node), stored=True)
        assert local.symbol is not None
        self.emit(ir.Declare(local.symbol, ir.Zeroed(kind) if zeroed else None), node)
        return local

    def temporary(self, name: str, value: ir.Expr, type: t.Type, node: ast.AST) -> Value:
        """A value kept in a local of its own."""
        symbol = self.symbol(name, value.type if not isinstance(type, t.NumberType) else c.NUMBER, node)
        self.emit(ir.Assign(ir.Var(symbol.type, symbol), value), node)
        return Value(type, ir.Var(symbol.type, symbol))

    def c_value(self, type: t.Type) -> c.CType:
        """How a value of the type is passed in C."""
        return c_value(self.context, type)

    def is_stored(self, type: t.Type) -> bool:
        """Whether a local of the type holds a struct."""
        return is_stored(self.context, type)

    def read_annotation(self, node: ast.expr) -> t.Type:
        """An annotation's type here."""
        found = self.context.annotations.read(self.module, node, self.bindings, self.owner)
        return self.context.resolve(found)

    # ---- ownership

    def own(self, name: str, node: ast.AST, release: object, kind: str = "owned") -> Owner:
        """From here on something is owned."""
        owner = Owner(name, self.span(node), self.depth, release, kind)  # type: ignore[arg-type]
        self.live.live.append(owner)
        return owner

    def consume(self, owner: Owner) -> None:
        """It is given away."""
        if self.state is not None and owner in self.state.live:
            self.state.live.remove(owner)

    def give(self, local: Local | None, node: ast.AST) -> None:
        """What a local owns is somebody else's from here on."""
        if local is not None and local.owner is not None:
            if self.state is not None and local.owner in self.state.live:
                local.owner.given = self.span(node)
            self.consume(local.owner)

    def assigned(self, local: Local, *, begins: bool) -> None:
        """From here on the local has a value. `begins`: it had none before, on no path."""
        local.tracked = local.tracked or begins
        self.live.assigned |= {local}

    def release_since(self, outer: list[Owner], node: ast.AST, *, raising: bool = False) -> None:
        """Release what is owned now and was not then, in reverse. What has no release of its own is an error."""
        for owner in reversed([each for each in self.live.live if each not in outer] if self.state is not None else []):
            self.release(owner, node, raising=raising)

    def release(self, owner: Owner, node: ast.AST, *, raising: bool = False) -> None:
        """Release one owner here."""
        if owner.kind == "request" and not raising:
            raise error(
                "PYN-O01",
                "the request is not answered on this path",
                (self.span(node), "this path leaves it behind"),
                (owner.span, "in this hook"),
                help="complete it, pend it, or push it to a queue on every path",
            )
        if owner.release is None:
            raise error(
                "PYN-O01",
                f"{owner.name} is owned here and nothing becomes of it",
                (self.span(node), "this path leaves its owner behind"),
                (owner.span, f"{owner.name} becomes owned here"),
                help="complete it, store it, pass it on, or give it back on this path too",
            )
        self.consume(owner)
        owner.release(raising)

    def join(self, node: ast.AST, *states: State | None) -> State | None:
        """What is true where paths meet. They must own the same things."""
        reached = [each for each in states if each is not None]
        if not reached:
            return None
        first = reached[0]
        for other in reached[1:]:
            differing = [each for each in first.live + other.live if (each in first.live) != (each in other.live)]
            if differing:
                raise error(
                    "PYN-O02",
                    f"{differing[0].name} is owned on one path and not on another, where they meet",
                    (self.span(node), "paths meet at the end of this"),
                    (differing[0].span, f"{differing[0].name} becomes owned here"),
                    help="consume it on all paths, or on none",
                )
        narrow = {k: v for k, v in first.narrow.items() if all(each.narrow.get(k) == v for each in reached[1:])}
        dispositions = {each.disposition for each in reached}
        disposition = dispositions.pop() if len(dispositions) == 1 else "mixed"
        used = frozenset().union(*(each.used for each in reached))
        assigned = first.assigned.intersection(*(each.assigned for each in reached))
        return State(list(first.live), narrow, disposition, used, assigned)
