"""Arithmetic on closed intervals of integers. A bound of `MOST` or beyond means: not bounded on that side."""

from __future__ import annotations

from collections.abc import Callable

Interval = tuple[int, int]
MOST = 1 << 256
UNBOUNDED: Interval = (-MOST, MOST)


def clamp(low: int, high: int) -> Interval:
    """An interval whose bounds stay within what `MOST` stands for."""
    return max(low, -MOST), min(high, MOST)


def join(a: Interval, b: Interval) -> Interval:
    """The least interval over both."""
    return min(a[0], b[0]), max(a[1], b[1])


def meet(a: Interval, b: Interval) -> Interval:
    """What is in both; empty when its low is above its high."""
    return max(a[0], b[0]), min(a[1], b[1])


def covers(wide: Interval, narrow: Interval) -> bool:
    """Whether all of `narrow` is in `wide`."""
    return wide[0] <= narrow[0] and narrow[1] <= wide[1]


def negate(a: Interval) -> Interval:
    """-a"""
    return -a[1], -a[0]


def invert(a: Interval) -> Interval:
    """~a"""
    return ~a[1], ~a[0]


def add(a: Interval, b: Interval) -> Interval:
    """a + b"""
    return clamp(a[0] + b[0], a[1] + b[1])


def subtract(a: Interval, b: Interval) -> Interval:
    """a - b"""
    return clamp(a[0] - b[1], a[1] - b[0])


def multiply(a: Interval, b: Interval) -> Interval:
    """a * b"""
    corners = [x * y for x in a for y in b]
    return clamp(min(corners), max(corners))


def divide(a: Interval, b: Interval) -> Interval:
    """a // b, of those pairs that may be divided: a >= 0, b > 0."""
    low, high = max(a[0], 0), max(a[1], 0)
    return low // max(b[1], 1), high // max(b[0], 1)


def remainder(a: Interval, b: Interval) -> Interval:
    """a % b, of those pairs that may be divided: a >= 0, b > 0."""
    high = max(b[1], 1) - 1
    if a[0] >= 0 and a[1] < b[0]:
        return a
    return 0, min(high, max(a[1], 0))


def _bits(*intervals: Interval) -> int:
    """How many bits, beside a sign, hold every value of these."""
    return max(max(low.bit_length(), (~low).bit_length() if low < 0 else 0, high.bit_length()) for low, high in intervals)


def bit_and(a: Interval, b: Interval) -> Interval:
    """a & b, on two's complement without end."""
    for x, mask in ((a, b), (b, a)):
        if mask[0] == mask[1] < 0 and -mask[0] & (-mask[0] - 1) == 0:  # it clears low bits only, which keeps the order
            return x[0] & mask[0], x[1] & mask[0]
    highs = [high for low, high in (a, b) if low >= 0]
    if highs:
        return 0, min(highs)
    return clamp(-(1 << _bits(a, b)), max(a[1], b[1]))


def bit_or(a: Interval, b: Interval) -> Interval:
    """a | b"""
    top = (1 << _bits(a, b)) - 1
    if a[0] >= 0 and b[0] >= 0:
        return clamp(max(a[0], b[0]), top)
    return clamp(min(a[0], b[0]), top)


def bit_xor(a: Interval, b: Interval) -> Interval:
    """a ^ b"""
    top = (1 << _bits(a, b)) - 1
    return clamp(0 if a[0] >= 0 and b[0] >= 0 else ~top, top)


def shift_left(a: Interval, count: Interval) -> Interval:
    """a << count, of counts 0..255."""
    powers = (1 << min(max(count[0], 0), 255), 1 << min(max(count[1], 0), 255))
    return multiply(a, powers)


def shift_right(a: Interval, count: Interval) -> Interval:
    """a >> count, rounding down, of counts from 0."""
    few, many = min(max(count[0], 0), 600), min(max(count[1], 0), 600)
    return min(a[0] >> few, a[0] >> many), max(a[1] >> few, a[1] >> many)


OPERATIONS: dict[str, Callable[[Interval, Interval], Interval]] = {
    "+": add,
    "-": subtract,
    "*": multiply,
    "//": divide,
    "%": remainder,
    "&": bit_and,
    "|": bit_or,
    "^": bit_xor,
    "<<": shift_left,
    ">>": shift_right,
}


def number(value: int) -> str:
    """A number as a person reads it: big ones near a power of two by that power."""
    if abs(value) >= MOST:
        return "∞" if value > 0 else "-∞"
    if abs(value) < 1 << 17:
        return str(value)
    if value & (value - 1) == 0:
        return f"2**{value.bit_length() - 1}"
    if value > 0 and value & (value + 1) == 0:
        return f"2**{value.bit_length()} - 1"
    if value < 0 and -value & (-value - 1) == 0:
        return f"-2**{(-value).bit_length() - 1}"
    return str(value)


def spell(interval: Interval) -> str:
    """An interval as messages say it."""
    low, high = interval
    return number(low) if low == high else f"{number(low)} … {number(high)}"
