"""The catalog's list, written out here a second time with nothing but tags and lengths, and compared byte by byte."""

import datetime
import hashlib

import pytest

from pyndis import signing
from pyndis.signing import signed_data
from tests.signing import handmade_images
from tests.signing.conftest import INF, catalog_options

SEQUENCE, SET, OCTETS, INTEGER, BMP, UTC_TIME = 0x30, 0x31, 0x04, 0x02, 0x1E, 0x17
NULL = bytes.fromhex("0500")
OS_ATTR = "2:6.1,2:6.2,2:6.3,2:10.0"


def der(tag: int, *parts: bytes) -> bytes:
    body = b"".join(parts)
    size = len(body)
    if size < 0x80:
        return bytes([tag, size]) + body
    length = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes([tag, 0x80 | len(length)]) + length + body


def oid(dotted: str) -> bytes:
    first, second, *rest = map(int, dotted.split("."))
    body = bytearray([first * 40 + second])
    for arc in rest:
        groups = [arc & 0x7F]
        while arc := arc >> 7:
            groups.append(0x80 | (arc & 0x7F))
        body += bytes(reversed(groups))
    return der(0x06, bytes(body))


def microsoft(tail: str) -> bytes:
    return oid(f"1.3.6.1.4.1.311.{tail}")


def name_value(name: str, value: str) -> bytes:
    text = der(OCTETS, value.encode("utf-16-le") + b"\0\0")
    return der(SEQUENCE, der(BMP, name.encode("utf-16-be")), bytes.fromhex("020410010001"), text)


def set_of(*values: bytes) -> bytes:
    return der(SET, *sorted(values))


def attribute(tail: str, value: bytes) -> bytes:
    return der(SEQUENCE, microsoft(tail), der(SET, value))


def names(file: str) -> list[bytes]:
    return [attribute("12.2.1", name_value("File", file)), attribute("12.2.1", name_value("OSAttr", OS_ATTR))]


def indirect(image: bool, algorithm: str, digest: bytes) -> bytes:
    empty_link = bytes.fromhex("a2028000")
    image_data = der(SEQUENCE, bytes.fromhex("030100"), der(0xA0, empty_link))
    kind = der(SEQUENCE, microsoft("2.1.15"), image_data) if image else der(SEQUENCE, microsoft("2.1.25"), empty_link)
    info = der(SEQUENCE, der(SEQUENCE, oid(algorithm), NULL), der(OCTETS, digest))
    return attribute("2.1.4", der(SEQUENCE, kind, info))


def info_v1(guid: str) -> bytes:
    return attribute("12.2.2", der(SEQUENCE, der(BMP, guid.encode("utf-16-be")), bytes.fromhex("02020200")))


def members_v1(sys_digests: dict[str, bytes]) -> list[bytes]:
    rows = [
        ("wintun.sys", True, sys_digests["sha1"], "{C689AAB8-8E78-11D0-8C47-00C04FC295EE}"),
        ("wintun.inf", False, hashlib.sha1(INF).digest(), "{DE351A42-8E59-11D0-8C47-00C04FC295EE}"),
    ]
    members = []
    for file, image, digest, guid in rows:
        identifier = der(OCTETS, (digest.hex().upper() + "\0").encode("utf-16-le"))
        assert len(identifier) == 2 + 82
        attributes = set_of(*names(file), indirect(image, "1.3.14.3.2.26", digest), info_v1(guid))
        members.append((identifier, der(SEQUENCE, identifier, attributes)))
    return [member for _, member in sorted(members)]


def members_v2(sys_digests: dict[str, bytes]) -> list[bytes]:
    inf = {"sha1": hashlib.sha1(INF).digest(), "sha256": hashlib.sha256(INF).digest()}
    members = []
    for file, image, digests, info in (("wintun.sys", True, sys_digests, "8000"), ("wintun.inf", False, inf, "8200")):
        common = [*names(file), attribute("12.2.3", bytes.fromhex(info))]
        hashed = indirect(image, "2.16.840.1.101.3.4.2.1", digests["sha256"])
        members.append((digests["sha1"], der(SEQUENCE, der(OCTETS, digests["sha1"]), set_of(*common))))
        members.append((digests["sha256"], der(SEQUENCE, der(OCTETS, digests["sha256"]), set_of(*common, hashed))))
    return [member for _, member in sorted(members)]


def extension(name: str, value: str) -> bytes:
    return der(SEQUENCE, microsoft("12.2.1"), der(OCTETS, name_value(name, value)))


def test_catalog_is_exactly_what_the_format_says(version: int) -> None:
    sys_file = handmade_images.image()
    members = [signing.Member("wintun.inf", INF, signing.Kind.FLAT), signing.Member("wintun.sys", sys_file, signing.Kind.IMAGE)]
    made = signing.make_catalog(members, **catalog_options(version=version, hardware_ids=["Wintun", "ROOT\\Net"]))

    digests = {each: signing.authenticode_digest(sys_file, each) for each in ("sha1", "sha256")}
    rows = (members_v1 if version == 1 else members_v2)(digests)
    identifier = hashlib.sha256(b"".join(sorted([digests["sha256"], hashlib.sha256(INF).digest()]))).digest()[:16]
    expected = der(
        SEQUENCE,
        der(SEQUENCE, microsoft("12.1.1")),
        der(OCTETS, identifier),
        der(UTC_TIME, b"261105010203Z"),
        der(SEQUENCE, microsoft("12.1.2" if version == 1 else "12.1.3"), NULL),
        der(SEQUENCE, *rows),
        der(
            0xA0,
            der(
                SEQUENCE,
                extension("HWID1", "wintun"),
                extension("HWID2", "root\\net"),
                extension("OS", "7X64,8X64,_v63_X64,_v100_X64"),
            ),
        ),
    )
    assert signed_data.read(made, "catalog").content.hex(" ") == expected.hex(" ")


def test_container_is_signed_data_around_the_list(version: int, identity: signing.Identity) -> None:
    members = [signing.Member("wintun.inf", INF, signing.Kind.FLAT)]
    made = signing.make_catalog(members, **catalog_options(version=version))
    content = signed_data.read(made, "catalog").content
    unsigned = der(
        SEQUENCE,
        oid("1.2.840.113549.1.7.2"),
        der(
            0xA0,
            der(
                SEQUENCE,
                bytes.fromhex("020101"),
                der(SET),
                der(SEQUENCE, microsoft("10.1"), der(0xA0, content)),
                der(SET),
            ),
        ),
    )
    assert made.hex(" ") == unsigned.hex(" ")
    assert signed_data.read(signing.sign_catalog(made, identity, description="a"), "catalog").content == content


def test_signed_attributes_are_content_type_digest_opus_and_statement(version: int, identity: signing.Identity) -> None:
    members = [signing.Member("wintun.inf", INF, signing.Kind.FLAT)]
    made = signing.make_catalog(members, **catalog_options(version=version))
    (signer,) = signed_data.read(signing.sign_catalog(made, identity, description="Wi"), "catalog").signers
    digest = hashlib.sha256(signed_data.body(signed_data.read(made, "catalog").content)).digest()
    opus = der(SEQUENCE, der(0xA0, der(0x80, "Wi".encode("utf-16-be"))))
    expected = set_of(
        der(SEQUENCE, oid("1.2.840.113549.1.9.3"), der(SET, microsoft("10.1"))),
        der(SEQUENCE, oid("1.2.840.113549.1.9.4"), der(SET, der(OCTETS, digest))),
        attribute("2.1.12", opus),
        attribute("2.1.11", der(SEQUENCE, microsoft("2.1.21"))),
    )
    assert signer.signed_bytes.hex(" ") == expected.hex(" ")


@pytest.mark.parametrize(
    ("moment", "text"),
    [
        (datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC), b"700101000000Z"),
        (datetime.datetime(2049, 12, 31, 23, 59, 59, 999999, tzinfo=datetime.UTC), b"491231235959Z"),
        (datetime.datetime(2026, 1, 1, 1, tzinfo=datetime.timezone(datetime.timedelta(hours=2))), b"251231230000Z"),
    ],
)
def test_this_update_is_universal_time(moment: datetime.datetime, text: bytes) -> None:
    members = [signing.Member("wintun.inf", INF, signing.Kind.FLAT)]
    made = signing.make_catalog(members, **catalog_options(this_update=moment))
    assert der(UTC_TIME, text) in made
