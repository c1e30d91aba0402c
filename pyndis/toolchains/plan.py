"""A build as a value: commands, the files they read and write, and one digest over all of it."""

from __future__ import annotations

import hashlib
import shlex
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Step:
    """One command, run in the plan's work folder.

    `inputs` and `outputs` that are relative lie in the work folder; absolute inputs are the caller's files. A step can start
    when every relative input has been made. `note` is what a person is told while it runs. `environment` adds to the
    process's own, and so do `caches`, which say where the tool keeps what does not show in an output.
    """

    argv: tuple[str, ...]
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    note: str
    environment: tuple[tuple[str, str], ...] = ()
    caches: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Plan:
    """Steps that make `results` in the folder `out`.

    `files` are texts that the work folder starts with. Two plans with the same digest make the same bytes: it covers
    commands, texts, and the content of every absolute input and of the headers.
    """

    name: str
    files: tuple[tuple[str, bytes], ...]
    steps: tuple[Step, ...]
    results: tuple[str, ...]
    out: Path
    digest: str

    def __str__(self) -> str:
        lines = [f"# {self.name}: {', '.join(self.results)}", f"# digest {self.digest}"]
        lines += [f"# file {name}, {len(content)} bytes" for name, content in self.files]
        for step in self.steps:
            lines += ["", f"# {step.note}", shlex.join(step.argv)]
        return "\n".join(lines) + "\n"


def digest_of(steps: Sequence[Step], files: Iterable[tuple[str, bytes]], headers: Iterable[Path], tool: str) -> str:
    """SHA-256, in hexadecimal, of what decides the output: the commands and all content they read. `tool` names the tool."""
    digest = hashlib.sha256(tool.encode())
    for step in steps:
        digest.update(repr((step.argv, step.inputs, step.outputs, step.environment)).encode())
    for name, content in files:
        digest.update(repr((name, hashlib.sha256(content).hexdigest())).encode())
    own = {name for step in steps for name in step.inputs if Path(name).is_absolute()}
    for path in sorted({Path(name) for name in own} | set(headers)):
        digest.update(repr((str(path), hashlib.sha256(path.read_bytes()).hexdigest())).encode())
    return digest.hexdigest()
