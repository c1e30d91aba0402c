"""Calls into the driver that may take their time: pause, restart, OIDs, power, halt."""

from __future__ import annotations

from pyndis.host.channel import Pending
from pyndis.host.session import Session
from pyndis.host.wire import Frame


class Operation:
    """A command to the driver. With `wait=False` it may still be under way; its results wait for it."""

    def __init__(self, session: Session, pending: Pending) -> None:
        self._session = session
        self._pending = pending

    @property
    def done(self) -> bool:
        """Whether the driver has completed it, once all is at rest."""
        if not self._pending.done:
            self._session.settle()
        return self._pending.done

    def wait(self) -> Frame:
        """The reply. Raises Stuck if it cannot come, DriverFault if the driver crashes."""
        return self._session.finish(self._pending)

    @property
    def status(self) -> int:
        """The NDIS_STATUS it ended with, unsigned."""
        return self.wait().number("status")


class Oid(Operation):
    """An OID request and its answer."""

    @property
    def data(self) -> bytes:
        """What the driver wrote into the buffer."""
        reply = self.wait()
        return reply.payload[: reply.number("written")]

    @property
    def buffer(self) -> bytes:
        """The whole buffer after the call."""
        return self.wait().payload

    @property
    def written(self) -> int:
        """BytesWritten."""
        return self.wait().number("written")

    @property
    def read(self) -> int:
        """BytesRead."""
        return self.wait().number("read")

    @property
    def needed(self) -> int:
        """BytesNeeded."""
        return self.wait().number("needed")

    @property
    def supported_revision(self) -> int:
        """SupportedRevision of a set request."""
        return self.wait().number("supported_revision")

    @property
    def value(self) -> int:
        """The data as one little-endian number."""
        return int.from_bytes(self.data, "little")
