"""`pyndis submit take`: what Microsoft's portal gave back is checked, and laid where installers take it from."""

from __future__ import annotations

import json
from pathlib import Path

import click

from pyndis.cli import terminal
from pyndis.cli.building.request import output_folder
from pyndis.cli.building.returns import Taken, take
from pyndis.cli.inspecting.outline import outline
from pyndis.cli.options import driver_options
from pyndis.cli.verify import certificate
from pyndis.package.manifest import Manifest
from pyndis.package.returned_package import way
from pyndis.signing import SignedBy, catalog_signer, image_signers


@click.command("take")
@click.argument("answer", type=click.Path(path_type=Path))
@driver_options
@click.option("--out", type=click.Path(path_type=Path), help="The output folder of the build. Default: build/NAME.")
@click.option(
    "--trust", type=click.Path(path_type=Path), multiple=True, help="Microsoft's root certificate, to hold the chain against."
)
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
def command(
    answer: Path,
    driver: Path,
    out: Path | None,
    trust: tuple[Path, ...],
    as_json: bool,
    overrides: tuple[tuple[str, str], ...],
    brand: str | None,
) -> None:
    """Check ANSWER, the zip that the portal gave back or a folder of it, and lay it into ARCH/Release/whql of DRIVER's output.

    The INF must be the one that was sent, the image too but for signatures, and the catalog must cover both and be signed by
    Microsoft. All of it is taken, or nothing. Who signed is shown; that it is Microsoft is certain only with --trust.
    """
    manifest = Manifest.load(driver, overrides, brand)
    trusted = [certificate(file) for file in trust]
    taken = take(answer, manifest, output_folder(out, manifest), trusted)
    reports = [_report(each, bool(trusted)) for each in taken]
    click.echo(json.dumps(reports, indent=2, ensure_ascii=False) if as_json else "\n".join(map(outline, reports)))
    if warnings := [warning for each in taken for warning in each.warnings]:
        terminal.report(warnings)


def _report(taken: Taken, trusted: bool) -> dict[str, object]:
    package = taken.package
    signer = catalog_signer(package.data("cat"))
    return {
        "architecture": package.arch,
        "from": str(package.folder),
        "files": [str(path) for path in taken.paths],
        "catalog": _signer(signer) if signer else None,
        "image": [_signer(each) for each in image_signers(package.data("sys"))],
        "root": "held against --trust" if trusted else "not held against any certificate: give --trust FILE",
        "warnings": [{"code": each.code, "message": each.message} for each in taken.warnings],
    }


def _signer(signer: SignedBy) -> dict[str, object]:
    return {
        "signed_by": signer.common_name,
        "way": way(signer),
        "chain": list(signer.chain),
        "last_issuer": signer.root_name,
        "time_stamp": signer.time.isoformat() if signer.time else None,
    }
