"""`pyndis submit make`: the cabinets that Microsoft's hardware portal takes."""

from __future__ import annotations

from pathlib import Path

import click

from pyndis.cli import terminal
from pyndis.cli.build import architectures_of, signer_of
from pyndis.cli.building import inputs
from pyndis.cli.building.request import TEST, Request, output_folder
from pyndis.cli.building.submissions import make_submissions, submit_folder
from pyndis.cli.options import driver_options
from pyndis.diagnostics import Diagnostic
from pyndis.package.manifest import FILE_NAME, Manifest
from pyndis.package.submission import older_systems, unsigned_submission
from pyndis.package.timestamp import build_time


@click.command("make")
@driver_options
@click.option("--arch", metavar="LIST", help="Architectures between commas. Default: all of driver.toml.")
@click.option("--out", type=click.Path(path_type=Path), help="The output folder of the build. Default: build/NAME.")
@click.option("--sign", default=TEST, metavar="test|none|FILE", show_default=True, help="A PFX file, or a signer's TOML file.")
@click.option("--timestamp", metavar="URL", help="An RFC 3161 server that vouches for the time of signatures.")
def command(
    driver: Path,
    arch: str | None,
    out: Path | None,
    sign: str,
    timestamp: str | None,
    overrides: tuple[tuple[str, str], ...],
    brand: str | None,
) -> None:
    """Make a signed cabinet of DRIVER's Release package for each architecture, in dist/ below the output folder.

    What is outdated is built first, signed by the same. DRIVER can also be a folder of packages that something else built; its
    cabinets go to dist/ in it, or below --out.
    """
    if driver.is_dir() and not (driver / FILE_NAME).is_file():
        made, found = submit_folder(driver, out or driver, signer_of(sign), timestamp)
        _tell(made, [*found, unsigned_submission(sign)])
        return
    manifest = Manifest.load(driver, overrides, brand)
    place = output_folder(out, manifest)
    request = Request(
        manifest=manifest,
        architectures=architectures_of(arch, manifest),
        out=place,
        sign=signer_of(sign),
        timestamp_url=timestamp,
        overrides=overrides,
        brand=brand,
        time=build_time(inputs.driver_files(manifest.folder, place)),
    )
    made = make_submissions(request)
    if not made:
        click.echo(f"nothing to do: the cabinets in {place / 'dist'} are up to date")
    older = [older_systems(each, manifest.windows.oldest(each)) for each in request.architectures]
    _tell(made, [*older, unsigned_submission(sign)])


def _tell(made: list[Path], warnings: list[Diagnostic | None]) -> None:
    for file in made:
        click.echo(file)
    if known := [each for each in warnings if each]:
        terminal.report(known)
