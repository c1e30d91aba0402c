"""A case of the contract suite, and the areas that cases belong to."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pyndis.contract.bench import Bench

Run = Callable[["Bench"], None]


class NotExercised(Exception):
    """What the case is about cannot be tried with this driver; the argument is the reason, as people read it."""


@dataclass(frozen=True)
class Case:
    """`name` is AREA.WORDS; `claim` is what holds if it passes; `contract` names the paragraphs of the contract that it is about.

    `concurrent`: its outcome may depend on the order in which threads run, so `--seed` chooses that order.
    """

    name: str
    claim: str
    contract: tuple[str, ...]
    run: Run = field(compare=False, repr=False)
    concurrent: bool = False

    @property
    def area(self) -> str:
        """The name of its area."""
        return self.name.partition(".")[0]


class Area:
    """Cases about one side of the contract, in the order in which they are written down."""

    def __init__(self, name: str, title: str) -> None:
        self.name = name
        self.title = title
        self.cases: list[Case] = []

    def case(self, name: str, claim: str, *contract: str, concurrent: bool = False) -> Callable[[Run], Run]:
        """Makes a function a case of this area."""

        def add(run: Run) -> Run:
            self.cases.append(Case(f"{self.name}.{name}", claim, contract, run, concurrent))
            return run

        return add
