"""Every row of the specification of the image, on images built here."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import lief
import pefile
import pytest
from capstone import CsInsn

from pyndis.ddi.facts import read
from pyndis.toolchains import Plan, run_plan
from pyndis.toolchains.imports import exported

from .conftest import ARCHITECTURES
from .machine_code import instructions, is_floating, is_leaf, is_privileged

CODE = (".text", "PAGE", "INIT")
SCN = pefile.SECTION_CHARACTERISTICS
DLL = pefile.DLL_CHARACTERISTICS


@dataclass
class Built:
    arch: str
    config: str
    path: Path
    pe: pefile.PE

    @property
    def is_64(self) -> bool:
        return self.arch != "x86"

    def section(self, name: str) -> pefile.SectionStructure:
        return next(each for each in self.pe.sections if section_name(each) == name)

    def holds(self, name: str, address: int) -> bool:
        section = self.section(name)
        offset = address - self.pe.OPTIONAL_HEADER.ImageBase - section.VirtualAddress
        return 0 <= offset < section.Misc_VirtualSize

    def pointer(self, address: int) -> int:
        data = self.pe.get_data(address - self.pe.OPTIONAL_HEADER.ImageBase, 8 if self.is_64 else 4)
        return int.from_bytes(data, "little")


def section_name(section: pefile.SectionStructure) -> str:
    return section.Name.rstrip(b"\0").decode()


@pytest.fixture(
    scope="module", params=[(arch, config) for arch in ARCHITECTURES for config in ("Release", "Debug")], ids="-".join
)
def image(request: pytest.FixtureRequest, plan: Callable[..., Plan], tmp_path_factory: pytest.TempPathFactory) -> Built:
    arch, config = request.param
    made = plan(tmp_path_factory.mktemp("image"), arch, config)
    run_plan(made)
    path = made.out / "driver.sys"
    return Built(arch, config, path, pefile.PE(str(path)))


def test_it_is_a_native_image_of_its_architecture(image: Built) -> None:
    header = image.pe.OPTIONAL_HEADER
    machine = {"amd64": "AMD64", "x86": "I386", "arm64": "ARM64"}[image.arch]
    assert image.pe.FILE_HEADER.Machine == pefile.MACHINE_TYPE[f"IMAGE_FILE_MACHINE_{machine}"]
    assert header.Magic == (0x20B if image.is_64 else 0x10B)
    assert header.Subsystem == 1
    assert (header.SectionAlignment, header.FileAlignment) == (0x1000, 0x200)
    assert header.ImageBase == (0x140000000 if image.is_64 else 0x400000)


def test_it_can_be_moved(image: Built) -> None:
    assert not image.pe.FILE_HEADER.Characteristics & 1  # RELOCS_STRIPPED
    assert image.pe.DIRECTORY_ENTRY_BASERELOC


def test_it_has_neither_exports_nor_thread_local_storage(image: Built) -> None:
    assert not hasattr(image.pe, "DIRECTORY_ENTRY_EXPORT")
    assert not hasattr(image.pe, "DIRECTORY_ENTRY_TLS")


def test_its_versions_are_those_that_windows_7_and_windows_10_on_arm_load(image: Built) -> None:
    header = image.pe.OPTIONAL_HEADER
    assert (header.MajorSubsystemVersion, header.MinorSubsystemVersion) == ((10, 0) if image.arch == "arm64" else (6, 1))
    assert (header.MajorOperatingSystemVersion, header.MinorOperatingSystemVersion) == (10, 0)
    assert (header.MajorImageVersion, header.MinorImageVersion) == (10, 0)


def test_its_characteristics_harden_and_restrict_nothing(image: Built) -> None:
    wanted = DLL["IMAGE_DLLCHARACTERISTICS_NX_COMPAT"] | DLL["IMAGE_DLLCHARACTERISTICS_DYNAMIC_BASE"]
    wanted |= DLL["IMAGE_DLLCHARACTERISTICS_GUARD_CF"]
    wanted |= DLL["IMAGE_DLLCHARACTERISTICS_HIGH_ENTROPY_VA"] if image.is_64 else 0
    assert wanted == image.pe.OPTIONAL_HEADER.DllCharacteristics


def test_its_checksum_is_valid(image: Built) -> None:
    assert image.pe.OPTIONAL_HEADER.CheckSum != 0
    assert image.pe.verify_checksum()


def test_no_section_is_writable_and_executable(image: Built) -> None:
    for section in image.pe.sections:
        assert not (
            section.Characteristics & SCN["IMAGE_SCN_MEM_WRITE"] and section.Characteristics & SCN["IMAGE_SCN_MEM_EXECUTE"]
        )


def test_resident_sections_are_never_paged(image: Built) -> None:
    resident = [".text", ".rdata", ".data"] + ([".pdata"] if image.is_64 else [])
    for name in resident:
        assert image.section(name).Characteristics & SCN["IMAGE_SCN_MEM_NOT_PAGED"], name


def test_what_runs_or_is_read_once_is_discardable(image: Built) -> None:
    for name in ("INIT", ".rsrc", ".reloc"):
        assert image.section(name).Characteristics & SCN["IMAGE_SCN_MEM_DISCARDABLE"], name


def test_pageable_code_is_in_page(image: Built) -> None:
    characteristics = image.section("PAGE").Characteristics
    assert characteristics & SCN["IMAGE_SCN_MEM_EXECUTE"]
    assert not characteristics & (SCN["IMAGE_SCN_MEM_NOT_PAGED"] | SCN["IMAGE_SCN_MEM_DISCARDABLE"])


def test_windows_enters_in_the_section_that_it_discards(image: Built) -> None:
    header = image.pe.OPTIONAL_HEADER
    assert image.holds("INIT", header.ImageBase + header.AddressOfEntryPoint)
    entry = next(line for line in (image.path.parent / "driver.map").read_text().splitlines() if "GsDriverEntry" in line)
    assert int(entry.split()[2], 16) == header.ImageBase + header.AddressOfEntryPoint


def test_its_load_configuration_is_complete(image: Built) -> None:
    config = image.pe.DIRECTORY_ENTRY_LOAD_CONFIG.struct
    assert config.Size == (0x138 if image.is_64 else 0xBC)
    assert image.holds(".data", config.SecurityCookie)
    assert image.pointer(config.SecurityCookie) == (0x2B992DDFA232 if image.is_64 else 0xBB40E64E)
    assert image.holds(".rdata", config.GuardCFCheckFunctionPointer)
    assert image.holds(".text", image.pointer(config.GuardCFCheckFunctionPointer))
    assert config.GuardFlags & 0x500 == 0x500  # CF_INSTRUMENTED, CF_FUNCTION_TABLE_PRESENT
    assert config.GuardCFFunctionCount > 0


def test_x64_dispatches_through_its_own_pointer(image: Built) -> None:
    config = image.pe.DIRECTORY_ENTRY_LOAD_CONFIG.struct
    if image.arch == "amd64":
        assert image.holds(".rdata", config.GuardCFDispatchFunctionPointer)
        assert image.pe.get_data(image.pointer(config.GuardCFDispatchFunctionPointer) - 0x140000000, 2) == b"\xff\xe0"  # jmp rax
    else:
        assert config.GuardCFDispatchFunctionPointer == 0


def test_the_guard_table_lists_what_is_called_through_pointers(image: Built) -> None:
    config = image.pe.DIRECTORY_ENTRY_LOAD_CONFIG.struct
    base = image.pe.OPTIONAL_HEADER.ImageBase
    data = image.pe.get_data(config.GuardCFFunctionTable - base, 4 * config.GuardCFFunctionCount)
    listed = {base + int.from_bytes(data[at : at + 4], "little") for at in range(0, len(data), 4)}
    symbols = dict(map_symbols(image))
    unload = symbols["_unload@4" if image.arch == "x86" else "unload"]
    assert unload in listed
    assert all(image.holds(".text", each) or image.holds("INIT", each) for each in listed)


def test_x86_lists_its_exception_handlers(image: Built) -> None:
    config = image.pe.DIRECTORY_ENTRY_LOAD_CONFIG.struct
    assert (config.SEHandlerCount > 0) == (image.arch == "x86")


def test_x86_without_exception_handlers_says_that_none_is_valid(plan: Callable[..., Plan], tmp_path: Path) -> None:
    source = tmp_path / "plain.c"
    source.write_text("int __stdcall DriverEntry(void *driver, void *path);\nint __stdcall DriverEntry(void *driver, void *path) "
                      "{ return driver == path; }\n")  # fmt: skip
    made = plan(tmp_path / "out", "x86", source=source, resource=None)
    run_plan(made)
    image = pefile.PE(str(made.out / "driver.sys"))
    assert image.OPTIONAL_HEADER.DllCharacteristics & DLL["IMAGE_DLLCHARACTERISTICS_NO_SEH"]


def test_every_function_that_is_not_a_leaf_has_unwind_data(image: Built) -> None:
    if not image.is_64:
        return
    base = image.pe.OPTIONAL_HEADER.ImageBase
    covered = {base + start for start in unwind_starts(image)}
    bare = {name: address for name, address in map_symbols(image) if address not in covered and in_code(image, address)}
    for name, address in bare.items():
        assert is_leaf(image.arch, image.pe.get_data(address - base, 0x200), address), name
    assert "guarded" not in bare


def test_its_debug_directory_names_a_bare_pdb_and_reproducibility(image: Built) -> None:
    kinds = {entry.struct.Type: entry for entry in image.pe.DIRECTORY_ENTRY_DEBUG}
    assert kinds.keys() == {2, 16}  # CODEVIEW, REPRO
    assert kinds[2].entry.PdbFileName.rstrip(b"\0") == b"driver.pdb"


def test_its_pdb_belongs_to_it(image: Built) -> None:
    codeview = next(entry.entry for entry in image.pe.DIRECTORY_ENTRY_DEBUG if entry.struct.Type == 2)
    signature = codeview.Signature_Data1.to_bytes(4, "little")
    assert signature in (image.path.parent / "driver.pdb").read_bytes()


def test_no_file_tells_on_which_machine_it_was_built(image: Built) -> None:
    here = [str(Path(__file__).parents[2]), str(Path.home()) + "/", str(image.path.parent), "site-packages", "/tmp/"]
    for kind in ("sys", "pdb", "map"):
        content = (image.path.parent / f"driver.{kind}").read_bytes()
        for place in here:
            assert place.encode() not in content, (kind, place)
            assert place.encode("utf-16-le") not in content, (kind, place)


def test_its_version_resource_says_network_driver(image: Built) -> None:
    fixed = image.pe.VS_FIXEDFILEINFO[0]
    assert (fixed.FileType, fixed.FileSubtype) == (3, 6)
    assert (fixed.FileVersionMS, fixed.FileVersionLS) == (0x10002, 0x30004)


def test_it_imports_undecorated_names_of_the_three_modules_only(image: Built) -> None:
    table = read("imports")["i386" if image.arch == "x86" else "x86_64"]
    known = {(module, exported(name)) for module, names in table.items() for name in names}
    missing_on_arm = {
        name for name, entry in read("functions")["functions"].items() if "aarch64" not in entry.get("arch", ["aarch64"])
    }
    for module, name in imports(image):
        assert (module, name) in known
        assert image.arch != "arm64" or name not in missing_on_arm


def test_x86_takes_irql_and_spin_locks_from_the_hal(image: Built) -> None:
    module = next(module for module, name in imports(image) if name == "KeGetCurrentIrql")
    assert module == ("hal.dll" if image.arch == "x86" else "ntoskrnl.exe")


def test_an_overrun_stops_windows_7_with_a_bug_check(image: Built) -> None:
    assert (("ntoskrnl.exe", "KeBugCheckEx") in imports(image)) == (image.arch != "arm64")


def test_no_instruction_is_privileged(image: Built) -> None:
    found = [instruction for instruction in code(image) if is_privileged(image.arch, instruction)]
    assert found == []


def test_x86_code_uses_neither_x87_nor_mmx_nor_sse(image: Built) -> None:
    if image.arch == "x86":
        assert [instruction for instruction in code(image) if is_floating(instruction)] == []


def test_an_independent_reader_accepts_it(image: Built) -> None:
    read = lief.PE.parse(str(image.path))
    assert read is not None
    assert read.load_configuration is not None
    assert read.optional_header.checksum == read.compute_checksum()
    assert read.is_reproducible_build


def test_the_same_input_gives_the_same_bytes_in_another_folder(
    image: Built, plan: Callable[..., Plan], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = tmp_path / "elsewhere" / "driver.c"
    source.parent.mkdir()
    source.write_bytes((Path(__file__).parent / "data" / "driver.c").read_bytes())
    monkeypatch.chdir(tmp_path)
    again = plan(tmp_path / "out", image.arch, image.config, source=Path("elsewhere/driver.c"))
    run_plan(again, jobs=1)
    for kind in ("sys", "pdb", "map"):
        assert (again.out / f"driver.{kind}").read_bytes() == (image.path.parent / f"driver.{kind}").read_bytes(), kind


def map_symbols(image: Built) -> Iterator[tuple[str, int]]:
    """The lines `0001:00000070       unload                     0000000140001070     driver.obj` of the map."""
    lines = (image.path.parent / "driver.map").read_text()
    for name, address in re.findall(r"^ *[0-9a-f]{4}:[0-9a-f]{8} +(\S+) +([0-9a-f]{8,16}) ", lines, re.MULTILINE):
        yield name, int(address, 16)


def in_code(image: Built, address: int) -> bool:
    return any(image.holds(name, address) for name in CODE)


def code(image: Built) -> Iterator[CsInsn]:
    """All of it: decoding starts anew at each symbol, so that no data between two functions hides the second."""
    base = image.pe.OPTIONAL_HEADER.ImageBase
    for name in CODE:
        start = base + image.section(name).VirtualAddress
        end = start + image.section(name).Misc_VirtualSize
        starts = sorted({start, *(address for _, address in map_symbols(image) if start <= address < end), end})
        for here, next_ in itertools.pairwise(starts):
            yield from instructions(image.arch, image.pe.get_data(here - base, next_ - here), here)


def unwind_starts(image: Built) -> Iterator[int]:
    directory = image.pe.OPTIONAL_HEADER.DATA_DIRECTORY[3]
    data = image.pe.get_data(directory.VirtualAddress, directory.Size)
    for at in range(0, len(data), 12 if image.arch == "amd64" else 8):
        yield int.from_bytes(data[at : at + 4], "little")


def imports(image: Built) -> list[tuple[str, str]]:
    return [(entry.dll.decode(), each.name.decode()) for entry in image.pe.DIRECTORY_ENTRY_IMPORT for each in entry.imports]
