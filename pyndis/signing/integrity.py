"""What signatures say without a certificate to trust: whether bytes are those that were signed, and what is covered."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from cryptography import x509

from pyndis.diagnostics import WARNING, Diagnostic, Failure
from pyndis.signing import verification
from pyndis.signing.catalog_reading import read_catalog
from pyndis.signing.members import Member

_TRUST = ("PYN-G35", "PYN-G36", "PYN-G37")
_ATTRIBUTES = "PYN-G42"
_NOT_SIGNED = "PYN-G30"


def catalog_coverage(catalog: bytes, members: Sequence[Member]) -> list[Diagnostic]:
    """Which members a catalog does not list as they are, whoever signed it or nobody. Never raises."""
    try:
        read = read_catalog(catalog)
        return [each for member in members for each in verification.member_findings(member, read)]
    except Failure as failure:
        return list(failure.diagnostics)


def image_integrity(image: bytes, trusted: Sequence[x509.Certificate] = ()) -> list[Diagnostic]:
    """As `verify_image` for an image of a package that others signed; without certificates to trust, no way to one is judged.

    An image without a signature is a warning: Windows installs by the catalog.
    """
    return _judged(verification.verify_image(image, trusted), trusted, _NOT_SIGNED)


def catalog_integrity(catalog: bytes, members: Sequence[Member], trusted: Sequence[x509.Certificate] = ()) -> list[Diagnostic]:
    """As `verify_catalog` for a catalog that others made: attributes that ours would have are warnings."""
    return _judged(verification.verify_catalog(catalog, members, trusted), trusted, _ATTRIBUTES)


def _judged(found: list[Diagnostic], trusted: Sequence[x509.Certificate], warned: str) -> list[Diagnostic]:
    judged = found if trusted else [each for each in found if each.code not in _TRUST]
    return [replace(each, severity=WARNING) if each.code == warned else each for each in judged]
