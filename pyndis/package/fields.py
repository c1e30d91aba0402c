"""Read the tables of `driver.toml` into the dataclasses that state their schema, with every error in its place."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping
from dataclasses import MISSING, Field, dataclass, fields
from typing import Annotated, Any, get_origin, get_type_hints

from pyndis.diagnostics import Diagnostic, DriverFailure, Label
from pyndis.package.options import Option, declared_options
from pyndis.package.rules import Rule, Unfit
from pyndis.package.toml_source import Key, TomlSource

OPTIONS = "options"


@dataclass(frozen=True)
class Entry:
    """A key that `driver.toml` may have: `[table] name`."""

    key: Key
    attribute: str
    rule: Rule
    required: bool


def spelled(attribute: str) -> str:
    """A dataclass field's name as TOML has it."""
    return attribute.replace("_", "-")


def tables(schema: type) -> dict[str, type]:
    """The tables of a schema: the fields of the top class that are dataclasses, by name."""
    hints = get_type_hints(schema, include_extras=True)
    return {name: hint for name, hint in hints.items() if hasattr(hint, "__dataclass_fields__") and hint is not TomlSource}


def entries(table: str, schema: type) -> Iterator[Entry]:
    """The keys of one table."""
    hints = get_type_hints(schema, include_extras=True)
    for each in fields(schema):
        hint = hints[each.name]
        assert get_origin(hint) is Annotated, f"{schema.__name__}.{each.name} has no rule"
        yield Entry((table, spelled(each.name)), each.name, hint.__metadata__[0], _required(each))


def _required(each: Field[Any]) -> bool:
    return each.default is MISSING and each.default_factory is MISSING


class Reader:
    """Reads one document; collects what is wrong with it, so that all of it can be shown at once."""

    def __init__(self, source: TomlSource, document: dict[str, object]) -> None:
        self.source = source
        self.document = document
        self.declared = declared_options(source.file.parent)
        self.errors: list[Diagnostic] = []

    def read(self, schema: type) -> dict[str, Any]:
        """The tables and options out of the document, as the schema's arguments. Raises DriverFailure with every error."""
        known = tables(schema)
        self._refuse_unknown((), self.document, [*known, OPTIONS])
        values: dict[str, Any] = {name: self._table(name, table) for name, table in known.items()}
        values[OPTIONS] = self._options()
        if self.errors:
            raise DriverFailure(*self.errors)
        return values

    def _table(self, name: str, schema: type) -> object:
        given = self._mapping(name)
        known = list(entries(name, schema))
        self._refuse_unknown((name,), given, [entry.key[-1] for entry in known])
        values = {entry.attribute: self._value(entry, given) for entry in known if self._present(entry, given)}
        return None if self.errors else schema(**values)

    def _mapping(self, name: str) -> Mapping[str, object]:
        given = self.document.get(name, {})
        if isinstance(given, dict):
            return given
        self._error("PYN-P05", (name,), f"{name} is a value; wanted: a table", "here", f"write a line [{name}]")
        return {}

    def _present(self, entry: Entry, given: Mapping[str, object]) -> bool:
        name = entry.key[-1]
        if name in given:
            return True
        if entry.required:
            message = f"[{entry.key[0]}] has no {name}; wanted: {entry.rule.wanted}"
            self._error("PYN-P04", entry.key, message, "in this table", f"add: {name} = {entry.rule.example}", key=True)
        return False

    def _value(self, entry: Entry, given: Mapping[str, object]) -> object:
        found = given[entry.key[-1]]
        try:
            return entry.rule.convert(found)
        except Unfit:
            message = f"{entry.key[-1]} is {shown(found)}; wanted: {entry.rule.wanted}"
            self._error("PYN-P05", entry.key, message, "found here", f"for example: {entry.key[-1]} = {entry.rule.example}")
            return None

    def _options(self) -> dict[str, str]:
        given = self._mapping(OPTIONS)
        if self.declared is None:  # the compiler says why, with its place
            return {name: str(value) for name, value in given.items()}
        self._refuse_unknown((OPTIONS,), given, list(self.declared))
        chosen = {name: option.default for name, option in self.declared.items()}
        for name, value in given.items():
            if option := self.declared.get(name):
                chosen[name] = self._choice(option, value)
        return chosen

    def _choice(self, option: Option, value: object) -> str:
        if value in option.values:
            return str(value)
        message = f"{option.name} is {shown(value)}; wanted: one of {option.listed}"
        labels = (Label(self.source.value((OPTIONS, option.name)), "chosen here"), Label(option.span, "declared here"))
        help = f'for example: {option.name} = "{option.default}"'
        self.errors.append(Diagnostic("PYN-P06", message, labels, help=help))
        return option.default

    def _refuse_unknown(self, table: Key, given: Mapping[str, object], known: list[str]) -> None:
        where = f"[{table[0]}]" if table else "driver.toml"
        what = "option" if table == (OPTIONS,) else "key" if table else "table"
        for name in given:
            if name not in known:
                message = f"{where} has no {what} {name!r}"
                self._error("PYN-P03", (*table, name), message, "unknown", suggestion(name, known), key=True)

    def _error(self, code: str, place: Key, message: str, label: str, help: str, key: bool = False) -> None:
        span = self.source.key(place) if key else self.source.value(place)
        self.errors.append(Diagnostic(code, message, (Label(span, label),), help=help))


def shown(value: object) -> str:
    """A value as TOML writes it, cut to a line."""
    if isinstance(value, bool):
        text = str(value).lower()
    elif isinstance(value, list):
        text = "[" + ", ".join(map(shown, value)) + "]"
    elif isinstance(value, str):
        text = '"' + value.encode("unicode_escape").decode() + '"'
    else:
        text = "a table" if isinstance(value, dict) else str(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


def suggestion(name: str, known: list[str]) -> str:
    """The mend for an unknown name: the nearest known one if one is near, else all."""
    near = difflib.get_close_matches(name, known, 1, 0.6)
    if near:
        return f"did you mean {near[0]!r}?"
    return f"take it out, or write one of {', '.join(known)}" if known else "take it out: there are none"
