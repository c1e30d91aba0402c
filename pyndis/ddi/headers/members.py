"""Rebuilds nested members from the data's flat field list: anonymous structs and unions show in the offsets."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Member:
    """A named member. Positions and sizes are in bits, so that bit-fields are members like others.

    `bits` is a bit-field's width and `unit` where its storage unit starts.
    """

    name: str
    path: str
    type: str
    position: int
    size: int
    bits: int | None = None
    unit: int = 0
    inside: list[Member | Group] = field(default_factory=list)


@dataclass
class Group:
    """An anonymous struct or union."""

    kind: str
    inside: list[Member | Group]

    @property
    def position(self) -> int:
        """First bit."""
        return min(each.position for each in self.inside)

    @property
    def size(self) -> int:
        """Bits from the first to the last that a member uses."""
        return max(each.position + each.size for each in self.inside) - self.position


def rebuild(fields: Sequence[Sequence[Any]], kind: str) -> list[Member | Group]:
    """The members of a struct or union (`kind`) whose flat fields are `fields`."""
    return arrange(list(_children(fields, "")), kind)


def _children(fields: Sequence[Sequence[Any]], prefix: str) -> Iterator[Member]:
    for entry in fields:
        path = entry[0]
        if not path.startswith(prefix) or "." in path[len(prefix) :]:
            continue
        bits = entry[5] if len(entry) > 5 else None
        position = entry[1] * 8 + (entry[4] if bits is not None else 0)
        size = entry[2] * 8 if bits is None else bits
        member = Member(path[len(prefix) :], path, entry[3], position, size, bits, entry[1] * 8)
        inner = list(_children(fields, f"{path}."))
        if inner:
            member.inside = arrange(inner, "union" if entry[3].startswith("union") else "struct")
        yield member


def arrange(members: list[Member], kind: str) -> list[Member | Group]:
    """Put members that share storage into anonymous groups."""
    if kind == "union":
        return [_single(alternative) for alternative in _alternatives(members)]
    result: list[Member | Group] = []
    index = 0
    while index < len(members):
        end = _union_end(members, index)
        if end == index + 1:
            result.append(members[index])
        else:
            result.append(Group("union", [_single(each) for each in _alternatives(members[index:end])]))
        index = end
    return result


def _single(alternative: list[Member]) -> Member | Group:
    arranged = arrange(alternative, "struct")
    return arranged[0] if len(arranged) == 1 else Group("struct", arranged)


def _alternatives(members: list[Member]) -> list[list[Member]]:
    start = members[0].position
    groups: list[list[Member]] = []
    for member in members:
        if member.position == start:
            groups.append([])
        groups[-1].append(member)
    return groups


def _union_end(members: list[Member], index: int) -> int:
    """One past the last member of the union that begins at `index`; `index + 1` when none does."""
    start = members[index].position
    if members[index].size == 0:
        return index + 1
    last = max(i for i in range(index, len(members)) if members[i].position == start)
    if last == index:
        return index + 1
    reach = max(each.position + each.size for each in members[index:last])
    last += 1
    while last < len(members) and (members[last].position < reach or _continues(members[last - 1], members[last])):
        last += 1
    return last


def _continues(before: Member, member: Member) -> bool:
    """Bit-fields of one storage unit belong together."""
    return before.bits is not None and member.bits is not None and before.unit == member.unit
