from __future__ import annotations

import pytest

from pyndis.toolchains.imports import MODULES, definition, exported, search_order


def entries(module: str, arch: str) -> set[str]:
    head, exports, *lines = definition(module, arch).decode().splitlines()
    assert (head, exports) == (f'LIBRARY "{module}"', "EXPORTS")
    return set(lines)


@pytest.mark.parametrize(
    ("listed", "name"),
    [
        ("@IofCompleteRequest@8", "IofCompleteRequest"),
        ("IoCreateDevice@28", "IoCreateDevice"),
        ("_alldiv@16", "_alldiv"),
        ("_except_handler3", "_except_handler3"),
        ("DbgPrint", "DbgPrint"),
    ],
)
def test_exports_have_no_decoration(listed: str, name: str) -> None:
    assert exported(listed) == name


def test_x86_symbols_keep_the_decoration_that_the_compiler_refers_to() -> None:
    assert {"IoCreateDevice@28", "@IofCompleteRequest@8", "DbgPrint"} <= entries("ntoskrnl.exe", "x86")


def test_x86_arithmetic_has_the_name_that_the_compiler_calls() -> None:
    assert {"_alldiv", "_alldvrm", "_aulldiv", "_aullrem"} <= entries("ntoskrnl.exe", "x86")


@pytest.mark.parametrize("arch", ["amd64", "x86", "arm64"])
def test_variables_are_marked(arch: str) -> None:
    listed = entries("ntoskrnl.exe", arch)
    assert {"NtBuildNumber CONSTANT", "IoFileObjectType CONSTANT"} <= listed
    assert "NtBuildNumber@0" not in listed


def test_arm64_lacks_what_its_windows_lacks() -> None:
    name = "IoInitializeTimer"
    assert name in entries("ntoskrnl.exe", "amd64")
    assert name not in entries("ntoskrnl.exe", "arm64")


@pytest.mark.parametrize("arch", ["amd64", "x86", "arm64"])
def test_every_module_is_asked(arch: str) -> None:
    assert sorted(search_order(arch)) == sorted(MODULES)
