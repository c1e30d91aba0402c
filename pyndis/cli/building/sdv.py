"""`pyndis build --target SDV` from end to end: verify unless the last results still hold, put the results in place, tell them."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path, PurePosixPath

import click

from pyndis.cli.building import inputs
from pyndis.cli.building.asked import Asked
from pyndis.cli.building.products import Products
from pyndis.cli.building.request import Request
from pyndis.cli.building.stamp import traces
from pyndis.cli.building.verifying import ARCH, verify
from pyndis.cli.ending import DONE, DRIVER
from pyndis.cli.terminal import shows_colours
from pyndis.host import native
from pyndis.verification.results import Result, Verification

TARGET = "SDV"
_COLOURS: dict[Result, str] = {"Pass": "green", "Defect": "red", "NotChecked": "yellow"}


def run(request: Request, asked: Asked) -> int:
    """The exit code. `request` is of `verified_request`. Raises Failure."""
    known = last(request, [asked])
    verification = known or anew(request, asked)
    for line in told(verification):
        click.echo(line)
    if known:
        click.echo(f"nothing to do: {results_file(request)} holds for what is there now")
    return DONE if verification.passed else DRIVER


def results_file(request: Request) -> Path:
    """Where the machine's form of the results lies."""
    return request.out / _file(request)


def last(request: Request, fitting: Iterable[Asked]) -> Verification | None:
    """The last results, if they are of the current inputs and were asked for in one of these ways."""
    from pyndis.verification.output import json_report

    files = made_from(request)
    if all(_products(request, asked).outdated(files) for asked in fitting):
        return None
    try:
        return json_report.read(results_file(request).read_text("utf-8"))
    except (OSError, ValueError, KeyError, TypeError):
        return None


def anew(request: Request, asked: Asked) -> Verification:
    """Verify, and put the results in place. Raises Failure."""
    from pyndis.verification.output import json_report, sarif

    seen = traces(made_from(request))
    verification = verify(request, asked)
    files = {
        PurePosixPath(f"{request.manifest.name}.sarif"): sarif.text(verification, request.out, Path.cwd()).encode("utf-8"),
        _file(request): json_report.text(verification).encode("utf-8"),
    }
    _products(request, asked).publish(files, seen)
    return verification


def made_from(request: Request) -> list[Path]:
    """Every file that decides what is found: those of the build, and the host's own C."""
    return sorted([*inputs.all_files(request), *(file for file in native.SOURCES.rglob("*") if file.is_file())])


def told(verification: Verification) -> Iterable[str]:
    """The results for people, coloured where stdout is a terminal that shows it."""
    from pyndis.verification.output import text

    return text.lines(verification, _painted if shows_colours(sys.stdout) else text.plain)


def _painted(text: str, result: Result) -> str:
    return click.style(text, fg=_COLOURS.get(result), bold=result == "Defect")


def _products(request: Request, asked: Asked) -> Products:
    return Products(request, TARGET, ARCH, asked.options)


def _file(request: Request) -> PurePosixPath:
    return PurePosixPath("sdv", f"{request.manifest.name}.json")
