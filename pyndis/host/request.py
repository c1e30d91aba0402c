"""One I/O request (IRP) as its client sees it: overlapped."""

from __future__ import annotations

from pyndis.host.channel import Pending
from pyndis.host.session import Session
from pyndis.host.wire import Frame


class Request:
    """A read, write, control or other request. Its properties speak of the moment when all is at rest."""

    def __init__(self, session: Session, what: str) -> None:
        self._session = session
        self._what = what
        self._dispatch: Pending | None = None
        self._done: Frame | None = None
        self.id = 0

    def __repr__(self) -> str:
        state = f"{self._done.number('status'):#010x}" if self._done else "pending"
        return f"<{self._what}: {state}>"

    def announce(self, id: int) -> None:
        """Called with the number of its command before that is sent."""
        self.id = id
        self._session.listen("request", id, self)

    def dispatched(self, pending: Pending) -> None:
        self._dispatch = pending

    def on_event(self, event: Frame) -> None:
        self._done = event

    @property
    def returned(self) -> int:
        """What the driver's dispatch routine returned; waits for it."""
        assert self._dispatch is not None
        return self._session.finish(self._dispatch).number("returned")

    @property
    def done(self) -> bool:
        """Whether it is complete, once all is at rest."""
        if self._done is None:
            self._session.settle()
        return self._done is not None

    def _completion(self) -> Frame:
        if self._done is None and self._dispatch is not None:
            self._session.finish(self._dispatch)
        assert self.done, f"{self._what} is still pending"
        assert self._done is not None
        return self._done

    @property
    def status(self) -> int:
        """The NTSTATUS, unsigned. AssertionError while it is pending."""
        return self._completion().number("status")

    @property
    def information(self) -> int:
        """IoStatus.Information."""
        return self._completion().number("information")

    @property
    def boost(self) -> int:
        """The priority boost it was completed with."""
        return self._completion().number("boost")

    @property
    def irql(self) -> int:
        """The IRQL at which it was completed."""
        return self._completion().number("irql")

    @property
    def data(self) -> bytes:
        """What the user finds in its buffer, up to Information bytes."""
        return self._completion().payload

    def cancel(self) -> bool:
        """Cancel it. Whether there was anything to cancel."""
        return self._session.call("cancel", request=self.id).number("found") != 0

    def poke(self, offset: int, data: bytes) -> None:
        """Change the user's buffer while the driver may be looking at it."""
        self._session.call("poke", data, request=self.id, offset=offset)

    def peek(self, offset: int, length: int) -> bytes:
        """What is in the user's buffer now, whether the request is done or not."""
        return self._session.call("peek", request=self.id, offset=offset, length=length).payload
