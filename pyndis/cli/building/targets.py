"""What each `--target` does, with its exit code. A target's own modules are imported when it is asked for."""

from __future__ import annotations

from collections.abc import Callable

import click

from pyndis.cli.building.asked import Asked
from pyndis.cli.building.image import bring_up_to_date
from pyndis.cli.building.request import Request
from pyndis.cli.building.run import generate
from pyndis.cli.ending import DONE
from pyndis.cli.progress import progress
from pyndis.package.rules import DUAL
from pyndis.package.systems import catalog_systems


def run_target(target: str, request: Request, said_arch: str | None, asked: Asked) -> int:
    """Do it; `said_arch` is what `--arch` said, if anything. Raises Failure."""
    return TARGETS[target](request, said_arch, asked)


def _build(request: Request, said_arch: str | None, asked: Asked) -> int:
    built = bring_up_to_date(request)
    for image in built:
        click.echo(image)
    for arch in request.architectures:
        if request.manifest.package.catalogs == DUAL and len(catalog_systems(request.manifest, arch)) == 1:
            click.echo(f"{arch}: one package, its catalog of version 2: this architecture claims no Windows before 8", err=True)
    if not built:
        click.echo(f"nothing to do: {request.out} is up to date ({', '.join(request.architectures)}, {request.config})")
    return DONE


def _clean(request: Request, said_arch: str | None, asked: Asked) -> int:
    from pyndis.cli.building.cleaning import clean

    click.echo(f"removed {clean(request)} files from {request.out}")
    return DONE


def _rebuild(request: Request, said_arch: str | None, asked: Asked) -> int:
    _clean(request, said_arch, asked)
    return _build(request, said_arch, asked)


def _sdv(request: Request, said_arch: str | None, asked: Asked) -> int:
    from pyndis.cli.building import sdv
    from pyndis.cli.building.verifying import verified_request

    return sdv.run(verified_request(request, said_arch), asked)


def _dvl(request: Request, said_arch: str | None, asked: Asked) -> int:
    from pyndis.cli.building import dvl

    return dvl.run(request, said_arch, asked)


def _msm(request: Request, said_arch: str | None, asked: Asked) -> int:
    from pyndis.cli.building.merge_modules import make_merge_modules

    made = make_merge_modules(request)
    for module in made:
        click.echo(module)
    if not made:
        click.echo(f"nothing to do: the merge modules in {request.out / 'dist'} are up to date")
    return DONE


def _generate(request: Request, said_arch: str | None, asked: Asked) -> int:
    for file in generate(request, progress()):
        click.echo(file)
    return DONE


TARGETS: dict[str, Callable[[Request, str | None, Asked], int]] = {
    "Build": _build,
    "Clean": _clean,
    "Rebuild": _rebuild,
    "SDV": _sdv,
    "DVL": _dvl,
    "MSM": _msm,
    "Generate": _generate,
}
