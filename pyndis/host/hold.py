"""Calls that are held: a thread of the driver stands inside one until it is let go."""

from __future__ import annotations

from pyndis.host.session import Session


class Hold:
    """The n-th call of one export from now on; made by Host.hold_call."""

    def __init__(self, session: Session, name: str, n: int) -> None:
        self._session = session
        self._name = name
        session.call("hold", name=name, nth=n)

    @property
    def reached(self) -> bool:
        """Whether a thread stands in it, or has, once all is at rest."""
        self._session.settle()
        return self._session.call("hold-state", name=self._name).number("reached") != 0

    def release(self) -> None:
        """Let the thread go on."""
        self._session.call("release", name=self._name)
