"""The tables that a merge module has, from `schema.toml`, and a table's text form (.idt) for tools that import it."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

_FILE = Path(__file__).with_name("schema.toml")
VALIDATION = "_Validation"

Value = str | int | None
Row = tuple[Value, ...]


@dataclass(frozen=True)
class Column:
    """A column. `range`: the least and the greatest number; `of`: the table and column that values are keys of."""

    name: str
    type: str
    key: bool = False
    range: tuple[int, int] | tuple[None, None] = (None, None)
    of: tuple[str, int] | tuple[None, None] = (None, None)
    category: str | None = None
    set: str | None = None

    @property
    def nullable(self) -> bool:
        """Whether a value may be missing."""
        return self.type[0].isupper()

    def validation(self, table: str) -> Row:
        """The column's row in the table by which modules are checked."""
        nullable = "Y" if self.nullable else "N"
        return (table, self.name, nullable, *self.range, *self.of, self.category, self.set, None)


@cache
def schema() -> Mapping[str, tuple[Column, ...]]:
    """The columns of each table."""
    read = tomllib.loads(_FILE.read_text("utf-8"))
    return {table: tuple(_column(name, facts) for name, facts in columns.items()) for table, columns in read.items()}


def _column(name: str, facts: dict[str, object]) -> Column:
    pairs = {key: tuple(value) if isinstance(value, list) else value for key, value in facts.items()}
    return Column(name, **pairs)  # type: ignore[arg-type]


def validation_rows() -> list[Row]:
    """The rows of `_Validation`: one for every column of every table."""
    return [column.validation(table) for table, columns in schema().items() for column in columns]


def idt(table: str, rows: Sequence[Row]) -> bytes:
    """A table as an archive file: names, types, table and keys, then the rows, between tabs."""
    columns = schema()[table]
    return archive(table, [(column.name, column.type) for column in columns], [each.name for each in columns if each.key], rows)


def archive(table: str, columns: Sequence[tuple[str, str]], keys: Sequence[str], rows: Sequence[Row]) -> bytes:
    """As `idt`, for a table that is given in full."""
    head = [[name for name, _ in columns], [type for _, type in columns], [table, *keys]]
    lines = [*head, *([_text(value) for value in row] for row in rows)]
    return "".join("\t".join(line) + "\r\n" for line in lines).encode("utf-8")


def _text(value: Value) -> str:
    text = "" if value is None else str(value)
    if not text.isprintable():
        raise AssertionError(f"{text!r} cannot stand in a table: model.py takes its texts from checked ones")
    return text
