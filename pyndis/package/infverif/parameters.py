"""What an INF writes below Ndi\\params: the parameters of an adapter that people can change."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from pyndis.package.inf_reader import Line
from pyndis.package.infverif.registry import written
from pyndis.package.infverif.subject import Subject

_ROOT = "ndi\\params\\"
_DECIMAL, _HEXADECIMAL = 10, 16


@dataclass
class Parameter:
    """One keyword, with all that any section of the INF says of it: models may share some of it and differ in the rest."""

    name: str
    line: Line
    values: dict[str, list[tuple[Line, str]]] = field(default_factory=dict)
    """By the value's name in lower case: ParamDesc, Type, Default, Optional, Min, Max, Step, Base and others."""
    choices: dict[str, Line] = field(default_factory=dict)
    """What its `enum` offers."""

    def first(self, name: str) -> str:
        """The first value of that name, "" where there is none."""
        return self.values[name][0][1] if name in self.values else ""

    def numbers(self, name: str) -> list[tuple[Line, int | None]]:
        """All values of that name as numbers, None for what is none; hexadecimal where Base says so."""
        base = _HEXADECIMAL if self.first("base") in ("16", "0x10") else _DECIMAL
        return [(line, number(text, base)) for line, text in self.values.get(name, ())]


def number(text: str, base: int = _DECIMAL) -> int | None:
    """A parameter's number, which is written as text."""
    try:
        return int(text, base if not text.lower().startswith("0x") else _HEXADECIMAL)
    except ValueError:
        return None


def parameters(subject: Subject) -> list[Parameter]:
    """All of them, in the order of their first lines."""
    found: dict[str, Parameter] = {}
    for line, name, below, value, text in _lines(subject):
        parameter = found.setdefault(name.lower(), Parameter(name, line))
        if line.number < parameter.line.number:
            parameter.line = line
        if below.lower() == "enum" and value:
            parameter.choices.setdefault(value, line)
        elif not below and value:
            parameter.values.setdefault(value.lower(), []).append((line, text))
    return sorted(found.values(), key=lambda each: each.line.number)


def _lines(subject: Subject) -> Iterator[tuple[Line, str, str, str, str]]:
    """Line, parameter, key below it, value's name, and value."""
    for line, values in written(subject):
        root, key, value, _, text, *_ = (*values, "", "", "", "", "")
        if root.upper() == "HKR" and key.lower().startswith(_ROOT):
            name, _, below = key[len(_ROOT) :].strip("\\ ").partition("\\")
            if name:
                yield line, name, below.strip("\\ "), value, text
