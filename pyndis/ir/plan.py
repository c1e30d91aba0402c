"""What the templates need beside the program: hooks, fields in order, attributes, OIDs. Plain values, which print as text."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Call:
    """A function that a template calls. `status`: what it returns: nothing, NTSTATUS or NDIS_STATUS."""

    name: str
    status: str = ""


@dataclass(frozen=True)
class FieldPlan:
    """A declared field. `make` takes the field (and `arguments`); `settings` are stored before."""

    name: str
    make: Call | None
    unmake: Call | None
    arguments: tuple[str, ...] = ()
    settings: tuple[tuple[str, str], ...] = ()
    lock: str = ""
    has_adapter: bool = False


@dataclass(frozen=True)
class OidAnswer:
    """A query with a constant answer: a number or a string."""

    oid: str
    value: int | str


@dataclass(frozen=True)
class OidSet:
    """A set: the handler, and whether it takes exactly four bytes."""

    oid: str
    handler: Call
    takes_u32: bool


@dataclass
class Plan:
    """The driver as its entry points see it."""

    adapter: str = ""
    struct: str = ""
    device: dict[str, str] = field(default_factory=dict)
    attributes: dict[str, object] = field(default_factory=dict)
    ndis: dict[str, tuple[int, int]] = field(default_factory=dict)
    fields: list[FieldPlan] = field(default_factory=list)
    hooks: dict[str, Call] = field(default_factory=dict)
    framework: dict[str, Call] = field(default_factory=dict)
    answers: list[OidAnswer] = field(default_factory=list)
    sets: list[OidSet] = field(default_factory=list)
    removal: str = ""
    undocumented: tuple[str, ...] = ()

    def __str__(self) -> str:
        lines = [f"adapter {self.adapter} ({self.struct})"]
        lines += [f"device {key} = {value}" for key, value in sorted(self.device.items())]
        lines += [f"attribute {key} = {value}" for key, value in sorted(self.attributes.items())]
        lines += [f"ndis {key} = {value}" for key, value in sorted(self.ndis.items())]
        lines += [f"field {each.name}: make {each.make}, unmake {each.unmake}" for each in self.fields]
        lines += [f"hook {key} -> {value.name} {value.status}".rstrip() for key, value in sorted(self.hooks.items())]
        lines += [f"query {each.oid} = {each.value!r}" for each in self.answers]
        lines += [f"set {each.oid} -> {each.handler.name}" for each in self.sets]
        return "\n".join(lines) + "\n"
