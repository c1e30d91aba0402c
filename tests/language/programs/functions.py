"""Functions, their arguments, locals and constants."""

from enum import IntEnum
from typing import Annotated, Final, TypeAlias

from pyndis.kernel import *

STEP: Final = 16
SIZE: Final = STEP * 4 + 1
MODE: Final = option("mode", "fast", "slow")


class Level(IntEnum):
    LOW = 1
    HIGH = 3


def spread(a: u32, by: u32 = STEP, *, more: u8 = 2) -> u64:
    return a * by + more


def default_values(a: u16) -> u64:
    return spread(a)


def given_by_name(a: u16, b: u16) -> u64:
    return spread(by=b, more=5, a=a)


def constants(a: u8) -> u32:
    return a + SIZE - STEP


def chosen_when_compiled(a: u8) -> u32:
    if MODE == "slow":
        return 1
    return a


def exchanged(a: u32, b: u32) -> u32:
    a, b = b, a
    return wrapping_sub(a, b)


def three_at_once(a: u32, b: u32, c: u32) -> u32:
    a, b, c = c, a, b
    return wrapping_add(wrapping_sub(a, b), wrapping_sub(c, a))


def parameter_assigned(a: u32) -> u32:
    a = a // 3
    return a


def annotated_local(a: u8) -> u32:
    total: u32 = a
    total = wrapping_sub(total, 300)
    return total


def highest(a: Level, b: Level) -> Level:
    if a == Level.HIGH or b == Level.HIGH:
        return Level.HIGH
    return Level.LOW


def by_level(a: bool, b: bool) -> bool:
    return highest(Level.HIGH if a else Level.LOW, Level.HIGH if b else Level.LOW) == Level.HIGH


def asserted(a: u8) -> u32:
    assert a < 256
    return a


def returns_nothing_early(a: u32) -> None:
    if a > 3:
        return
    assert a <= 3


def inner_calls(a: u8, b: u8) -> u32:
    return constants(chosen(a, b)) + constants(chosen(b, a))


def chosen(a: u8, b: u8) -> u8:
    return a if a & 1 == 0 else b
