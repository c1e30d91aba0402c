"""Calls DriverEntry, MiniportInitializeEx, MiniportHaltEx and Unload of an image in speakeasy; writes what they called, as JSON.

`judge.py IMAGE VERSION FAILING`: what NdisGetVersion says, and which fallible call fails (0: none). It runs with a Python that
has speakeasy-emulator, which the project's own has not (it wants another unicorn): nothing of the project is imported here.
"""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Callable
from typing import Any

import speakeasy  # type: ignore[import-not-found]

SUCCESS, RESOURCES = 0, 0xC000009A
ADAPTER = 0x7E570001  # what NDIS knows the adapter by; the driver only passes it on
# Characteristics: header, two pairs of versions, flags, then handlers; MiniportInitParameters: the LUID's place
HANDLERS = {4: {"initialize": 16, "halt": 20, "unload": 24}, 8: {"initialize": 24, "halt": 32, "unload": 40}}
LUID_AT = {4: 28, 8: 48}
LUID = 53 << 48 | 7 << 24

# On x86 these take their arguments in registers; on x64 all functions do. The IRQL and the spin locks are in hal.dll there.
IN_HAL = frozenset({"KfAcquireSpinLock", "KfReleaseSpinLock", "ExAcquireFastMutex", "ExReleaseFastMutex"})
FAST_ON_X86 = IN_HAL | {
    *("ExInitializeRundownProtection", "ExAcquireRundownProtection", "ExReleaseRundownProtection"),
    "ExWaitForRundownProtectionRelease",
}
FASTCALL = 2  # speakeasy.winenv.arch.CALL_CONV_FASTCALL

Arguments = list[int]


class Judge:
    """One driver in one emulator; `calls` grows as it calls out: names, and whether the call was made to fail."""

    def __init__(self, image: str, version: int, failing: int) -> None:
        self.calls: list[tuple[str, bool]] = []
        self.emulator = speakeasy.Speakeasy(logger=_silent())
        self.module = self.emulator.load_module(image)
        self.width = self.emulator.get_ptr_size()
        self._failing = failing
        self._fallible = 0
        self._failed = 0
        self._version = version
        self.handlers: dict[str, int] = {}
        self._reserved: dict[int, int] = {}
        self._context = 0
        self._pending: tuple[int, Arguments] | None = None
        for name, (count, answer) in self._answers().items():
            convention = FASTCALL if name in FAST_ON_X86 and self.width == 4 else None
            self.emulator.add_api_hook(self._hooked(name, answer), _module(name), name, count, convention)

    def _answers(self) -> dict[str, tuple[int, Callable[[Arguments], int]]]:
        return {
            "NdisGetVersion": (0, lambda _: self._version),
            "NdisMRegisterMiniportDriver": (5, self._register),
            "NdisMDeregisterMiniportDriver": (1, self._plain),
            "NdisRegisterDeviceEx": (4, self._register_device),
            "NdisDeregisterDeviceEx": (1, self._plain),
            "NdisGetDeviceReservedExtension": (1, lambda arguments: self._reserved[arguments[0]]),
            "NdisMSetMiniportAttributes": (2, self._set_attributes),
            "NdisAllocateNetBufferListPool": (2, self._handle),
            "NdisFreeNetBufferListPool": (1, self._plain),
            "NdisAllocateTimerObject": (3, self._timer),
            "NdisCancelTimerObject": (1, self._plain),
            "NdisFreeTimerObject": (1, self._plain),
            "NdisAllocateIoWorkItem": (1, self._handle),
            "NdisFreeIoWorkItem": (1, self._plain),
            "NdisQueueIoWorkItem": (3, self._work_item),
            "NdisMGetDeviceProperty": (6, self._plain),
            "NdisMSendNetBufferListsComplete": (3, self._plain),
            "IoGetDeviceProperty": (5, lambda _: RESOURCES),
            "IoCsqInitializeEx": (7, self._plain),
            "IoCsqRemoveNextIrp": (2, self._plain),
            "ExInitializeRundownProtection": (1, self._plain),
            "ExAcquireRundownProtection": (1, lambda _: 1),
            "ExReleaseRundownProtection": (1, self._plain),
            "ExWaitForRundownProtectionRelease": (1, self._plain),
            "KeAcquireSpinLockRaiseToDpc": (1, self._plain),
            "KeReleaseSpinLock": (2, self._plain),
            "KfAcquireSpinLock": (1, self._plain),
            "KfReleaseSpinLock": (2, self._plain),
            "ExAcquireFastMutex": (1, self._plain),
            "ExReleaseFastMutex": (1, self._plain),
            "KeFlushQueuedDpcs": (0, self._plain),
            "RtlIntegerToUnicodeString": (3, self._plain),
            "RtlAppendUnicodeToString": (2, self._plain),
            "RtlAppendUnicodeStringToString": (2, self._plain),
        }

    # -- what NDIS would answer

    def _hooked(self, name: str, answer: Callable[[Arguments], int]) -> Callable[..., int]:
        def hook(emulator: Any, api: str, function: Any, arguments: Arguments) -> int:
            before = self._failed
            result = answer(arguments)
            self.calls.append((name, self._failed > before))
            return result

        return hook

    def _plain(self, arguments: Arguments) -> int:
        return SUCCESS

    def _fails(self) -> bool:
        self._fallible += 1
        self._failed += self._fallible == self._failing
        return self._fallible == self._failing

    def _pointer(self, at: int, value: int | None = None) -> int:
        if value is not None:
            self.emulator.mem_write(at, value.to_bytes(self.width, "little"))
        return int.from_bytes(self.emulator.mem_read(at, self.width), "little")

    def _register(self, arguments: Arguments) -> int:
        if self._fails():
            return RESOURCES
        for name, at in HANDLERS[self.width].items():
            self.handlers[name] = self._pointer(arguments[3] + at)
        self._pointer(arguments[4], self.emulator.mem_alloc(16))
        return SUCCESS

    def _register_device(self, arguments: Arguments) -> int:
        if self._fails():
            return RESOURCES
        device = self.emulator.mem_alloc(0x1000)
        self._reserved[device] = self.emulator.mem_alloc(0x4000)
        self._pointer(arguments[2], device)
        self._pointer(arguments[3], device)
        return SUCCESS

    def _set_attributes(self, arguments: Arguments) -> int:
        if self._fails():
            return RESOURCES
        # Only the registration attributes, which come first, have the context: behind a header of four bytes.
        self._context = self._context or self._pointer(arguments[1] + self.width)
        return SUCCESS

    def _handle(self, arguments: Arguments) -> int:
        return 0 if self._fails() else int(self.emulator.mem_alloc(16))

    def _timer(self, arguments: Arguments) -> int:
        if self._fails():
            return RESOURCES
        self._pointer(arguments[2], self.emulator.mem_alloc(16))
        return SUCCESS

    def _work_item(self, arguments: Arguments) -> int:
        self._pending = (arguments[1], [arguments[2], arguments[0]])
        return SUCCESS

    # -- what is called

    def call(self, what: str, address: int, arguments: Arguments) -> int:
        """Call a function of the driver, and the work item that it queued; what it returned."""
        self.emulator.call(address, arguments)
        returned = self._returned(what)
        if self._pending is not None:
            (routine, context), self._pending = self._pending, None
            self.call("work item", routine, context)
        return returned

    def entry(self) -> int:
        """DriverEntry."""
        self.emulator.run_module(self.module)
        return self._returned("DriverEntry")

    def _returned(self, what: str) -> int:
        last = self.emulator.get_report()["entry_points"][-1]
        assert not last.get("error"), f"{what}: {last['error']}"
        self.calls.append((f"end of {what}", False))
        return int(str(last["ret_val"]), 0) & 0xFFFFFFFF

    def initialize(self) -> int:
        """MiniportInitializeEx."""
        parameters = self.emulator.mem_alloc(0x100)
        self.emulator.mem_write(parameters, bytes(0x100))
        self.emulator.mem_write(parameters + LUID_AT[self.width], LUID.to_bytes(8, "little"))
        return self.call("MiniportInitializeEx", self.handlers["initialize"], [ADAPTER, 0, parameters])

    def halt(self) -> None:
        """MiniportHaltEx."""
        self.call("MiniportHaltEx", self.handlers["halt"], [self._context, 0])

    def unload(self) -> None:
        """The driver's Unload."""
        self.call("Unload", self.handlers["unload"], [self.emulator.mem_alloc(0x1000)])


def _module(name: str) -> str:
    if name.startswith("Ndis"):
        return "ndis"
    return "*" if name in IN_HAL else "ntoskrnl"


def _silent() -> logging.Logger:
    logger = logging.getLogger("speakeasy")
    logger.addHandler(logging.NullHandler())
    logger.propagate = False
    return logger


def main(image: str, version: str, failing: str) -> None:
    judge = Judge(image, int(version, 0), int(failing))
    statuses = {"entry": judge.entry()}
    if statuses["entry"] == SUCCESS:
        statuses["initialize"] = judge.initialize()
        if statuses["initialize"] == SUCCESS:
            judge.halt()
        judge.unload()
    json.dump({"statuses": statuses, "calls": judge.calls}, sys.stdout)


if __name__ == "__main__":
    main(*sys.argv[1:])
