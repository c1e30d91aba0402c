"""`pyndis build --target SDV`: the amd64 Release build made anew, and verified by every rule that has a name.

Here the stages meet: compiler, toolchain, contract suite in the host, and the judge (`pyndis.verification`).
"""

from __future__ import annotations

import shlex
import sys
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

import pyndis
from pyndis.cli.building import inputs
from pyndis.cli.building.asked import Asked
from pyndis.cli.building.layout import Layout
from pyndis.cli.building.request import Request
from pyndis.diagnostics import Diagnostic, UsageFailure
from pyndis.diagnostics.render import short
from pyndis.verification.observed import Compilation, Image, Run
from pyndis.verification.results import Verification

if TYPE_CHECKING:
    from pyndis.contract.report import Report
    from pyndis.verification.judge import Judge

ARCH, CONFIG = "amd64", "Release"
"""What Microsoft's tools verify too."""

PREEMPTIONS, MINUTES = 2, 8.0
"""Of an exploration: as `pyndis test --explore`."""


def verified_request(request: Request, said_arch: str | None) -> Request:
    """The request for the build that is verified. Raises UsageFailure (PYN-Y02) where the options ask for another."""
    if request.config != CONFIG:
        raise _other(f"--config {request.config}", "leave out --config")
    if ARCH not in request.manifest.driver.architectures:
        raise _other(f"{request.manifest.name} is not made for {ARCH}", f"add {ARCH} to the architectures in driver.toml")
    if said_arch is not None and ARCH not in request.architectures:
        raise _other(f"--arch {said_arch}", "leave out --arch")
    return replace(request, architectures=(ARCH,))


def _other(found: str, help: str) -> UsageFailure:
    return UsageFailure(Diagnostic("PYN-Y02", f"{found}, but the {ARCH} {CONFIG} build is what is verified", help=help))


def verify(request: Request, asked: Asked) -> Verification:
    """Build anew and verify; `request` is of `verified_request`. Raises Failure where that cannot be done."""
    from pyndis.contract.report import VERDICTS
    from pyndis.verification.judge import Judge
    from pyndis.verification.selection import selected

    rules = selected(asked.rules)
    compiled = _compiled(request)
    if compiled.diagnostics:
        return _verification(request, asked, compiled, Judge(rules, compiled, None, None))
    image = _built(request)
    facts, report = _run(image, request, asked)
    made = _verification(request, asked, compiled, Judge(rules, compiled, facts, Run(report.outcomes)))
    return replace(
        made,
        image=str(Layout(made.driver, ARCH, CONFIG).packaged("sys")),
        digest=sha256(image.read_bytes()).hexdigest(),
        cases={verdict: report.count(verdict) for verdict in VERDICTS},
        schedules=sum(each.schedules for each in report.coverages),
        preemptions=report.preemptions,
        unsafe=_unsafe(request.manifest.folder),
    )


def _compiled(request: Request) -> Compilation:
    from pyndis.cli import compile as compiler
    from pyndis.cli.progress import progress

    with progress().step(f"check {request.manifest.name} at compile time"):
        done = compiler.compile_driver(request.manifest.folder, request.manifest, request.config)
    return Compilation(done.functions, done.diagnostics, done.source_map.spans)


def _built(request: Request) -> Path:
    """The image, built whether or not there is one."""
    from pyndis.cli.building.run import build
    from pyndis.cli.options import password
    from pyndis.cli.progress import progress

    files = inputs.all_files(request)
    (image,) = build(request, [ARCH], files, progress(), password if sys.stdin.isatty() else None)
    return image


def _run(image: Path, request: Request, asked: Asked) -> tuple[Image, Report]:
    from pyndis import contract
    from pyndis.cli.testing.whole import Run as Suite
    from pyndis.contract.scenarios.exploring import Limits
    from pyndis.contract.traffic import load
    from pyndis.verification.image import image_of

    named = request.manifest.test.traffic
    traffic = request.manifest.folder / named if named else None
    shown = short(image, Path.cwd())
    words = shlex.join([shown, *(["--traffic", short(traffic, Path.cwd())] if traffic else [])])
    facts = image_of(image)
    subject = contract.Subject(image, ARCH, load(traffic) if traffic else None, counting=True)
    suite = Suite(list(contract.cases()), subject, words, shown)
    return facts, suite.whole(Limits(PREEMPTIONS, MINUTES * 60) if asked.explore else None)


def _unsafe(folder: Path) -> tuple[str, ...]:
    """Where the driver's own modules leave the language."""
    from pyndis.cli.check import unsafe_blocks

    places = [span for file in sorted(folder.rglob("*.py")) for span, _ in sorted(unsafe_blocks(file))]
    return tuple(f"{span.file.relative_to(folder).as_posix()}:{span.line}" for span in places)


def _verification(request: Request, asked: Asked, compiled: Compilation, judge: Judge) -> Verification:
    return Verification(
        driver=request.manifest.name,
        version=request.manifest.version_text,
        arch=ARCH,
        config=CONFIG,
        image="",
        digest="",
        results=tuple(judge.results()),
        cases={},
        functions=compiled.functions,
        selected=asked.rules,
        tools={"pyndis": pyndis.__version__, "ziglang": inputs.tools()["ziglang"]},
    )
