from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.host import sanitized

ROOT = Path(__file__).parents[2]
HOST_TESTS = ("images", "life", "handles", "holds", "low_resources", "mistakes", "oids", "packets")
WINTUN_TESTS = (
    "life",
    "bundles",
    "halt",
    "writes",
    "writes_broken",
    "reads",
    "sends",
    "power",
    "removal",
    "oids",
    "registration",
)

SANITIZED = "not x86 and not arm64"  # one host is

pytestmark = pytest.mark.slow


@pytest.mark.parametrize(
    "files",
    [
        [f"tests/host/test_{name}.py" for name in HOST_TESTS],
        [f"tests/drivers/wintun/test_{name}.py" for name in WINTUN_TESTS],
    ],
    ids=["host", "wintun"],
)
def test_the_sanitizers_find_nothing_in_the_host_while_it_is_tested(files: list[str], tmp_path: Path) -> None:
    log = tmp_path / "found"
    command = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", "-m", "not slow", "-k", SANITIZED, *files]
    result = subprocess.run(
        command, cwd=ROOT, env=sanitized.environment(log), capture_output=True, text=True, timeout=900, check=False
    )
    assert sanitized.findings(log) == ""
    assert result.returncode == 0, result.stdout


@pytest.mark.parametrize(
    ("statement", "finding"),
    [("return p[n]", "heap-buffer-overflow"), ("return (n << 31) + *p", "left shift of 1 by 31 places")],
)
def test_the_sanitizers_are_in_force(statement: str, finding: str, tmp_path: Path) -> None:
    source, program = tmp_path / "wrong.c", tmp_path / "wrong"
    source.write_text(f"#include <stdlib.h>\nint main(int n) {{ char *p = malloc(n); *p = 0; {statement}; }}\n")
    subprocess.run([sanitized.clang(), *sanitized.C_FLAGS, *sanitized.SANITIZERS, source, "-o", program], check=True)
    assert finding in subprocess.run([program], capture_output=True, text=True, check=False).stderr
