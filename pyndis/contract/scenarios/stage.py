"""The scene of a scenario: one adapter, one client, and what was started."""

from __future__ import annotations

from contextlib import suppress

from pyndis.contract import started
from pyndis.contract.bench import Bench, Client, Rig, Subject
from pyndis.contract.statuses import PENDING, SEND_STATUSES, SUCCESS, name_of
from pyndis.host import Chain, CommandRefused, Handle, Host, Operation, Process, Request

CANCEL_ID = 0x5CE


class Stage:
    """A running adapter. The client connects when an element first needs it; all elements share it, so that they meet."""

    def __init__(self, subject: Subject, host: Host, returns: int) -> None:
        """`returns`: among how many calls the NBLs that are out are divided."""
        self.host = host
        self.returns = returns
        self.lent: list[int] = []
        self.bench = Bench(subject)
        self.rig: Rig = self.bench.rig(host)
        self.process: Process = host.process()
        self.handle: Handle | None = None
        self.waiting: Request | None = None
        self.operations: list[Operation] = []
        self.pauses: list[Operation] = []
        self.requests: list[Request] = []
        self.sends: list[tuple[Chain, Operation]] = []
        self._client: Client | None = None

    @property
    def client(self) -> Client:
        """The connected client. Raises NotExercised when nobody told how clients speak."""
        if self._client is None:
            self._client = self.rig.client(self.process)
            self.handle = self._client.handle
        return self._client

    def open(self) -> Handle:
        """A handle on the device: the client's, where clients are known. Raises NotExercised without a device."""
        if self.handle is None:
            self.handle = self.client.handle if self.bench.subject.traffic is not None else self.rig.handles(self.process)[0]
        return self.handle

    def begin(self, operation: Operation) -> Operation:
        """Remember what was started."""
        self.operations.append(operation)
        return operation

    def take_lent(self) -> list[int]:
        """The NBLs that the next return gives back, out of those that were out when the scenario began."""
        count = -(-len(self.lent) // self.returns)
        self.returns -= 1
        taken, self.lent = self.lent[:count], self.lent[count:]
        return taken

    def send(self) -> None:
        """Two packets on their way into the driver."""
        sent = started.send(self.host, self.rig.adapter, self.rig.packets(2), cancel_id=CANCEL_ID)
        self.sends.append(sent)
        self.begin(sent[1])

    # -- The end -----------------------------------------------------------------------------------------------------

    def finish(self) -> None:
        """Give back what the stack keeps, end the client, halt; then say of everything that was started how it had to end."""
        adapter = self.rig.adapter
        with suppress(CommandRefused):  # the adapter has been halted: it keeps nothing
            adapter.return_inline()
            adapter.return_held()
        started.end(*self.pauses)  # with nothing out a pause needs nobody's help
        self._end_client()
        started.end(*self.operations)
        if not adapter.halted:
            adapter.halt()
        self._judge()
        for each in self.bench.findings:
            self.host.broken(each.rule, each.message)

    def _end_client(self) -> None:
        if self.process.alive:
            ending = started.kill(self.host, self.process)
            self.host.settle()
            with suppress(CommandRefused):
                self.rig.adapter.return_held()
            ending.wait()

    def _judge(self) -> None:
        for request in self.requests:
            if started.came(request):
                self.rig.demand(request.done, "CleanupFailed", f"{request} is open, and its client is gone")
                ended = not request.done or request.status != PENDING
                self.rig.demand(ended, "CompleteRequestStatusCheck", f"{request} ended as pending")
        for chain, sent in self.sends:
            if started.went(sent):
                self._judge_chain(chain)
        for pause in self.pauses:
            with suppress(CommandRefused):
                self.rig.demand(pause.status == SUCCESS, "NM-26", f"Pause ended with {name_of(pause.status)}")

    def _judge_chain(self, chain: Chain) -> None:
        for status in chain.statuses:
            if self.rig.demand(status is not None, "NM-40", "a send was never completed, and the adapter is halted"):
                self.rig.demand(status in SEND_STATUSES, "NM-42", f"a sent NBL was completed with {name_of(status)}")
