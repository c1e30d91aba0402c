"""What each statement does to the state of `ranges`, and what it must prove."""

from __future__ import annotations

from collections.abc import Callable

from pyndis.checks import walk
from pyndis.checks.flow import Domain
from pyndis.checks.ranges import intervals as iv
from pyndis.checks.ranges import memory, widening
from pyndis.checks.ranges.conditions import Conditions
from pyndis.checks.ranges.ddi_types import DdiTypes
from pyndis.checks.ranges.evaluate import FITS_UNSIGNED, Evaluator
from pyndis.checks.ranges.intervals import Interval
from pyndis.checks.ranges.known import Known, Wanted
from pyndis.checks.ranges.linear import Term, of_term
from pyndis.checks.ranges.obligations import Watch, representable
from pyndis.checks.ranges.places import Places, bounds, is_integer, root
from pyndis.checks.ranges.state import State, covers_state, join_states
from pyndis.checks.ranges.summary import Results
from pyndis.checks.ranges.values import Value
from pyndis.checks.spelling import spell
from pyndis.ir import nodes as ir
from pyndis.ir.types import NUMBER, Bool, Number


class Ranges(Domain[State]):
    """The domain of one function."""

    def __init__(self, function: ir.Function, summaries: memory.Summaries, results: Results, ddi_types: DdiTypes) -> None:
        self.function, self.summaries, self.results = function, summaries, results
        self.places = Places(summaries.structs, function)
        self.known = Known(self.places, results, ddi_types)
        self.conditions = Conditions(self.known)
        self.watch = Watch(function)
        self.assigned: dict[ir.Symbol, Interval] = {}
        self.native: dict[ir.Symbol, bool] = {}
        self.returned: Interval | None = None
        self.steps = widening.thresholds(function)
        self.limits: dict[str, Interval] = {}
        self.limited_by: dict[ir.Loop, list[str]] = {}
        self.observed: dict[ir.Assign, Interval] | None = None

    # ---- lattice

    def join(self, left: State, right: State) -> State:
        return join_states(left, right)

    def covers(self, wide: State, narrow: State) -> bool:
        return covers_state(wide, narrow)

    def widen(self, before: State, after: State, turn: int) -> State:
        return widening.widen(before, after, turn, self.steps, self.limits)

    # ---- conditions

    def _evaluator(self, state: State) -> Evaluator:
        watch = self.watch if self.recording else None
        return Evaluator(self.known, state, watch, self.conditions.assume)

    def assume(self, test: ir.Expr, truth: bool, state: State) -> State | None:
        if truth and self.recording:
            self.watch.near = test.span or self.function.span
            self._evaluator(state.copy()).visit(test)
        return self.conditions.assume(test, truth, state)

    def choose(self, subject: ir.Expr, values: list[ir.Expr], among: bool, state: State) -> State | None:
        if self.recording:
            self.watch.near = subject.span or self.function.span
            for each in (subject, *values):
                self._evaluator(state.copy()).visit(each)
        return self.conditions.among(subject, values, state) if among else self.conditions.none_of(subject, values, state)

    # ---- statements

    def execute(self, statement: ir.Stmt, state: State) -> State | None:
        now = state.copy()
        self.watch.near = statement.span or self.function.span
        match statement:
            case ir.Declare():
                self._declare(statement, now)
            case ir.Assign():
                self._assign(statement, now)
            case ir.Do():
                self._call(statement.call, now)
            case ir.Return() if statement.value is not None:
                self._return(statement.value, now)
            case ir.Assert():
                self._evaluator(now).visit(statement.test)
        return now

    def _declare(self, statement: ir.Declare, state: State) -> None:
        symbol = statement.symbol
        value = self._right_side(statement.value, _in_symbol(symbol), state)
        target = ir.Var(symbol.type, symbol)
        if statement.value is not None and value is not None:
            self._note_symbol(symbol, value, state)
        self._store(target, value, state)

    def _assign(self, statement: ir.Assign, state: State) -> None:
        target = statement.target
        if not isinstance(target, ir.Var):
            self._evaluator(state).visit(target)
        if self.observed is not None and (change := widening.amount(statement)) is not None:
            moved = self._evaluator(state).value(change[0]).interval
            moved = moved if change[1] > 0 else iv.negate(moved)
            self.observed[statement] = iv.join(self.observed.get(statement, moved), moved)
        wanted = _in_symbol(target.symbol) if isinstance(target, ir.Var) else Wanted(target.type, f"`{spell(target)}`")
        value = self._right_side(statement.value, wanted, state)
        if isinstance(target, ir.Var) and value is not None:
            if (limit := self.limits.get(target.symbol.name)) is not None:
                value = Value(iv.meet(value.interval, limit), value.form, value.native)
            self._note_symbol(target.symbol, value, state)
        self._store(target, value, state)

    def _right_side(self, expr: ir.Expr | None, wanted: Wanted, state: State) -> Value | None:
        """The value of what is stored, proven to fit; None for what is not a number."""
        if expr is None:
            return None
        if isinstance(expr, ir.Call):
            value = self._call(expr, state)
            return None if value is None else self._evaluator(state).fit(expr, value, wanted)
        if is_integer(expr.type):
            evaluator = self._evaluator(state)
            return evaluator.fit(expr, evaluator.value(expr), wanted)
        self._evaluator(state).visit(expr)
        return self._truth(expr, state) if isinstance(expr.type, Bool) else None

    def _truth(self, expr: ir.Expr, state: State) -> Value | None:
        if isinstance(expr, ir.Const):
            return Value((expr.value, expr.value))
        term = self.places.term(expr)
        return None if term is None else Value(state.of(term), of_term(term))

    def _return(self, expr: ir.Expr, state: State) -> None:
        value = self._right_side(expr, Wanted(self.function.result, "the result", self.function.span), state)
        if value is None or not self.recording:
            return
        if is_integer(self.function.result):
            self.returned = value.interval if self.returned is None else iv.join(self.returned, value.interval)
            self.results.at_return(self.function, value.form, state)

    # ---- calls

    def _call(self, call: ir.Call, state: State) -> Value | None:
        """Arguments are proven to fit, the result is what it is beside them, then what the call may write is forgotten."""
        evaluator = self._evaluator(state)
        value = evaluator.value(call) if is_integer(call.type) else None
        if value is None:
            evaluator.visit(call)
        self._forget_outputs(call, state)
        return value

    def _forget_outputs(self, call: ir.Call, state: State) -> None:
        writes = self.summaries.of_call(self.places, call)
        state.forget(writes.hit)
        for place in memory.local_outputs(call):
            variable = root(place)
            path = self.places.path(place)
            state.forget(memory.overwritten(path.text if path else variable.symbol.name if variable else ""))

    # ---- stores

    def _note_symbol(self, symbol: ir.Symbol, value: Value, state: State) -> None:
        if not self.recording or not isinstance(symbol.type, Number):
            return
        self.assigned[symbol] = iv.join(self.assigned.get(symbol, value.interval), value.interval)
        constant = value.interval[0] == value.interval[1]
        native = value.native or (constant and iv.covers(FITS_UNSIGNED, value.interval))
        self.native[symbol] = native and self.native.get(symbol, True)

    def _store(self, target: ir.Expr, value: Value | None, state: State) -> None:
        gone = self._overwritten(target)
        term = self.places.term(target)
        if term is None or value is None:
            state.forget(gone)
            return
        form = value.form
        factor = form.factors.get(term, 0) if form is not None else 0
        if form is not None and abs(factor) == 1 and not any(gone(t) for t, _ in form.terms if t != term):
            state.forget(lambda each: gone(each) and each != term)
            rest = form.plus(of_term(term), -factor)
            state.intervals.pop(term, None)
            state.substitute(term, of_term(term).plus(rest, -1).times(factor))
        elif form is not None and form.terms:
            new = Term("<new>", iv.UNBOUNDED)
            state.keep(of_term(new).plus(form, -1))
            state.keep(form.plus(of_term(new), -1))
            state.forget(gone)
            state.substitute(new, of_term(term))
        else:
            state.forget(gone)
        interval = iv.meet(value.interval, term.bounds)
        if interval[0] <= interval[1] and interval != term.bounds:
            state.intervals[term] = interval

    def _overwritten(self, target: ir.Expr) -> Callable[[Term], bool]:
        variable = root(target)
        path = self.places.path(target)
        text = path.text if path else variable.symbol.name if variable else ""
        writes = memory.of_store(self.places, target)
        return lambda term: text in term.parts or writes.hit(term)

    # ---- loops and the way out

    def settled(self, loop: ir.Loop, entry: State, head: State, rehearse: Callable[[ir.Loop, State], State | None]) -> bool:
        runaways = {
            symbol: found
            for symbol, found in widening.accumulations(loop, self.places.aliased).items()
            if symbol.name not in self.limits and widening.runs_away(self._symbol_term(symbol), head)
        }
        if not runaways:
            return False
        self.observed, outer = {}, self.observed
        rehearse(loop, head)
        observed, self.observed = self.observed, outer
        learned = False
        for symbol, changes in runaways.items():
            moves = [observed[change] for change in changes if change in observed]
            limit = widening.reach(entry.of(self._symbol_term(symbol)), moves)
            if limit is not None:
                self.limits[symbol.name] = limit
                self.limited_by.setdefault(loop, []).append(symbol.name)
                learned = True
        return learned

    def left_loop(self, loop: ir.Loop) -> None:
        for name in self.limited_by.pop(loop, ()):
            del self.limits[name]

    @staticmethod
    def _symbol_term(symbol: ir.Symbol) -> Term:
        return Term(symbol.name, bounds(symbol.type), frozenset({symbol.name}))

    def entry(self) -> State:
        """Parameters have what their types let in."""
        return State()

    def watch_symbols(self) -> None:
        """Report the locals that no type holds, once all is recorded."""
        for symbol, interval in self.assigned.items():
            if not representable(interval):
                self.watch.no_type(symbol, interval)
        if self.returned is not None and not representable(self.returned):
            self.watch.no_type(ir.Symbol(self.function.name, NUMBER, "the result", self.function.span), self.returned)

    def unassigned(self) -> list[ir.Symbol]:
        """Number locals that no reachable statement assigns."""
        declared = [each.symbol for each in walk.statements(self.function.body) if isinstance(each, ir.Declare)]
        return [symbol for symbol in declared if isinstance(symbol.type, Number) and symbol not in self.assigned]


def _in_symbol(symbol: ir.Symbol) -> Wanted:
    return Wanted(symbol.type, f"`{symbol.source or symbol.name}`", symbol.span)
