from __future__ import annotations

import json
import shutil
from pathlib import Path

import pefile
import pytest

from pyndis import resources
from pyndis.diagnostics import Failure, ToolFailure, UsageFailure
from pyndis.toolchains import Zig, imports, plan_image, run_plan
from pyndis.toolchains.kit import Kit, find_kit
from pyndis.toolchains.targets import TARGETS, Arch
from tests.toolchains.conftest import ARCHITECTURES

VERSION = "10.0.12345.0"
# In ndis.h of the kits this is asked of versions that are macros; MSVC alone expands them before it pastes.
ASKED = "#if !NDIS_API_VERSION_AVAILABLE(NDIS_MINIPORT_MAJOR_VERSION, NDIS_MINIPORT_MINOR_VERSION)\n#error unknown\n#endif\n"
VERSION_AVAILABLE = "#define NDIS_API_VERSION_AVAILABLE(major,minor) ((0x ## major << 8) + (0x ## minor) > 0)\n"
SOURCE = """
#include <ntddk.h>
#include <Ndis.h>

DRIVER_INITIALIZE DriverEntry;

NTSTATUS
DriverEntry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath)
{
    UNREFERENCED_PARAMETER(DriverObject);
    UNREFERENCED_PARAMETER(RegistryPath);
    return NdisGetVersion() && KeGetCurrentIrql() == PASSIVE_LEVEL && *IoFileObjectType ? STATUS_SUCCESS : STATUS_UNSUCCESSFUL;
}
"""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A kit of our own making: our headers, with names in the cases that a kit has, and the line that MSVC alone takes."""
    place = tmp_path / "kit" / "Include" / VERSION
    ours = resources.toolchain() / "include"
    shutil.copytree(ours, place / "km")
    (place / "shared").mkdir()
    (place / "km" / "crt").mkdir()
    for name in ("ntdef.h", "guiddef.h"):
        (place / "km" / name).rename(place / "shared" / name.upper())
    (place / "km" / "sal.h").rename(place / "shared" / "Sal.h")
    (place / "km" / "ndis.h").write_text(VERSION_AVAILABLE + ASKED + (ours / "ndis.h").read_text())
    return place.parents[1]


def with_libraries(root: Path, zig: Zig, arch: Arch) -> None:
    folder = root / "Lib" / VERSION / "km" / TARGETS[arch].link_machine
    folder.mkdir(parents=True)
    for module in imports.MODULES:
        (folder / f"{module}.def").write_bytes(imports.definition(module, arch))
        argv = [*zig.tool("dlltool"), "-k", "-m", TARGETS[arch].import_machine, "-d", f"{module}.def", "-l"]
        run([*argv, f"{Path(module).stem.capitalize()}.Lib"], folder)


def run(argv: list[str], folder: Path) -> None:
    import subprocess

    subprocess.run(argv, cwd=folder, check=True, timeout=60)


def built(kit: Kit, zig: Zig, arch: Arch, tmp_path: Path) -> pefile.PE:
    source = tmp_path / "driver.c"
    source.write_text(SOURCE)
    plan = plan_image(
        zig,
        name="driver",
        sources=[source],
        resource=None,
        include=[],
        defines={"NDIS_MINIPORT_DRIVER": "1", "NDIS630_MINIPORT": "1"},
        arch=arch,
        config="Release",
        out=tmp_path / "out",
        kit=kit,
        windows=(10, 0),
    )
    run_plan(plan)
    return pefile.PE(str(tmp_path / "out" / "driver.sys"))


def imported(image: pefile.PE) -> set[str]:
    return {each.name.decode() for module in image.DIRECTORY_ENTRY_IMPORT for each in module.imports}


@pytest.mark.slow
@pytest.mark.parametrize("arch", ARCHITECTURES)
@pytest.mark.parametrize("libraries", [False, True])
def test_a_driver_is_built_over_a_kit(root: Path, zig: Zig, arch: Arch, libraries: bool, tmp_path: Path) -> None:
    if libraries:
        with_libraries(root, zig, arch)
    kit = find_kit(root)
    assert bool(kit.libraries(arch)) is libraries
    assert {"NdisGetVersion", "IoFileObjectType"} <= imported(built(kit, zig, arch, tmp_path))


@pytest.mark.slow
def test_a_warning_in_the_driver_is_still_an_error(root: Path, zig: Zig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.toolchains.test_kit.SOURCE", SOURCE.replace("UNREFERENCED_PARAMETER(RegistryPath);", ""))
    with pytest.raises(Failure) as failure:
        built(find_kit(root), zig, "amd64", tmp_path)
    assert any("RegistryPath" in note for note in failure.value.diagnostics[0].notes)


@pytest.mark.parametrize("below", ["", "Include", f"Include/{VERSION}"])
def test_a_kit_is_found_from_each_of_its_folders(root: Path, below: str) -> None:
    kit = find_kit(root / below)
    assert (kit.version, kit.root) == (VERSION, root)
    assert [folder.name for folder in kit.include] == ["km", "shared", "crt"]


def test_the_newest_kit_is_taken(root: Path) -> None:
    shutil.copytree(root / "Include" / VERSION, root / "Include" / "10.0.9.0")
    assert find_kit(root).version == VERSION
    shutil.copytree(root / "Include" / VERSION, root / "Include" / "10.0.22621.0")
    assert find_kit(root).version == "10.0.22621.0"


def test_the_overlay_names_every_header_whatever_its_case(root: Path) -> None:
    overlay = json.loads(find_kit(root).overlay())
    assert overlay["case-sensitive"] == "false"
    listed = {entry["name"]: entry["external-contents"] for folder in overlay["roots"] for entry in folder["contents"]}
    assert listed["NTDEF.H"] == str(root / "Include" / VERSION / "shared" / "NTDEF.H")
    assert listed["ndis.h"] == "kit-ndis.h"


def test_a_folder_without_a_kit_is_told(tmp_path: Path) -> None:
    for folder in (tmp_path, tmp_path / "missing"):
        with pytest.raises(UsageFailure) as failure:
            find_kit(folder)
        assert failure.value.diagnostics[0].code == "PYN-T10"


def test_a_kit_without_headers_is_told(root: Path) -> None:
    (root / "Include" / VERSION / "km" / "ndis.h").unlink()
    with pytest.raises(ToolFailure) as failure:
        find_kit(root)
    (diagnostic,) = failure.value.diagnostics
    assert (diagnostic.code, diagnostic.message.endswith("lacks ndis.h")) == ("PYN-T11", True)
