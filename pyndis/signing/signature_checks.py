"""Whether a SignedData's signature holds: attributes, digest, RSA, certificate path, time stamp."""

from __future__ import annotations

import datetime
import hashlib
from collections.abc import Iterator, Sequence

from asn1crypto.core import ObjectIdentifier, OctetString
from asn1crypto.tsp import TSTInfo
from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from pyndis.diagnostics import Diagnostic, Failure
from pyndis.signing import signed_data, spc, trust
from pyndis.signing.signed_data import Signed, Signer

HASHES: dict[str, hashes.HashAlgorithm] = {
    "sha1": hashes.SHA1(),
    "sha256": hashes.SHA256(),
    "sha384": hashes.SHA384(),
    "sha512": hashes.SHA512(),
}
_RSA: dict[str, str | None] = {
    "rsassa_pkcs1v15": None,
    "sha1_rsa": "sha1",
    "sha256_rsa": "sha256",
    "sha384_rsa": "sha384",
    "sha512_rsa": "sha512",
}
_VERSION = {spc.INDIRECT_DATA: 1, spc.TRUST_LIST: 1, spc.TIMESTAMP_INFO: 3}
_SIGN_AGAIN = "sign the file again"


def finding(code: str, message: str, help: str = _SIGN_AGAIN) -> Diagnostic:
    """One thing that is wrong with a signature."""
    return Diagnostic(code, message, help=help)


def signature_findings(
    signed: Signed, content_type: str, trusted: Sequence[x509.Certificate], at: datetime.datetime | None
) -> Iterator[Diagnostic]:
    """What is wrong with the signature of an image or a catalog, at a time (now, or that of its own time stamp)."""
    if not signed.signers:
        yield finding("PYN-G30", "the file is not signed", "sign it: pyndis sign FILE")
        return
    when = at or datetime.datetime.now(datetime.UTC)
    token = signed.signers[0].unsigned_attributes.get(spc.TIMESTAMP_TOKEN, ())
    if token:
        try:
            stamp = signed_data.read(token[0], "time stamp")
            when = stamp_time(stamp)
            yield from _stamp_findings(stamp, signed.signers[0], trusted, when)
        except Failure as failure:
            yield from failure.diagnostics
    yield from _findings(signed, content_type, trusted, trust.CODE_SIGNING, when)


def stamp_time(stamp: Signed) -> datetime.datetime:
    """The time that a time stamp vouches for. Raises DriverFailure (PYN-G31)."""
    with signed_data.readable("time stamp"):
        when: datetime.datetime = _stamp_info(stamp)["gen_time"].native
        return when


def _stamp_info(stamp: Signed) -> TSTInfo:
    return TSTInfo.load(OctetString.load(stamp.content).native, strict=True)


def _stamp_findings(
    stamp: Signed, signer: Signer, trusted: Sequence[x509.Certificate], when: datetime.datetime
) -> Iterator[Diagnostic]:
    with signed_data.readable("time stamp"):
        imprint = _stamp_info(stamp)["message_imprint"]
        algorithm, stamped = imprint["hash_algorithm"]["algorithm"].native, imprint["hashed_message"].native
        if algorithm not in HASHES or hashlib.new(algorithm, signer.signature).digest() != stamped:
            yield finding("PYN-G39", "the time stamp belongs to another signature", "sign the file again with --timestamp")
    yield from _findings(stamp, spc.TIMESTAMP_INFO, trusted, trust.TIME_STAMPING, when)


def _findings(
    signed: Signed,
    content_type: str,
    trusted: Sequence[x509.Certificate],
    purpose: x509.ObjectIdentifier,
    at: datetime.datetime,
) -> Iterator[Diagnostic]:
    signer = signed.signers[0]
    if len(signed.signers) != 1 or signed.version != _VERSION[content_type] or signer.version != 1:
        yield finding("PYN-G31", f"the signature is of version {signed.version} with {len(signed.signers)} signers, wanted one")
    if signer.digest_algorithm not in HASHES or signed.digest_algorithms != (signer.digest_algorithm,):
        announced = ", ".join(signed.digest_algorithms) or "none"
        yield finding("PYN-G34", f"the signature announces the hash {announced} and uses {signer.digest_algorithm}")
        return
    yield from _attribute_findings(signed, signer, content_type)
    certificate = signed.certificate
    if certificate is None:
        yield finding("PYN-G34", "the signature does not enclose the certificate of its signer")
        return
    if not _verifies(signer, certificate):
        yield finding("PYN-G34", f"the signature was not made with the key of {trust.name(certificate)}, or was changed since")
    yield from trust.path_findings(certificate, signed.certificates, trusted, purpose, at)


def _attribute_findings(signed: Signed, signer: Signer, content_type: str) -> Iterator[Diagnostic]:
    with_header = ObjectIdentifier(content_type).dump()
    if signed.content_type != content_type or signer.signed_attributes.get(spc.CONTENT_TYPE) != (with_header,):
        found = f"the signature is over content of type {signed.content_type}, or says so of another"
        yield finding("PYN-G31", f"{found}: wanted {content_type}")
    digest = hashlib.new(signer.digest_algorithm, signed_data.body(signed.content) if signed.content else b"").digest()
    if signer.signed_attributes.get(spc.MESSAGE_DIGEST) != (OctetString(digest).dump(),):
        yield finding("PYN-G34", "the signed content was changed after it was signed: its digest is another")


def _verifies(signer: Signer, certificate: x509.Certificate) -> bool:
    try:
        key = certificate.public_key()
        fits = _RSA.get(signer.signature_algorithm, "") in (None, signer.digest_algorithm)
        if not fits or not isinstance(key, rsa.RSAPublicKey):
            return False
        key.verify(signer.signature, signer.signed_bytes, padding.PKCS1v15(), HASHES[signer.digest_algorithm])
    except (InvalidSignature, UnsupportedAlgorithm, ValueError, TypeError):
        return False
    return True
