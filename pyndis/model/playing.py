"""What CPython is told while a model is open: zeros in fields, locks that lock, shares that are dropped. Undone afterwards."""

from __future__ import annotations

import sys
from types import ModuleType
from typing import Any, get_args

from pyndis.kernel import raw
from pyndis.kernel.containers import Chain
from pyndis.kernel.locks import Locked, Mutexed
from pyndis.kernel.memory import Reader
from pyndis.kernel.nbl import PoolNbl
from pyndis.kernel.status import NtError
from pyndis.model import layout
from pyndis.model.kernel import Kernel
from pyndis.model.memory import Pointer
from pyndis.model.shares import SharedField, chain_dropped
from pyndis.model.state import APC, DISPATCH
from pyndis.model.zeros import first_value, with_fields, zero

_UNSET = object()


class Playing:
    """The changes, and what was there before."""

    def __init__(self, kernel: Kernel) -> None:
        self._before: list[tuple[Any, str, Any]] = []
        raw.play(kernel.named)
        for name, module in list(sys.modules.items()):
            if name.startswith("pyndis.kernel."):
                self.fields_of(module)
        self.change(PoolNbl, "source", SharedField("source"))
        self.change(Chain, "__del__", chain_dropped)
        self.change(Reader, "load", _load)
        for lock, irql in ((Locked, DISPATCH), (Mutexed, APC)):
            enter, leave = _lock(kernel, irql)
            self.change(lock, "__enter__", enter)
            self.change(lock, "__exit__", leave)

    def fields_of(self, module: ModuleType) -> None:
        """Objects of its classes begin as zeros."""
        for cls in with_fields(module):
            self.change(cls, "__getattr__", first_value)

    def change(self, owner: Any, name: str, value: Any) -> None:
        """Until `stop`."""
        self._before.append((owner, name, vars(owner).get(name, _UNSET)))
        setattr(owner, name, value)

    def stop(self) -> None:
        """All as it was."""
        while self._before:
            owner, name, value = self._before.pop()
            if value is _UNSET:
                delattr(owner, name)
            else:
                setattr(owner, name, value)
        raw.rest()


def _load(reader: Reader, what: type) -> Any:
    """`Reader.load`."""
    source: Any = reader.address
    assert isinstance(source, Pointer)
    if reader.offset + layout.struct_size(what) > reader.size:
        raise NtError(reader.short)
    return layout.load(what, source + reader.offset)


def _lock(kernel: Kernel, irql: int) -> tuple[Any, Any]:
    """`with` of a lock: its IRQL, and what it guards, which is made when it is first asked for."""

    def enter(lock: Any) -> Any:
        if vars(lock).get("held"):
            raise kernel.fault("a lock is taken by the thread that has it")
        if irql < kernel.irql:
            raise kernel.fault(f"a mutex is taken at IRQL {kernel.irql}")
        if "guarded" not in vars(lock):
            lock.guarded = zero(get_args(lock.__orig_class__)[0], lock)
        lock.held, lock.before = True, kernel.raise_irql(irql)
        if irql == DISPATCH:
            kernel.spin_locks.append(lock)
        return lock.guarded

    def leave(lock: Any, *exception: object) -> None:
        if irql == DISPATCH:
            kernel.spin_locks.remove(lock)
        lock.held, kernel.irql = False, lock.before

    return enter, leave
