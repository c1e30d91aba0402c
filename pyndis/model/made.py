"""An adapter of a driver's class, made as its generated MiniportInitializeEx makes it."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

from pyndis.kernel.adapter import Adapter
from pyndis.kernel.device import ControlDevice
from pyndis.kernel.driver import Attributes, OidTable
from pyndis.kernel.timers import Timer, Turn
from pyndis.model.hooks import Hooks
from pyndis.model.shares import release_members

HALTING = 2  # the device's reason to refuse


def made(cls: type[Adapter], hooks: Hooks, handle: object) -> Any:
    """Paused, with its fields made in order."""
    adapter: Any = _playable(cls, hooks)()
    adapter.device = _part(adapter, vars(cls)["device"])
    adapter.device.make()
    adapter.begin(handle)
    for name, declared in vars(cls).items():
        if _is_part(declared):
            setattr(adapter, name, _part(adapter, declared))
            _make(adapter, getattr(adapter, name), hooks.timers.get(name))
    for name in hooks.one_at_a_time:
        turn = _part(adapter, Turn())
        setattr(adapter, _turn(name), turn)
        turn.make()
    adapter.device.object = adapter
    adapter.device.open()
    return adapter


def unmade(adapter: Any, hooks: Hooks) -> None:
    """MiniportHaltEx."""
    adapter.device.refuse(HALTING)
    adapter.remove()
    if "halt" in hooks.plain:
        getattr(adapter, hooks.plain["halt"])()
    adapter.device.drain()
    parts = [each for each in vars(adapter).values() if hasattr(type(each), "unmake")]
    for part in reversed(parts):
        part.unmake()


def _is_part(declared: Any) -> bool:
    known = type(declared).__module__.startswith("pyndis.kernel.")
    return known and not isinstance(declared, Attributes | OidTable | ControlDevice)


def _part(adapter: Any, declared: Any) -> Any:
    part = copy.deepcopy(declared)
    part.adapter = adapter
    return part


def _make(adapter: Any, part: Any, elapsed: str | None) -> None:
    if isinstance(part, Timer):
        part.make(getattr(adapter, elapsed or ""))
    elif hasattr(type(part), "make"):
        part.make()


def _turn(method: str) -> str:
    return f"{method}_turn"


def _playable(cls: type[Adapter], hooks: Hooks) -> type[Adapter]:
    """The class with what the compiler adds: hooks by the names that the library calls, runs of `@one_at_a_time`."""
    added: dict[str, Any] = {name: getattr(cls, method) for name, method in hooks.plain.items() if hasattr(Adapter, name)}
    if "returned" in hooks.plain:
        added["returned"] = _consuming(added["returned"])
    for name in hooks.one_at_a_time:
        added[name] = _run(name, getattr(cls, name))
    return type(cls.__name__, (cls,), added)


def _consuming(hook: Callable[..., None]) -> Callable[..., None]:
    """The chain that the hook is handed is its own: what it leaves there is released when it returns."""

    def returned(adapter: Any, chain: Any) -> None:
        hook(adapter, chain)
        release_members(chain)

    return returned


def _run(name: str, step: Callable[..., bool]) -> Callable[..., None]:
    """One run at a time: a call during a run makes the runner go round once more."""

    def call(adapter: Any, bounded: bool = False) -> None:
        if getattr(adapter, _turn(name)).take():
            run(adapter, bounded)

    def run(adapter: Any, bounded: bool) -> None:
        turn = getattr(adapter, _turn(name))
        while True:
            calls = turn.calls()
            while step(adapter):
                if bounded:
                    turn.hand_over(lambda: run(adapter, False))
                    return
            if turn.done(calls):
                return

    return call
