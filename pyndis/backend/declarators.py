"""C's spelling of types: declarations (`IRP *Irp`, `UCHAR Key[32]`) and type names (`IRP *`)."""

from __future__ import annotations

from pyndis.backend.faults import bad_ir
from pyndis.ir.types import Array, CType, Number, Pointer


def declare(type: CType, name: str) -> str:
    """A declaration of `name`, without SAL and semicolon."""
    base, declarator = _split(type, name)
    return f"{base} {declarator}" if declarator else base


def type_name(type: CType) -> str:
    """The type alone, as a cast or sizeof has it."""
    base, declarator = _split(type, "")
    return f"{base} {declarator}" if declarator else base


def _split(type: CType, declarator: str) -> tuple[str, str]:
    if isinstance(type, Array):
        return _split(type.element, f"{declarator}[{type.count}]")
    if isinstance(type, Pointer):
        return _pointer(type, declarator)
    if isinstance(type, Number):
        raise bad_ir("checks.ranges left an integer without a width in the IR")
    return str(type), declarator


def _pointer(type: Pointer, declarator: str) -> tuple[str, str]:
    marks = " ".join(word for word, present in (("const", type.const), ("volatile", type.volatile)) if present)
    target = type.target
    if isinstance(target, Array):
        base, inner = _split(target, f"(*{declarator})")
        return (f"{marks} {base}" if marks else base), inner
    if isinstance(target, Pointer):
        gap = " " if marks else ""
        return _split(target, f"{marks}{gap}*{declarator}")
    base, inner = _split(target, f"*{declarator}")
    return (f"{marks} {base}" if marks else base), inner
