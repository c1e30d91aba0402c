"""Run msbuild over the generated tree in `--out`, and tell of the Python what it says of the C."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path

from pyndis.cli import terminal
from pyndis.cli.building.compilation import compiled_driver
from pyndis.cli.building.msbuild import Job, options, options_file
from pyndis.cli.building.request import Request
from pyndis.cli.building.staging import publish, staging
from pyndis.cli.building.tree import Tree, tree
from pyndis.cli.progress import Progress
from pyndis.diagnostics import Diagnostic, DriverFailure, ToolFailure
from pyndis.files import write_whole
from pyndis.toolchains.msbuild import sarif, sdv
from pyndis.toolchains.msbuild.call import VERIFYING, sarif_places
from pyndis.toolchains.msbuild.output import Message, messages, not_in
from pyndis.toolchains.msbuild.places import Places
from pyndis.toolchains.msbuild.world import Done, Machine, World


def run(job: Job, progress: Progress, world: World | None = None) -> list[Path]:
    """Generate, and run msbuild; the images that are there afterwards. Warnings go to stderr.

    Raises DriverFailure for errors at a place in the Python (PYN-T26) and for defects that Static Driver Verifier found
    (PYN-T27), ToolFailure for any other (PYN-T25, PYN-T26).
    """
    request = job.request
    _tell(job.warnings)
    places = _generate(request, progress)
    with progress.step(f"msbuild {job.target} {request.manifest.name} ({', '.join(job.fit.architectures)})") as said:
        call = job.call
        done = (world or Machine()).run(call.argv, call.cwd, call.environment, lambda line: said(0, 0, line.strip()))
    if job.target in ("Build", "Rebuild"):
        write_whole(options_file(request), options(call).encode())
    _judge(job, done, places)
    images = (request.out / arch / request.config / request.manifest.name for arch in job.fit.architectures)
    return [file for folder in images if (file := folder / f"{request.manifest.name}.sys").is_file()]


def _generate(request: Request, progress: Progress) -> Places:
    with progress.step(f"compile {request.manifest.name} to C"):
        compiled = compiled_driver(request)
        generated = tree(request, compiled)
    write_changed(request, generated)
    return Places(request.out, str(generated.source), compiled.source_map)


def write_changed(request: Request, generated: Tree) -> None:
    """Write what differs from what is there: msbuild goes by the files' times. Raises ToolFailure (PYN-F01, PYN-F03)."""
    with staging(request.out) as staged:
        changed = {path: data for path, data in generated.files.items() if not _is(request.out / path, data)}
        Tree(generated.source, generated.resource, changed).write(staged)
        publish(staged, request.out, changed)


def _is(file: Path, data: bytes) -> bool:
    try:
        return file.read_bytes() == data
    except OSError:
        return False


def _judge(job: Job, done: Done, places: Places) -> None:
    """Tell the warnings, raise the errors."""
    said = messages(done.output)
    verified = sdv.defects(done.output)
    # Where Static Driver Verifier ran, CodeQL did not: what lies there is of another time.
    found = _findings(job) if verified is None else []
    told = places.diagnostics([*said, *not_in(said, found)])
    _tell(each for each in told if not each.is_error)
    if errors := [each for each in told if each.is_error]:
        in_python = any(label.span.file.suffix == ".py" for each in errors for label in each.labels)
        raise (DriverFailure if in_python else ToolFailure)(*errors)
    if done.code != 0:
        notes = tuple(line for line in done.output.splitlines() if line.strip())[-20:]
        help = "the last lines are above; `pyndis build --toolchain msbuild --emit plan` shows the whole command"
        raise ToolFailure(Diagnostic("PYN-T25", f"msbuild ended with status {done.code}", notes=notes, help=help))
    if job.target in VERIFYING and verified:
        raise DriverFailure(_defects(job.request, verified))


def _defects(request: Request, count: int) -> Diagnostic:
    project = f"{request.manifest.name}.vcxproj"
    notes = ("which rule was broken, and on which path, its report shows", f"its results are in {request.out / 'sdv'}")
    help = f"in {request.out}: msbuild {project} /t:sdv /p:Inputs=/view /p:Configuration=Release /p:Platform=x64"
    return Diagnostic("PYN-T27", f"Static Driver Verifier found {count} defects", notes=notes, help=help)


def _findings(job: Job) -> list[Message]:
    """What the compiler and CodeQL have put into SARIF files; one that cannot be read is passed over: its tool has said so."""
    request = job.request
    tool = sarif.CODEQL if job.target in VERIFYING else None
    found: list[Message] = []
    for place in sarif_places(job.target, str(request.out), job.fit.architectures, request.config, request.manifest.name):
        try:
            found += sarif.findings(Path(place).read_text("utf-8"), tool)
        except (OSError, ValueError):
            continue
    return found


def _tell(warnings: Iterable[Diagnostic]) -> None:
    if listed := list(warnings):
        terminal.report(listed)
        print(file=sys.stderr)
