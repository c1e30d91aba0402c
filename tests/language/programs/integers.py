"""Integers are mathematical: no result depends on a width that nobody wrote."""

from typing import Annotated, Final, TypeAlias

from pyndis.kernel import *

MASK: Final = 0xFFFF_FFFF

Small: TypeAlias = Annotated[u32, Within(0, 1000)]


def sum_of_all_widths(a: u8, b: u16, c: u32) -> u64:
    return a + b + c


def difference_can_be_negative(a: u32, b: u32) -> i64:
    return a - b


def sum_above_32_bits_is_compared(a: u32, b: u32) -> bool:
    return a + b > MASK


def product(a: u32, b: u32) -> u64:
    return a * b


def quotient(a: u32, b: u16) -> u32:
    return a // (b + 1)


def remainder(a: u32, b: u16) -> u32:
    return a % (b + 1)


def bits(a: u32, b: u32) -> u32:
    return (a & b) | (a ^ 0xF0F0)


def precedence(a: u32, b: u32) -> bool:
    return a & b == b & a | 0


def shifted(a: u32, by: Annotated[u8, Within(0, 31)]) -> u32:
    return a >> by


def shifted_left(a: u16, by: Annotated[u8, Within(0, 16)]) -> u32:
    return a << by


def negative(a: i32) -> i64:
    return -a


def twice_negative(a: i32) -> i64:
    return -(-a)


def inverted(a: i32) -> i32:
    return ~a


def signed_and_unsigned(a: i32, b: u32) -> bool:
    return a < b


def signed_equals_unsigned(a: i32, b: u32) -> bool:
    return a == b


def wide_and_narrow(a: i64, b: u64) -> bool:
    return a >= b


def wrapped(a: u32, b: u32) -> u32:
    return wrapping_sub(wrapping_add(a, 3), b)


def saturated(a: u32, b: u32) -> u32:
    return saturating_add(saturating_sub(a, b), b)


def aligned(a: Small) -> u32:
    return align(a + 13, 16)


def middle(a: u32, b: u32) -> u32:
    return (a + b) // 2


def clamped_by_comparison(a: u32) -> Small:
    if a > 1000:
        return 1000
    return a


def proven_by_relation(a: u32, b: u32) -> u32:
    if b <= a:
        return a - b
    return b - a


def augmented(a: Small, b: Small) -> u32:
    total = a
    total += b
    total *= 3
    total -= b
    total //= 2
    total |= 1
    total <<= 2
    return total


def literals(a: Small) -> i64:
    return a - 0x7FFF_FFFF_FFFF + 0b1010 - 0o17 + 1_000
