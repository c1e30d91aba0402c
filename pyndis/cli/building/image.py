"""The image of a driver's folder for the commands that use one: as `pyndis build` makes it, built if need be."""

from __future__ import annotations

import sys
from pathlib import Path

from pyndis.cli.building import inputs
from pyndis.cli.building.layout import Layout
from pyndis.cli.building.request import Request, output_folder
from pyndis.cli.building.run import build, outdated
from pyndis.cli.options import password
from pyndis.cli.progress import progress
from pyndis.package.manifest import Manifest
from pyndis.package.timestamp import build_time


def built_image(manifest: Manifest, arch: str, overrides: tuple[tuple[str, str], ...], brand: str | None) -> Path:
    """The Release image for one architecture, test-signed, in the usual folder; progress goes to stderr. Raises Failure."""
    out = output_folder(None, manifest)
    request = Request(
        manifest=manifest,
        architectures=(arch,),
        out=out,
        overrides=overrides,
        brand=brand,
        time=build_time(inputs.driver_files(manifest.folder, out)),
    )
    bring_up_to_date(request)
    return out / Layout(manifest.name, arch, request.config).packaged("sys")


def bring_up_to_date(request: Request) -> list[Path]:
    """Build what is outdated; the images that were built. Reasons and progress are told on stderr. Raises Failure."""
    files = inputs.all_files(request)
    reasons = outdated(request, files)
    if not reasons:
        return []
    for arch, reason in reasons.items():
        print(f"{arch} {request.config}: {reason}", file=sys.stderr)
    return build(request, list(reasons), files, progress(), password if sys.stdin.isatty() else None)
