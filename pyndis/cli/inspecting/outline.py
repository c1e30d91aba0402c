"""Nested values as text for people."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from pyndis.diagnostics.render import printable

_STEP = "  "


def outline(value: Mapping[str, Any]) -> str:
    """A line for each value, what is in another indented below it. What is not there is left out."""
    return "\n".join(_lines(value, ""))


def _lines(value: Mapping[str, Any], indent: str) -> Iterator[str]:
    for key, each in value.items():
        if each is None or each == [] or each == {}:
            continue
        label = f"{indent}{printable(str(key)).replace('_', ' ') if key.islower() else printable(str(key))}:"
        if isinstance(each, Mapping):
            yield label
            yield from _lines(each, indent + _STEP)
        elif isinstance(each, list) and isinstance(each[0], Mapping):
            yield label
            for item in each:
                yield from _item(item, indent + _STEP)
        else:
            yield f"{label} {_scalar(each)}"


def _item(item: Mapping[str, Any], indent: str) -> Iterator[str]:
    """The first line of an item of a list has a dash."""
    for number, line in enumerate(_lines(item, indent + _STEP)):
        yield f"{indent}- {line.removeprefix(indent + _STEP)}" if number == 0 else line


def _scalar(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(map(_scalar, value))
    if isinstance(value, bool):
        return "yes" if value else "no"
    return printable(str(value))
