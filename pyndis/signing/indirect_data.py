"""SpcIndirectData: the hash of a thing that lies elsewhere. Images carry one, catalogs one per file."""

from __future__ import annotations

from dataclasses import dataclass

from asn1crypto.algos import DigestInfo
from asn1crypto.core import BitString, BMPString, OctetString

from pyndis.signing import signed_data, spc

PAGE_HASH_ALGORITHMS = {spc.PAGE_HASHES_V1: "sha1", spc.PAGE_HASHES_V2: "sha256"}


@dataclass(frozen=True)
class IndirectData:
    """What was hashed (`spc.PE_IMAGE_DATA` or another object identifier), how, and the result."""

    kind: str
    algorithm: str
    digest: bytes
    page_hash_algorithm: str | None = None
    page_hashes: bytes = b""


def image_with_pages(algorithm: str, digest: bytes, page_hashes: bytes) -> spc.SpcIndirectData:
    """For the signature in an image; the page hashes are SHA-256 (version 2)."""
    hashes = signed_data.attribute(spc.PAGE_HASHES_V2, OctetString(page_hashes))
    serialized = spc.Attributes([hashes]).dump()
    moniker = spc.SpcSerializedObject({"class_id": spc.PAGE_HASHES_CLASS, "serialized_data": serialized})
    return _indirect_data(spc.PE_IMAGE_DATA, _image_data(spc.SpcLink("moniker", moniker)), algorithm, digest)


def image(algorithm: str, digest: bytes) -> spc.SpcIndirectData:
    """For an image in a catalog."""
    return _indirect_data(spc.PE_IMAGE_DATA, _image_data(_no_file()), algorithm, digest)


def flat_file(algorithm: str, digest: bytes) -> spc.SpcIndirectData:
    """For a file in a catalog that is hashed as it is."""
    return _indirect_data(spc.FLAT_FILE, _no_file(), algorithm, digest)


def cabinet(algorithm: str, digest: bytes) -> spc.SpcIndirectData:
    """For the signature on a cabinet. The link's text is what other signers write there."""
    link = spc.SpcLink("file", spc.SpcString("unicode", BMPString("<<<Obsolete>>>")))
    return _indirect_data(spc.CABINET_DATA, link, algorithm, digest)


def _no_file() -> spc.SpcLink:
    return spc.SpcLink("file", spc.SpcString("unicode", BMPString("")))


def _image_data(file: spc.SpcLink) -> spc.SpcPeImageData:
    return spc.SpcPeImageData({"flags": BitString(()), "file": file})


def _indirect_data(kind: str, value: spc.SpcPeImageData | spc.SpcLink, algorithm: str, digest: bytes) -> spc.SpcIndirectData:
    info = DigestInfo({"digest_algorithm": signed_data.digest_algorithm(algorithm), "digest": digest})
    return spc.SpcIndirectData({"data": {"type": kind, "value": value}, "message_digest": info})


def read(der: bytes) -> IndirectData:
    """Read the DER of an SpcIndirectData. Raises DriverFailure (PYN-G31)."""
    with signed_data.readable("hash in the signature"):
        data = spc.SpcIndirectData.load(der, strict=True)
        kind = data["data"]["type"].dotted
        info = data["message_digest"]
        algorithm, digest = signed_data.algorithm_name(info["digest_algorithm"]), info["digest"].native
        pages = _read_page_hashes(data["data"]["value"].parse(spc.SpcPeImageData)) if kind == spc.PE_IMAGE_DATA else (None, b"")
        return IndirectData(kind, algorithm, digest, *pages)


def _read_page_hashes(image: spc.SpcPeImageData) -> tuple[str | None, bytes]:
    link = image["file"]
    if not link or link.name != "moniker" or link.chosen["class_id"].native != spc.PAGE_HASHES_CLASS:
        return None, b""
    attributes = signed_data.attribute_values(spc.Attributes.load(link.chosen["serialized_data"].native, strict=True))
    for kind, algorithm in PAGE_HASH_ALGORITHMS.items():
        for value in attributes.get(kind, ()):
            return algorithm, OctetString.load(value, strict=True).native
    return None, b""
