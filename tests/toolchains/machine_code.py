"""What the tests ask of machine code, by way of capstone."""

from __future__ import annotations

from collections.abc import Iterator

import capstone
from capstone import arm64_const, x86_const

_MACHINES = {
    "amd64": (capstone.CS_ARCH_X86, capstone.CS_MODE_64),
    "x86": (capstone.CS_ARCH_X86, capstone.CS_MODE_32),
    "arm64": (capstone.CS_ARCH_ARM64, capstone.CS_MODE_ARM),
}
_PORTS = {"in", "out", "insb", "insw", "insd", "outsb", "outsw", "outsd"}
_ARM_PRIVILEGED = {"msr", "eret", "hvc", "smc", "tlbi", "dc", "ic", "at", "sys", "hlt", "wfi"}
_STACK = {"amd64": x86_const.X86_REG_RSP, "arm64": arm64_const.ARM64_REG_SP}


def instructions(arch: str, code: bytes, address: int) -> Iterator[capstone.CsInsn]:
    """Instructions from `address` on, padding and all, until one cannot be decoded."""
    machine = capstone.Cs(*_MACHINES[arch])
    machine.detail = True
    return machine.disasm(code, address)


def is_privileged(arch: str, instruction: capstone.CsInsn) -> bool:
    """Whether it would fault outside the kernel."""
    if arch == "arm64":
        reads_system = instruction.mnemonic == "mrs" and not instruction.op_str.lower().endswith("_el0")
        return reads_system or instruction.mnemonic in _ARM_PRIVILEGED
    return instruction.group(x86_const.X86_GRP_PRIVILEGE) or instruction.mnemonic.split()[-1] in _PORTS


def is_floating(instruction: capstone.CsInsn) -> bool:
    """Whether it (x86) works on x87, MMX or SSE registers."""
    groups = (x86_const.X86_GRP_FPU, x86_const.X86_GRP_MMX, x86_const.X86_GRP_SSE1, x86_const.X86_GRP_SSE2)
    return any(instruction.group(group) for group in groups)


def is_leaf(arch: str, code: bytes, address: int) -> bool:
    """Whether the function at `address` goes to its end without a call and with the stack pointer where it was."""
    for instruction in instructions(arch, code, address):
        if instruction.mnemonic.startswith("ret") or instruction.mnemonic in ("jmp", "br"):
            return True
        if instruction.group(capstone.CS_GRP_CALL) or _STACK[arch] in instruction.regs_access()[1]:
            return False
    return False
