"""The driver built for tests, by what `pyndis build` does, and kept until an input changes."""

from __future__ import annotations

from pathlib import Path

from pyndis.cli.building import inputs
from pyndis.cli.building.layout import Layout
from pyndis.cli.building.request import NONE, Request
from pyndis.cli.building.run import build, outdated
from pyndis.cli.progress import Progress
from pyndis.package.manifest import Manifest
from pyndis.package.timestamp import build_time
from pyndis.toolchains.targets import Arch
from tests.kept import alone

DRIVER = Path(__file__).parents[3] / "drivers" / "wintun"


def built(
    folder: Path,
    out: Path,
    *,
    receive: str = "pend",
    config: str = "Release",
    arch: Arch = "amd64",
    line_directives: bool = False,
) -> Path:
    """The image of the driver in `folder`, with that receive strategy; results and what they were made from are kept in `out`."""
    overrides = (("receive", receive),)
    manifest = Manifest.load(folder, overrides, None)
    request = Request(
        manifest=manifest,
        architectures=(arch,),
        config=config,
        out=out,
        sign=NONE,
        overrides=overrides,
        time=build_time(inputs.driver_files(manifest.folder, out)),
        line_directives=line_directives,
    )
    with alone(out):
        files = inputs.all_files(request)
        reasons = outdated(request, files)
        if reasons:
            build(request, list(reasons), files, Progress(), None)
    return out / Layout(manifest.name, arch, config).packaged("sys")
