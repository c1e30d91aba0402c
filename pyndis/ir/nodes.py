"""Nodes of the intermediate form. Expressions are free of effects, but for a Call that is a statement's outermost expression."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from pyndis.diagnostics import Span
from pyndis.ir.types import BOOL, CType, Void

# ---- symbols


@dataclass(eq=False)
class Symbol:
    """A local or parameter. `name` is its C name, unique in its function; `source` what the author called it."""

    name: str
    type: CType
    source: str = ""
    span: Span | None = None


# ---- expressions


@dataclass(eq=False)
class Expr:
    """`interval`: the values an integer expression can have, once `checks.ranges` has seen it."""

    type: CType
    span: Span | None = field(default=None, kw_only=True)
    interval: tuple[int, int] | None = field(default=None, kw_only=True)


@dataclass(eq=False)
class Const(Expr):
    """An integer. `name`: the C name to print for it (MTU, STATUS_SUCCESS, IRP_MJ_READ), else the literal; Bool: TRUE/FALSE."""

    value: int
    name: str = ""


@dataclass(eq=False)
class Text(Expr):
    """A string literal: a `const char *`, or wide (`const WCHAR *`)."""

    value: str
    wide: bool = False


@dataclass(eq=False)
class Null(Expr):
    """NULL."""


@dataclass(eq=False)
class Zeroed(Expr):
    """`{ 0 }`: only as the initial value of a Declare."""


@dataclass(eq=False)
class Var(Expr):
    """The value, or as a target the place, of a local or parameter."""

    symbol: Symbol


@dataclass(eq=False)
class Global(Expr):
    """A file-scope object, or a kernel's exported variable, by its C name."""

    name: str


@dataclass(eq=False)
class Field(Expr):
    """`base.name`, or `base->name` where base is a pointer. `name` may be dotted and subscripted (`Tail.Overlay.ListEntry`)."""

    base: Expr
    name: str


@dataclass(eq=False)
class Index(Expr):
    """`base[index]`."""

    base: Expr
    index: Expr


@dataclass(eq=False)
class Deref(Expr):
    """`*pointer`."""

    pointer: Expr


@dataclass(eq=False)
class AddressOf(Expr):
    """`&place`."""

    place: Expr


@dataclass(eq=False)
class Unary(Expr):
    """`-` and `~` on integers, `!` on truth values and pointers."""

    op: Literal["-", "~", "!"]
    operand: Expr


@dataclass(eq=False)
class Binary(Expr):
    """Mathematical arithmetic: no width of its own. `//` and `%` have a divisor that is proven not zero, and operands >= 0."""

    op: Literal["+", "-", "*", "//", "%", "&", "|", "^", "<<", ">>"]
    left: Expr
    right: Expr


@dataclass(eq=False)
class Wrap(Expr):
    """The operand reduced to the width of `type`: `wrapping_…` (modulo), `saturating_…` (clamped)."""

    kind: Literal["wrap", "saturate"]
    operand: Expr


@dataclass(eq=False)
class Compare(Expr):
    """A comparison, Bool. Integers are compared as numbers, whatever their signs and widths."""

    op: Literal["==", "!=", "<", "<=", ">", ">="]
    left: Expr
    right: Expr


@dataclass(eq=False)
class Logic(Expr):
    """`&&` or `||`, with short circuit, over truth values and pointers."""

    op: Literal["&&", "||"]
    left: Expr
    right: Expr


@dataclass(eq=False)
class Choose(Expr):
    """`test ? then : orelse`."""

    test: Expr
    then: Expr
    orelse: Expr


@dataclass(eq=False)
class Cast(Expr):
    """`(type)operand`: from `unsafe`, or put in by a check where a wider C type is needed."""

    operand: Expr


@dataclass(eq=False)
class SizeOf(Expr):
    """`sizeof(measured)`."""

    measured: CType


@dataclass(eq=False)
class Call(Expr):
    """A call of a program function or of a DDI (or macro of the kernel headers) by name.

    `pure`: a macro or accessor without effect, which may stand inside an expression.
    """

    function: Function | str
    args: list[Expr]
    pure: bool = False

    @property
    def name(self) -> str:
        """The C name of what is called."""
        return self.function if isinstance(self.function, str) else self.function.name


# ---- statements


@dataclass(eq=False)
class Stmt:
    """Any statement."""

    span: Span | None = field(default=None, kw_only=True)


@dataclass(eq=False)
class Declare(Stmt):
    """A local comes into being, in the block that the statement is in."""

    symbol: Symbol
    value: Expr | None = None


@dataclass(eq=False)
class Assign(Stmt):
    """`target = value`. The printer may write `target += x` where the value is `target + x`."""

    target: Expr
    value: Expr


@dataclass(eq=False)
class Do(Stmt):
    """A call for its effect; a result is ignored on purpose."""

    call: Call


@dataclass(eq=False)
class If(Stmt):
    """A branch."""

    test: Expr
    then: list[Stmt]
    orelse: list[Stmt] = field(default_factory=list)


@dataclass(eq=False)
class Loop(Stmt):
    """`for (; test; step) body`; without a step a `while`; without a test `for (;;)`. `continue` goes to the step."""

    test: Expr | None
    body: list[Stmt]
    step: Stmt | None = None


@dataclass(eq=False)
class Case:
    """`values` empty = default."""

    values: list[Expr]
    body: list[Stmt]


@dataclass(eq=False)
class Switch(Stmt):
    """No case falls into the next. `Break` inside still leaves the enclosing Loop (the frontend uses Goto there)."""

    subject: Expr
    cases: list[Case]


@dataclass(eq=False)
class Break(Stmt):
    """Leave the innermost Loop."""


@dataclass(eq=False)
class Continue(Stmt):
    """Next turn of the innermost Loop."""


@dataclass(eq=False)
class Goto(Stmt):
    """To a label further on, in this block or one around it: never backwards, never into a block."""

    label: str


@dataclass(eq=False)
class Label(Stmt):
    """Where a Goto goes."""

    name: str


@dataclass(eq=False)
class Return(Stmt):
    """Leave the function."""

    value: Expr | None = None


@dataclass(eq=False)
class Assert(Stmt):
    """Checked in Debug builds, assumed nowhere."""

    test: Expr


@dataclass(eq=False)
class Comment(Stmt):
    """A line of the author's or the library's that is worth reading in C."""

    text: str


# ---- declarations


@dataclass(eq=False)
class Param:
    """A parameter and its SAL (`_In_`, `_Inout_`, `_Out_`, `_In_opt_`, `_In_reads_bytes_(Size)`)."""

    symbol: Symbol
    sal: str = "_In_"


@dataclass(eq=False)
class Function:
    """A function. Fallible ones return NTSTATUS (or NDIS_STATUS) and give their result through a last parameter `_Out_`.

    `role`: the function type of a callback that the kernel calls (`MINIPORT_PAUSE`), with `entry_irql` as (lowest, highest).
    `locked`: C expression of the spin lock that callers hold. `irql_max`, `stack`, `returns` are filled by checks.
    """

    name: str
    params: list[Param]
    result: CType
    body: list[Stmt]
    doc: str = ""
    source: str = ""
    span: Span | None = None
    inline: bool = False
    role: str = ""
    entry_irql: tuple[int, int] | None = None
    locked: str = ""
    section: str = ""
    irql_max: int | None = None
    returns: tuple[int, int] | None = None
    annotations: list[str] = field(default_factory=list)


@dataclass(eq=False)
class StructField:
    """A field of a struct."""

    name: str
    type: CType
    doc: str = ""


@dataclass(eq=False)
class StructDecl:
    """A struct of the program. `fits`: C expressions of which each is a size it must not exceed; `overlay`: the macro body that
    finds it in a kernel object, e.g. `&(Irp)->Tail.Overlay.DriverContext[0]`, with the macro's parameter name first."""

    name: str
    fields: list[StructField]
    doc: str = ""
    fits: list[str] = field(default_factory=list)
    overlay: tuple[str, str] | None = None
    span: Span | None = None


@dataclass(eq=False)
class ConstantDecl:
    """`#define name value`."""

    name: str
    value: Expr
    doc: str = ""


@dataclass(eq=False)
class Program:
    """A whole driver: what the templates need besides is in `plan` (attributes, OIDs, hooks), typed by the frontend."""

    name: str
    constants: list[ConstantDecl] = field(default_factory=list)
    structs: list[StructDecl] = field(default_factory=list)
    functions: list[Function] = field(default_factory=list)


TRUE = Const(BOOL, 1)
FALSE = Const(BOOL, 0)


def returns_nothing(function: Function) -> bool:
    """Whether the function is VOID."""
    return isinstance(function.result, Void)
