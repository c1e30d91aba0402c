"""What signs: a certificate, its private key, and the certificates up to its root."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.serialization import pkcs12

from pyndis.diagnostics import Diagnostic, UsageFailure
from pyndis.signing.trust import CODE_SIGNING, may

PASSWORD_VARIABLE = "PYNDIS_PFX_PASSWORD"


class SigningKey(Protocol):
    """An RSA private key, or what has one."""

    def sign(self, data: bytes, scheme: padding.PKCS1v15, algorithm: hashes.SHA256, /) -> bytes:
        """The signature of `data`."""


@dataclass(frozen=True)
class Identity:
    """A code-signing certificate with its RSA key. `chain`: the issuers' certificates, in any order, may be empty."""

    certificate: x509.Certificate
    private_key: SigningKey = field(repr=False)
    chain: tuple[x509.Certificate, ...] = ()


def load_pfx(path: Path, ask: Callable[[Path], str] | None = None) -> Identity:
    """Read a PKCS#12 file. The password comes from PYNDIS_PFX_PASSWORD, or is none, or is what `ask` returns.

    A command line never holds it: other users can read those. Raises UsageFailure (PYN-G05, PYN-G06).
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise _unusable(path, f"cannot be read: {error.strerror}", "give the path of a PFX (PKCS#12) file") from error
    store = _opened(path, data, ask)
    if store.cert is None or not isinstance(store.key, rsa.RSAPrivateKey):
        found = "no private key" if store.key is None else "no certificate" if store.cert is None else "no RSA key"
        raise _unusable(path, f"holds {found}", "export certificate and RSA key together; Windows loads no other drivers")
    if not may(store.cert.certificate, CODE_SIGNING, explicitly=True):
        mend = "use a certificate whose extended key usage names code signing"
        raise _unusable(path, "holds a certificate that may not sign code", mend)
    chain = tuple(each.certificate for each in store.additional_certs)
    return Identity(store.cert.certificate, store.key, chain)


def _opened(path: Path, data: bytes, ask: Callable[[Path], str] | None) -> pkcs12.PKCS12KeyAndCertificates:
    given = os.environ.get(PASSWORD_VARIABLE)
    for password in [given] if given is not None else [None, ""]:
        store = _try_open(data, password)
        if store is not None:
            return store
    if given is None and ask is not None:
        store = _try_open(data, ask(path))
        if store is not None:
            return store
    raise UsageFailure(
        Diagnostic(
            "PYN-G06",
            f"{path} does not open with the password given"
            if given is not None or ask is not None
            else f"{path} needs a password and none was given",
            help=f"set {PASSWORD_VARIABLE} to its password; if that is right, the file is damaged: export it again",
        )
    )


def _try_open(data: bytes, password: str | None) -> pkcs12.PKCS12KeyAndCertificates | None:
    try:
        return pkcs12.load_pkcs12(data, None if password is None else password.encode())
    except (ValueError, TypeError):  # what cryptography raises for a wrong password and for bytes that are no PKCS#12
        return None


def _unusable(path: Path, found: str, mend: str) -> UsageFailure:
    return UsageFailure(Diagnostic("PYN-G05", f"{path} {found}", help=mend))
