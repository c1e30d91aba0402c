from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from pyndis.toolchains import find

_KERNEL = Path(__file__).parent / "kernel"
Preprocess = Callable[[str], str]


@pytest.fixture(scope="session")
def preprocess() -> Preprocess:
    """C after the preprocessor, with the small headers of `kernel/`."""

    def run(text: str) -> str:
        command = [*find().tool("clang"), "-E", "-P", "-nostdinc", "-isystem", str(_KERNEL), "-x", "c", "-"]
        return subprocess.run(command, input=text, capture_output=True, text=True, check=True).stdout

    return run
