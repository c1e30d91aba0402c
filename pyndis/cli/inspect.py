"""`pyndis inspect`: what is in an image, a catalog or an INF."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from pyndis.cli.files import CABINET, CATALOG, IMAGE, OTHER, kind_of, read
from pyndis.cli.inspecting.outline import outline
from pyndis.diagnostics import Diagnostic, DriverFailure


@click.command("inspect")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
def command(file: Path, as_json: bool) -> None:
    """Show what is in FILE, an image (.sys), catalog (.cat), INF (.inf) or cabinet (.cab). Nothing is judged: see verify."""
    data = read(file)
    if kind_of(data) == OTHER and file.suffix.lower() != ".inf":
        help = "give a .sys, .cat or .inf file of a driver package, and the whole of it"
        raise DriverFailure(
            Diagnostic("PYN-A07", f"{file} does not begin as an image or a catalog, and is named no .inf", help=help)
        )
    report = {"file": str(file), **_report(data)}
    click.echo(json.dumps(report, indent=2, ensure_ascii=False) if as_json else outline(report))


def _report(data: bytes) -> dict[str, Any]:
    kind = kind_of(data)
    if kind == IMAGE:
        from pyndis.cli.inspecting import image

        return image.report(data)
    if kind == CATALOG:
        from pyndis.signing import inspect_catalog

        return {"format": "catalog", **inspect_catalog(data)}
    if kind == CABINET:
        from pyndis.cli.inspecting import cabinet

        return cabinet.report(data)
    from pyndis.cli.inspecting import inf

    return inf.report(data)
