"""What a case works with: hosts that run the image, and a rig of one host with an adapter at work."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from pyndis.contract.case import NotExercised
from pyndis.contract.declared import Declared, declared_by
from pyndis.contract.finding import Finding, finding_of
from pyndis.contract.packets import packet, smallest
from pyndis.contract.statuses import SEND_STATUSES, SUCCESS, name_of
from pyndis.contract.traffic import Traffic
from pyndis.host import Adapter, Chain, Counted, Handle, Host, OpenRefused, Process, Request

LUID = 7
SEND_PATIENCE = 31  # seconds; Driver Verifier wants each send completed within 30 (NdisTimedDataSend)
_MOST_OF_A_RULE = 8  # findings of one case


@dataclass(frozen=True)
class Subject:
    """What is tested: the image, its architecture, how its clients make traffic (None: nobody knows), the order of threads
    (`seed`; None: as they come), how many life cycles the long case does, and whether the driver's calls are counted."""

    image: Path
    arch: str
    traffic: Traffic | None = None
    seed: int | None = None
    cycles: int = 1000
    counting: bool = False


@dataclass
class Bench:
    """One case's place of work; it collects what is found. `concurrent`: the case's hosts run under the subject's seed."""

    subject: Subject
    concurrent: bool = False
    context: str = ""
    findings: list[Finding] = field(default_factory=list)
    figures: dict[str, int] = field(default_factory=dict)
    counted: Counted = field(default_factory=Counted)

    def note(self, finding: Finding) -> None:
        """Add a finding, with what is tried just now, unless it says again what is known, or there are enough of its rule."""
        said = [each.place or each.message for each in self.findings if each.rule == finding.rule]
        if (finding.place or finding.message) not in said and len(said) < _MOST_OF_A_RULE:
            details = (*finding.details, self.context) if self.context else finding.details
            self.findings.append(replace(finding, details=details))

    def demand(self, holds: bool, paragraph: str, message: str) -> bool:
        """Note a demand of the contract that does not hold, and go on. Whether it holds."""
        if not holds:
            self.note(Finding(paragraph, message))
        return holds

    def count(self, what: str, times: int = 1) -> None:
        """Add to a figure of the outcome."""
        self.figures[what] = self.figures.get(what, 0) + times

    @contextmanager
    def host(self, **options: Any) -> Iterator[Host]:
        """The image in a host of its own; what it breaks counts as this case's."""
        if self.concurrent and self.subject.seed is not None:
            options.setdefault("seed", self.subject.seed)
        host = Host(self.subject.image, **options)
        host.counted = self.counted if self.subject.counting else None
        try:
            with host:
                yield host
        finally:
            for each in host.violations:
                self.note(finding_of(each))

    @contextmanager
    def start(self, *, configuration: dict[str, str | int] | None = None, restart: bool = True, **options: Any) -> Iterator[Rig]:
        """A host with an adapter, running (`restart=False`: paused)."""
        with self.host(**options) as host:
            yield self.rig(host, LUID, configuration=configuration, restart=restart)

    def rig(self, host: Host, luid: int = LUID, **options: Any) -> Rig:
        """One more adapter of a host."""
        adapter = host.add_adapter(luid_index=luid, **options)
        return Rig(self, host, adapter, declared_by(adapter, self.subject.arch))


class Rig:
    """A host, an adapter, and what clients and the stack do with it."""

    def __init__(self, bench: Bench, host: Host, adapter: Adapter, declared: Declared) -> None:
        self.bench = bench
        self.host = host
        self.adapter = adapter
        self.declared = declared
        self.demand = bench.demand

    # -- Packets ---------------------------------------------------------------------------------------------------

    def packet(self, size: int = 0, mark: int = 0) -> bytes:
        """A packet that suits the medium, of `size` bytes or a small one."""
        least = smallest(self.declared.medium)
        return packet(self.declared.medium, max(least, size or least + 44), mark)

    def packets(self, count: int, size: int = 0) -> list[bytes]:
        """Packets that differ."""
        return [self.packet(size, mark) for mark in range(count)]

    def sends_end(self, chains: Sequence[Chain], *legal: int, paragraph: str = "NM-42") -> None:
        """Demand that each NBL has come back, now or when the time for it is over, with a legal status."""
        if not all(chain.done for chain in chains) and not self.adapter.halted:
            self.host.advance(SEND_PATIENCE)
        for chain in chains:
            self._chain_ended(chain, frozenset(legal) or SEND_STATUSES, paragraph)

    def _chain_ended(self, chain: Chain, legal: frozenset[int], paragraph: str) -> None:
        for index, status in enumerate(chain.statuses):
            if self.demand(status is not None, "NM-40", f"NBL {index} of a send of {chain.count} was never completed"):
                self.demand(
                    status in legal, paragraph, f"a sent NBL was completed with {name_of(status)}; legal: {_names(legal)}"
                )

    # -- Clients -----------------------------------------------------------------------------------------------------

    @property
    def traffic(self) -> Traffic:
        """How clients make traffic. Raises NotExercised when nobody told."""
        if self.bench.subject.traffic is None:
            raise NotExercised(
                "how a client makes the driver indicate or take packets is not known; give a traffic file ([test])"
            )
        return self.bench.subject.traffic

    def client(self, process: Process | None = None) -> Client:
        """A client connected to the adapter, as the traffic file does it."""
        traffic = self.traffic
        return Client(traffic, traffic.connect(process or self.host.process(), self.adapter))

    def devices(self) -> list[str]:
        """Paths under which user mode reaches the driver: its devices, else the adapter's. Raises NotExercised without any."""
        named = [each for each in self.adapter.attributes.get("devices", "").split(",") if each]
        paths = named or [each for each in [self.adapter.interface_path] if each and _opens(self.host, each)]
        if not paths:
            raise NotExercised("the driver has no device that user mode can open")
        return paths

    def handles(self, process: Process | None = None) -> list[Handle]:
        """An open handle on each device. Raises NotExercised if the driver lets nobody in."""
        opener = process or self.host.process()
        found = []
        for path in self.devices():
            try:
                found.append(opener.open(path))
            except OpenRefused:
                continue
        if not found:
            raise NotExercised("every open of the driver's devices is refused, also for SYSTEM")
        return found


@dataclass(frozen=True)
class Client:
    """A connected client."""

    traffic: Traffic
    handle: Handle

    def indicate(self, packets: Sequence[bytes], wait: bool = True) -> Request:
        """Make the driver indicate these packets."""
        return self.traffic.indicate(self.handle, packets, wait)

    def take(self, wait: bool = True) -> Request:
        """Ask for what the stack has sent."""
        return self.traffic.take(self.handle, wait)

    def taken(self, request: Request) -> list[bytes]:
        """The packets that `take` got; none while it is pending, or when it failed."""
        return self.traffic.taken(request) if request.done and request.status == SUCCESS else []


def _opens(host: Host, path: str) -> bool:
    try:
        host.open(path).close()
    except OpenRefused:
        return False
    return True


def _names(statuses: frozenset[int]) -> str:
    return ", ".join(sorted(name_of(each) for each in statuses))
