"""Where a driver reaches by itself what other threads reach: its atomic instructions, or all that touch memory."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import pefile

from pyndis.diagnostics import Diagnostic, ToolFailure

_EXCEPTION_DIRECTORY = 3
_AMD64 = 0x8664
_EXECUTABLE = 0x20000000  # section flag
_TABLE = re.compile(r"\*[1248] \+ (0x[0-9a-f]+)\]")  # [base + index*4 + RVA]: how compilers reach a table in the code
_REGISTERS = ("rax", "rcx", "rdx", "rbx", "rsp", "rbp", "rsi", "rdi", *(f"r{n}" for n in range(8, 16)))
_NONE, _IMAGE = -1, 16
_WRITABLE = 0x80000000  # section flag
_MEMORY, _WRITE = 3, 2  # of the disassembler: a kind of operand, a kind of access
_NO_ACCESS = ("lea", "nop", "call", "jmp", "prefetch", "rep")


@dataclass(frozen=True)
class Breakpoint:
    """One instruction at `rva`, and what it addresses: base + index·scale + displacement, registers in the machine's order (-1:
    none, 16: the image's base). `kind`: `lock` (prefixed), `alone` (changes memory otherwise, as xchg), `read` or `pause`."""

    rva: int
    kind: str
    base: int = _NONE
    index: int = _NONE
    scale: int = 1
    displacement: int = 0

    def __str__(self) -> str:
        return f"{self.rva:x} {self.kind} {self.base} {self.index} {self.scale} {self.displacement}"


@lru_cache(maxsize=16)
def breakpoints(image: Path, modified: int, accesses: bool = False) -> tuple[Breakpoint, ...]:
    """All atomic instructions of an x64 image; none for other machines. `modified` is its time of change, for the cache.

    `accesses`: all others, too, that touch memory, but for the stack and what can only be read.

    Raises ToolFailure (PYN-H14) without the disassembler.
    """
    pe = pefile.PE(str(image), fast_load=True)
    if pe.FILE_HEADER.Machine != _AMD64:
        return ()
    disassembler = _disassembler()
    code = [(begin, end) for begin, end in _functions(pe) if _in_code(pe, begin)]
    data = {int(rva, 0) for begin, end in code for rva in _tables(disassembler, pe, begin, end)}
    pick = _Accesses(pe) if accesses else _atomics
    return tuple(each for begin, end in code for each in pick(disassembler, pe, begin, _cut(begin, end, data)))


def _disassembler() -> Any:
    try:
        import capstone  # type: ignore[import-untyped]
    except ImportError as error:
        raise ToolFailure(
            Diagnostic("PYN-H14", "a deterministic schedule needs the package capstone", help="pip install capstone")
        ) from error
    disassembler = capstone.Cs(capstone.CS_ARCH_X86, capstone.CS_MODE_64)
    disassembler.detail = True
    return disassembler


def _functions(pe: pefile.PE) -> Iterator[tuple[int, int]]:
    """From the exception directory, which names every function that is not a leaf; code between them is of leaves."""
    directory = pe.OPTIONAL_HEADER.DATA_DIRECTORY[_EXCEPTION_DIRECTORY]
    table = pe.get_data(directory.VirtualAddress, directory.Size) if directory.Size else b""
    at = 0
    for offset in range(0, len(table) - 11, 12):
        begin, end = (int.from_bytes(table[offset + part : offset + part + 4], "little") for part in (0, 4))
        section = _section(pe, begin)
        if section is None or end <= begin:
            continue
        at = max(at, section.VirtualAddress)
        if at < begin:
            yield at, begin
        yield begin, end
        at = end
    for section in pe.sections:
        end = section.VirtualAddress + section.Misc_VirtualSize
        if section.Characteristics & _EXECUTABLE and section.VirtualAddress <= at < end:
            yield at, end


def _section(pe: pefile.PE, rva: int) -> Any:
    return next((each for each in pe.sections if each.VirtualAddress <= rva < each.VirtualAddress + each.Misc_VirtualSize), None)


def _in_code(pe: pefile.PE, rva: int) -> bool:
    section = _section(pe, rva)
    return section is not None and bool(section.Characteristics & _EXECUTABLE)


def _tables(disassembler: Any, pe: pefile.PE, begin: int, end: int) -> Iterator[str]:
    for _, _, _, operands in disassembler.disasm_lite(pe.get_data(begin, end - begin), begin):
        yield from _TABLE.findall(operands)


def _cut(begin: int, end: int, data: set[int]) -> int:
    return min((each for each in data if begin < each < end), default=end)


def _atomics(disassembler: Any, pe: pefile.PE, begin: int, end: int) -> Iterator[Breakpoint]:
    code = pe.get_data(begin, end - begin)
    for rva, size, mnemonic, operands in disassembler.disasm_lite(code, begin):
        if mnemonic == "pause":
            yield Breakpoint(rva, "pause")
        elif mnemonic.startswith("lock ") or (mnemonic == "xchg" and "[" in operands):
            instruction = next(disassembler.disasm(code[rva - begin : rva - begin + size], rva))
            yield _breakpoint(instruction, "lock" if mnemonic.startswith("lock ") else "alone")


class _Accesses:
    """Picks what touches memory that another thread could reach."""

    def __init__(self, pe: pefile.PE) -> None:
        self._fixed = [
            (each.VirtualAddress, each.VirtualAddress + each.Misc_VirtualSize)
            for each in pe.sections
            if not each.Characteristics & _WRITABLE
        ]

    def __call__(self, disassembler: Any, pe: pefile.PE, begin: int, end: int) -> Iterator[Breakpoint]:
        for instruction in disassembler.disasm(pe.get_data(begin, end - begin), begin):
            kind = self._kind(instruction)
            if kind:
                point = _breakpoint(instruction, kind)
                if point.base != _IMAGE or not any(start <= point.displacement < stop for start, stop in self._fixed):
                    yield point

    def _kind(self, instruction: Any) -> str:
        mnemonic = instruction.mnemonic
        if mnemonic == "pause":
            return "pause"
        memory = [each for each in instruction.operands if each.type == _MEMORY]
        if not memory or mnemonic.startswith(_NO_ACCESS) or instruction.reg_name(memory[0].mem.base) == "rsp":
            return ""
        if mnemonic.startswith("lock "):
            return "lock"
        return "alone" if any(each.access & _WRITE for each in memory) else "read"


def _breakpoint(instruction: Any, kind: str) -> Breakpoint:
    memory = next((each.mem for each in instruction.operands if each.type == _MEMORY), None)
    if memory is None or memory.segment:
        return Breakpoint(instruction.address, kind)
    base, index = (_number(instruction.reg_name(each) if each else "") for each in (memory.base, memory.index))
    if base == _IMAGE:
        return Breakpoint(instruction.address, kind, _IMAGE, _NONE, 1, instruction.address + instruction.size + memory.disp)
    return Breakpoint(instruction.address, kind, base, index, memory.scale, memory.disp)


def _number(register: str) -> int:
    return _IMAGE if register == "rip" else _REGISTERS.index(register) if register in _REGISTERS else _NONE
