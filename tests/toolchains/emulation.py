"""Runs single functions of a built image in the unicorn emulator: the bytes that ship, on every architecture."""

from __future__ import annotations

import re
from pathlib import Path

import pefile
import unicorn
from unicorn import arm64_const, x86_const

STACK, IMPORTS, RETURN, MEMORY = 0x7000_0000, 0x6000_0000, 0x5000_0000, 0x4000_0000
ROOM = 0x10000

_MACHINES = {
    "amd64": (unicorn.UC_ARCH_X86, unicorn.UC_MODE_64),
    "x86": (unicorn.UC_ARCH_X86, unicorn.UC_MODE_32),
    "arm64": (unicorn.UC_ARCH_ARM64, unicorn.UC_MODE_ARM),
}
_ARGUMENTS = {
    "amd64": [getattr(x86_const, f"UC_X86_REG_{name}") for name in ("RCX", "RDX", "R8", "R9")],
    "x86": [x86_const.UC_X86_REG_ECX, x86_const.UC_X86_REG_EDX],
    "arm64": [getattr(arm64_const, f"UC_ARM64_REG_X{number}") for number in range(4)],
}
_RESULT = {"amd64": x86_const.UC_X86_REG_RAX, "x86": x86_const.UC_X86_REG_EAX, "arm64": arm64_const.UC_ARM64_REG_X0}
_STACK = {"amd64": x86_const.UC_X86_REG_RSP, "x86": x86_const.UC_X86_REG_ESP, "arm64": arm64_const.UC_ARM64_REG_SP}

_RETURN = {"amd64": b"\xc3", "x86": b"\xc3", "arm64": b"\xc0\x03\x5f\xd6"}


class Emulated:
    """An image at its preferred base, with free memory at MEMORY. A call ends where the function returns, traps or calls an
    import; `ended` says which: "returned", "trapped" or the import's name. Imports in `passing` return
    at once instead; on x86 they take that many bytes of arguments off the stack."""

    def __init__(self, arch: str, path: Path) -> None:
        self.arch = arch
        self.width = 4 if arch == "x86" else 8
        self.ended = ""
        self.passing: dict[str, int] = {}
        self.pe = pefile.PE(str(path))
        self.cpu = unicorn.Uc(*_MACHINES[arch])
        self.symbols = _symbols(path.with_suffix(".map"), arch)
        self._map()
        self.cpu.hook_add(unicorn.UC_HOOK_INTR, self._on_trap)
        self.cpu.hook_add(unicorn.UC_HOOK_CODE, self._on_import, begin=IMPORTS, end=IMPORTS + ROOM - 1)

    def _map(self) -> None:
        image = self.pe.get_memory_mapped_image()
        self.cpu.mem_map(self.pe.OPTIONAL_HEADER.ImageBase, (len(image) + ROOM) & ~(ROOM - 1))
        self.cpu.mem_write(self.pe.OPTIONAL_HEADER.ImageBase, image)
        for address in (STACK, IMPORTS, RETURN, MEMORY):
            self.cpu.mem_map(address, ROOM)
        self.imports = [each for entry in self.pe.DIRECTORY_ENTRY_IMPORT for each in entry.imports]
        for number, each in enumerate(self.imports):
            self.write(each.address, IMPORTS + 16 * number)
            self.cpu.mem_write(IMPORTS + 16 * number, _RETURN[self.arch])

    def read(self, address: int) -> int:
        """A word of the architecture's width."""
        return int.from_bytes(self.cpu.mem_read(address, self.width), "little")

    def write(self, address: int, value: int) -> None:
        self.cpu.mem_write(address, value.to_bytes(self.width, "little"))

    def call(self, name: str, *arguments: int, convention: str = "cdecl") -> int:
        """Run the function of that name until it ends; its result. `convention` matters on x86: cdecl (as good as stdcall
        here) or fastcall."""
        self.ended = "returned"
        in_registers = len(arguments) if self.arch != "x86" else 2 if convention == "fastcall" else 0
        top = STACK + ROOM // 2 - 8  # RSP is 8 off 16 where a function begins
        if self.arch == "arm64":
            top += 8
            self.cpu.reg_write(arm64_const.UC_ARM64_REG_LR, RETURN)
        else:
            for number, word in enumerate((RETURN, *arguments[in_registers:])):
                self.write(top + self.width * number, word)
        for register, value in zip(_ARGUMENTS[self.arch], arguments[:in_registers], strict=False):
            self.cpu.reg_write(register, value)
        self.cpu.reg_write(_STACK[self.arch], top)
        self.cpu.emu_start(self.symbols[name], RETURN, timeout=20_000_000)
        return int(self.cpu.reg_read(_RESULT[self.arch]))

    def import_arguments(self, count: int) -> list[int]:
        """The arguments of the import that ended the call, where a stdcall function finds them."""
        top = self.cpu.reg_read(_STACK[self.arch])
        registers = [] if self.arch == "x86" else [int(self.cpu.reg_read(each)) for each in _ARGUMENTS[self.arch]]
        home = len(registers)  # on x64 the stack has room for those in registers too
        return [*registers, *(self.read(top + self.width * (number + 1)) for number in range(home, count))][:count]

    def _on_import(self, cpu: unicorn.Uc, address: int, size: int, data: object) -> None:
        name = self.imports[(address - IMPORTS) // 16].name.decode()
        if name not in self.passing:
            self.ended = name
            cpu.emu_stop()
        elif self.arch == "x86":
            top = cpu.reg_read(_STACK["x86"])
            back = self.read(top)
            cpu.reg_write(_STACK["x86"], top + self.passing[name])
            self.write(top + self.passing[name], back)

    def _on_trap(self, cpu: unicorn.Uc, number: int, data: object) -> None:
        self.ended = "trapped"
        cpu.emu_stop()


def _symbols(map_file: Path, arch: str) -> dict[str, int]:
    """Names, without the decoration of x86."""
    lines = re.findall(r"^ *[0-9a-f]{4}:[0-9a-f]{8} +(\S+) +([0-9a-f]{8,16}) ", map_file.read_text(), re.MULTILINE)
    return {re.sub(r"^[_@]|@\d+$", "", name) if arch == "x86" else name: int(address, 16) for name, address in lines}
