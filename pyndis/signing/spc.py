"""The ASN.1 of Authenticode and of security catalogs, as asn1crypto classes. All DER of this package is written by these.

Sources: Microsoft's "Windows Authenticode Portable Executable Signature Format", the CTL syntax of [MS-CAESO], and the
bytes of production catalogs. The classes stand alone: asn1crypto's registries are left as they are, because other
libraries in the same process (signify) fill them with classes of their own.
"""

# ruff: noqa: RUF012 (asn1crypto completes the lists of fields in place, so they are neither tuples nor constants)

from __future__ import annotations

from asn1crypto.algos import AlgorithmIdentifier, DigestAlgorithm, DigestInfo, SignedDigestAlgorithm
from asn1crypto.cms import CertificateSet, IssuerAndSerialNumber, RevocationInfoChoices
from asn1crypto.cms import ContentInfo as CmsContentInfo
from asn1crypto.core import (
    Any,
    BitString,
    BMPString,
    Choice,
    IA5String,
    Integer,
    ObjectIdentifier,
    OctetString,
    Sequence,
    SequenceOf,
    SetOf,
)
from asn1crypto.tsp import PKIStatusInfo
from asn1crypto.x509 import Time

# PKCS#7 and PKCS#9
SIGNED_DATA = "1.2.840.113549.1.7.2"
CONTENT_TYPE = "1.2.840.113549.1.9.3"
MESSAGE_DIGEST = "1.2.840.113549.1.9.4"
# Authenticode
INDIRECT_DATA = "1.3.6.1.4.1.311.2.1.4"
STATEMENT_TYPE = "1.3.6.1.4.1.311.2.1.11"
OPUS_INFO = "1.3.6.1.4.1.311.2.1.12"
PE_IMAGE_DATA = "1.3.6.1.4.1.311.2.1.15"
INDIVIDUAL_CODE_SIGNING = "1.3.6.1.4.1.311.2.1.21"
FLAT_FILE = "1.3.6.1.4.1.311.2.1.25"
CABINET_DATA = FLAT_FILE  # SPC_CAB_DATA_OBJID: cabinets and flat files share it
PAGE_HASHES_V1 = "1.3.6.1.4.1.311.2.3.1"
PAGE_HASHES_V2 = "1.3.6.1.4.1.311.2.3.2"
NESTED_SIGNATURE = "1.3.6.1.4.1.311.2.4.1"
TIMESTAMP_INFO = "1.2.840.113549.1.9.16.1.4"
TIMESTAMP_TOKEN = "1.3.6.1.4.1.311.3.3.1"
# Catalogs
TRUST_LIST = "1.3.6.1.4.1.311.10.1"
CATALOG_LIST = "1.3.6.1.4.1.311.12.1.1"
CATALOG_MEMBERS = {1: "1.3.6.1.4.1.311.12.1.2", 2: "1.3.6.1.4.1.311.12.1.3"}
NAME_VALUE = "1.3.6.1.4.1.311.12.2.1"
MEMBER_INFO = "1.3.6.1.4.1.311.12.2.2"
MEMBER_INFO_2 = "1.3.6.1.4.1.311.12.2.3"

PLAIN_TEXT = 0x10010001
"""How catalog names and values are to be read: CRYPTCAT_ATTR_AUTHENTICATED, _NAMEASCII and _DATAASCII."""

PAGE_HASHES_CLASS = bytes.fromhex("a6b586d5b4a12466ae05a217da8e60d6")
"""The class id of an SpcSerializedObject that carries page hashes, in the byte order of the file."""


class SpcString(Choice):  # type: ignore[misc]
    _alternatives = [("unicode", BMPString, {"implicit": 0}), ("ascii", IA5String, {"implicit": 1})]


class SpcSerializedObject(Sequence):  # type: ignore[misc]
    _fields = [("class_id", OctetString), ("serialized_data", OctetString)]


class SpcLink(Choice):  # type: ignore[misc]
    _alternatives = [
        ("url", IA5String, {"implicit": 0}),
        ("moniker", SpcSerializedObject, {"implicit": 1}),
        ("file", SpcString, {"explicit": 2}),
    ]


class SpcPeImageData(Sequence):  # type: ignore[misc]
    """The flags are optional here, not defaulted: writers put an empty bit string although a default is declared."""

    _fields = [("flags", BitString, {"optional": True}), ("file", SpcLink, {"explicit": 0, "optional": True})]


class SpcAttribute(Sequence):  # type: ignore[misc]
    """SpcAttributeTypeAndOptionalValue. The value is untagged in practice, whatever the document says."""

    _fields = [("type", ObjectIdentifier), ("value", Any, {"optional": True})]


class SpcIndirectData(Sequence):  # type: ignore[misc]
    _fields = [("data", SpcAttribute), ("message_digest", DigestInfo)]


class SpcOpusInfo(Sequence):  # type: ignore[misc]
    _fields = [
        ("program_name", SpcString, {"explicit": 0, "optional": True}),
        ("more_info", SpcLink, {"explicit": 1, "optional": True}),
    ]


class SpcStatementType(SequenceOf):  # type: ignore[misc]
    _child_spec = ObjectIdentifier


class Values(SetOf):  # type: ignore[misc]
    """A set of values, each written as it was read.

    asn1crypto takes a length whose last byte is 0x80 (128, 384, …) for an indefinite one and encodes the value anew. For that
    Any interprets what is in it, and fails on the bare context tags of MemberInfo2.
    """

    _child_spec = Any

    def _set_contents(self, force: bool = False) -> None:
        if self.children is None:
            self._parse_children()
        self._contents = b"".join(sorted(_der(child, force) for child in self.children))
        self._header = None
        self._trailer = b""


def _der(child: Any | tuple[bytes, ...], force: bool) -> bytes:
    if isinstance(child, tuple):  # not looked at yet: class, method, tag, header, contents, trailer
        return b"".join(child[3:6])
    raw = isinstance(child, Any) and child._parsed is None
    der: bytes = child._header + child.contents + child._trailer if raw else child.dump(force=force)
    return der


class Attribute(Sequence):  # type: ignore[misc]
    """An object identifier and a set of values: signed attributes, member attributes, page hashes."""

    _fields = [("type", ObjectIdentifier), ("values", Values)]


class Attributes(SetOf):  # type: ignore[misc]
    _child_spec = Attribute


class ObjectIdentifiers(SequenceOf):  # type: ignore[misc]
    _child_spec = ObjectIdentifier


class TrustedSubject(Sequence):  # type: ignore[misc]
    _fields = [("identifier", OctetString), ("attributes", Attributes, {"optional": True})]


class TrustedSubjects(SequenceOf):  # type: ignore[misc]
    _child_spec = TrustedSubject


class ListExtension(Sequence):  # type: ignore[misc]
    _fields = [("type", ObjectIdentifier), ("value", OctetString)]


class ListExtensions(SequenceOf):  # type: ignore[misc]
    _child_spec = ListExtension


class TrustList(Sequence):  # type: ignore[misc]
    """CertificateTrustList without the fields that catalogs do not use (version, sequence number, next update)."""

    _fields = [
        ("subject_usage", ObjectIdentifiers),
        ("list_identifier", OctetString),
        ("this_update", Time),
        ("subject_algorithm", AlgorithmIdentifier),
        ("subjects", TrustedSubjects, {"optional": True}),
        ("extensions", ListExtensions, {"explicit": 0, "optional": True}),
    ]


class NameValue(Sequence):  # type: ignore[misc]
    """CAT_NAMEVALUE: a name, how it is to be read, and UTF-16LE text with a terminating NUL."""

    _fields = [("name", BMPString), ("kind", Integer), ("value", OctetString)]


class MemberInfo(Sequence):  # type: ignore[misc]
    """CAT_MEMBERINFO: the GUID of the code that hashes the file, and a version."""

    _fields = [("subject", BMPString), ("version", Integer)]


class MemberInfo2(Choice):  # type: ignore[misc]
    """CAT_MEMBERINFO2, as production catalogs write it: an empty context tag that says what the file is."""

    _alternatives = [
        ("image", OctetString, {"implicit": 0}),
        ("other", OctetString, {"implicit": 1}),
        ("flat", OctetString, {"implicit": 2}),
    ]


class Content(Sequence):  # type: ignore[misc]
    """PKCS#7 ContentInfo. Unlike in CMS the content is not wrapped in an OCTET STRING."""

    _fields = [("content_type", ObjectIdentifier), ("content", Any, {"explicit": 0, "optional": True})]
    _oid_pair = ("content_type", "content")
    _oid_specs = {INDIRECT_DATA: SpcIndirectData, TRUST_LIST: TrustList, TIMESTAMP_INFO: OctetString}


class SignerInfo(Sequence):  # type: ignore[misc]
    _fields = [
        ("version", Integer),
        ("sid", IssuerAndSerialNumber),
        ("digest_algorithm", DigestAlgorithm),
        ("signed_attrs", Attributes, {"implicit": 0, "optional": True}),
        ("signature_algorithm", SignedDigestAlgorithm),
        ("signature", OctetString),
        ("unsigned_attrs", Attributes, {"implicit": 1, "optional": True}),
    ]


class SignerInfos(SetOf):  # type: ignore[misc]
    _child_spec = SignerInfo


class DigestAlgorithms(SetOf):  # type: ignore[misc]
    _child_spec = DigestAlgorithm


class SignedData(Sequence):  # type: ignore[misc]
    _fields = [
        ("version", Integer),
        ("digest_algorithms", DigestAlgorithms),
        ("content", Content),
        ("certificates", CertificateSet, {"implicit": 0, "optional": True}),
        ("crls", RevocationInfoChoices, {"implicit": 1, "optional": True}),
        ("signer_infos", SignerInfos),
    ]


class ContentInfo(Sequence):  # type: ignore[misc]
    """The outermost value of a signature or catalog: a SignedData and its object identifier."""

    _fields = [("content_type", ObjectIdentifier), ("content", SignedData, {"explicit": 0})]


class TimeStampAnswer(Sequence):  # type: ignore[misc]
    """TimeStampResp of RFC 3161. A refusal comes without a token, which asn1crypto's own class does not read."""

    _fields = [("status", PKIStatusInfo), ("token", CmsContentInfo, {"optional": True})]
