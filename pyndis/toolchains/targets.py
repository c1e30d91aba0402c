"""What differs between the architectures, and the flags of compiler and linker with their reasons.

The properties that they lead to are tests: tests/toolchains/test_image.py.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

Arch = Literal["amd64", "x86", "arm64"]
Config = Literal["Release", "Debug"]


@dataclass(frozen=True)
class Target:
    """One architecture in the words of each tool."""

    triple: str
    link_machine: str
    import_machine: str
    subsystem: str
    entry: str
    machine_macros: tuple[str, ...]
    compile: tuple[str, ...]
    link: tuple[str, ...] = ()
    kit: tuple[str, ...] = ()


TARGETS: Mapping[Arch, Target] = {
    # SSE is part of the x64 kernel's ABI: interrupts and calls preserve it as they do general registers.
    "amd64": Target(
        "x86_64-pc-windows-msvc",
        "x64",
        "i386:x86-64",
        "native,6.01",
        "GsDriverEntry",
        ("_AMD64_", "_WIN64"),
        ("-march=x86-64",),
    ),
    # On x86 a driver that touches x87, MMX or SSE without KeSaveExtendedProcessorState destroys the registers of the thread
    # that it interrupted. Frame pointers, because x86 has no unwind tables and call stacks are walked along them.
    "x86": Target(
        "i686-pc-windows-msvc",
        "x86",
        "i386",
        "native,6.01",
        "GsDriverEntry@8",
        ("_X86_",),
        ("-march=i686", "-mno-80387", "-mno-mmx", "-mno-sse", "-fno-omit-frame-pointer"),
        ("/safeseh",),
        ("-Xclang", "-fdefault-calling-conv=stdcall"),  # the kit's headers leave it to the compiler: /Gz
    ),
    # NEON is part of the ARM64 kernel's ABI like SSE on x64. Outline atomics would call a C library that is not there.
    "arm64": Target(
        "aarch64-pc-windows-msvc",
        "arm64",
        "arm64",
        "native,10.00",
        "GsDriverEntry",
        ("_ARM64_", "_WIN64"),
        ("-march=armv8-a", "-mno-outline-atomics"),
    ),
}

_CONFIG_FLAGS: Mapping[Config, tuple[str, ...]] = {"Release": ("-O2",), "Debug": ("-Og", "-DDBG=1")}

# A frame stays below a page, so that no function needs a stack probe (__chkstk); a kernel stack is 12 to 24 KB in all.
_FRAME_LIMIT = 1024

_CODE = (
    "-fms-extensions",
    "-fno-strict-aliasing",  # as MSVC compiles it; kernel structures are read through other types
    "-fno-delete-null-pointer-checks",
    "-fasynchronous-unwind-tables",  # -ffreestanding would drop .pdata without a word
    "-fno-builtin-strlen",  # or loops become calls of an import
    "-fno-builtin-wcslen",
    "-ffunction-sections",
    "-fdata-sections",
    "-Xclang",
    "-fms-kernel",  # marks the object as kernel code, defines _KERNEL_MODE
    "-Xclang",
    "-cfguard",
)
_DEBUG_RECORD = (
    "-g",
    "-gcodeview",
    "-gno-codeview-command-line",  # it would hold this machine's paths
    "-fdebug-compilation-dir=.",
)
_WARNINGS = ("-Wall", "-Wextra", "-Werror", f"-Wframe-larger-than={_FRAME_LIMIT}")
_GUARDED = ("-fstack-protector-strong",)
# The runtime defines what the compiler would otherwise turn its loops into, and what checks the cookie cannot be checked.
_RUNTIME = ("-ffreestanding", "-fno-builtin", "-fno-stack-protector", "-fno-unroll-loops")


def language_flags(arch: Arch, headers: Path, include: Sequence[Path], defines: Mapping[str, str]) -> tuple[str, ...]:
    """What decides how the source reads: target, standard, where headers are, macros."""
    folders = [word for folder in (*include, headers) for word in ("-isystem", str(folder))]
    macros = [f"-D{name}={value}" if value else f"-D{name}" for name, value in defines.items()]
    return ("-target", TARGETS[arch].triple, "-std=c11", "-nostdinc", *folders, *macros)


def kit_language_flags(
    arch: Arch, headers: Path, include: Sequence[Path], overlay: str, windows: tuple[int, int], defines: Mapping[str, str]
) -> tuple[str, ...]:
    """The same for the headers of a Windows Driver Kit, which want to be read as MSVC reads them. `windows` is the oldest."""
    version = windows[0] << 8 | windows[1]
    system = {
        **dict.fromkeys(TARGETS[arch].machine_macros, "1"),
        "_WIN32_WINNT": f"0x{version:04x}",
        "WINVER": f"0x{version:04x}",
        "NTDDI_VERSION": f"0x{version:04x}0000",
    }
    flags = language_flags(arch, headers, (), {**system, **defines})
    folders = [word for folder in include for word in ("-isystem", str(folder))]
    compatible = ("-fms-compatibility", "-fms-compatibility-version=19.29", "-Xclang", "-ivfsoverlay", "-Xclang", overlay)
    return (*flags, *folders, *compatible, *TARGETS[arch].kit)


def driver_flags(arch: Arch, config: Config) -> tuple[str, ...]:
    """What decides the code of the driver's own sources."""
    target = TARGETS[arch]
    return (*target.compile, *_CODE, *_GUARDED, *_DEBUG_RECORD, *_WARNINGS, *_CONFIG_FLAGS[config])


def runtime_flags(arch: Arch) -> tuple[str, ...]:
    """What decides the code of the image runtime: always optimized, in itself without stack cookies."""
    target = TARGETS[arch]
    return (*target.compile, *_CODE, *_RUNTIME, *_DEBUG_RECORD, *_WARNINGS, *_CONFIG_FLAGS["Release"])


def link_flags(arch: Arch, name: str) -> tuple[str, ...]:
    """Everything for lld-link but its inputs. Outputs are `name`.sys, .pdb and .map in the current folder."""
    target = TARGETS[arch]
    return (
        "/nologo",
        f"/machine:{target.link_machine}",
        "/driver",
        "/nodefaultlib",
        f"/entry:{target.entry}",
        f"/subsystem:{target.subsystem}",
        "/version:10.0",
        "/osversion:10.0",
        "/release",  # fills in the checksum
        "/dynamicbase",
        "/nxcompat",
        "/tsaware:no",
        "/guard:cf",
        "/opt:ref",
        "/opt:noicf",  # two callbacks with the same code keep their own names in call stacks
        "/Brepro",
        "/debug",
        f"/pdb:{name}.pdb",
        f"/pdbaltpath:{name}.pdb",
        r"/pdbsourcepath:C:\build",  # relative paths in the PDB read alike on every machine
        f"/map:{name}.map",
        *target.link,
        "/section:.text,ERP",  # P: never paged
        "/section:.rdata,RP",
        "/section:.data,RWP",
        "/section:.pdata,RP",
        "/section:INIT,ERD",  # D: discarded once DriverEntry has returned
        "/section:.rsrc,RD",
        f"/out:{name}.sys",
    )
