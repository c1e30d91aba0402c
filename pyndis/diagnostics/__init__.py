"""Errors as data: what every stage uses to tell a person what is wrong, where, and how to mend it.

A stage collects `Diagnostic`s or raises a `Failure` that carries them; only the command line prints and exits.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

ERROR, WARNING = "error", "warning"


@dataclass(frozen=True, order=True)
class Span:
    """A stretch of a source file. Lines count from 1, columns from 0, as in `ast`; the end is exclusive."""

    file: Path
    line: int
    column: int = 0
    end_line: int = 0
    end_column: int = 0

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column + 1}"


@dataclass(frozen=True)
class Label:
    """A span and what is to be said of it. The first label of a diagnostic is its place."""

    span: Span
    text: str = ""


@dataclass(frozen=True)
class Diagnostic:
    """One error: a code that `pyndis explain` knows, one sentence, places, notes, and the mend."""

    code: str
    message: str
    labels: tuple[Label, ...] = ()
    notes: tuple[str, ...] = ()
    help: str = ""
    severity: str = ERROR
    """ERROR, or WARNING for what fails nothing."""

    @property
    def is_error(self) -> bool:
        """Whether a command that finds this fails."""
        return self.severity == ERROR


class Failure(Exception):
    """What ends a command. It carries at least one diagnostic; `exit_code` is the process's."""

    exit_code = 3

    def __init__(self, *diagnostics: Diagnostic) -> None:
        assert diagnostics, "a failure says what failed"
        super().__init__("; ".join(f"{each.code}: {each.message}" for each in diagnostics))
        self.diagnostics = diagnostics


class DriverFailure(Failure):
    """The driver is at fault: its source, its driver.toml, its image."""

    exit_code = 1


class UsageFailure(Failure):
    """The command was called in a wrong way."""

    exit_code = 2


class ToolFailure(Failure):
    """A tool is missing or failed, or the machine did (disk full, no permission)."""

    exit_code = 3
