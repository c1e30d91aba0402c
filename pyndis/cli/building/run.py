"""Run a build: see what is outdated, make it in the staging folder, move it into place, remember what it was made from."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path, PurePosixPath

from pyndis.cli.building import inputs
from pyndis.cli.building.layout import Layout
from pyndis.cli.building.request import Request
from pyndis.cli.building.staging import publish, staging
from pyndis.cli.building.stamp import Stamp, Trace, traces
from pyndis.cli.progress import Progress
from pyndis.files import write_whole

Ask = Callable[[Path], str]


def outdated(request: Request, files: Sequence[Path]) -> dict[str, str]:
    """The architectures that must be built, each with the reason. `files` are the build's inputs."""
    reasons = {arch: _reason(request, arch, files) for arch in request.architectures}
    return {arch: reason for arch, reason in reasons.items() if reason}


def _layout(request: Request, arch: str) -> Layout:
    return Layout(request.manifest.name, arch, request.config)


def _key(request: Request, arch: str) -> dict[str, object]:
    return {**request.key(arch), "tools": inputs.tools()}


def _reason(request: Request, arch: str, files: Sequence[Path]) -> str | None:
    stamp = Stamp.read(request.out / _layout(request, arch).stamp)
    return stamp.outdated(_key(request, arch), files, request.out) if stamp else "it has not been built yet"


def build(
    request: Request, architectures: Sequence[str], files: Sequence[Path], progress: Progress, ask: Ask | None
) -> list[Path]:
    """Build for these architectures; the paths of the images. Raises Failure; then nothing below `--out` has changed."""
    from pyndis.cli.building.compilation import compiled_driver
    from pyndis.cli.building.images import image_plan
    from pyndis.cli.building.packages import package, signer, signing_files
    from pyndis.cli.building.tree import tree
    from pyndis.toolchains import find, run_plan

    seen = traces(files)
    zig = find()
    signed_by = signer(request.sign, request.manifest.text.description, request.timestamp_url, ask)
    others = traces(signing_files(request.sign))
    with progress.step(f"compile {request.manifest.name} to C"):
        generated = tree(request, compiled_driver(request))
    with staging(request.out) as staged:
        generated.write(staged)
        made: dict[str, list[PurePosixPath]] = {}
        for arch in architectures:
            plan = image_plan(request, zig, generated, arch, staged)
            with progress.step(f"build {plan.name}") as said:
                run_plan(plan, progress=said)
            image, symbols = ((plan.out / f"{request.manifest.name}.{kind}").read_bytes() for kind in ("sys", "pdb"))
            with progress.step(f"package {plan.name}"):
                packaged = package(request, arch, image, symbols, signed_by)
                made[arch] = _write(staged, packaged)
        results = {arch: [*generated.files, *paths] for arch, paths in made.items()}
        _put_in_place(request, staged, results, (seen, others))
    return [request.out / _layout(request, arch).packaged("sys") for arch in architectures]


def generate(request: Request, progress: Progress) -> list[Path]:
    """Write the generated tree alone: C and project, for a build with Visual Studio. Raises as `build`."""
    from pyndis.cli.building.compilation import compiled_driver
    from pyndis.cli.building.tree import tree

    with progress.step(f"compile {request.manifest.name} to C"):
        generated = tree(request, compiled_driver(request))
    with staging(request.out) as staged:
        generated.write(staged)
        publish(staged, request.out, generated.files)
    return [request.out / path for path in generated.files]


def _write(staged: Path, files: Mapping[PurePosixPath, bytes]) -> list[PurePosixPath]:
    for path, content in files.items():
        write_whole(staged / path, content)
    return list(files)


def _put_in_place(
    request: Request,
    staged: Path,
    results: Mapping[str, Sequence[PurePosixPath]],
    seen: tuple[dict[str, Trace], dict[str, Trace]],
) -> None:
    """Old stamps go first and new ones come last: a build that is stopped in between is done again by the next."""
    out = request.out
    for arch, files in results.items():
        _forget(out, _layout(request, arch).stamp, keep=set(map(str, files)))
    publish(staged, out, dict.fromkeys(path for files in results.values() for path in files))
    for arch, files in results.items():
        outputs = {str(path): Trace.of(out / path) for path in files}
        Stamp(_key(request, arch), *seen, outputs).write(out / _layout(request, arch).stamp)


def _forget(out: Path, stamp_file: PurePosixPath, keep: set[str]) -> None:
    """Remove a stamp, and what its build had made that no longer belongs there."""
    stamp = Stamp.read(out / stamp_file)
    (out / stamp_file).unlink(missing_ok=True)
    for name in stamp.outputs if stamp else ():
        if name not in keep and "/" in name:
            (out / name).unlink(missing_ok=True)
            with contextlib.suppress(OSError):  # it holds other files
                (out / name).parent.rmdir()
