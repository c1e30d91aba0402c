"""Who signed, as names: nothing here is held against a certificate to trust."""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from cryptography import x509
from cryptography.x509.oid import NameOID

from pyndis.signing import pe, signed_data, spc
from pyndis.signing.catalog_reading import read_catalog
from pyndis.signing.signature_checks import stamp_time
from pyndis.signing.signed_data import Signed
from pyndis.signing.trust import name


@dataclass(frozen=True)
class SignedBy:
    """The signer of one signature. `chain`: its certificate and the issuers that are enclosed, from the signer up.

    `usages`: the extended key usages, as object identifiers.
    """

    common_name: str
    chain: tuple[str, ...]
    root_name: str
    usages: frozenset[str]
    time: datetime.datetime | None


def catalog_signer(catalog: bytes) -> SignedBy | None:
    """Who signed a catalog, if anybody. Raises DriverFailure (PYN-G21, PYN-G31)."""
    return _signer(read_catalog(catalog).container)


def image_signers(image: bytes) -> tuple[SignedBy, ...]:
    """Who signed an image: its signature, and those nested in it. Raises DriverFailure (PYN-G10, PYN-G11, PYN-G31)."""
    layout = pe.read_layout(image)
    if not layout.signed:
        return ()
    first = signed_data.read(pe.signature_bytes(image, layout), "signature in the image")
    return tuple(each for signed in (first, *_nested(first)) if (each := _signer(signed)))


def _nested(signed: Signed) -> Iterator[Signed]:
    for signer in signed.signers:
        for der in signer.unsigned_attributes.get(spc.NESTED_SIGNATURE, ()):
            yield signed_data.read(der, "signature within the signature")


def _signer(signed: Signed) -> SignedBy | None:
    if signed.certificate is None:
        return None
    chain = _chain(signed.certificate, signed.certificates)
    stamps = signed.signers[0].unsigned_attributes.get(spc.TIMESTAMP_TOKEN, ())
    time = stamp_time(signed_data.read(stamps[0], "time stamp")) if stamps else None
    names = signed.certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    common_name = str(names[0].value) if names else ""
    root_name = chain[-1].issuer.rfc4514_string()
    return SignedBy(common_name, tuple(map(name, chain)), root_name, _usages(signed.certificate), time)


def _chain(certificate: x509.Certificate, others: Sequence[x509.Certificate]) -> list[x509.Certificate]:
    chain = [certificate]
    while issuer := next((each for each in others if each.subject == chain[-1].issuer and each not in chain), None):
        chain.append(issuer)
    return chain


def _usages(certificate: x509.Certificate) -> frozenset[str]:
    try:
        usage = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    except (x509.ExtensionNotFound, x509.DuplicateExtension, x509.UnsupportedGeneralNameType, ValueError):
        return frozenset()
    return frozenset(each.dotted_string for each in usage)
