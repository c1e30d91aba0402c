"""What is known at one point: an interval for each term, and relations: linear inequalities between terms."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from math import gcd

from pyndis.checks.ranges.intervals import MOST, Interval, covers, join, meet
from pyndis.checks.ranges.linear import Linear, Term, Terms, make, of_term

DEPTH = 3  # how many relations one proof may use
JOIN_DEPTH = 2  # where states meet, which is often
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
    _index: dict[Term, list[tuple[Terms, int, int]]] | None = field(default=None, repr=False)

    def copy(self) -> State:
        """One that may be changed."""
        return State(dict(self.intervals), dict(self.relations))

    # ---- asking

    def of(self, term: Term) -> Interval:
        """The interval of a term."""
        return self.intervals.get(term, term.bounds)

    def upper(self, form: Linear, depth: int = DEPTH) -> int:
        """A number that the form does not exceed, the least that a few relations and the intervals give."""
        return min(self._upper(dict(form.terms), form.constant, depth), MOST)

    def bound(self, terms: Terms) -> int:
        """What the sum of these terms does not exceed: as remembered, or from other relations."""
        known = self.relations.get(terms)
        return self.upper(Linear(terms), JOIN_DEPTH) if known is None else known

    def _upper(self, factors: dict[Term, int], constant: int, depth: int) -> int:
        best = constant
        for term, factor in factors.items():
            low, high = self.intervals.get(term, term.bounds)
            best += factor * (high if factor > 0 else low)
        if depth:
            for rest, known in self._shortened(factors, constant):
                best = min(best, self._upper(rest, known, depth - 1))
        return best

    def _shortened(self, factors: dict[Term, int], constant: int) -> Iterator[tuple[dict[Term, int], int]]:
        """The form with a term taken out by a relation that has it: what is left to bound, and the constant then."""
        touching = self._by_term()
        for term, factor in factors.items():
            for terms, bound, own in touching.get(term, ()):
                if own * factor > 0 and factor % own == 0:
                    times, rest = factor // own, dict(factors)
                    for other, each in terms:
                        if left := rest.get(other, 0) - times * each:
                            rest[other] = left
                        else:
                            rest.pop(other, None)
                    if len(rest) <= len(factors) + 1:
                        yield rest, constant + times * bound

    def _by_term(self) -> dict[Term, list[tuple[Terms, int, int]]]:
        """Term -> the relations that have it, with their bounds and its factor there."""
        if self._index is None:
            self._index = {}
            for terms, bound in self.relations.items():
                for term, factor in terms:
                    self._index.setdefault(term, []).append((terms, bound, factor))
        return self._index

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
        if self.relations.get(terms, MOST) > bound:
            self.relations[terms] = bound
            self._index = None

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
                    todo += [(terms, bound) for terms, bound, _ in self._by_term().get(term, ())]
        return True

    # ---- forgetting

    def forget(self, gone: Callable[[Term], bool]) -> None:
        """Drop in place all that mentions these terms; what relations say of others through them is kept first."""
        lost = {t for terms in self.relations for t, _ in terms if gone(t)} | {t for t in self.intervals if gone(t)}
        for term in sorted(lost, key=lambda each: each.text):
            self._eliminate(term)
            self.intervals.pop(term, None)

    def _eliminate(self, term: Term) -> None:
        touching = {terms: bound for terms, bound, _ in self._by_term().get(term, ())}
        for terms in touching:
            del self.relations[terms]
        self._index = None
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
        old, self.relations, self._index = self.relations, {}, None
        for terms, bound in old.items():
            form = Linear(terms, -bound)
            factor = form.factors.get(term, 0)
            if factor:
                form = form.plus(of_term(term), -factor).plus(by, factor)
            self.keep(form)


def join_states(a: State, b: State) -> State:
    """What holds in both. Relations of one that the other implies, perhaps with a larger bound, survive."""
    out = State()
    for term, interval in a.intervals.items():
        if term in b.intervals and (both := join(interval, b.intervals[term])) != term.bounds:
            out.intervals[term] = both
    for terms in (*a.relations, *(each for each in b.relations if each not in a.relations)):
        bound = max(a.bound(terms), b.bound(terms))
        if abs(bound) <= LARGEST and bound < out.upper(Linear(terms), 0):
            out.relations[terms] = bound
    return out


def covers_state(wide: State, narrow: State) -> bool:
    """Whether `narrow` knows at least what `wide` does."""
    return all(covers(interval, narrow.of(term)) for term, interval in wide.intervals.items()) and all(
        narrow.bound(terms) <= bound for terms, bound in wide.relations.items()
    )
