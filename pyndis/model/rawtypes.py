"""The kernel's structs and C types by their names: structs have the fields that the facts list, zeros at first."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pyndis.ddi import facts
from pyndis.model.faults import ModelFault


class RawStruct:
    """A struct of the kernel's, in `owner` if it is a part of something. Fields get their zeros when they are looked at."""

    def __init__(self, type: str, owner: Any = None) -> None:
        self.raw_type = type
        self.owner = owner

    if TYPE_CHECKING:

        def __setattr__(self, name: str, value: Any) -> None: ...

    def __getattr__(self, name: str) -> Any:
        struct = facts().struct(self.__dict__["raw_type"])
        if name.startswith("__") or struct is None or name not in struct.fields:
            raise AttributeError(f"{self.__dict__['raw_type']} has no field {name}")
        value = raw_type(struct.fields[name][2]).zero(self)
        setattr(self, name, value)
        return value


@dataclass(frozen=True)
class RawType:
    """A type of C: `kind` is struct, number or pointer; `size` in bytes. Calling a struct makes one."""

    name: str
    kind: str
    size: int

    def __call__(self) -> RawStruct:
        if self.kind != "struct":
            raise ModelFault(f"{self.name} is no struct")
        return RawStruct(self.name)

    def __or__(self, other: object) -> RawType:
        """`raw.PVOID | None`: a pointer may be NULL anyway."""
        return self

    def zero(self, owner: Any) -> Any:
        """What a field of this type holds at first."""
        match self.kind:
            case "struct":
                return RawStruct(self.name, owner)
            case "number":
                return 0
        return None


def raw_type(text: str) -> RawType:
    """Of a C type's text. What is neither a struct nor a number that the facts know is a pointer or a handle."""
    struct = facts().struct(text)
    if struct is not None:
        return RawType(text, "struct", struct.size)
    scalar = facts().scalar(text)
    if scalar is not None:
        return RawType(text, "number", scalar[1])
    return RawType(text, "pointer", 8)
