"""Loops: the turns that CPython makes, and no other."""

from typing import Annotated, TypeAlias

from pyndis.kernel import *

Few: TypeAlias = Annotated[u32, Within(0, 300)]


def counted(limit: Few) -> u32:
    total = 0
    for number in range(limit):
        total = wrapping_add(total, number)
    return total


def from_to(first: Few, last: Few) -> u32:
    turns = 0
    for number in range(first, last):
        turns = wrapping_add(turns, number - first + 1)
    return turns


def limit_is_looked_at_once(limit: Few) -> u32:
    turns = 0
    end = limit
    for _ in range(end):
        end = 0
        turns = wrapping_add(turns, 1)
    return wrapping_add(turns, end)


def left_early(limit: Few, wanted: Few) -> u32:
    found = 1000
    for number in range(limit):
        if number == wanted:
            found = number
            break
    return found


def some_left_out(limit: Few) -> u32:
    total = 0
    for number in range(limit):
        if number % 3 == 0:
            continue
        if number > 100:
            break
        total = wrapping_add(total, number)
    return total


def returned_from_within(limit: Few, wanted: Few) -> u32:
    for number in range(limit):
        for other in range(number):
            if other + number == wanted:
                return other
    return 999


def halved(value: u32) -> u32:
    steps = 0
    while value > 1:
        value = value // 2
        steps = wrapping_add(steps, 1)
    return steps


def endless_until(value: Few) -> u32:
    turns = 0
    while True:
        turns = wrapping_add(turns, 1)
        if turns > value:
            return turns
        if turns == 50:
            break
    return 0


def continue_in_while(value: Few) -> u32:
    total = 0
    while value > 0:
        value -= 1
        if value & 1 == 1:
            continue
        total = wrapping_add(total, value)
    return total


def inner_break(limit: Few) -> u32:
    total = 0
    for number in range(limit):
        for other in range(10):
            if other > number:
                break
            total = wrapping_add(total, 1)
    return total


def condition_that_calls(limit: Few) -> u32:
    turns = 0
    while is_below(turns, limit) and turns < 77:
        turns = wrapping_add(turns, 1)
    return turns


def is_below(value: u32, limit: u32) -> bool:
    for number in range(3):
        if value + number == limit:
            return False
    return value < limit


def looked_at_behind(limit: Few) -> u32:
    number = 500
    for number in range(limit):
        if number == 7:
            break
    return number


def counter_assigned_in_the_body(limit: Few) -> u32:
    total = 0
    for number in range(limit):
        number = wrapping_add(number, 5)
        total = wrapping_add(total, number)
    return total


def the_same_name_twice(limit: Few) -> u32:
    total = 0
    for number in range(limit):
        total = wrapping_add(total, number)
    for number in range(3, limit):
        total = wrapping_sub(total, number)
    return total
