"""A driver in which a test chooses what goes wrong: `BREAKS` and `KEEPS` in `tests/host/drivers/rules/*.c`."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import nullcontext, suppress
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from _pytest.mark import ParameterSet

from pyndis.diagnostics import DriverFailure
from pyndis.host import Host, Violation
from tests.host.packets import ipv4
from tests.host.statuses import oid

DEVICE = r"\\.\PROBE"
CONTROL = 0x80002000

Act = Callable[[Host], None]


def tour(host: Host) -> None:
    """Each callback of the driver once."""
    if host.driver_status:
        return
    adapter = host.add_adapter(check=False)
    if adapter.halted:
        return
    handle = host.open(DEVICE)
    handle.read(64)
    handle.write(bytes(64))
    handle.ioctl(CONTROL, bytes(16), 16)
    adapter.send([ipv4()])
    adapter.oid(query=oid("GEN_VENDOR_ID"))
    handle.close()
    adapter.pause()
    adapter.restart()
    adapter.halt()


@dataclass(frozen=True)
class Scene:
    """A rule, and how a driver is led to break and to keep it.

    `name` is the C side's, where it differs from the rule's; `also` are rules that the breach necessarily breaks with it;
    `options` are Host's; `fatal`: the driver crashes, or leaves commands without an end; `feature` is the feature of Driver
    Verifier that this belongs to, where the rule is none of the documented ones.
    """

    rule: str
    act: Act = tour
    name: str = ""
    also: tuple[str, ...] = ()
    options: dict[str, object] = field(default_factory=dict)
    fatal: bool = False
    feature: str = ""

    @property
    def id(self) -> str:
        return self.name or self.rule

    def breaks(self, image: Path) -> None:
        """Fails unless the rule is broken, and no other."""
        with Host(image, **self.options) as host:  # type: ignore[arg-type]
            for rule in (self.rule, *self.also):
                host.expect(rule)
            with suppress(DriverFailure) if self.fatal else nullcontext():
                self.act(host)

    def violations(self, image: Path) -> list[Violation]:
        """What the host says of it."""
        host = Host(image, **self.options)  # type: ignore[arg-type]
        with suppress(DriverFailure), host:
            self.act(host)
        return host.violations

    def keeps(self, image: Path) -> None:
        """Fails if any rule is broken."""
        with Host(image, **self.options) as host:  # type: ignore[arg-type]
            self.act(host)


def breaking(scenes: Iterable[Scene]) -> list[ParameterSet]:
    """Parameters of a test that calls `Scene.breaks`."""
    return [pytest.param(each, id=each.id, marks=pytest.mark.breaks(each.rule, feature=each.feature)) for each in scenes]


def keeping(scenes: Iterable[Scene]) -> list[ParameterSet]:
    """Parameters of a test that calls `Scene.keeps`."""
    return [pytest.param(each, id=each.id, marks=pytest.mark.keeps(each.rule, feature=each.feature)) for each in scenes]
