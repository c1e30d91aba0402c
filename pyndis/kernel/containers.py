"""Containers without memory of their own: the members are linked through a field that they have."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Generic, TypeVar

from pyndis.kernel.arithmetic import wrapping_add, wrapping_sub
from pyndis.kernel.marks import Owned, Ref, given, owned, u32

T = TypeVar("T", bound=Any)


class Chain(Generic[T]):
    """Objects in order, linked by their `next`. Its members are owned."""

    first: T | None
    last: T | None
    count: u32

    def __len__(self) -> int:
        return self.count

    def append(self, item: Owned[T]) -> None:
        """To the end."""
        item.next = None
        last = self.last
        if last is None:
            self.first = item
        else:
            last.next = item
        self.last = item
        self.count = wrapping_add(self.count, 1)
        given(item)

    def adopt(self, first: T | None) -> None:
        """Objects that are linked already, into an empty chain."""
        self.first = first
        item = first
        while item is not None:
            self.last = item
            self.count = wrapping_add(self.count, 1)
            item = item.next

    def push_front(self, item: Owned[T]) -> None:
        """To the front."""
        item.next = self.first
        if self.first is None:
            self.last = item
        self.first = item
        self.count = wrapping_add(self.count, 1)
        given(item)

    def prepend(self, chain: Owned[Chain[T]]) -> None:
        """A whole chain to the front, in its order."""
        last = chain.last
        if last is not None:
            last.next = self.first
            if self.first is None:
                self.last = last
            self.first = chain.first
            self.count = wrapping_add(self.count, chain.count)
        given(chain)

    def pop(self) -> Owned[T] | None:
        """The first member, or None."""
        item = self.first
        if item is not None:
            self.first = item.next
            if self.first is None:
                self.last = None
            self.count = wrapping_sub(self.count, 1)
            item.next = None
        return owned(item)

    def drain(self) -> Iterator[Owned[T]]:
        """Each member, taken out from the front."""
        while True:
            item = self.pop()
            if item is None:
                return
            yield item

    def __iter__(self) -> Iterator[T]:
        item = self.first
        while item is not None:
            yield item
            item = item.next

    def places(self) -> Iterator[Place[T]]:
        """Each member with its place, so that it can be taken out."""
        place = Place[T](self)
        item = self.first
        while item is not None:
            following = item.next
            place.item = item
            place.following = following
            place.taken = False
            yield place
            if not place.taken:
                place.previous = item
            item = following


class Place(Generic[T]):
    """Where a walk over a chain stands."""

    chain: Ref[Chain[T]]
    previous: T | None
    item: T
    following: T | None
    taken: bool

    def __init__(self, chain: Chain[T]) -> None:
        self.chain = chain

    def take(self) -> Owned[T]:
        """Take the member out. At most once; the walk goes on."""
        previous = self.previous
        if previous is None:
            self.chain.first = self.following
        else:
            previous.next = self.following
        if self.following is None:
            self.chain.last = previous
        self.chain.count = wrapping_sub(self.chain.count, 1)
        self.taken = True
        self.item.next = None
        return owned(self.item)
