"""What is known at one point: an interval for each term, and relations: linear inequalities between terms."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from math import gcd

from pyndis.checks.ranges.intervals import MOST, Interval, covers, join, meet
from pyndis.checks.ranges.linear import Linear, Term, Terms, make, of_term

DEPTH = 3  # how many relations one proof may use
WIDEST = 5  # terms of a relation worth keeping
LARGEST = 1 << 80  # bound of one worth keeping
ROUNDS = 60  # of narrowing intervals by relations after a condition


@dataclass
class State:
    """`intervals`: tighter ones than a term's own bounds. `relations`: terms -> k, for "the sum of the terms is at most k".

    Values are only ever added to a state in place when they hold there anyway (what `//` or `&` say of their result).
    """

    intervals: dict[Term, Interval] = field(default_factory=dict)
    relations: dict[Terms, int] = field(default_factory=dict)

    def copy(self) -> State:
        """One that may be changed."""
        return State(dict(self.intervals), dict(self.relations))

    # ---- asking

    def of(self, term: Term) -> Interval:
        """The interval of a term."""
        return self.intervals.get(term, term.bounds)

    def upper(self, form: Linear, depth: int = DEPTH) -> int:
        """A number that the form does not exceed, the least that a few relations and the intervals give."""
        best = form.constant
        for term, factor in form.terms:
            low, high = self.of(term)
            best += factor * (high if factor > 0 else low)
        best = min(best, MOST)
        if depth and len(form.terms) > 0:
            for terms, bound in self._useful(form):
                times = min(f // factor for term, factor in terms if (f := form.factors.get(term, 0)) * factor > 0)
                rest = form.plus(Linear(terms, -bound), -times)
                if len(rest.terms) <= WIDEST:
                    best = min(best, self.upper(rest, depth - 1))
        return best

    def _useful(self, form: Linear) -> Iterator[tuple[Terms, int]]:
        """Relations that take at least one term out of the form when subtracted."""
        factors = form.factors
        for terms, bound in self.relations.items():
            for term, factor in terms:
                wanted = factors.get(term, 0)
                if wanted * factor > 0 and wanted % factor == 0:
                    yield terms, bound
                    break

    def lower(self, form: Linear) -> int:
        """A number that the form is not below."""
        return -self.upper(form.times(-1))

    def interval(self, form: Linear) -> Interval:
        """The values that the form can have."""
        return self.lower(form), self.upper(form)

    # ---- learning

    def limit(self, term: Term, to: Interval) -> bool:
        """Narrow a term's interval in place. False: nothing is left."""
        now = meet(self.of(term), to)
        if now[0] > now[1]:
            return False
        if now != term.bounds:
            self.intervals[term] = now
        return True

    def learn(self, form: Linear) -> bool:
        """Take in place that the form is at most 0. False: that cannot be."""
        if not form.terms:
            return form.constant <= 0
        if self._by_intervals(Linear(form.terms)) + form.constant <= 0:
            return True
        self.keep(form)
        return self.propagate([(form.terms, -form.constant)])

    def keep(self, form: Linear) -> None:
        """Remember a relation (form is at most 0) that has two terms or more."""
        if not 1 < len(form.terms) <= WIDEST or abs(form.constant) > LARGEST:
            return
        divisor = gcd(*(factor for _, factor in form.terms))
        terms = tuple((term, factor // divisor) for term, factor in form.terms)
        bound = -form.constant // divisor
        self.relations[terms] = min(bound, self.relations.get(terms, bound))

    def _by_intervals(self, form: Linear) -> int:
        return self.upper(form, 0)

    def propagate(self, todo: list[tuple[Terms, int]]) -> bool:
        """Narrow intervals by relations until that gives no more. False: a term has no value left."""
        for _ in range(ROUNDS):
            if not todo:
                break
            terms, bound = todo.pop()
            for term, factor in terms:
                rest = self.upper(make({t: -f for t, f in terms if t is not term}), 0)
                room = bound + rest  # factor * term <= room
                before = self.of(term)
                if abs(room) >= MOST:
                    continue
                limit = (before[0], room // factor) if factor > 0 else (-(room // -factor), before[1])
                if not self.limit(term, limit):
                    return False
                if self.of(term) != before:
                    todo += [(ts, b) for ts, b in self.relations.items() if any(t == term for t, _ in ts)]
        return True

    # ---- forgetting

    def forget(self, gone: Callable[[Term], bool]) -> None:
        """Drop in place all that mentions these terms; what relations say of others through them is kept first."""
        lost = {t for terms in self.relations for t, _ in terms if gone(t)} | {t for t in self.intervals if gone(t)}
        for term in sorted(lost, key=lambda each: each.text):
            self._eliminate(term)
            self.intervals.pop(term, None)

    def _eliminate(self, term: Term) -> None:
        touching = {terms: bound for terms, bound in self.relations.items() if any(t == term for t, _ in terms)}
        for terms in touching:
            del self.relations[terms]
        forms = [Linear(terms, -bound) for terms, bound in touching.items()]
        above = [form for form in forms if form.factors[term] > 0]
        below = [form for form in forms if form.factors[term] < 0]
        if len(above) * len(below) > 16:
            return
        for up in above:
            for down in below:
                both = up.times(-down.factors[term]).plus(down, up.factors[term])
                if self._by_intervals(both) > 0:
                    self.keep(both)

    def substitute(self, term: Term, by: Linear) -> None:
        """Rewrite in place: what was said of `term` is now said of `by` (which speaks of the new value)."""
        old = self.relations
        self.relations = {}
        for terms, bound in old.items():
            form = Linear(terms, -bound)
            factor = form.factors.get(term, 0)
            if factor:
                form = form.plus(of_term(term), -factor).plus(by, factor)
            self.keep(form)


def join_states(a: State, b: State) -> State:
    """What holds in both. Relations of one that the other implies, perhaps with a larger bound, survive."""
    out = State()
    for term in a.intervals.keys() & b.intervals.keys():
        both = join(a.intervals[term], b.intervals[term])
        if both != term.bounds:
            out.intervals[term] = both
    for terms in _ordered(a.relations.keys() | b.relations.keys()):
        bound = max(
            each.relations.get(terms, MOST) if each.relations.get(terms) is not None else each.upper(Linear(terms))
            for each in (a, b)
        )
        if abs(bound) <= LARGEST and bound < out.upper(Linear(terms), 0):
            out.relations[terms] = bound
    return out


def _ordered(relations: Iterable[Terms]) -> list[Terms]:
    return sorted(relations, key=lambda terms: [(term.text, factor) for term, factor in terms])


def covers_state(wide: State, narrow: State) -> bool:
    """Whether `narrow` knows at least what `wide` does."""
    return all(covers(interval, narrow.of(term)) for term, interval in wide.intervals.items()) and all(
        narrow.relations.get(terms, MOST) <= bound or narrow.upper(Linear(terms)) <= bound
        for terms, bound in wide.relations.items()
    )
