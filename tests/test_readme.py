from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from pyndis.cli.compile import Compiled, compile_driver
from pyndis.diagnostics.render import render_all
from pyndis.package.manifest import Manifest

ROOT = Path(__file__).parents[1]
DRIVER = ROOT / "drivers" / "wintun"
README = (ROOT / "README.md").read_text("utf-8")
OMISSION = "/* … */\n"


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)


def compiled(folder: Path) -> Compiled:
    return compile_driver(folder, Manifest.load(folder), "Release")


def test_the_gate_runs_the_two_commands_as_they_stand() -> None:
    gate = (ROOT / ".ci" / "run").read_text("utf-8").splitlines()
    install, test = (block.removesuffix("\n") for block in blocks("sh")[:2])
    assert install in gate
    assert any(line.startswith(f"step {test}") for line in gate)


def test_the_python_is_the_drivers() -> None:
    assert blocks("python")[0] in (DRIVER / "wintun.py").read_text("utf-8")


def test_the_c_is_what_the_compiler_makes() -> None:
    c_source = compiled(DRIVER).c_source
    (block,) = blocks("c")
    at = 0
    for piece in block.split(OMISSION):
        at = c_source.find(piece, at)
        assert at >= 0, f"not in the generated C, or not in this order:\n{piece}"
        at += len(piece)


def test_the_error_is_what_the_compiler_says(tmp_path: Path) -> None:
    folder = tmp_path / "wintun"
    shutil.copytree(DRIVER, folder)
    module = folder / "wintun.py"
    text = module.read_text("utf-8")
    condition = "if count == MAX_PACKETS or size > MTU:\n            raise NtError(Status.INVALID_USER_BUFFER)"
    assert text.count(condition) == 1
    module.write_text(text.replace(condition, condition.replace(" or size > MTU", "")), "utf-8")
    (block,) = blocks("text")
    assert block in render_all(compiled(folder).diagnostics, root=folder)


@pytest.mark.parametrize("target", sorted(set(re.findall(r"\]\((?!https?:)([^)#]+)\)", README))))
def test_a_link_leads_somewhere(target: str) -> None:
    assert (ROOT / target).exists()
