"""The one engine of forward data flow, over structured statements with gotos that only go forward.

A pass gives a `Domain`: what a state is, how two are joined, what a statement and a condition do to one. The engine carries
states through branches, loops (to a fixpoint), switches, gotos to labels, breaks and returns. An unreachable state is None.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from pyndis.ir import nodes as ir

S = TypeVar("S")
MOST_TURNS = 200  # to a fixpoint; a domain that widens needs far fewer
DESCENTS = 2  # turns without widening, once a loop has settled


class Domain(ABC, Generic[S]):
    """What a pass defines. States are values: a method never changes the one it is given, it returns another.

    `recording` is set by the engine: true on the one visit of each reachable statement whose state is final. Only then may a pass
    write down results or errors.
    """

    recording: bool = True

    @abstractmethod
    def join(self, left: S, right: S) -> S:
        """The least state that covers both."""

    def covers(self, wide: S, narrow: S) -> bool:
        """Whether all that `narrow` allows, `wide` allows."""
        return wide == narrow

    def widen(self, before: S, after: S, turn: int) -> S:
        """A state that covers both, such that a loop settles in few turns."""
        return after

    @abstractmethod
    def execute(self, statement: ir.Stmt, state: S) -> S | None:
        """After a Declare, Assign, Do, Assert or Comment; before a Return (whose state goes to `leave`)."""

    def assume(self, test: ir.Expr, truth: bool, state: S) -> S | None:
        """The state where the test was evaluated and had this outcome."""
        return state

    def choose(self, subject: ir.Expr, values: list[ir.Expr], among: bool, state: S) -> S | None:
        """The state where a switch's subject is one of these values, or (not `among`) none of them."""
        return state

    def leave(self, statement: ir.Return | None, state: S) -> None:
        """A way out of the function, only when recording. None: the end of its body."""

    def settled(self, loop: ir.Loop, entry: S, head: S, rehearse: Callable[[ir.Loop, S], S | None]) -> bool:
        """A loop has settled with `head`. True: the domain has learned something, settle again. `rehearse` runs one turn."""
        return False

    def left_loop(self, loop: ir.Loop) -> None:
        """All visits of a loop's body for one entry are done."""


@dataclass
class _Exits(Generic[S]):
    breaks: list[S] = field(default_factory=list)
    continues: list[S] = field(default_factory=list)


@dataclass
class _Turn(Generic[S]):
    """One turn of a loop: the state that comes back to its head, and the one after the loop."""

    back: S | None
    after: S | None


class Flow(Generic[S]):
    """Runs a domain over functions."""

    def __init__(self, domain: Domain[S]) -> None:
        self.domain = domain
        self.labels: dict[str, S] = {}
        self.loops: list[_Exits[S]] = []

    def run(self, function: ir.Function, entry: S) -> None:
        """Carry `entry` through the function. Results are what the domain has written down."""
        self.domain.recording = True
        end = self._block(function.body, entry)
        assert not self.labels, f"gotos without a label in {function.name}: {sorted(self.labels)} (frontend)"
        if end is not None:
            self.domain.leave(None, end)

    def _join(self, *states: S | None) -> S | None:
        joined: S | None = None
        for state in states:
            if state is not None:
                joined = state if joined is None else self.domain.join(joined, state)
        return joined

    def _block(self, body: list[ir.Stmt], state: S | None) -> S | None:
        for statement in body:
            if isinstance(statement, ir.Label):
                state = self._join(state, self.labels.pop(statement.name, None))
            elif state is not None:
                state = self._statement(statement, state)
        return state

    def _statement(self, statement: ir.Stmt, state: S) -> S | None:
        match statement:
            case ir.If():
                return self._if(statement, state)
            case ir.Loop():
                return self._loop(statement, state)
            case ir.Switch():
                return self._switch(statement, state)
            case ir.Goto() | ir.Break() | ir.Continue() | ir.Return():
                self._jump(statement, state)
                return None
        return self.domain.execute(statement, state)

    def _jump(self, statement: ir.Stmt, state: S) -> None:
        match statement:
            case ir.Goto():
                there = self._join(self.labels.get(statement.label), state)
                assert there is not None
                self.labels[statement.label] = there
            case ir.Break():
                self.loops[-1].breaks.append(state)
            case ir.Continue():
                self.loops[-1].continues.append(state)
            case ir.Return():
                last = self.domain.execute(statement, state)
                if last is not None and self.domain.recording:
                    self.domain.leave(statement, last)

    def _if(self, statement: ir.If, state: S) -> S | None:
        yes = self.domain.assume(statement.test, True, state)
        no = self.domain.assume(statement.test, False, state)
        after = [
            self._block(body, each) if each is not None else None
            for body, each in ((statement.then, yes), (statement.orelse, no))
        ]
        return self._join(*after)

    def _switch(self, statement: ir.Switch, state: S) -> S | None:
        listed = [value for case in statement.cases for value in case.values]
        after: list[S | None] = []
        for case in statement.cases:
            here = self.domain.choose(statement.subject, case.values or listed, bool(case.values), state)
            after.append(self._block(case.body, here) if here is not None else None)
        if all(case.values for case in statement.cases):
            after.append(self.domain.choose(statement.subject, listed, False, state))
        return self._join(*after)

    def _turn(self, loop: ir.Loop, head: S) -> _Turn[S]:
        self.loops.append(_Exits())
        inside = head if loop.test is None else self.domain.assume(loop.test, True, head)
        after = None if loop.test is None else self.domain.assume(loop.test, False, head)
        end = self._block(loop.body, inside) if inside is not None else None
        exits = self.loops.pop()
        back = self._join(end, *exits.continues)
        if back is not None and loop.step is not None:
            back = self._statement(loop.step, back)
        return _Turn(back, self._join(after, *exits.breaks))

    def _loop(self, loop: ir.Loop, entry: S) -> S | None:
        head = self._settle(loop, entry)
        while self.domain.settled(loop, entry, head, self._rehearse):
            head = self._settle(loop, entry)
        after = self._turn(loop, head).after
        self.domain.left_loop(loop)
        return after

    def _rehearse(self, loop: ir.Loop, head: S) -> S | None:
        """One turn that leaves no trace: what comes back to the head."""
        with self._rehearsal():
            return self._turn(loop, head).back

    @contextmanager
    def _rehearsal(self) -> Iterator[None]:
        recording, labels = self.domain.recording, dict(self.labels)
        exits = [_Exits(list(each.breaks), list(each.continues)) for each in self.loops]
        self.domain.recording = False
        yield
        self.domain.recording, self.labels, self.loops = recording, labels, exits

    def _settle(self, loop: ir.Loop, entry: S) -> S:
        head = entry
        for turn in range(MOST_TURNS):
            again = self._join(entry, self._rehearse(loop, head))
            assert again is not None
            if self.domain.covers(head, again):
                return self._descend(loop, entry, head)
            head = self.domain.widen(head, again, turn)
        raise AssertionError("a loop does not settle: the domain's widening must end")

    def _descend(self, loop: ir.Loop, entry: S, head: S) -> S:
        """Win back what widening gave away: a smaller head that still covers its own turn."""
        for _ in range(DESCENTS):
            less = self._join(entry, self._rehearse(loop, head))
            assert less is not None
            if self.domain.covers(less, head):
                break
            again = self._join(entry, self._rehearse(loop, less))
            if again is None or not self.domain.covers(less, again):
                break
            head = less
        return head
