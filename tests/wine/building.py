"""Programs of this test, built by the product's toolchain: ndis.sys as any driver is, the client as a Windows console program."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from pyndis import resources
from pyndis.toolchains import find, plan_image, run_plan
from pyndis.toolchains.plan import Plan, Step, digest_of
from pyndis.toolchains.zig import Zig
from tests.kept import alone, kept

HERE = Path(__file__).parent
_STORE_IMPORTS = {
    "msvcrt.dll": "__wgetmainargs _wfopen exit fclose fprintf fputs",
    "crypt32.dll": "CertCloseStore CertEnumCertificatesInStore CertOpenStore",
}
# What the client calls, by module. The C library is Windows' own: zig's would have to be compiled first, which takes minutes.
_IMPORTS = {
    "msvcrt.dll": (
        "__getmainargs _snprintf _snwprintf exit fclose fflush fopen fprintf fputs fread fseek ftell fgets malloc memset rewind "
        "strcat strcmp strlen strncpy strtok strtoul"
    ),
    "kernel32.dll": "CancelIoEx CreateEventW GetCurrentProcess GetLastError SetEvent Sleep TerminateProcess WaitForSingleObject",
    "advapi32.dll": "ControlService OpenSCManagerA OpenServiceA QueryServiceConfigA QueryServiceStatus StartServiceA",
    "setupapi.dll": (
        "SetupCloseInfFile SetupDefaultQueueCallbackA SetupFindFirstLineA SetupFindNextLine SetupGetFieldCount "
        "SetupGetStringFieldA SetupInitDefaultQueueCallback SetupInstallFromInfSectionA "
        "SetupInstallServicesFromInfSectionA SetupOpenInfFileA SetupTermDefaultQueueCallback"
    ),
    "ntdll.dll": "NtClose NtCreateFile NtDeviceIoControlFile NtReadFile NtWriteFile RtlInitUnicodeString",
}


def ndis_sys() -> Path:
    """The small ndis.sys of `ndis/`."""
    plan = plan_image(
        find(),
        name="ndis",
        sources=sorted((HERE / "ndis").glob("*.c")),
        resource=None,
        include=(HERE / "ndis", resources.toolchain() / "include"),
        defines={"NDIS_MINIPORT_DRIVER": "1", "NDIS650_MINIPORT": "1"},
        arch="amd64",
        config="Release",
        out=kept("wine", "ndis"),
    )
    with alone(plan.out):
        run_plan(plan)
    return plan.out / "ndis.sys"


def client_exe() -> Path:
    """The Windows program of `client/`."""
    return _program("client", _IMPORTS)


def store_exe() -> Path:
    """The Windows program of `store/`."""
    return _program("store", _STORE_IMPORTS)


def _program(name: str, imports: Mapping[str, str]) -> Path:
    plan = _plan_program(find(), name, imports)
    with alone(plan.out):
        run_plan(plan)
    return plan.out / f"{name}.exe"


def _plan_program(zig: Zig, name: str, imports: Mapping[str, str]) -> Plan:
    folder = HERE / name
    files = tuple((f"{module}.def", _definition(module, names)) for module, names in imports.items())
    libraries = [_import_library(zig, module) for module in imports]
    objects = [_compile(zig, source) for source in sorted(folder.glob("*.c"))]
    parts = [step.outputs[0] for step in (*objects, *libraries)]
    link = ("/nologo", "/nodefaultlib", "/subsystem:console", "/entry:start", f"/out:{name}.exe", *parts)
    steps = (*objects, *libraries, Step((*zig.tool("lld-link"), *link), tuple(parts), (f"{name}.exe",), f"link {name}.exe"))
    digest = digest_of(steps, files, folder.glob("*.h"), f"zig {zig.version}")
    return Plan(name, files, steps, (f"{name}.exe",), kept("wine", name), digest)


def _definition(module: str, names: str) -> bytes:
    return "\n".join([f'LIBRARY "{module}"', "EXPORTS", *names.split(), ""]).encode("ascii")


def _import_library(zig: Zig, module: str) -> Step:
    argv = (*zig.tool("dlltool"), "-m", "i386:x86-64", "-d", f"{module}.def", "-l", f"{module}.lib")
    return Step(argv, (f"{module}.def",), (f"{module}.lib",), f"import library of {module}")


def _compile(zig: Zig, source: Path) -> Step:
    headers = (zig.headers, zig.library / "libc" / "include" / "any-windows-any")
    folders = [word for folder in headers for word in ("-isystem", str(folder))]
    flags = (
        "-target",
        "x86_64-pc-windows-gnu",
        "-std=c11",
        "-nostdinc",
        "-D__MSVCRT_VERSION__=0x700",
        "-D__USE_MINGW_ANSI_STDIO=0",
    )
    warnings = ("-O1", "-Wall", "-Wextra", "-Werror", "-fno-builtin")
    output = f"{source.stem}.obj"
    argv = (*zig.tool("clang"), *flags, *warnings, *folders, "-c", str(source), "-o", output)
    return Step(argv, (str(source),), (output,), f"compile {source.name}")
