"""`--set key=value`: put a value over one key of `driver.toml` before it is checked."""

from __future__ import annotations

import contextlib
import tomllib
from collections.abc import Callable, Iterator, Sequence
from typing import cast

from pyndis.diagnostics import Diagnostic, UsageFailure
from pyndis.package.fields import OPTIONS, Entry, Reader, entries, suggestion, tables
from pyndis.package.rules import Rule, Unfit


def apply_overrides(document: dict[str, object], overrides: Sequence[tuple[str, str]], reader: Reader, schema: type) -> None:
    """Change `document` in place. A key is `table.key`, or the key alone where only one table has it.

    Raises UsageFailure when a key is not known, or its value does not fit.
    """
    known = _known(reader, schema)
    for name, text in overrides:
        entry = _find(name, known)
        table = cast("dict[str, object]", document.setdefault(entry.key[0], {}))
        if isinstance(table, dict):  # if not, the reader refuses it
            table[entry.key[1]] = _value(name, text, entry.rule)


def _known(reader: Reader, schema: type) -> list[Entry]:
    known = [entry for table, hint in tables(schema).items() for entry in entries(table, hint)]
    given = reader.document.get(OPTIONS, {})
    declared = reader.declared or dict.fromkeys(given if isinstance(given, dict) else ())
    for name, option in declared.items():
        wanted = f"one of {option.listed}" if option else "a text"
        known.append(Entry((OPTIONS, name), name, Rule(wanted, "", _choose(option.values if option else None)), False))
    return known


def _choose(values: tuple[str, ...] | None) -> Callable[[object], object]:
    def convert(value: object) -> object:
        if not isinstance(value, str) or (values and value not in values):
            raise Unfit
        return value

    return convert


def _find(name: str, known: list[Entry]) -> Entry:
    parts = tuple(name.split("."))
    found = [entry for entry in known if parts in (entry.key, entry.key[1:])]
    if len(found) == 1:
        return found[0]
    if found:
        places = " and ".join(".".join(entry.key) for entry in found)
        raise UsageFailure(
            Diagnostic("PYN-P07", f"--set {name}: the key is in several tables: {places}", help="name the table too")
        )
    names = [".".join(entry.key) for entry in known]
    help = suggestion(name, [*names, *(entry.key[1] for entry in known)])
    raise UsageFailure(Diagnostic("PYN-P07", f"--set {name}: driver.toml has no such key", help=help))


def _value(name: str, text: str, rule: Rule) -> object:
    for candidate in _readings(text):
        try:
            rule.convert(candidate)
        except Unfit:
            continue
        return candidate
    raise UsageFailure(Diagnostic("PYN-P07", f"--set {name}={text}; wanted: {rule.wanted}"))


def _readings(text: str) -> Iterator[object]:
    """What a value on the command line can mean: the text itself, a TOML value, a list of texts between commas."""
    yield text
    with contextlib.suppress(tomllib.TOMLDecodeError):
        yield tomllib.loads(f"value = {text}")["value"]
    yield [item.strip() for item in text.split(",")]
