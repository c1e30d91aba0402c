"""Generators become the loops that use them."""

from collections.abc import Iterator
from typing import Annotated, TypeAlias

from pyndis.kernel import *

Few: TypeAlias = Annotated[u32, Within(0, 60)]


def evens(limit: u32) -> Iterator[u32]:
    number = 0
    while number < limit:
        yield number
        number = wrapping_add(number, 2)


def pairs(limit: u32) -> Iterator[tuple[u32, u32]]:
    for number in range(limit):
        if number == 40:
            return
        yield number, limit - number


def chained(limit: u32) -> Iterator[u32]:
    yield 1000
    yield from evens(limit)
    yield 2000


def total_of_evens(limit: Few) -> u32:
    total = 0
    for number in evens(limit):
        total = wrapping_add(total, number)
    return total


def two_values(limit: Few) -> u32:
    total = 7
    for one, other in pairs(limit):
        total = wrapping_add(total, wrapping_add(one, 3 * other))
    return total


def break_leaves_the_generator(limit: Few) -> u32:
    last = 0
    for number in evens(limit):
        if number > 20:
            break
        last = number
    return last


def continue_asks_for_the_next(limit: Few) -> u32:
    total = 0
    for number in evens(limit):
        if number % 4 == 0:
            continue
        total = wrapping_add(total, number)
    return total


def return_leaves_all(limit: Few, wanted: Few) -> u32:
    for number in chained(limit):
        if number == wanted:
            return number
    return 1


def in_one_another(limit: Few) -> u32:
    turns = 0
    for one in evens(limit):
        for other in evens(one):
            turns = wrapping_add(turns, other)
    return turns


def names_do_not_clash(limit: Few) -> u32:
    number = 5
    for other in evens(limit):
        number = wrapping_add(number, other)
    return number


def yields_in_order(limit: Few) -> u32:
    seen = 0
    for number in chained(limit):
        seen = wrapping_add(saturating_sub(seen, 3), number)
    return seen


def first_only(limit: Few) -> u32:
    for number in chained(limit):
        return number
    return 0


def arguments_are_the_generators_own(limit: Few) -> u32:
    turns = 0
    for number in evens(limit):
        limit = 0
        turns = wrapping_add(turns, number + 1)
    return wrapping_add(turns, limit)


def looked_at_behind(limit: Few) -> u32:
    number = 77
    for number in evens(limit):
        if number > 30:
            break
    return number
