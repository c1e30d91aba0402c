"""Running fuzzing programs: their options and environment, and what is said about an input that shows a mistake."""

from __future__ import annotations

import base64
import os
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.tracing import leaks

DICTIONARY = Path(__file__).parent / "wintun.dict"
# Leaks of the driver are the host's to judge, at each halt; those of the host the sanitizer's. The host answers bad accesses with
# signal handlers of its own.
OPTIONS = ("-timeout=120", "-rss_limit_mb=4096", f"-dict={DICTIONARY}")
SANITIZERS = "allow_user_segv_handler=1:use_sigaltstack=0"
LONGEST = {"bundle": 70_000, "requests": 400, "oids": 400}
"""Bytes of an input at most; longer ones are cut."""


@dataclass(frozen=True)
class Run:
    """How a fuzzing program ended: all it said, and the inputs that it kept because they show a mistake."""

    code: int
    said: str
    found: tuple[bytes, ...]

    def report(self, target: str) -> str:
        """What is needed to see it again."""
        inputs = [f"echo {base64.b64encode(data).decode()} | base64 -d > input" for data in self.found]
        replay = f"FUZZ_SHOW=1 python -m tests.fuzz {target} input"
        return "\n".join([self.said[-6000:], *inputs, replay])


def arguments(program: Path, options: Sequence[str]) -> list[str]:
    """The command."""
    return [str(program), *OPTIONS, f"-max_len={LONGEST[program.name]}", *options]


def environment() -> dict[str, str]:
    """What the sanitizers and the symbolizer need to know."""
    return os.environ | {"ASAN_OPTIONS": f"detect_leaks={leaks()}:{SANITIZERS}", "UBSAN_OPTIONS": "print_stacktrace=1"}


def run(program: Path, folders: Sequence[Path], out: Path, *options: str, seconds: float) -> Run:
    """Run it over folders of inputs; the first takes what is new, `out` what shows a mistake."""
    out.mkdir(parents=True, exist_ok=True)
    command = arguments(program, [f"-artifact_prefix={out}/", *options, *map(str, folders)])
    ended = subprocess.run(
        command, capture_output=True, text=True, errors="replace", env=environment(), timeout=seconds + 120, check=False
    )
    found = tuple(file.read_bytes() for file in sorted(out.iterdir()))
    return Run(ended.returncode, ended.stderr, found)
