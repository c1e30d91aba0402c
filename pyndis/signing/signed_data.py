"""PKCS#7 SignedData around an Authenticode content: written, and read back into plain values."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from asn1crypto.algos import AlgorithmIdentifier, DigestAlgorithm, SignedDigestAlgorithm
from asn1crypto.core import Asn1Value, BMPString, IA5String, Null, ObjectIdentifier, OctetString
from asn1crypto.parser import parse as parse_der
from asn1crypto.parser import peek
from asn1crypto.x509 import Certificate
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.serialization import Encoding

from pyndis.diagnostics import Diagnostic, DriverFailure
from pyndis.signing import spc
from pyndis.signing.identity import Identity

Stamper = Callable[[bytes], bytes]
"""From a signature's bytes to an RFC 3161 token (DER) that covers them."""

_DIGEST = "sha256"


@dataclass(frozen=True)
class Signer:
    """One signature. Attributes: from object identifier to the DER of each value."""

    version: int
    issuer: bytes
    serial: int
    digest_algorithm: str
    signature_algorithm: str
    signed_attributes: dict[str, tuple[bytes, ...]]
    signed_bytes: bytes
    signature: bytes
    unsigned_attributes: dict[str, tuple[bytes, ...]]


@dataclass(frozen=True)
class Signed:
    """A SignedData; without signers it was never signed.

    `content`: the DER of the content, with its header. `certificate`: the one that the first signature names, if it is
    enclosed. `size`: how many bytes the whole takes.
    """

    version: int
    digest_algorithms: tuple[str, ...]
    content_type: str
    content: bytes
    certificates: tuple[x509.Certificate, ...]
    certificate: x509.Certificate | None
    signers: tuple[Signer, ...]
    size: int


@contextmanager
def readable(what: str) -> Iterator[None]:
    """Turns what asn1crypto and cryptography raise on malformed bytes into a DriverFailure (PYN-G31)."""
    try:
        yield
    except (ValueError, TypeError, KeyError, IndexError, AttributeError, OverflowError, x509.InvalidVersion) as error:
        message = f"the {what} is not what its format says: it is damaged, or something else"
        raise DriverFailure(Diagnostic("PYN-G31", message, help="make the file again, and sign it again")) from error


def body(der: bytes) -> bytes:
    """The content octets of one DER value, without its tag and length."""
    contents: bytes = parse_der(der)[4]
    return contents


def digest_algorithm(name: str) -> DigestAlgorithm:
    """An algorithm identifier with the NULL parameters that Windows writes and expects."""
    return DigestAlgorithm({"algorithm": name, "parameters": Null()})


def attribute(kind: str, *values: Asn1Value) -> spc.Attribute:
    """An attribute of the given object identifier."""
    return spc.Attribute({"type": kind, "values": spc.Values(list(values))})


def unsigned(content_type: str, content: Asn1Value) -> bytes:
    """The DER of a SignedData without signers, as catalogs are before they are signed."""
    return _wrapped(_signed_data(content_type, content, [], [], []))


def sign(
    content_type: str,
    content: Asn1Value,
    identity: Identity,
    *,
    description: str,
    url: str | None = None,
    stamp: Stamper | None = None,
) -> bytes:
    """The DER of a SignedData over `content`: SHA-256, RSA PKCS#1 v1.5, no signing time; same input, same bytes.

    Raises DriverFailure (PYN-G12) for a URL that is not plain ASCII.
    """
    if url is not None and not url.isascii():
        message = f"the program's address {url!r} has letters outside of ASCII, and signatures cannot hold those"
        raise DriverFailure(Diagnostic("PYN-G12", message, help="write the address with %-escapes and punycode"))
    attributes = _signed_attributes(content_type, content, description, url)
    signature = identity.private_key.sign(attributes.dump(), padding.PKCS1v15(), hashes.SHA256())
    certificate = _asn1(identity.certificate)
    signer = {
        "version": 1,
        "sid": {"issuer": certificate.issuer, "serial_number": certificate.serial_number},
        "digest_algorithm": digest_algorithm(_DIGEST),
        "signed_attrs": attributes,
        "signature_algorithm": SignedDigestAlgorithm({"algorithm": "rsassa_pkcs1v15", "parameters": Null()}),
        "signature": signature,
    }
    if stamp is not None:
        token = spc.ContentInfo.load(stamp(signature))
        signer["unsigned_attrs"] = spc.Attributes([attribute(spc.TIMESTAMP_TOKEN, token)])
    certificates = [certificate, *map(_asn1, identity.chain)]
    algorithms = [digest_algorithm(_DIGEST)]
    return _wrapped(_signed_data(content_type, content, algorithms, certificates, [spc.SignerInfo(signer)]))


def _asn1(certificate: x509.Certificate) -> Certificate:
    return Certificate.load(certificate.public_bytes(Encoding.DER))


def _signed_attributes(content_type: str, content: Asn1Value, description: str, url: str | None) -> spc.Attributes:
    digest = hashlib.new(_DIGEST, body(content.dump())).digest()
    opus = {"program_name": spc.SpcString("unicode", BMPString(description))}
    if url is not None:
        opus["more_info"] = spc.SpcLink("url", IA5String(url))
    return spc.Attributes(
        [
            attribute(spc.CONTENT_TYPE, ObjectIdentifier(content_type)),
            attribute(spc.MESSAGE_DIGEST, OctetString(digest)),
            attribute(spc.OPUS_INFO, spc.SpcOpusInfo(opus)),
            attribute(spc.STATEMENT_TYPE, spc.SpcStatementType([spc.INDIVIDUAL_CODE_SIGNING])),
        ]
    )


def _signed_data(
    content_type: str,
    content: Asn1Value,
    algorithms: list[DigestAlgorithm],
    certificates: list[Certificate],
    signers: list[spc.SignerInfo],
) -> spc.SignedData:
    fields = {
        "version": 1,
        "digest_algorithms": algorithms,
        "content": {"content_type": content_type, "content": content},
        "signer_infos": signers,
    }
    if certificates:
        fields["certificates"] = certificates
    return spc.SignedData(fields)


def _wrapped(signed: spc.SignedData) -> bytes:
    der: bytes = spc.ContentInfo({"content_type": spc.SIGNED_DATA, "content": signed}).dump()
    return der


def read(der: bytes, what: str) -> Signed:
    """Read a SignedData; bytes after its end are allowed (`size` tells where that is). Raises DriverFailure (PYN-G31)."""
    with readable(what):
        outer = spc.ContentInfo.load(der)
        if outer["content_type"].dotted != spc.SIGNED_DATA:
            raise ValueError("not SignedData")
        return _read(outer["content"], len(outer.dump()))


def _read(data: spc.SignedData, size: int) -> Signed:
    content = data["content"]
    signers = tuple(map(_read_signer, data["signer_infos"]))
    certificates = tuple(map(_certificate, data["certificates"] or ()))
    return Signed(
        version=int(data["version"]),
        digest_algorithms=tuple(map(algorithm_name, data["digest_algorithms"])),
        content_type=content["content_type"].dotted,
        content=body(content["content"].dump()) if content["content"] else b"",
        certificates=certificates,
        certificate=_named(signers, certificates),
        signers=signers,
        size=size,
    )


def _certificate(choice: Asn1Value) -> x509.Certificate:
    if choice.chosen.serial_number < 1:
        raise ValueError("a serial number below 1")  # cryptography warns on the terminal, and means to refuse it one day
    certificate = x509.load_der_x509_certificate(choice.chosen.dump())
    # These are decoded when first asked for: damage in them must show here.
    _ = certificate.subject, certificate.issuer, certificate.not_valid_before_utc, certificate.not_valid_after_utc
    return certificate


def _named(signers: Sequence[Signer], certificates: Sequence[x509.Certificate]) -> x509.Certificate | None:
    wanted = [(each.issuer, each.serial) for each in signers[:1]]
    return next((each for each in certificates if (each.issuer.public_bytes(), each.serial_number) in wanted), None)


def algorithm_name(identifier: AlgorithmIdentifier) -> str:
    """The name of an algorithm without parameters (absent or NULL). Raises ValueError for another."""
    parameters = identifier["parameters"]
    if parameters and parameters.dump() != Null().dump():
        raise ValueError("an algorithm with parameters")
    name: str = identifier["algorithm"].native
    return name


def _read_signer(signer: spc.SignerInfo) -> Signer:
    return Signer(
        version=int(signer["version"]),
        issuer=signer["sid"]["issuer"].dump(),
        serial=int(signer["sid"]["serial_number"]),
        digest_algorithm=algorithm_name(signer["digest_algorithm"]),
        signature_algorithm=algorithm_name(signer["signature_algorithm"]),
        signed_attributes=attribute_values(signer["signed_attrs"]),
        signed_bytes=signer["signed_attrs"].untag().dump() if signer["signed_attrs"] else b"",
        signature=signer["signature"].native,
        unsigned_attributes=attribute_values(signer["unsigned_attrs"]),
    )


def attribute_values(attributes: Iterable[spc.Attribute]) -> dict[str, tuple[bytes, ...]]:
    """From object identifier to the DER of the values, in order; an attribute given twice adds up."""
    found: dict[str, tuple[bytes, ...]] = {}
    for each in attributes or ():
        kind = each["type"].dotted
        found[kind] = found.get(kind, ()) + tuple(_split(body(each["values"].dump())))
    return found


def _split(contents: bytes) -> Iterator[bytes]:
    """The values in the contents of a SET. asn1crypto's Any would try to interpret them, and fail on bare context tags."""
    while contents:
        size = peek(contents)
        yield contents[:size]
        contents = contents[size:]
