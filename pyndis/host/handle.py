"""An open handle on the driver's device."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pyndis.host.request import Request
from pyndis.host.session import Session
from pyndis.host.wire import Frame, Value

if TYPE_CHECKING:
    from pyndis.host.process import Memory, Process

UNTOUCHED = 0xA5  # what a read buffer holds before the driver writes into it


class Handle:
    """One handle of one process; made by Process.open or duplicate."""

    def __init__(self, session: Session, process: Process, id: int) -> None:
        self._session = session
        self.process = process
        self.id = id
        self.value = 0
        self.closed_by_force = False
        session.listen("handle", id, self)

    def on_event(self, event: Frame) -> None:
        self.closed_by_force = True

    def _request(self, word: str, what: str, payload: bytes = b"", wait: bool = True, /, **keys: Value) -> Request:
        request = Request(self._session, what)
        pending = self._session.start(word, {"handle": self.id, **keys}, payload, announce=request.announce)
        request.dispatched(pending)
        if wait:
            self._session.finish(pending)
        return request

    def read(
        self,
        length: int,
        *,
        alignment: int = 0,
        memory: Memory | None = None,
        offset: int = 0,
        fill: int = UNTOUCHED,
        hostile: bool = False,
        wait: bool = True,
    ) -> Request:
        """Issue a read of `length` bytes; returns when dispatch has returned (`wait=False`: at once).

        `alignment` is where the buffer starts in its page; `memory` and `offset` take a buffer of that memory instead;
        `fill` is the byte that the buffer is full of before; `hostile`: as for `write`.
        """
        if hostile:
            self._session.watch_fetches()
        where: dict[str, Value] = {"alignment": alignment, "fill": fill, "hostile": hostile}
        if memory is not None:
            where = {"memory": memory.id, "offset": offset}
        return self._request("read", f"read of {length} bytes", b"", wait, length=length, **where)

    def write(
        self,
        data: bytes,
        *,
        alignment: int = 0,
        memory: Memory | None = None,
        offset: int = 0,
        length: int = 0,
        hostile: bool = False,
        wait: bool = True,
    ) -> Request:
        """Issue a write of `data`, or of `length` bytes of `memory` from `offset`; returns when dispatch has returned.

        `hostile`: the client changes each byte of `data` once the driver has fetched it; a second fetch is the rule DoubleFetch.
        """
        what = f"write of {length or len(data)} bytes"
        if memory is not None:
            return self._request("write", what, b"", wait, memory=memory.id, offset=offset, length=length)
        if hostile:
            self._session.watch_fetches()
        return self._request("write", what, data, wait, alignment=alignment, hostile=hostile)

    def ioctl(self, code: int, data: bytes = b"", out_size: int = 0, *, wait: bool = True) -> Request:
        """Issue a device control request with this input and room for `out_size` bytes of output."""
        return self._request("ioctl", f"control {code:#x}", data, wait, code=code, out=out_size)

    def request(self, major: int, *, wait: bool = True) -> Request:
        """Issue a request of any other major function (an IRP_MJ_… number)."""
        return self._request("request", f"request of major function {major}", b"", wait, major=major)

    def duplicate(self, process: Process) -> Handle:
        """A second handle on the same file object, in `process`."""
        other = Handle(self._session, process, self._session.new_id())
        reply = self._session.call("duplicate", handle=self.id, process=process.id, as_=other.id)
        other.value = reply.number("value")
        return other

    def protect(self, on: bool = True) -> None:
        """Protect it from being closed (HANDLE_FLAG_PROTECT_FROM_CLOSE), or not any more."""
        self._session.call("protect", handle=self.id, on=on)

    def misname(self, value: int) -> None:
        """The next table of all handles that the driver asks for names this one by another value of its process.

        So it looks when a handle is closed, and its value used again, after the table was made.
        """
        self._session.call("stale-handle", handle=self.id, value=value)

    def cancel_io(self) -> None:
        """Cancel every request that was made through this handle."""
        self._session.call("cancel-io", handle=self.id)

    def close(self) -> None:
        """Close it; returns when CLEANUP, and CLOSE if it came, have returned."""
        self._session.call("close", handle=self.id)
