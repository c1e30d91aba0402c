"""`pyndis verify`: are these images and catalogs what somebody trusted has signed?"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from pyndis.cli.files import IMAGE, read, signable
from pyndis.diagnostics import Diagnostic, DriverFailure, UsageFailure

if TYPE_CHECKING:
    from cryptography.x509 import Certificate

_PACKAGED = (".sys", ".inf")


@click.command("verify")
@click.argument("files", type=click.Path(path_type=Path), nargs=-1, required=True)
@click.option("--trust", type=click.Path(path_type=Path), multiple=True, help="A certificate to trust. Default: the test one.")
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
def command(files: tuple[Path, ...], trust: tuple[Path, ...], as_json: bool) -> None:
    """Check the signature of each of FILES. A catalog is also held against the .sys and .inf files beside it."""
    trusted = [_certificate(file) for file in trust] or _test_certificate()
    contents = {file: read(file) for file in files}
    kinds = {file: signable(file, data) for file, data in contents.items()}
    findings = {file: _findings(file, data, kinds[file], trusted) for file, data in contents.items()}
    if as_json:
        listed = {str(file): [{"code": each.code, "message": each.message} for each in found] for file, found in findings.items()}
        click.echo(json.dumps(listed, indent=2, ensure_ascii=False))
    for file, found in findings.items():
        if not found and not as_json:
            click.echo(f"{file} is signed by a trusted certificate and unchanged")
    if wrong := [replace(each, message=f"{file}: {each.message}") for file, found in findings.items() for each in found]:
        raise DriverFailure(*wrong)


def _findings(file: Path, data: bytes, kind: str, trusted: Sequence[Certificate]) -> list[Diagnostic]:
    from pyndis.signing import Member, verify_catalog, verify_image

    if kind == IMAGE:
        return verify_image(data, trusted)
    beside = sorted(each for each in file.parent.iterdir() if each.suffix.lower() in _PACKAGED)
    return verify_catalog(data, [Member.from_file(each) for each in beside], trusted)


def _certificate(file: Path) -> Certificate:
    from cryptography import x509

    data = read(file)
    try:
        return x509.load_pem_x509_certificate(data) if data.startswith(b"-----") else x509.load_der_x509_certificate(data)
    except ValueError as error:
        help = "give a .cer, .crt or .pem file with one certificate"
        raise UsageFailure(Diagnostic("PYN-A08", f"{file} is no certificate", help=help)) from error


def _test_certificate() -> list[Certificate]:
    from pyndis.signing import test_identity

    return [test_identity().certificate]
