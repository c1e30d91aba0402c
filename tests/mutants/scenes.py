"""What is done to a driver so that a planted mistake shows: what happens before, what is started together, and the end."""

from __future__ import annotations

from dataclasses import dataclass

from pyndis.explore import Scenario
from pyndis.host import Adapter, Handle, Host
from pyndis.host.process import Memory
from tests.drivers.wintun.conftest import INDEX, path_of
from tests.host.packets import bundle, ipv4, ipv6

PACKETS = (ipv4(60, 1), ipv6(60, 2), ipv4(60, 3))
CANCEL_ID = 5
TIMER = "NdisAllocateTimerObject"  # the first call in initialize that can fail after the pool is made
SEND_LIMIT = 31  # seconds: NdisTimedDataSend allows 30


@dataclass(frozen=True)
class Scene:
    """A running adapter, and a client that has it open."""

    host: Host
    adapter: Adapter
    handle: Handle

    @classmethod
    def of(cls, host: Host) -> Scene:
        adapter = host.add_adapter(luid_index=INDEX)
        return cls(host, adapter, host.open(path_of(INDEX)))


def _hostile(host: Host) -> tuple[Scene, Memory]:
    scene, data = Scene.of(host), bundle(*PACKETS)
    memory = scene.handle.process.memory(len(data), hostile=True)
    memory.write(0, data)
    return scene, memory


def _lent(host: Host) -> Scene:
    scene = Scene.of(host)
    scene.adapter.hold_returns()
    scene.handle.write(bundle(*PACKETS))
    return scene


def _lent_by_nobody(host: Host) -> Scene:
    scene = _lent(host)
    scene.handle.close()
    return scene


def _sent(host: Host) -> Scene:
    scene = Scene.of(host)
    scene.adapter.send([ipv4(60, n) for n in range(3)], cancel_id=CANCEL_ID)
    return scene


def _failing(host: Host) -> Host:
    host.fail_call(TIMER, 1)
    host.add_adapter(luid_index=INDEX, check=False)
    return host


def _write(scene: Scene) -> None:
    scene.handle.write(bundle(*PACKETS))


def _write_too_little(scene: Scene) -> None:
    scene.handle.write(bytes(4))


def _write_hostile(hostile: tuple[Scene, Memory]) -> None:
    scene, memory = hostile
    scene.handle.write(b"", memory=memory, length=memory.size)


def _return(scene: Scene) -> None:
    scene.adapter.return_held()


def _cancel(scene: Scene) -> None:
    scene.adapter.cancel_send(CANCEL_ID)


def _pause(scene: Scene) -> None:
    scene.adapter.pause()


def _halt(scene: Scene) -> None:
    scene.adapter.halt()


def _end(scene: Scene) -> None:
    """What the stack keeps comes back; the rest is the host's."""
    if scene.adapter.held:
        scene.adapter.return_held()


def _end_late(scene: Scene) -> None:
    scene.host.advance(SEND_LIMIT)


def _nothing(scene: object) -> None:
    pass


SCENES = {
    each.name: each
    for each in (
        Scenario("a_write", Scene.of, (_write,), _end),
        Scenario("a_write_that_is_too_short", Scene.of, (_write_too_little,), _end),
        Scenario("a_write_by_a_hostile_client", _hostile, (_write_hostile,), _nothing),
        Scenario("a_write_held_by_the_stack", _lent, (_return,), _end),
        Scenario("a_cancelled_send", _sent, (_cancel,), _end_late),
        Scenario("an_initialize_that_fails", _failing, (), _nothing),
        Scenario("a_pause_while_the_stack_holds_packets", _lent, (_pause, _return), _end),
        Scenario("a_return_while_the_adapter_halts", _lent_by_nobody, (_halt, _return), _end),
    )
}
