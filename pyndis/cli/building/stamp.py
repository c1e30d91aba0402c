"""The record of a build, by which the next one sees that there is nothing to do.

Sizes and times are compared first; a file whose time differs is read, and counts as changed only if its content is.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pyndis.files import write_whole

_FORMAT = 1
_PARTS = ("inputs", "others", "outputs")


@dataclass(frozen=True)
class Trace:
    """What a file was: bytes, time of its last change in nanoseconds, SHA-256 of the content."""

    size: int
    time: int
    digest: str

    @classmethod
    def of(cls, file: Path) -> Trace:
        """Read a file. Raises OSError."""
        status = file.stat()
        return cls(status.st_size, status.st_mtime_ns, hashlib.sha256(file.read_bytes()).hexdigest())

    def holds(self, file: Path) -> bool:
        """Whether the file still is what it was."""
        try:
            status = file.stat()
            if status.st_size != self.size:
                return False
            return status.st_mtime_ns == self.time or Trace.of(file).digest == self.digest
        except OSError:
            return False


@dataclass(frozen=True)
class Stamp:
    """What one architecture and configuration was built from and what came out, with paths as texts.

    `inputs` are found by where they lie, so that new ones are seen; `others` (who signs) only have to be what they were.
    """

    key: Mapping[str, Any]
    inputs: Mapping[str, Trace]
    others: Mapping[str, Trace]
    outputs: Mapping[str, Trace]

    @classmethod
    def read(cls, file: Path) -> Stamp | None:
        """The record in a file, or None when there is none that can be used."""
        try:
            data = json.loads(file.read_text("utf-8"))
            if data.pop("format") != _FORMAT:
                return None
            return cls(data["key"], *({name: Trace(*each) for name, each in data[part].items()} for part in _PARTS))
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            return None

    def write(self, file: Path) -> None:
        """Put the record into a file."""
        traces = {
            part: {name: [each.size, each.time, each.digest] for name, each in sorted(listed.items())}
            for part, listed in zip(_PARTS, (self.inputs, self.others, self.outputs), strict=True)
        }
        write_whole(file, json.dumps({"format": _FORMAT, "key": self.key, **traces}, indent=1).encode())

    def outdated(self, key: Mapping[str, Any], inputs: Iterable[Path], out: Path) -> str | None:
        """Why a build is needed, or None."""
        if self.key != key:
            return "the options have changed"
        listed = {str(file): file for file in inputs}
        if differs := sorted(listed.keys() ^ self.inputs.keys()):
            return f"{Path(differs[0]).name} is {'new' if differs[0] in listed else 'gone'}"
        for name, trace in {**self.inputs, **self.others}.items():
            if not trace.holds(Path(name)):
                return f"{Path(name).name} has changed"
        for name, trace in self.outputs.items():
            if not trace.holds(out / name):
                return f"{name} is not what was built"
        return None


def traces(files: Iterable[Path]) -> dict[str, Trace]:
    """The traces of input files, by path."""
    return {str(file): Trace.of(file) for file in files}
