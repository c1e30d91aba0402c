"""What is verified: an INF, where it is from, and what it is held against."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import Any

from pyndis.diagnostics import ERROR, WARNING, Diagnostic, Label, Span
from pyndis.package.inf_reader import Inf, Line
from pyndis.package.manifest import Manifest

FACTS: dict[str, Any] = tomllib.loads(Path(__file__).with_name("facts.toml").read_text("utf-8"))


@dataclass(frozen=True)
class Model:
    """One line of a models section, and the section's decoration, "" where it has none."""

    line: Line
    section: str
    decoration: str
    install: str
    hardware_ids: tuple[str, ...]


@dataclass(frozen=True)
class Subject:
    """An INF to verify. `file` is its place for people; `manifest` and `arch` are of the driver it was rendered for."""

    inf: Inf
    file: Path
    today: date
    arch: str = ""
    manifest: Manifest | None = None
    windows_driver: bool = False
    """Whether it shall keep what Microsoft asks of a Windows Driver, which no package for Windows 7 can."""

    def error(self, code: str, message: str, line: Line | int, help: str, said: str = "found here") -> Diagnostic:
        """A finding that fails a build. `line` may be a number."""
        return self._finding(code, message, line, help, said, ERROR)

    def warning(self, code: str, message: str, line: Line | int, help: str, said: str = "found here") -> Diagnostic:
        """A finding that fails nothing."""
        return self._finding(code, message, line, help, said, WARNING)

    def _finding(self, code: str, message: str, line: Line | int, help: str, said: str, severity: str) -> Diagnostic:
        number = line if isinstance(line, int) else line.number
        label = Label(Span(self.file, max(number, 1)), said)
        notes = (f"the line is: {line.text}",) if isinstance(line, Line) and self.manifest else ()
        return Diagnostic(code, message, (label,), notes, help, severity)

    def header(self, section: str) -> int:
        """The line of a section's header, the file's first where there is none."""
        header = self.inf.headers.get(section.lower())
        return header.number if header else 1

    def name(self, section: str) -> str:
        """A section's name as it is written."""
        header = self.inf.headers.get(section.lower())
        return header.name if header else section

    def values(self, line: Line) -> tuple[str, ...]:
        """A line's values with strings put in."""
        return tuple(self.inf.expanded(each) for each in line.values)

    def line(self, section: str, key: str) -> Line | None:
        """The first line with this key."""
        return next((each for each in self.inf.lines(section) if self.inf.expanded(each.key).lower() == key.lower()), None)

    @cached_property
    def decorations(self) -> tuple[tuple[Line, str, str], ...]:
        """For each manufacturer and target: its line, the name of the models section, and its decoration."""
        return tuple(self._decorations())

    def _decorations(self) -> Iterator[tuple[Line, str, str]]:
        for line in self.inf.lines("Manufacturer"):
            base, *targets = self.values(line) if line.key else ("", *())
            base = base or self.inf.expanded(line.key)
            if base.lower() in self.inf.sections or not targets:
                yield line, base, ""
            for each in targets:
                if each:
                    yield line, f"{base}.{each}", each

    @cached_property
    def models(self) -> tuple[Model, ...]:
        """Every line of the models sections."""
        return tuple(
            Model(each, section, decoration, *self._model(each))
            for _, section, decoration in self.decorations
            for each in self.inf.lines(section)
        )

    def _model(self, line: Line) -> tuple[str, tuple[str, ...]]:
        install, *ids = (*self.values(line), "")
        return install, tuple(each for each in ids if each)

    def installs(self, model: Model) -> list[str]:
        """The install sections of a model that the INF has, decorated ones first: Windows takes the closest."""
        name = model.install.lower()
        decorated = [each for each in self.inf.sections if _is_decorated(each, name)]
        return decorated + [name] * (name in self.inf.sections)

    @cached_property
    def install_sections(self) -> tuple[str, ...]:
        """Every install section that a model reaches, each once, with the default ones."""
        found = [section for model in self.models for section in self.installs(model)]
        found += [each for each in self.inf.sections if each == "defaultinstall" or _is_decorated(each, "defaultinstall")]
        return tuple(dict.fromkeys(found))

    @property
    def setup_class(self) -> str:
        """The class, in lower case; "" where the INF does not say."""
        return (self.inf.value("Version", "Class") or "").lower()

    @property
    def is_strict(self) -> bool:
        """Whether what only warns for the sake of old Windows is an error."""
        return self.windows_driver or self.is_isolated

    @cached_property
    def is_isolated(self) -> bool:
        """Whether every target is a Windows whose drivers can stay in the driver store."""
        builds = [build_of(decoration) for _, _, decoration in self.decorations]
        return bool(builds) and min(builds) >= FACTS["isolation"]["first_build"]


def _is_decorated(section: str, name: str) -> bool:
    """Whether a section is `name.nt…` and nothing after the decoration."""
    rest = section.removeprefix(name + ".")
    return rest != section and rest.startswith("nt") and undecorated(rest) == ""


def undecorated(section: str) -> str:
    """A section's name (lower case) without a decoration: `install.ntamd64.services` is `install.services`."""
    return ".".join(part for part in section.split(".") if not _is_target(part))


def _is_target(part: str) -> bool:
    return part == "nt" or part.isdigit() or part in {f"nt{each}" for each in FACTS["architectures"]["names"]}


def build_of(decoration: str) -> int:
    """The oldest build of Windows 10 that a decoration (NTamd64.10.0...16299) takes; 0 for earlier Windows."""
    parts = decoration.split(".")
    return int(parts[5]) if len(parts) > 5 and parts[1] == "10" and parts[5].isdigit() else 0


def number(text: str) -> int | None:
    """A number as INFs have it, decimal or 0x…, or None."""
    try:
        return int(text, 16) if text.lower().startswith(("0x", "-0x")) else int(text, 10)
    except ValueError:
        return None
