"""`match` on numbers and enums."""

from enum import IntEnum
from typing import Final

from pyndis.kernel import *

SPECIAL: Final = 255


class Colour(IntEnum):
    RED = 1
    GREEN = 2
    BLUE = 7


def by_number(a: u32) -> u32:
    match a:
        case 0:
            return 10
        case 1 | 2 | 3:
            return 20
        case 0xFFFF_FFFF:
            return 30
        case _:
            return 40


def by_nibble(a: u8) -> u32:
    match a >> 4:
        case 4:
            kind = 1
        case 6:
            kind = 2
        case _:
            kind = 3
    return kind


def with_guard(a: u32, b: u32) -> u32:
    match a:
        case 1 if b > 3:
            return 1
        case 1:
            return 2
        case 2 | 3 if b == 0:
            return 3
    return 4


def no_case_fits(a: u32) -> u32:
    value = 9
    match a:
        case 1:
            value = 1
        case 2:
            pass
    return value


def colour_of(a: u32) -> Colour:
    match a:
        case 1:
            return Colour.GREEN
        case 2 | 3:
            return Colour.BLUE
    return Colour.RED


def by_enum(a: u32) -> u32:
    match colour_of(a):
        case Colour.RED | Colour.GREEN:
            return 5
        case Colour.BLUE:
            return 6
    return 7


def by_ether_type(protocol: EtherType) -> u32:
    match protocol:
        case EtherType.IPV4:
            return 4
        case EtherType.IPV6:
            return 6
    return 0


def negative(a: i32) -> u32:
    match a:
        case -1:
            return 1
        case -0x8000_0000:
            return 2
    return 3


def in_a_loop(a: u8) -> u32:
    total = 0
    for number in range(a):
        match number % 5:
            case 0:
                continue
            case 3:
                total = wrapping_add(total, 10)
            case _ if number > 100:
                break
            case _:
                total = wrapping_add(total, 1)
    return total
