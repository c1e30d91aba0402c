"""`pyndis verify`: are these images and catalogs what somebody trusted has signed, are these INFs what Windows reads, and is this
verification log of what is there?
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from pyndis.cli import terminal
from pyndis.cli.files import CABINET, IMAGE, OTHER, kind_of, read, signable
from pyndis.diagnostics import Diagnostic, DriverFailure, UsageFailure

if TYPE_CHECKING:
    from cryptography.x509 import Certificate

_PACKAGED = (".sys", ".inf")
_INF = "INF"
_LOG = "verification log"
_GOOD = {_INF: "is an INF without a fault", _LOG: "is of the files that are there"}


@click.command("verify")
@click.argument("files", type=click.Path(path_type=Path), nargs=-1, required=True)
@click.option("--trust", type=click.Path(path_type=Path), multiple=True, help="A certificate to trust. Default: the test one.")
@click.option("--windows-driver", is_flag=True, help="Ask of an INF what Microsoft asks of a Windows Driver, too.")
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
def command(files: tuple[Path, ...], trust: tuple[Path, ...], windows_driver: bool, as_json: bool) -> None:
    """Check each of FILES: the signature of an image, catalog or cabinet, the rules of an INF, the hashes of a verification log.

    A catalog is also held against the .sys and .inf files beside it, and a NAME.DVL.XML against all that it lists. Warnings
    fail nothing.
    """
    trusted = [certificate(file) for file in trust] or _test_certificate()
    contents = {file: read(file) for file in files}
    kinds = {file: _kind(file, data) for file, data in contents.items()}
    findings = {
        file: _inf(file, data, windows_driver) if kinds[file] == _INF else _findings(file, data, kinds[file], trusted)
        for file, data in contents.items()
    }
    if as_json:
        listed = {str(file): [_entry(each) for each in found] for file, found in findings.items()}
        click.echo(json.dumps(listed, indent=2, ensure_ascii=False))
    for file, found in findings.items():
        if not found and not as_json:
            click.echo(f"{file} {_GOOD.get(kinds[file], 'is signed by a trusted certificate and unchanged')}")
    found = [_placed(file, each) for file, listed in findings.items() for each in listed]
    if any(each.is_error for each in found):
        raise DriverFailure(*found)
    if found:
        terminal.report(found)


def _kind(file: Path, data: bytes) -> str:
    if file.name.lower().endswith(".dvl.xml"):
        return _LOG
    return _INF if file.suffix.lower() == ".inf" and kind_of(data) == OTHER else signable(file, data)


def _entry(found: Diagnostic) -> dict[str, object]:
    lines = [label.span.line for label in found.labels]
    severity = {} if found.is_error else {"severity": found.severity}
    return {"code": found.code, "message": found.message, **({"line": lines[0]} if lines else {}), **severity}


def _placed(file: Path, found: Diagnostic) -> Diagnostic:
    """A diagnostic that names its file: by its place, or else in its sentence."""
    return found if found.labels else replace(found, message=f"{file}: {found.message}")


def _findings(file: Path, data: bytes, kind: str, trusted: Sequence[Certificate]) -> list[Diagnostic]:
    from pyndis.signing import Member, verify_cabinet, verify_catalog, verify_image

    if kind in (IMAGE, CABINET):
        return verify_image(data, trusted) if kind == IMAGE else verify_cabinet(data, trusted)
    if kind == _LOG:
        return _log(file, data)
    beside = sorted(each for each in file.parent.iterdir() if each.suffix.lower() in _PACKAGED)
    return verify_catalog(data, [Member.from_file(each) for each in beside], trusted)


def _log(file: Path, data: bytes) -> list[Diagnostic]:
    from pyndis.verification.held import differing

    return differing(data, file.parent)


def _inf(file: Path, data: bytes, windows_driver: bool) -> list[Diagnostic]:
    from pyndis.package.inf_reader import read_inf
    from pyndis.package.infverif import verify
    from pyndis.package.infverif.subject import Subject

    return verify(Subject(read_inf(data), file, datetime.now(UTC).date(), windows_driver=windows_driver))


def certificate(file: Path) -> Certificate:
    """The certificate in a file. Raises UsageFailure (PYN-A05, PYN-A08)."""
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
