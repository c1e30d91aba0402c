"""`pyndis sign`: sign images and catalogs that exist already."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from pyndis.cli.files import CABINET, CATALOG, IMAGE, read, signable
from pyndis.cli.options import password
from pyndis.files import write_whole


@click.command("sign")
@click.argument("files", type=click.Path(path_type=Path), nargs=-1, required=True)
@click.option("--sign", default="test", metavar="test|FILE", show_default=True, help="A PFX file, or a signer's TOML file.")
@click.option("--description", metavar="TEXT", help="What Windows shows of the program. Default: the file's name.")
@click.option("--timestamp", metavar="URL", help="An RFC 3161 server that vouches for the time.")
def command(files: tuple[Path, ...], sign: str, description: str | None, timestamp: str | None) -> None:
    """Sign each of FILES, an image (.sys), catalog (.cat) or cabinet (.cab), in place. A signature that is there is replaced."""
    from pyndis.cli.building.packages import signer

    if sign == "none":
        raise click.BadParameter("nobody signs nothing: give test, a PFX or a signer's file", param_hint="--sign")
    contents = {file: read(file) for file in files}
    kinds = {file: signable(file, data) for file, data in contents.items()}
    ask = password if sys.stdin.isatty() else None
    signed = {}
    for file, data in contents.items():
        signed_by = signer(sign, description or file.name, timestamp, ask)
        assert signed_by is not None
        make = {IMAGE: signed_by.image, CATALOG: signed_by.catalog, CABINET: signed_by.cabinet}[kinds[file]]
        signed[file] = make(data)
    for file, data in signed.items():
        write_whole(file, data, file.stat().st_mode & 0o777)
        click.echo(f"signed {file}")
