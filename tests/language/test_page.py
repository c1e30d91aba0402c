"""The page on the language says what the compiler does: its programs compile, or fail as it says, and its C is the C."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from pyndis import checks, resources
from pyndis.backend import render_unit
from pyndis.backend.driver import TEMPLATE, driver_context
from pyndis.ddi.facts import facts
from pyndis.diagnostics import DriverFailure
from pyndis.diagnostics.render import render_all
from pyndis.frontend.driver import lower_driver
from pyndis.toolchains import find
from tests.language.page import PAGE, Example, examples, shown
from tests.rejected.base import complete

EXAMPLES = [each for each in examples() if each.title != "Declarations" or each.functions]
ARCHES = ("amd64", "x86", "arm64")
WARNINGS = ["-Wall", "-Wextra", "-Werror", "-Wno-unused", "-fsyntax-only"]


def unit(example: Example, folder: Path) -> str:
    """The whole C of an example's driver, with the functions that nothing calls."""
    driver = folder / "example"
    driver.mkdir()
    (driver / "example.py").write_text(complete(example.program), "utf-8")
    program, plan, _ = lower_driver(driver, facts(), {}, keep_unused=True)
    found = checks.check(program, arches=ARCHES, facts=facts())
    if found:
        raise DriverFailure(*found)
    context = driver_context(plan, source="docs/language.md", device="EXAMPLE", pool_tag="Exmp", version=(1, 0, 0, 0))
    return render_unit(program, template=TEMPLATE, context=context)


@pytest.mark.parametrize("example", [each for each in EXAMPLES if each.functions], ids=lambda each: each.functions[0])
def test_an_example_becomes_the_c_beside_it(example, tmp_path, request):
    found = shown(unit(example, tmp_path), example.functions)
    if request.config.getoption("--regenerate-golden"):
        PAGE.write_text(PAGE.read_text("utf-8").replace(block(example, example.c), block(example, found)), "utf-8")
        return
    assert found == example.c, "differs from docs/language.md; if the change is wanted: pytest --regenerate-golden"


def block(example: Example, c: str) -> str:
    return f"<!-- the C of {' '.join(example.functions)} -->\n```c\n{c}```"


@pytest.mark.parametrize("example", [each for each in EXAMPLES if each.code], ids=lambda each: each.code)
def test_what_the_page_says_is_refused_is_refused(example, tmp_path):
    with pytest.raises(DriverFailure) as caught:
        unit(example, tmp_path)
    assert example.code in [each.code for each in caught.value.diagnostics], render_all(caught.value.diagnostics)


@pytest.mark.parametrize("example", [each for each in EXAMPLES if each.functions], ids=lambda each: each.functions[0])
def test_the_c_of_an_example_compiles_without_a_warning(example, tmp_path):
    macros = ["-DNDIS_MINIPORT_DRIVER=1", "-DNDIS620_MINIPORT=1", "-DNDIS630_MINIPORT=1"]
    headers = ["-nostdinc", "-isystem", str(resources.toolchain() / "include")]
    command = [
        *find().tool("clang"),
        "--target=x86_64-pc-windows-msvc",
        "-std=c11",
        "-fms-extensions",
        *headers,
        *macros,
        *WARNINGS,
        "-x",
        "c",
        "-",
    ]
    done = subprocess.run(command, input=unit(example, tmp_path), capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr


def test_the_page_shows_every_part_of_the_language():
    assert len([each for each in EXAMPLES if each.functions]) >= 20
