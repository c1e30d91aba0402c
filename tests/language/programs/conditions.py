"""Conditions are truth values; operands are looked at once, from the left, and only as far as needed."""

from pyndis.kernel import *


def grade(a: u32) -> u8:
    if a < 10:
        return 1
    elif a < 100:
        return 2
    elif a == 255:
        return 3
    else:
        return 4


def both(a: u32, b: u32) -> bool:
    return a > 3 and b > 3


def either(a: u32, b: u32) -> bool:
    return a > 3 or b > 3 or a == b


def neither(a: u32, b: u32) -> bool:
    return not (a > 3 or b > 3)


def mixed(a: u32, b: u32, ready: bool) -> bool:
    return not ready and a < b or ready and not a < b


def between(a: u32, b: u32) -> bool:
    return 2 < a <= b < 0x8000_0000


def chained_three(a: u32, b: u32, c: u32) -> bool:
    return a <= b != c > 1


def guarded_division(a: u32, b: u32) -> bool:
    return b != 0 and a // b > 2


def greater(a: u32, b: u32) -> u32:
    return a if a > b else b


def nested_choice(a: u32, b: u32) -> u32:
    return 1 if a > b else 2 if a == b else 3


def choice_as_operand(a: u16, b: u16) -> u32:
    return (a if a > b else b) + (1 if a == b else 0)


def kept(a: u32, b: u32) -> bool:
    bigger = a > b
    if bigger:
        return not bigger
    return bigger == (a < b)


def empty_branch(a: u32) -> u32:
    if a > 3:
        pass
    else:
        a = 3
    return a


def narrowed(a: u32) -> u8:
    if a > 200 or a < 100:
        return 0
    return a - 100


def chained_with_products(a: u16, b: u16) -> bool:
    return a < b * 2 <= a * 3 < 0x10000


def chained_with_a_division(a: u32, b: u32) -> bool:
    return 0 < b and 1 < a // b <= 7
