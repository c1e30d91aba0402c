"""What a driver did in a host, counted: which exports it called, by which of its functions the kernel entered it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from pyndis.diagnostics import Failure
from pyndis.host.session import Session


@dataclass
class Counted:
    """Times, by name of the export, and by the host's name of the entry point (`IRP_MJ_READ`, `MiniportPause`); `states`:
    hosts in which there was paged code or memory (`paged`)."""

    calls: Counter[str] = field(default_factory=Counter)
    entries: Counter[str] = field(default_factory=Counter)
    states: Counter[str] = field(default_factory=Counter)

    def take(self, session: Session) -> None:
        """Add what a session knows at its end; nothing of one that answers no more."""
        if not session.channel.alive:
            return
        try:
            called, entered = session.call("calls").lines(), session.call("stack-use").lines()
            paged = session.call("state").number("paged")
        except Failure:
            return
        self.calls.update({name: int(times) for name, times, _ in (line.split() for line in called)})
        self.entries.update({name: int(times) for name, _, times in (line.split() for line in entered)})
        self.states.update({"paged": paged})
