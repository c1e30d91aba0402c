"""The plan of a driver image: objects of the driver and the image runtime, import libraries, resource, link."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from pyndis import resources
from pyndis.diagnostics import Diagnostic, ToolFailure
from pyndis.toolchains import imports
from pyndis.toolchains.kit import OVERLAY, PATCHED, Kit
from pyndis.toolchains.plan import Plan, Step, digest_of
from pyndis.toolchains.targets import (
    TARGETS,
    Arch,
    Config,
    driver_flags,
    kit_language_flags,
    language_flags,
    link_flags,
    runtime_flags,
)
from pyndis.toolchains.zig import Zig

RUNTIME = ("entry.c", "security_cookie.c", "memory.c", "guard_stubs.S", "load_config.S")
KIT_RUNTIME: dict[Arch, tuple[str, ...]] = {"amd64": ("kit_irql.c",)}
"""What the inline functions of a kit's headers call."""


def plan_image(
    zig: Zig,
    *,
    name: str,
    sources: Sequence[Path],
    resource: Path | None,
    include: Sequence[Path],
    defines: Mapping[str, str],
    arch: Arch,
    config: Config,
    out: Path,
    source_date_epoch: int | None = None,
    kit: Kit | None = None,
    windows: tuple[int, int] = (6, 1),
) -> Plan:
    """What makes `out`/`name`.sys, .pdb and .map from C sources and an optional resource script.

    The image has no time stamp, but a hash in its place; `source_date_epoch` (seconds since 1970) is what __DATE__ and
    __TIME__ say in the sources. With a `kit`, sources are read over its headers for that `windows` as the oldest, and linked
    with its libraries where it has them. Nothing is written yet. Raises ToolFailure (PYN-T03) when an input cannot be read.
    """
    request = _Request(zig, arch, config, tuple(include), dict(defines), source_date_epoch or 0, kit, windows)
    bought = kit.libraries(arch) if kit else ()
    modules = () if bought else imports.search_order(arch)
    files = (*((f"{module}.def", imports.definition(module, arch)) for module in sorted(modules)), *_kit_files(kit))
    objects = [*_driver_objects(request, sources), *_runtime_objects(request)]
    libraries = [_import_library(request, module) for module in modules]
    resources_ = [_resource(request, resource)] if resource else []
    parts = [*(step.outputs[0] for step in (*objects, *resources_, *libraries)), *map(str, bought)]
    # The resource first: it is the slowest where zig's resource compiler is not in the cache yet.
    steps = (*resources_, *objects, *libraries, _link(request, name, parts))
    try:
        digest = digest_of(steps, files, _headers(include, kit), f"zig {zig.version}")
    except OSError as error:
        what = f"cannot read {error.filename}: {error.strerror}"
        raise ToolFailure(Diagnostic("PYN-T03", what, help="give the sources as files that exist")) from error
    return Plan(f"{name} {arch} {config}", files, steps, tuple(f"{name}.{kind}" for kind in ("sys", "pdb", "map")), out, digest)


@dataclass(frozen=True)
class _Request:
    zig: Zig
    arch: Arch
    config: Config
    include: tuple[Path, ...]
    defines: Mapping[str, str]
    epoch: int
    kit: Kit | None = None
    windows: tuple[int, int] = (6, 1)

    def language(self, include: Sequence[Path]) -> tuple[str, ...]:
        if self.kit is None:
            return language_flags(self.arch, self.zig.headers, include, self.defines)
        return kit_language_flags(self.arch, self.zig.headers, self.kit.include, OVERLAY, self.windows, self.defines)

    def compile(self, source: Path, output: str, flags: Sequence[str], include: Sequence[Path], note: str) -> Step:
        language = self.language(include)
        places = [(source.parent, "."), *((folder, "include") for folder in include), (self.zig.library, "clang")]
        unnamed = [f"-ffile-prefix-map={folder.absolute()}={alias}" for folder, alias in places]
        argv = (*self.zig.tool("clang"), *language, *flags, *unnamed, "-c", str(source), "-o", output)
        return Step(argv, (str(source),), (output,), note, (("SOURCE_DATE_EPOCH", str(self.epoch)),))


def _driver_objects(request: _Request, sources: Sequence[Path]) -> Iterator[Step]:
    for number, source in enumerate(map(Path.absolute, sources)):
        output = f"{source.stem}.obj" if len(sources) == 1 else f"{number}-{source.stem}.obj"
        flags = driver_flags(request.arch, request.config)
        yield request.compile(source, output, flags, request.include, f"compile {source.name} for {request.arch}")


def _runtime_objects(request: _Request) -> Iterator[Step]:
    folder = resources.toolchain() / "runtime"
    bare = _Request(request.zig, request.arch, request.config, (), {}, 0)
    for file in (*RUNTIME, *(KIT_RUNTIME.get(request.arch, ()) if request.kit else ())):
        output = f"runtime-{Path(file).stem}.obj"
        yield bare.compile(folder / file, output, runtime_flags(request.arch), (), f"compile runtime {file} for {request.arch}")


def _import_library(request: _Request, module: str) -> Step:
    definition, library = f"{module}.def", f"{Path(module).stem}.lib"
    machine = TARGETS[request.arch].import_machine
    argv = (*request.zig.tool("dlltool"), "-k", "-m", machine, "-d", definition, "-l", library)
    return Step(argv, (definition,), (library,), f"import library of {module} for {request.arch}")


def _resource(request: _Request, script: Path) -> Step:
    script, output = script.absolute(), f"{script.stem}.res"
    folders = [word for folder in request.include for word in ("/i", str(folder))]
    argv = (*request.zig.tool("rc"), "/:auto-includes", "gnu", *folders, "--", str(script), output)
    return Step(argv, (str(script),), (output,), f"compile {script.name}", caches=request.zig.caches)


def _link(request: _Request, name: str, parts: Sequence[str]) -> Step:
    argv = (*request.zig.tool("lld-link"), *link_flags(request.arch, name), *parts)
    outputs = tuple(f"{name}.{kind}" for kind in ("sys", "pdb", "map"))
    return Step(argv, tuple(parts), outputs, f"link {name}.sys for {request.arch}")


def _kit_files(kit: Kit | None) -> tuple[tuple[str, bytes], ...]:
    return ((OVERLAY, kit.overlay()), (PATCHED, kit.patched())) if kit else ()


def _headers(include: Sequence[Path], kit: Kit | None) -> Iterator[Path]:
    for folder in (*include, *(kit.include if kit else ()), resources.toolchain() / "runtime"):
        yield from (path.absolute() for path in folder.rglob("*.h"))
