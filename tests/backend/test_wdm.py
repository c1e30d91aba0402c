from __future__ import annotations

import re
import subprocess
from pathlib import Path

import lief
import pytest

from pyndis import resources
from pyndis.backend import render_unit
from pyndis.backend.driver import TEMPLATE, driver_context
from pyndis.backend.wdm import render_wdm
from pyndis.ddi import facts
from pyndis.ir.plan import Plan
from pyndis.toolchains import find
from tests.backend.miniport import plan, program
from tests.backend.test_driver_template import TRIPLES, defines

WARNINGS = ["-Wall", "-Wextra", "-Werror", "-Wno-unused"]


@pytest.fixture(scope="module")
def of() -> Plan:
    return plan()


@pytest.fixture(scope="module")
def folder(of: Plan, tmp_path_factory: pytest.TempPathFactory) -> Path:
    context = driver_context(of, source="drivers/tun", device="PYNDISTEST", pool_tag="Abcd", version=(1, 0, 0, 0))
    made = tmp_path_factory.mktemp("tun")
    c_source = render_unit(program(), template=TEMPLATE, context=context)
    (made / "wdm").mkdir()
    (made / "tun.c").write_text(c_source)
    (made / "wdm" / "tun-wdm.c").write_text(render_wdm(c_source, context=context, included="../tun.c", facts=facts()))
    return made


def externals(folder: Path, of: Plan, triple: str) -> set[str]:
    """What the object needs from elsewhere."""
    made = folder / f"{triple}.obj"
    macros = [f"-D{name}={value}" for name, value in defines(of).items()]
    include = ["-std=c11", "-fms-extensions", "-nostdinc", "-isystem", str(resources.toolchain() / "include")]
    command = [
        *find().tool("clang"),
        f"--target={triple}",
        *include,
        *macros,
        *WARNINGS,
        *(["-mrtd"] if "i386" in triple else []),
    ]
    done = subprocess.run(
        [*command, "-c", "wdm/tun-wdm.c", "-o", made], cwd=folder, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr
    binary = lief.COFF.parse(str(made))
    assert binary is not None
    return {each.name for each in binary.symbols if each.section is None and each.is_external}


@pytest.mark.parametrize("triple", TRIPLES)
def test_it_compiles_and_calls_nothing_of_ndis(folder: Path, of: Plan, triple: str) -> None:
    needed = externals(folder, of, triple)
    assert any("IoCompleteRequest" in name or "IofCompleteRequest" in name for name in needed)
    assert not [name for name in needed if re.search(r"Ndis", name)]


def test_every_request_that_the_driver_serves_is_dispatched(folder: Path) -> None:
    text = (folder / "wdm" / "tun-wdm.c").read_text()
    assert set(re.findall(r"MajorFunction\[(\w+)\] = (\w+);", text)) == {
        ("IRP_MJ_CREATE", "DispatchCreate"),
        ("IRP_MJ_CLEANUP", "DispatchCleanup"),
        ("IRP_MJ_CLOSE", "DispatchClose"),
        ("IRP_MJ_READ", "DispatchRead"),
        ("IRP_MJ_WRITE", "DispatchWrite"),
    }


def test_one_function_alone_has_the_role_of_a_drivers_entry(folder: Path) -> None:
    text = (folder / "wdm" / "tun-wdm.c").read_text()
    roles = re.findall(r"^DRIVER_INITIALIZE (\w+);", text, re.MULTILINE)
    assert roles == ["DriverEntry"]
    assert text.index("#undef DRIVER_INITIALIZE") < text.index("DRIVER_INITIALIZE DriverEntry;")
