"""`pyndis submit take`: what Microsoft gave back is checked against what was sent, and laid into `whql`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from cryptography import x509

from pyndis.cli.building.layout import WHQL, Layout
from pyndis.cli.building.staging import publish, staging
from pyndis.diagnostics import Diagnostic, DriverFailure
from pyndis.files import write_whole
from pyndis.package.cabinet import read_cabinet
from pyndis.package.manifest import Manifest
from pyndis.package.returned_files import read_returned
from pyndis.package.returned_package import KINDS, Returned, findings, returned_packages
from pyndis.package.submission import Submission

_CONFIG = "Release"


@dataclass(frozen=True)
class Taken:
    """A package that was taken: where its files are now, and the warnings about it."""

    package: Returned
    paths: tuple[Path, ...]
    warnings: tuple[Diagnostic, ...]


def take(place: Path, manifest: Manifest, out: Path, trusted: Sequence[x509.Certificate]) -> list[Taken]:
    """Check the answer and put its files in place, all or none. Raises Failure (PYN-G60 … PYN-G66, PYN-F01)."""
    packages = returned_packages(read_returned(place), manifest.name)
    found = {each.arch: list(findings(each, _sent(manifest, each.arch, out), trusted)) for each in packages}
    if errors := [each for listed in found.values() for each in listed if each.is_error]:
        raise DriverFailure(*errors)
    files = {path: data for each in packages for path, data in _places(manifest, each).items()}
    with staging(out) as staged:
        for path, data in files.items():
            write_whole(staged / path, data)
        publish(staged, out, files)
    return [Taken(each, tuple(out / path for path in _places(manifest, each)), tuple(found[each.arch])) for each in packages]


def _places(manifest: Manifest, package: Returned) -> dict[PurePosixPath, bytes]:
    folder = Layout(manifest.name, package.arch, _CONFIG).folder / WHQL
    return {folder / f"{manifest.name}.{kind}": package.data(kind) for kind in KINDS}


def _sent(manifest: Manifest, arch: str, out: Path) -> Mapping[str, bytes]:
    """What was sent: the cabinet's files, or where something else made that, the package's. By their extension."""
    cabinet = out / Submission(manifest.name, arch, manifest.version_text, {}).result
    layout = Layout(manifest.name, arch, _CONFIG)
    package = {kind: out / layout.packaged(kind) for kind in ("sys", "inf")}
    if cabinet.is_file():
        held = read_cabinet(cabinet.read_bytes())
        sent = {PurePosixPath(path).suffix[1:]: data for path, data in held.items()}
        if set(package) <= set(sent):
            return sent
    if not all(file.is_file() for file in package.values()):
        message = f"nothing says what was sent for {arch}: {cabinet} is not there, nor is {package['sys'].parent}"
        help = "build what was sent again (pyndis submit make), or give its output folder with --out"
        raise DriverFailure(Diagnostic("PYN-G65", message, help=help))
    return {kind: file.read_bytes() for kind, file in package.items()}
