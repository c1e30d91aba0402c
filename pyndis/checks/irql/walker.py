"""One function: the IRQL and the locks held at each point, and what each call there breaks."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from pyndis.checks import walk
from pyndis.checks.facts import DISPATCH, Facts, FunctionFacts, LockFacts, level, lock_taken_by, releases
from pyndis.checks.flow import Domain
from pyndis.checks.irql import lock_names, report
from pyndis.checks.irql.levels import Limits, Role, limits, raised_to
from pyndis.checks.irql.summary import Chain, Limit, Site, Summary
from pyndis.diagnostics import Diagnostic, Label, Span
from pyndis.ir import nodes as ir


@dataclass(frozen=True)
class Held:
    """A lock that is held. `text`: how the release names it. `floor_before`: the IRQL that the release goes back to."""

    text: str
    key: str
    kind: str
    acquire: str
    rule: str
    floor_before: int | None
    span: Span | None = field(default=None, compare=False)


@dataclass(frozen=True)
class Point:
    """`floor`: the IRQL is at least that since it was raised; None: it is what the function was entered at."""

    held: tuple[Held, ...] = ()
    floor: int | None = None


@dataclass(frozen=True)
class Edge:
    """`taken` was taken while `held` was held."""

    held: str
    taken: str
    chain: Chain
    since: Span | None


@dataclass
class Findings:
    """What all functions have added: errors (each fault once), and the orders in which locks are taken."""

    errors: dict[tuple[str, str, ir.Call | str], Diagnostic] = field(default_factory=dict)
    edges: dict[tuple[str, str], Edge] = field(default_factory=dict)

    def add(self, error: Diagnostic, about: str, place: ir.Call | str) -> None:
        self.errors.setdefault((error.code, about, place), error)


class Levels(Domain[Point]):
    """The domain of one function. Leaves its `summary`."""

    def __init__(
        self,
        function: ir.Function,
        role: Role,
        facts: Facts,
        structs: dict[str, ir.StructDecl],
        summaries: dict[ir.Function, Summary],
        findings: Findings,
        reached_from: str,
    ) -> None:
        self.function, self.role, self.facts, self.structs = function, role, facts, structs
        self.summaries, self.findings, self.reached_from = summaries, findings, reached_from
        self.summary = Summary()

    def entry(self) -> Point:
        """How callers enter."""
        lock = self.function.locked or ("the lock of its caller" if self.role.locked else "")
        if not lock:
            return Point()
        return Point((Held(lock, f"{self.function.name}: {lock}", "spin", "", "SpinLock", None, self.function.span),), DISPATCH)

    # ---- lattice

    def join(self, left: Point, right: Point) -> Point:
        if [each.text for each in left.held] != [each.text for each in right.held]:
            differs = next(iter({each.text: each for each in (*left.held, *right.held)}.values()))
            what = f"comes to one place with and without `{differs.text}` held"
            self._unbalanced(what, differs.text, differs.span, differs.rule)
        floors = [each.floor for each in (left, right)]
        return replace(left, floor=None if None in floors else min(each for each in floors if each is not None))

    # ---- statements

    def execute(self, statement: ir.Stmt, state: Point) -> Point:
        for outer in walk.own_expressions(statement):
            state = self._calls(outer, state)
        return state

    def assume(self, test: ir.Expr, truth: bool, state: Point) -> Point:
        return self._calls(test, state)

    def choose(self, subject: ir.Expr, values: list[ir.Expr], among: bool, state: Point) -> Point:
        return self._calls(subject, state)

    def leave(self, statement: ir.Return | None, state: Point) -> None:
        before = self.entry().held
        expected = {"held": len(before) + 1, "released": max(len(before) - 1, 0)}.get(self.role.leaves, len(before))
        if len(state.held) > expected:
            lock = state.held[-1]
            span = statement.span if statement else None
            self._unbalanced(f"can return while it holds `{lock.text}`", lock.text, span or lock.span, lock.rule)

    def _calls(self, expr: ir.Expr, state: Point) -> Point:
        for child in walk.children(expr):
            state = self._calls(child, state)
        return self._call(expr, state) if isinstance(expr, ir.Call) else state

    # ---- calls

    def _call(self, call: ir.Call, state: Point) -> Point:
        here = Site(self.function, call.name, call.span or self.function.span)
        if isinstance(call.function, ir.Function):
            here = replace(here, callee=report.name(call.function))
            self._program_call(call, self.summaries[call.function], here, state)
            return state
        known = self.facts.function(call.function)
        if known is None:
            return state  # checks.imports reports it
        if self.recording:
            self._limited(call, limits(known, call, self.facts), (here,), state)
            self._effects(call, known, (here,), state)
        lock = lock_taken_by(call.function)
        if lock is not None:
            return self._acquire(call, lock, known, here, state)
        return self._release(call, state) if releases(call.function) else state

    def _program_call(self, call: ir.Call, summary: Summary, here: Site, state: Point) -> None:
        if not self.recording:
            return
        if summary.high is not None:
            self._not_above(call, Limit(summary.high.level, (here, *summary.high.chain)), state)
        if summary.low is not None:
            self._not_below(call, Limit(summary.low.level, (here, *summary.low.chain)), state)
        if summary.calls_out:
            self._outside(call, (here, *summary.calls_out), state)
        if summary.asks_irql:
            self.summary.asks_irql = self.summary.asks_irql or (here, *summary.asks_irql)
        for key, chain in summary.acquires.items():
            self._taken(call, key, key, (here, *chain), "SpinLock", state)

    def _limited(self, call: ir.Call, allowed: Limits, chain: Chain, state: Point) -> None:
        self._not_above(call, Limit(allowed.high, chain), state)
        self._not_below(call, Limit(allowed.low, chain), state)

    def _not_above(self, call: ir.Call, limit: Limit, state: Point) -> None:
        if state.floor is not None and state.floor > limit.level:
            lock = next((each for each in reversed(state.held) if each.floor_before != state.floor), None)
            because = Label(lock.span, f"`{lock.text}` is taken here: {level(state.floor)}") if lock and lock.span else None
            self.findings.add(report.too_high(state.floor, limit, because, self.reached_from), limit.chain[-1].callee, call)
        else:
            self.summary.at_most(limit.level, limit.chain)

    def _not_below(self, call: ir.Call, limit: Limit, state: Point) -> None:
        if state.floor is None or (state.floor < limit.level and not state.held):
            self.summary.at_least(limit.level, limit.chain)
        elif state.floor < limit.level:
            self.findings.add(report.too_low(state.floor, limit), limit.chain[-1].callee, call)

    def _effects(self, call: ir.Call, known: FunctionFacts, chain: Chain, state: Point) -> None:
        if known.calls_out:
            self._outside(call, chain, state)
        if known.name == "KeGetCurrentIrql":
            self.summary.asks_irql = self.summary.asks_irql or chain

    def _outside(self, call: ir.Call, chain: Chain, state: Point) -> None:
        spin = next((each for each in reversed(state.held) if each.kind == "spin"), None)
        if spin is not None:
            self.findings.add(report.calls_out(chain, spin.text, spin.span), chain[-1].callee, call)
        elif not self.summary.calls_out:
            self.summary.calls_out = chain

    # ---- locks

    def _acquire(self, call: ir.Call, lock: LockFacts, known: FunctionFacts, here: Site, state: Point) -> Point:
        named = call.args[lock.lock] if lock.lock is not None else None
        handle = call.args[lock.handle] if lock.handle is not None else named
        text = lock_names.text(handle) if handle is not None else lock.acquire
        key = lock_names.key(named, self.structs, self.function) if named is not None else lock.acquire
        shown = lock_names.text(named) if named is not None else lock.acquire
        if self.recording and lock.kind != "region":
            self._taken(call, key, shown, (here,), lock.rule, state)
        raised = raised_to(known, call, lock.level)
        floor = state.floor if raised is None else max(raised, state.floor or 0)
        held = Held(text, key, lock.kind, lock.acquire, lock.rule, state.floor, here.span)
        return Point((*state.held, held), floor)

    def _taken(self, call: ir.Call, key: str, shown: str, chain: Chain, rule: str, state: Point) -> None:
        """A lock is taken here, or in what is called here."""
        for held in state.held:
            if held.kind == "region":
                continue
            if held.key == key:
                self.findings.add(report.taken_again(chain, shown, held.span, rule), key, call)
            else:
                self.findings.edges.setdefault((held.key, key), Edge(held.key, key, chain, held.span))
        self.summary.acquires.setdefault(key, chain)

    def _release(self, call: ir.Call, state: Point) -> Point:
        named = lock_names.text(call.args[0]) if call.args else ""
        fitting = [each for each in state.held if self._gives_back(each, call.name, named)]
        if not fitting:
            if self.role.leaves == "released":
                return Point(state.held, None)
            self._unbalanced(
                f"gives `{named or call.name}` back, which it does not hold here", named, call.span, "SpinLockRelease"
            )
            return state
        lock = fitting[-1]
        if lock is not state.held[-1] and self.recording:
            what = f"gives `{lock.text}` back before `{state.held[-1].text}`, which it took later: the IRQL drops too early"
            self._unbalanced(what, lock.text, call.span, lock.rule)
        return Point(tuple(each for each in state.held if each is not lock), lock.floor_before)

    @staticmethod
    def _gives_back(held: Held, release: str, named: str) -> bool:
        lock = lock_taken_by(held.acquire)
        return lock is not None and release in lock.release and (lock.lock is None or held.text == named)

    def _unbalanced(self, what: str, lock: str, span: Span | None, rule: str) -> None:
        self.findings.add(report.unbalanced(self.function, what, span, rule), lock, f"{self.function.name} {what}")
