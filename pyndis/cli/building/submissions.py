"""`pyndis submit make`: cabinets for Microsoft's portal, from a build or from packages that something else built."""

from __future__ import annotations

import sys
from pathlib import Path

from pyndis.cli.building import inputs
from pyndis.cli.building.image import bring_up_to_date
from pyndis.cli.building.layout import Layout
from pyndis.cli.building.packages import signer, signing_files
from pyndis.cli.building.products import Products
from pyndis.cli.building.request import Request
from pyndis.cli.building.stamp import traces
from pyndis.cli.options import password
from pyndis.cli.progress import progress
from pyndis.diagnostics import Diagnostic
from pyndis.files import write_whole
from pyndis.package.submission import KINDS, Submission, older_systems
from pyndis.package.submission_folder import found_packages
from pyndis.package.timestamp import build_time

TARGET = "submission"


def make_submissions(request: Request) -> list[Path]:
    """Make the cabinets that are outdated; their paths. The build comes first. Raises Failure."""
    bring_up_to_date(request)
    return [path for arch in request.architectures for path in _make(request, arch)]


def sent_files(request: Request, arch: str) -> dict[str, Path]:
    """The files of a built package that are sent, by their extension."""
    layout = Layout(request.manifest.name, arch, request.config)
    places = {kind: layout.beside(kind) if kind == "pdb" else layout.packaged(kind) for kind in KINDS}
    return {kind: request.out / place for kind, place in places.items()}


def _make(request: Request, arch: str) -> list[Path]:
    sources = sent_files(request, arch)
    products = Products(request, TARGET, arch)
    made_from = [*sources.values(), *inputs.all_files(request), *signing_files(request.sign)]
    if not products.outdated(made_from):
        return []
    manifest = request.manifest
    with progress().step(f"make the cabinet of {manifest.name} {arch}"):
        seen = traces(made_from)
        contents = {kind: file.read_bytes() for kind, file in sources.items()}
        submission = Submission(manifest.name, arch, manifest.version_text, contents)
        data = _signed(submission.cabinet(request.time), manifest.text.description, request.sign, request.timestamp_url)
        return products.publish({submission.result: data}, seen)


def submit_folder(folder: Path, out: Path, sign: str, timestamp_url: str | None) -> tuple[list[Path], list[Diagnostic | None]]:
    """Make the cabinets of every package in a folder: their paths, and warnings. Raises Failure (PYN-G51, PYN-G52)."""
    packages = found_packages(folder)
    cabinets = {
        out / each.submission.result: _signed(
            each.submission.cabinet(build_time(each.sources)), each.submission.name, sign, timestamp_url
        )
        for each in packages
    }
    for path, data in cabinets.items():
        write_whole(path, data)
    return list(cabinets), [older_systems(each.submission.arch, each.oldest) for each in packages]


def _signed(cabinet: bytes, description: str, sign: str, timestamp_url: str | None) -> bytes:
    signed_by = signer(sign, description, timestamp_url, password if sys.stdin.isatty() else None)
    return signed_by.cabinet(cabinet) if signed_by else cabinet
