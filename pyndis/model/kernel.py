"""The kernel that plain objects live in: what a name of `pyndis.kernel.raw` stands for."""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import wraps
from typing import Any

from pyndis.ddi import facts
from pyndis.model import layout
from pyndis.model.calls_locks import LockCalls
from pyndis.model.calls_memory import MemoryCalls
from pyndis.model.calls_packets import PacketCalls
from pyndis.model.calls_requests import RequestCalls
from pyndis.model.faults import ModelFault
from pyndis.model.places import place_in
from pyndis.model.rawtypes import RawStruct, raw_type
from pyndis.model.shares import first_share

_GLOBALS = {
    "MappingPriority": 0,
    "NonPagedPoolType": 0,
    "POOL_TAG": 0,
    "LINK_SPEED": 0,
    "AUTO_NEGOTIATION": 0,
    "DriverObject": None,
}
"""Variables and constants of the generated C. Nothing in the model depends on their values."""


class Kernel(MemoryCalls, LockCalls, RequestCalls, PacketCalls):
    """Kernel calls are its methods by their C names; each checks first that it may be called now."""

    def __init__(self) -> None:
        super().__init__()
        self.faults: list[ModelFault] = []
        self._names: dict[str, Any] = {
            "addr": _addr,
            "cast": layout.cast,
            "sizeof": layout.size_of,
            "shared": first_share,
            **_GLOBALS,
        }

    def named(self, name: str) -> Any:
        """A call, a constant or a type."""
        if name not in self._names:
            self._names[name] = self._find(name)
        return self._names[name]

    def _find(self, name: str) -> Any:
        call = getattr(self, name, None)
        if call is not None:
            return self._checked(name, call)
        constant = facts().constant(name)
        if constant is not None:
            return constant
        if facts().function(name) is not None:
            return self._missing(name)
        return raw_type(name)

    def _checked(self, name: str, call: Callable[..., Any]) -> Callable[..., Any]:
        """A call that looks first at what the facts say of IRQL and of leaving the driver."""
        fact = facts().function(name)

        @wraps(call)
        def checked(*arguments: Any) -> Any:
            if fact is not None and fact.calls_out and self.spin_locks:
                raise self.fault(f"{name} leaves the driver, and a spin lock is held")
            if fact is not None and fact.irql_max is not None and not fact.irql_when and self.irql > fact.irql_max:
                raise self.fault(f"{name} is called at IRQL {self.irql}, and it may be called up to {fact.irql_max}")
            try:
                return call(*arguments)
            except ModelFault as fault:
                self.faults.append(fault)
                raise

        return checked

    def _missing(self, name: str) -> Callable[..., Any]:
        def missing(*arguments: Any) -> Any:
            raise self.fault(f"{name} is not played by pyndis.model")

        return missing

    def fault(self, message: str) -> ModelFault:
        """A fault that is remembered: one in the drop of a share would get lost."""
        self.faults.append(ModelFault(message))
        return self.faults[-1]

    def settle(self) -> None:
        """What was handed to work items runs. Raises the first fault there was."""
        while self.work and not self.faults:
            self.work.pop(0)()
        if self.faults:
            raise self.faults[0]
        if self.irql != 0:
            raise ModelFault(f"a call into the driver came back at IRQL {self.irql}")

    def advance(self, ms: int) -> None:
        """Let time pass; timers fire when they are due, at DISPATCH_LEVEL."""
        end = self.now + ms
        while due := sorted(
            (each.due, number) for number, each in enumerate(self.timers) if each.due is not None and each.due <= end
        ):
            timer = self.timers[due[0][1]]
            self.now, timer.due = max(self.now, due[0][0]), None
            self.at_dispatch(timer.function)
        self.now = end

    def at_dispatch(self, function: Callable[..., object], *arguments: Any) -> None:
        """Call into the driver at DISPATCH_LEVEL."""
        before = self.raise_irql(2)
        function(*arguments)
        self.irql = before
        self.settle()


def _addr(value: Any) -> Any:
    """`addr(…)`, which the driver calls by the library's own function."""
    if isinstance(value, RawStruct):
        return value
    return place_in(sys._getframe(2), value)
