"""Terms (what has a value that can be spoken of twice) and linear forms over them."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

from pyndis.checks.ranges.intervals import MOST, Interval


@dataclass(frozen=True)
class Step:
    """One read or write of memory: a member of a struct (its full name and its type), or with struct "" what a pointer points to.

    `name` "*" is any member. `kernel`: the struct is the kernel's, not the program's.
    """

    struct: str
    name: str
    type: str
    kernel: bool = False


@dataclass(frozen=True, eq=False)
class Term:
    """A place, or a part of an expression that is not linear. Equal when the texts are: C names are unique in a function.

    `parts`: the texts of all places that it reads, and of what they lie in (`Sink.Size` and `Sink`). `steps`: the memory it
    reads, empty when none that others could write. `pointer_sized`: its C type has as many bits as a pointer.
    """

    text: str
    bounds: Interval = field(compare=False)
    parts: frozenset[str] = field(compare=False, default=frozenset())
    steps: frozenset[Step] = field(compare=False, default=frozenset())
    pointer_sized: bool = field(compare=False, default=False)

    def __hash__(self) -> int:
        return hash(self.text)

    def __eq__(self, other: object) -> bool:
        return self is other or (isinstance(other, Term) and self.text == other.text)


Terms = tuple[tuple[Term, int], ...]
"""Terms with their factors, none of which is 0, ordered by text."""


@dataclass(frozen=True)
class Linear:
    """`constant` and a sum of terms with integer factors."""

    terms: Terms
    constant: int = 0

    @cached_property
    def factors(self) -> dict[Term, int]:
        """The terms, by term."""
        return dict(self.terms)

    def plus(self, other: Linear, times: int = 1) -> Linear:
        """self + times * other"""
        factors = dict(self.terms)
        for term, factor in other.terms:
            factors[term] = factors.get(term, 0) + times * factor
        return make(factors, self.constant + times * other.constant)

    def times(self, factor: int) -> Linear:
        """factor * self"""
        return Linear((), 0) if factor == 0 else Linear(tuple((t, f * factor) for t, f in self.terms), self.constant * factor)

    def mentions(self, term: Term) -> bool:
        """Whether a term is in it."""
        return term in self.factors

    @property
    def text(self) -> str:
        """A name that equal forms share."""
        return "".join(f"{factor:+}*{term.text}" for term, factor in self.terms) + f"{self.constant:+}"


def make(factors: dict[Term, int], constant: int = 0) -> Linear:
    """The form with these factors, in order, without zeros."""
    kept = sorted(((t, f) for t, f in factors.items() if f), key=lambda each: each[0].text)
    return Linear(tuple(kept), constant)


def constant(value: int) -> Linear:
    """A number."""
    return Linear((), max(-MOST, min(value, MOST)))


def of_term(term: Term) -> Linear:
    """A term itself."""
    return Linear(((term, 1),))
