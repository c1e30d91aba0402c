"""Numbers that several threads change without a lock."""

from __future__ import annotations

from pyndis.kernel import raw
from pyndis.kernel.arithmetic import wrapping_sub
from pyndis.kernel.marks import i32, i64, u32, u64, unsafe
from pyndis.kernel.objects import addr, cast


class Atomic:
    """A LONG that is only changed by interlocked operations."""

    _value: i32

    def read(self) -> i32:
        with unsafe("interlocked access"):
            return raw.ReadAcquire(addr(self._value))  # type: ignore[no-any-return]

    def add(self, amount: u32) -> i32:
        """Returns the value from before."""
        with unsafe("interlocked access"):
            return raw.InterlockedExchangeAdd(addr(self._value), cast(i32, amount))  # type: ignore[no-any-return]

    def subtract(self, amount: u32) -> i32:
        """Returns the value from before."""
        with unsafe("interlocked access"):
            return raw.InterlockedExchangeAdd(addr(self._value), cast(i32, wrapping_sub(0, amount)))  # type: ignore[no-any-return]

    def exchange(self, value: i32) -> i32:
        """Returns the value from before."""
        with unsafe("interlocked access"):
            return raw.InterlockedExchange(addr(self._value), value)  # type: ignore[no-any-return]

    def exchange_if(self, expected: i32, value: i32) -> bool:
        """Store the value if the expected one is there."""
        with unsafe("interlocked access"):
            before: i32 = raw.InterlockedCompareExchange(addr(self._value), value, expected)
        return before == expected

    def set_bits(self, bits: i32) -> None:
        with unsafe("interlocked access"):
            raw.InterlockedOr(addr(self._value), bits)

    def clear_bits(self, bits: i32) -> None:
        with unsafe("interlocked access"):
            raw.InterlockedAnd(addr(self._value), ~bits)


class Counter:
    """A statistic: 64 bits, interlocked, wraps."""

    _value: i64

    def add(self, amount: u64) -> None:
        with unsafe("interlocked access"):
            raw.InterlockedExchangeAdd64(addr(self._value), cast(i64, amount))

    def read(self) -> u64:
        """Whole on 32-bit processors too."""
        with unsafe("interlocked access"):
            return cast(u64, raw.InterlockedCompareExchange64(addr(self._value), 0, 0))
