"""Counted shares. A local share has weight: splitting one off touches no memory, and what is left is dropped in one step."""

from __future__ import annotations

from typing import Annotated, Any, Final, Generic, TypeAlias, TypeVar

from pyndis.kernel.marks import Within, owned, u32

T = TypeVar("T", bound=Any)

WEIGHT: Final = 0x10000
Weight: TypeAlias = Annotated[u32, Within(1, 0x20000)]


def drop_weight(item: T, weight: u32) -> None:
    """Drop so many shares. The last one finishes the object: calls out if finishing does."""
    if item.shares.subtract(weight) == weight:
        owned(item).finish()


class Share(Generic[T]):
    """A local share of a counted object."""

    object: T
    weight: Weight

    def __init__(self, object: T) -> None:
        """The first share."""
        object.shares.exchange(WEIGHT)
        self.object = object
        self.weight = WEIGHT

    def split(self) -> T:
        """One more share, of weight 1."""
        weight = self.weight
        if weight == 1:
            self.object.shares.add(WEIGHT)
            weight = 1 + WEIGHT
        self.weight = weight - 1
        return self.object

    def drop(self) -> None:
        """It is gone."""
        drop_weight(self.object, self.weight)
