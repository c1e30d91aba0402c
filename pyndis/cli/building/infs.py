"""The INF of a package, which is verified before it goes anywhere."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from pyndis.cli import terminal
from pyndis.cli.building.request import Request
from pyndis.diagnostics import Diagnostic, DriverFailure
from pyndis.package import timestamp
from pyndis.package.inf import render_inf
from pyndis.package.inf_reader import read_inf
from pyndis.package.infverif import verify
from pyndis.package.infverif.subject import Subject
from pyndis.package.infverif.version import FUTURE


def verified_inf(request: Request, arch: str) -> bytes:
    """The INF for one architecture; what the verifier warns of goes to stderr. Raises DriverFailure (PYN-V…) for its errors."""
    data = render_inf(request.manifest, arch, request.time)
    place = Path(arch) / f"{request.manifest.name}.inf"
    subject = Subject(read_inf(data), place, datetime.now(UTC).date(), arch, request.manifest)
    found = [_with_source(each) for each in verify(subject)]
    if errors := [each for each in found if each.is_error]:
        raise DriverFailure(*errors)
    if found:
        terminal.report(found)
    return data


def _with_source(finding: Diagnostic) -> Diagnostic:
    """A finding about the day of the build says where that came from; any other is as it was."""
    if finding.code != FUTURE:
        return finding
    note, help = timestamp.source()
    return replace(finding, notes=(*finding.notes, note), help=help)
