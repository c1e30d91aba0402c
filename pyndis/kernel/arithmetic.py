"""Arithmetic that says what it does at the end of a type's range, and the few functions on numbers that C code needs."""

from __future__ import annotations

from pyndis.kernel.marks import u32


def align(value: u32, to: int) -> int:
    """The least multiple of `to`, a power of two, that is not below `value`."""
    return (value + to - 1) // to * to


def wrapping_add(left: u32, right: u32) -> u32:
    """The sum modulo 2**32."""
    return (left + right) & 0xFFFF_FFFF


def wrapping_sub(left: u32, right: u32) -> u32:
    """The difference modulo 2**32."""
    return (left - right) & 0xFFFF_FFFF


def saturating_add(left: u32, right: u32) -> u32:
    """The sum, or the greatest u32."""
    return min(left + right, 0xFFFF_FFFF)


def saturating_sub(left: u32, right: u32) -> u32:
    """The difference, or 0."""
    return max(left - right, 0)


def wrapping_add64(left: int, right: int) -> int:
    """The sum modulo 2**64."""
    return (left + right) & 0xFFFF_FFFF_FFFF_FFFF
