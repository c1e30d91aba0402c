"""Timers and work that runs one at a time."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any, Final, TypeVar

from pyndis.kernel import raw
from pyndis.kernel.atomics import Atomic
from pyndis.kernel.marks import Within, i32, u32, unsafe
from pyndis.kernel.objects import Adapted, addr, cast
from pyndis.kernel.status import NdisStatus, NtError

F = TypeVar("F", bound=Callable[..., Any])

# Not a number of calls: that would wrap in a run that is never idle.
IDLE: Final = 0
RUNS: Final = 1
CALLED: Final = 2


def uptime_ms() -> u32:
    """Milliseconds since the system started, modulo 2**32: only for wrapping_sub."""
    with unsafe("the result is a local"):
        now = raw.LARGE_INTEGER()
        raw.NdisGetSystemUpTimeEx(addr(now))
        return cast(u32, now.QuadPart)


def at_dispatch() -> bool:
    """Whether the caller is at DISPATCH_LEVEL. Not for what NDIS calls with a flag that says so."""
    with unsafe("asks, changes nothing"):
        return raw.KeGetCurrentIrql() >= raw.DISPATCH_LEVEL  # type: ignore[no-any-return]


class Timer(Adapted):
    """Runs its hook once, some time after `arm`. Unmaking it waits for a hook that runs."""

    _timer: raw.NDIS_HANDLE

    def elapsed(self, method: F) -> F:
        """`(self)`: NDIS_TIMER_FUNCTION, at DISPATCH_LEVEL."""
        return method

    def make(self, function: raw.PNDIS_TIMER_FUNCTION) -> None:
        """Raises RESOURCES."""
        with unsafe("the timer is this object's own"):
            characteristics = raw.NDIS_TIMER_CHARACTERISTICS()
            characteristics.Header.Type = raw.NDIS_OBJECT_TYPE_TIMER_CHARACTERISTICS
            characteristics.Header.Revision = raw.NDIS_TIMER_CHARACTERISTICS_REVISION_1
            characteristics.Header.Size = raw.NDIS_SIZEOF_TIMER_CHARACTERISTICS_REVISION_1
            characteristics.AllocationTag = raw.POOL_TAG
            characteristics.TimerFunction = function
            characteristics.FunctionContext = self.adapter
            status: NdisStatus = raw.NdisAllocateTimerObject(self.adapter.handle, addr(characteristics), addr(self._timer))
        if status != NdisStatus.SUCCESS:
            raise NtError(status)

    def arm(self, ms: Annotated[u32, Within(0, 0x7FFF_FFFF)]) -> None:
        """Run the hook in so many milliseconds."""
        with unsafe("relative times are negative, in units of 100 ns"):
            due = raw.LARGE_INTEGER()
            due.QuadPart = -10_000 * ms
            raw.NdisSetTimerObject(self._timer, due, 0, None)

    def cancel(self) -> None:
        """Do not run it. A hook that runs already is not waited for."""
        with unsafe("a hook that runs finds nothing to do"):
            raw.NdisCancelTimerObject(self._timer)

    def unmake(self) -> None:
        """PASSIVE."""
        with unsafe("the flush waits for a hook that runs: also for one that had armed the timer again before it was cancelled"):
            raw.NdisCancelTimerObject(self._timer)
            raw.KeFlushQueuedDpcs()
            raw.NdisFreeTimerObject(self._timer)


class Turn(Adapted):
    """Who runs a `@one_at_a_time` method, and whether it is to go round once more."""

    _calls: Atomic
    _item: raw.NDIS_HANDLE

    def make(self) -> None:
        """Raises RESOURCES."""
        with unsafe("the work item is this object's own"):
            self._item = raw.NdisAllocateIoWorkItem(self.adapter.handle)
        if self._item is None:
            raise NtError(NdisStatus.RESOURCES)

    def take(self) -> bool:
        """Whether the caller is the one who runs."""
        return self._calls.exchange(CALLED) == IDLE

    def calls(self) -> i32:
        """A round begins. It covers the calls so far; `done` wants to know what was left here."""
        self._calls.exchange(RUNS)
        return RUNS

    def done(self, calls: i32) -> bool:
        """The round is over. Whether there was no call meanwhile, and so the run is over too."""
        return self._calls.exchange_if(calls, IDLE)

    def hand_over(self, function: raw.NDIS_IO_WORKITEM_ROUTINE) -> None:
        """The run goes on in a work item, at PASSIVE_LEVEL."""
        with unsafe("one run at a time, so the item is not queued"):
            raw.NdisQueueIoWorkItem(self._item, function, self.adapter)

    def unmake(self) -> None:
        """Waits for a run. PASSIVE."""
        while self._calls.read() != IDLE:
            with unsafe("a run that finds nothing to do ends soon"):
                raw.NdisMSleep(1000)
        with unsafe("no run is left"):
            raw.NdisFreeIoWorkItem(self._item)
