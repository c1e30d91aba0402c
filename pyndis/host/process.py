"""The driver's clients are processes: with a user, memory, events and handles."""

from __future__ import annotations

from pyndis.host.errors import SystemRefused, open_refused
from pyndis.host.handle import Handle
from pyndis.host.operation import Operation
from pyndis.host.session import Session

GENERIC_READ_WRITE = 0xC0000000


class Memory:
    """Memory of a process that requests and driver can share."""

    def __init__(self, session: Session, id: int, size: int, address: int) -> None:
        self._session = session
        self.id = id
        self.size = size
        self.address = address

    def write(self, offset: int, data: bytes) -> None:
        """Change it, as the process would."""
        self._session.call("memory-write", data, memory=self.id, offset=offset)

    def read(self, offset: int = 0, length: int | None = None) -> bytes:
        """What it holds now."""
        count = self.size - offset if length is None else length
        return self._session.call("memory-read", memory=self.id, offset=offset, length=count).payload


class Event:
    """An event of a process; `value` is its handle value, for a control request."""

    def __init__(self, session: Session, id: int, value: int) -> None:
        self._session = session
        self.id = id
        self.value = value

    @property
    def signaled(self) -> bool:
        """Its state, once all is at rest."""
        self._session.settle()
        return self._session.call("event-state", event=self.id).number("signaled") != 0

    def take(self) -> bool:
        """Read and clear it, as a satisfied wait does."""
        self._session.settle()
        return self._session.call("event-state", event=self.id, reset=True).number("signaled") != 0

    def set(self) -> None:
        """Signal it."""
        self._session.call("event-state", event=self.id, set=True)


class Process:
    """A user process; made by Host.process."""

    def __init__(self, session: Session, user: str, bits: int) -> None:
        self._session = session
        self.user = user
        self.bits = bits
        self.alive = True
        self.id = session.new_id()
        self.pid = session.call("process", process=self.id, user=user, bits=bits).number("pid")

    def open(self, path: str, access: int = GENERIC_READ_WRITE, *, kernel: bool = False) -> Handle:
        r"""Open a device, as `\\.\NAME`. `kernel`: from kernel mode, without an access check.

        Raises PermissionError (AccessDenied) if the security descriptor refuses this user, FileNotFoundError
        (DeviceNotFound), else OpenRefused with the `status`.
        """
        handle = Handle(self._session, self, self._session.new_id())
        try:
            reply = self._session.call("open", process=self.id, handle=handle.id, path=path, access=access, kernel=kernel)
        except SystemRefused as error:
            raise open_refused(path, error.status) from None
        handle.value = reply.number("value")
        return handle

    def memory(self, size: int, writable: bool = True, *, hostile: bool = False) -> Memory:
        """Memory of `size` bytes, page-aligned, zero at first. `hostile`: each byte changes once the driver has fetched it."""
        if hostile:
            self._session.watch_fetches()
        id = self._session.new_id()
        reply = self._session.call("memory", process=self.id, memory=id, size=size, writable=writable, hostile=hostile)
        return Memory(self._session, id, size, reply.number("address"))

    def event(self, manual: bool = False, signaled: bool = False) -> Event:
        """An event object, auto-reset unless `manual`."""
        id = self._session.new_id()
        reply = self._session.call("event", process=self.id, event=id, manual=manual, signaled=signaled)
        return Event(self._session, id, reply.number("value"))

    def kill(self, *, wait: bool = True) -> Operation:
        """End the process: the driver is told, its requests are cancelled, its handles closed.

        Returns when the driver's cleanups have returned; `wait=False`: at once.
        """
        self.alive = False
        operation = Operation(self._session, self._session.start("kill", {"process": self.id}))
        if wait:
            operation.wait()
        return operation
