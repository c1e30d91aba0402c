"""Classes are structs, methods are functions of a pointer to them."""

from collections.abc import Iterator
from typing import Annotated, TypeAlias

from pyndis.kernel import *

Few: TypeAlias = Annotated[u32, Within(0, 1000)]


class Range:
    first: u32
    count: u32

    def __init__(self, first: u32, count: u32) -> None:
        self.first = first
        self.count = count

    @property
    def end(self) -> u64:
        return self.first + self.count

    def holds(self, number: u32) -> bool:
        return self.first <= number < self.end

    def moved(self, by: u32) -> "Range":
        return Range(wrapping_add(self.first, by), self.count)

    def grow(self, by: u32) -> None:
        self.count = saturating_add(self.count, by)


def made_and_asked(first: u32, count: u32, number: u32) -> bool:
    wanted = Range(first, count)
    return wanted.holds(number)


def property_of_one(first: u32, count: u32) -> u64:
    return Range(first, count).end


def changed_by_its_methods(first: Few, count: Few) -> u32:
    mine = Range(first, count)
    mine.grow(3)
    mine.grow(count)
    mine.count = wrapping_sub(mine.count, 1)
    return mine.count


def given_back(first: Few, count: Few) -> u64:
    moved = Range(first, count).moved(7)
    return moved.end


def passed_on(first: Few, count: Few) -> u32:
    mine = Range(first, count)
    grow_twice(mine)
    return mine.count


def grow_twice(given: Range) -> None:
    given.grow(1)
    given.grow(given.first)


def two_of_them(first: Few, count: Few) -> bool:
    one = Range(first, count)
    other = Range(count, first)
    one.grow(5)
    return one.end == other.end + 5


def field_augmented(first: Few) -> u32:
    mine = Range(first, 0)
    for number in range(5):
        mine.count = mine.count | number
    mine.first >>= 1
    return wrapping_add(mine.count, mine.first)


def up_to(limit: u32) -> Iterator[u32]:
    number = 0
    while number < limit:
        yield number
        number = wrapping_add(number, 1)


def fields_are_looked_at_once(count: Annotated[u32, Within(0, 50)]) -> u32:
    mine = Range(0, count)
    turns = 0
    for _ in up_to(mine.count):
        mine.count = 0
        turns = wrapping_add(turns, 1)
    return turns
