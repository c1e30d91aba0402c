"""Keywords of network adapters: parameters below Ndi\\params, and those that NDIS has standardized."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pyndis.diagnostics import Diagnostic
from pyndis.package.inf_reader import Line
from pyndis.package.infverif import subject as inf
from pyndis.package.infverif.parameters import Parameter, number, parameters
from pyndis.package.infverif.subject import Subject

KEYWORDS: dict[str, Any] = tomllib.loads(Path(__file__).with_name("keywords.toml").read_text("utf-8"))
_KINDS = KEYWORDS["parameters"]
_STANDARD = {f"*{name}".lower(): facts for name, facts in KEYWORDS["keywords"].items()}
_NETWORK = inf.FACTS["network"]


def findings(subject: Subject) -> Iterator[Diagnostic]:
    """PYN-V77, and PYN-V92 to PYN-V98."""
    if subject.setup_class != _NETWORK["class"].lower():
        return
    for install in subject.install_sections:
        yield from _entries(subject, install)
    found = parameters(subject)
    for each in found:
        yield from _complete(subject, each)
        yield from _name(subject, each)
        kind = each.first("type").lower()
        if kind in _KINDS["numbers"]:
            yield from _in_range(subject, each)
        elif kind == "enum":
            yield from _among_choices(subject, each)
        if (facts := _STANDARD.get(each.name.lower())) and kind:
            yield from _standard(subject, each, kind, facts)
    if found:
        yield from _shown(subject)


def _entries(subject: Subject, install: str) -> Iterator[Diagnostic]:
    for line in subject.inf.lines(install):
        if line.key.startswith("*") and line.key.lower() not in KEYWORDS["install"]["entries"]:
            message = f"{line.key} is no entry that NDIS reads of an install section"
            help = r"mend its name; a keyword that people change belongs below Ndi\params"
            yield subject.warning("PYN-V77", message, line, help)


def _complete(subject: Subject, parameter: Parameter) -> Iterator[Diagnostic]:
    for name in ("ParamDesc", "Type"):
        if name.lower() not in parameter.values:
            message = f"the parameter {parameter.name} has no {name}, so that Windows does not show it"
            help = rf'add HKR,Ndi\params\{parameter.name},{name},0,"…"'
            yield subject.error("PYN-V92", message, parameter.line, help)
    for line, kind in parameter.values.get("type", ()):
        if kind.lower() not in _KINDS["numbers"] + _KINDS["texts"]:
            message = f"the parameter {parameter.name} is of type {kind}, which Windows does not have"
            yield subject.error("PYN-V93", message, line, "write int, long, word, dword, edit or enum")


def _name(subject: Subject, parameter: Parameter) -> Iterator[Diagnostic]:
    name = parameter.name.lower()
    if name in _KINDS["reserved"]:
        message = f"{parameter.name} is a value of Windows' own in the adapter's key, and no parameter"
        yield subject.error("PYN-V95", message, parameter.line, "give the parameter another name")
    elif name.startswith("*") and name not in _STANDARD:
        message = f"{parameter.name} is no keyword that NDIS has standardized, and names with * are for those"
        yield subject.warning("PYN-V96", message, parameter.line, "mend its name, or take the * away")


def _in_range(subject: Subject, parameter: Parameter) -> Iterator[Diagnostic]:
    least, most, step = (_only(parameter, name) for name in ("min", "max", "step"))
    if least is not None and most is not None and least > most:
        message = f"the parameter {parameter.name} goes from {least} to {most}"
        yield subject.error("PYN-V94", message, parameter.values["min"][0][0], "write Min and Max in order")
        return
    for line, value in parameter.numbers("default"):
        if value is None:
            message = f"the default of {parameter.name} is no number"
        elif (least is not None and value < least) or (most is not None and value > most):
            message = f"the default of {parameter.name} is {value}, beyond {_ends(least, most)}"
        elif step and (value - (least or 0)) % step:
            message = f"the default of {parameter.name} is {value}, which steps of {step} from {least or 0} do not meet"
        else:
            continue
        yield subject.error("PYN-V94", message, line, "write a default that people could choose")


def _only(parameter: Parameter, name: str) -> int | None:
    """The number of that name; None where there is none, or models have different ones."""
    values = {value for _, value in parameter.numbers(name)}
    return values.pop() if len(values) == 1 else None


def _ends(least: int | None, most: int | None) -> str:
    return " ".join(part for part, end in ((f"Min {least}", least), (f"Max {most}", most)) if end is not None)


def _among_choices(subject: Subject, parameter: Parameter) -> Iterator[Diagnostic]:
    if not parameter.choices:
        message = f"the parameter {parameter.name} is an enum that offers nothing"
        help = rf'add HKR,Ndi\params\{parameter.name}\enum,"0",0,"…" for each value'
        yield subject.error("PYN-V92", message, parameter.line, help)
        return
    for line, value in parameter.values.get("default", ()):
        if value not in parameter.choices:
            message = f"the default of {parameter.name} is {value}, and its enum offers {', '.join(parameter.choices)}"
            yield subject.error("PYN-V94", message, line, "write one of its values")


def _standard(subject: Subject, parameter: Parameter, kind: str, facts: dict[str, Any]) -> Iterator[Diagnostic]:
    wanted = facts["kind"]
    if wanted == "int" and kind == "enum":
        return  # a choice among numbers: PYN-V94 and NDIS see the number
    if kind != wanted and not (wanted == "int" and kind in _KINDS["numbers"]):
        message = f"{parameter.name} is of type {kind}, and NDIS' keyword of that name is of type {wanted}"
        yield subject.warning("PYN-V97", message, parameter.values["type"][0][0], f"write {wanted}")
    elif wanted == "enum":
        for value, line in parameter.choices.items():
            if not _is_value(number(value), facts):
                message = f"{parameter.name} offers {value}, which NDIS' keyword of that name does not have"
                yield subject.warning("PYN-V97", message, line, f"offer {', '.join(map(str, facts['values']))}, or some of them")
    else:
        yield from _ends_of_standard(subject, parameter, facts)


def _is_value(value: int | None, facts: dict[str, Any]) -> bool:
    return value is not None and (value in facts["values"] or ("from" in facts and value >= facts["from"]))


def _ends_of_standard(subject: Subject, parameter: Parameter, facts: dict[str, Any]) -> Iterator[Diagnostic]:
    least, most = facts["least"], facts.get("most")
    for name in ("min", "max"):
        for line, value in parameter.numbers(name):
            if value is not None and (value < least or (most is not None and value > most)):
                message = f"{parameter.name} has {name.capitalize()} {value}, beyond what NDIS' keyword of that name may be"
                help = f"write a number from {least}" + (f" to {most}" if most is not None else " on")
                yield subject.warning("PYN-V97", message, line, help)


def _shown(subject: Subject) -> Iterator[Diagnostic]:
    for install in subject.install_sections:
        line: Line | None = subject.line(install, "Characteristics")
        bits = inf.number(",".join(subject.values(line))) if line else None
        if line and bits is not None and not bits & _NETWORK["has_ui"]:
            message = rf"Ndi\params has parameters, and Characteristics {bits:#x} says that the adapter has no page for them"
            yield subject.warning("PYN-V98", message, line, f"write Characteristics = {bits | _NETWORK['has_ui']:#x}")
