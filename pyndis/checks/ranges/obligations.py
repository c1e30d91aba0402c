"""What must be proven, and what is said where it is not. One error for each place, however often it is looked at."""

from __future__ import annotations

from pyndis.checks.ranges.intervals import Interval, join, spell
from pyndis.checks.spelling import spell as words
from pyndis.diagnostics import Diagnostic, Label, Span
from pyndis.ir import nodes as ir
from pyndis.ir.types import Int

SIXTY_FOUR: Interval = (-(1 << 63), (1 << 64) - 1)
_MEND = (
    "compare first (`if …: raise …`), declare the value `Annotated[…, Within(low, high)]` where it comes from, "
    "or say what shall happen: `wrapping_…`, `saturating_…`, `checked_…`"
)


def representable(interval: Interval) -> bool:
    """Whether one 64-bit type holds all of it."""
    low, high = interval
    return SIXTY_FOUR[0] <= low and high <= SIXTY_FOUR[1] and (low >= 0 or high < 1 << 63)


class Watch:
    """Writes down what the final visits of one function see: intervals of nodes, and broken obligations.

    `near`: the place of the statement or call that is being looked at, for expressions that have none of their own.
    """

    def __init__(self, function: ir.Function) -> None:
        self.function = function
        self.intervals: dict[ir.Expr, Interval] = {}
        self.native: dict[ir.Expr, bool] = {}
        self.errors: dict[tuple[str, ir.Expr], Diagnostic] = {}
        self.near: Span | None = None

    def see(self, expr: ir.Expr, interval: Interval) -> None:
        """A value that an expression may have."""
        before = self.intervals.get(expr)
        self.intervals[expr] = interval if before is None else join(before, interval)

    def see_native(self, expr: ir.Expr, native: bool) -> None:
        """Whether a value is at most some value of a pointer-size type."""
        self.native[expr] = native and self.native.get(expr, True)

    def _error(
        self, code: str, expr: ir.Expr, message: str, help_: str, notes: tuple[str, ...] = (), also: Label | None = None
    ) -> None:
        place = expr.span or self.near or self.function.span
        labels: tuple[Label, ...] = (Label(place, f"in `{self.function.source or self.function.name}`"),) if place else ()
        if also is not None:
            labels += (also,)
        self.errors.setdefault((code, expr), Diagnostic(code, message, labels, notes, help_))

    def does_not_fit(self, expr: ir.Expr, interval: Interval, wanted: Int, where: str, declared: Span | None) -> None:
        """PYN-R01: a value may be outside the type that it lands in."""
        notes: tuple[str, ...] = ()
        if wanted.bits == 0 and (interval[0] >= wanted.low and interval[1] <= wanted.high):
            notes = (f"{wanted} has 32 bits on x86: it takes 0 … 2**32 - 1, or what another value of a pointer's size bounds.",)
        limits = spell((wanted.low, wanted.high))
        also = Label(declared, f"takes {limits}") if declared else None
        self._error("PYN-R01", expr, f"`{words(expr)}` can be {spell(interval)}, and {where} takes {limits}", _MEND, notes, also)

    def too_wide(self, expr: ir.Expr, interval: Interval) -> None:
        """PYN-R05: no 64-bit type holds a result."""
        self._error("PYN-R05", expr, f"`{words(expr)}` can be {spell(interval)}, which no 64-bit integer holds", _MEND)

    def no_type(self, symbol: ir.Symbol, interval: Interval) -> None:
        """PYN-R05: no 64-bit type holds all that a local is given."""
        place = ir.Var(symbol.type, symbol, span=symbol.span)
        self.too_wide(place, interval)

    def divisor(self, expr: ir.Binary, interval: Interval) -> None:
        """PYN-R02: a divisor that may be 0 or less."""
        text = f"the divisor `{words(expr.right)}` can be {spell(interval)}; it must be above 0"
        self._error("PYN-R02", expr, text, f"compare first: `if {words(expr.right)} == 0: …`")

    def shift(self, expr: ir.Binary, interval: Interval) -> None:
        """PYN-R03: a shift count outside 0..63."""
        text = f"the shift count `{words(expr.right)}` can be {spell(interval)}; it must be in 0 … 63"
        self._error("PYN-R03", expr, text, "compare it first, or mask it: `& 63`")

    def index(self, expr: ir.Index, interval: Interval, count: int) -> None:
        """PYN-R04: an index outside an array."""
        text = f"the index `{words(expr.index)}` can be {spell(interval)}, and the array has {count} elements"
        self._error("PYN-R04", expr, text, f"compare first, so that it is in 0 … {count - 1}")

    def negative(self, expr: ir.Binary, interval: Interval) -> None:
        """PYN-R06: `//`, `%` or `<<` on what may be negative, where Python and C differ."""
        text = f"`{words(expr.left)}` can be {spell(interval)}; `{expr.op}` takes what is not negative"
        self._error("PYN-R06", expr, text, "compare it with 0 first")
