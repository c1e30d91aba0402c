"""From a signature to a certificate that the caller trusts.

cryptography's own verifier judges TLS peers only (it wants host names), so the path is built here, from its checks of
single certificates: names, signature, validity, authority, path length, extended key usage.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Sequence

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.x509.oid import ExtendedKeyUsageOID

from pyndis.diagnostics import Diagnostic

CODE_SIGNING = ExtendedKeyUsageOID.CODE_SIGNING
TIME_STAMPING = ExtendedKeyUsageOID.TIME_STAMPING

_LONGEST_PATH = 8
_UNREADABLE = (ValueError, x509.DuplicateExtension, x509.UnsupportedGeneralNameType)  # what damaged extensions raise
_PURPOSES = {CODE_SIGNING: "code signing", TIME_STAMPING: "time stamping"}


def path_findings(
    certificate: x509.Certificate,
    others: Sequence[x509.Certificate],
    trusted: Sequence[x509.Certificate],
    purpose: x509.ObjectIdentifier,
    at: datetime.datetime,
) -> Iterator[Diagnostic]:
    """What is wrong with the way from `certificate` to one of `trusted` at a time: PYN-G35 to PYN-G37."""
    if not may(certificate, purpose, explicitly=True):
        message = f"the certificate {name(certificate)} is not for {_PURPOSES[purpose]}"
        yield Diagnostic("PYN-G36", message, help=f"sign with one whose extended key usage names {_PURPOSES[purpose]}")
    path = _path(certificate, others, trusted)
    for each in path:
        if not each.not_valid_before_utc <= at <= each.not_valid_after_utc:
            days = f"from {each.not_valid_before_utc:%Y-%m-%d} to {each.not_valid_after_utc:%Y-%m-%d}"
            message = f"the certificate {name(each)} is valid {days}, and the signature counts from {at:%Y-%m-%d}"
            yield Diagnostic("PYN-G37", message, help="sign with a valid certificate, or with --timestamp while it is valid")
    for below, issuer in enumerate(path[1:]):
        if not _may_issue(issuer, below) or not may(issuer, purpose, explicitly=False):
            message = f"the certificate {name(issuer)} may not issue certificates for {_PURPOSES[purpose]} here"
            yield Diagnostic("PYN-G35", message, help="sign with a certificate from a code-signing authority")
    if path[-1] not in trusted:
        message = f"nothing that is trusted here has issued the certificate {name(path[-1])}"
        yield Diagnostic("PYN-G35", message, help="give the right CA; for test signatures that is the test certificate itself")


def name(certificate: x509.Certificate) -> str:
    """A certificate's subject, for people."""
    return certificate.subject.rfc4514_string()


def may(certificate: x509.Certificate, purpose: x509.ObjectIdentifier, *, explicitly: bool) -> bool:
    """Whether the extended key usage allows a purpose; `explicitly`: a missing extension allows nothing."""
    try:
        return purpose in certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    except x509.ExtensionNotFound:
        return not explicitly
    except _UNREADABLE:
        return False


def _may_issue(certificate: x509.Certificate, authorities_below: int) -> bool:
    try:
        constraints = certificate.extensions.get_extension_for_class(x509.BasicConstraints).value
    except (x509.ExtensionNotFound, *_UNREADABLE):
        return False
    return constraints.ca and (constraints.path_length is None or constraints.path_length >= authorities_below)


def _path(
    certificate: x509.Certificate, others: Sequence[x509.Certificate], trusted: Sequence[x509.Certificate]
) -> list[x509.Certificate]:
    path = [certificate]
    while path[-1] not in trusted and len(path) < _LONGEST_PATH:
        issuers = (each for each in (*trusted, *others) if each not in path and _issued(path[-1], each))
        issuer = next(issuers, None)
        if issuer is None:
            break
        path.append(issuer)
    return path


def _issued(certificate: x509.Certificate, issuer: x509.Certificate) -> bool:
    try:
        certificate.verify_directly_issued_by(issuer)
    except (ValueError, TypeError, InvalidSignature, UnsupportedAlgorithm):
        return False
    return True
