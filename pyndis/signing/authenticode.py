"""Authenticode signatures on PE images: what is hashed, and how it is wrapped, signed and put into the file."""

from __future__ import annotations

from asn1crypto.algos import DigestInfo
from asn1crypto.core import BitString, OctetString, SetOf

from pyndis.signing import pe, signed_data, spc
from pyndis.signing.identity import Identity
from pyndis.signing.signed_data import Stamper


def authenticode_digest(image: bytes, algorithm: str = "sha256") -> bytes:
    """The digest that names an image in signatures and catalogs: the same before and after signing.

    Raises DriverFailure (PYN-G10, PYN-G11) for what is not a whole PE image.
    """
    return pe.digest(image, pe.read_layout(image), algorithm)


def sign_image(
    image: bytes, identity: Identity, *, description: str, url: str | None = None, stamp: Stamper | None = None
) -> bytes:
    """Sign a PE image with SHA-256 and page hashes; a signature that is there already is replaced.

    `description` and `url` are what Windows shows of the program. Without `stamp` the same input gives the same bytes.
    Raises DriverFailure (PYN-G10, PYN-G11) for what is not a whole PE image.
    """
    unsigned = pe.without_signature(image, pe.read_layout(image))
    layout = pe.read_layout(unsigned)
    content = _indirect_data(unsigned, layout)
    signature = signed_data.sign(spc.INDIRECT_DATA, content, identity, description=description, url=url, stamp=stamp)
    return pe.with_signature(unsigned, layout, signature)


def indirect_data(kind: str, value: spc.SpcPeImageData | spc.SpcLink, algorithm: str, digest: bytes) -> spc.SpcIndirectData:
    """A digest of something elsewhere, with the kind of thing that it is."""
    info = DigestInfo({"digest_algorithm": signed_data.digest_algorithm(algorithm), "digest": digest})
    return spc.SpcIndirectData({"data": {"type": kind, "value": value}, "message_digest": info})


def image_data(file: spc.SpcLink) -> spc.SpcPeImageData:
    """SpcPeImageData with no flags, as signtool and Inf2Cat write it."""
    return spc.SpcPeImageData({"flags": BitString(()), "file": file})


def _indirect_data(image: bytes, layout: pe.Layout) -> spc.SpcIndirectData:
    hashes = signed_data.attribute(spc.PAGE_HASHES_V2, OctetString(pe.page_hashes(image, layout)))
    serialized = SetOf([hashes], spec=spc.Attribute).dump()
    moniker = spc.SpcSerializedObject({"class_id": spc.PAGE_HASHES_CLASS, "serialized_data": serialized})
    data = image_data(spc.SpcLink("moniker", moniker))
    return indirect_data(spc.PE_IMAGE_DATA, data, "sha256", pe.digest(image, layout, "sha256"))
