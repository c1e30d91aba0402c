"""A catalog's list, written out a second time with nothing but tags and lengths (spec image.md, 3)."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

SEQUENCE, SET, OCTETS, INTEGER, BMP, UTC_TIME = 0x30, 0x31, 0x04, 0x02, 0x1E, 0x17
NULL = bytes.fromhex("0500")


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


def names(file: str, os_attr: str) -> list[bytes]:
    return [attribute("12.2.1", name_value("File", file)), attribute("12.2.1", name_value("OSAttr", os_attr))]


def indirect(image: bool, algorithm: str, digest: bytes) -> bytes:
    empty_link = bytes.fromhex("a2028000")
    image_data = der(SEQUENCE, bytes.fromhex("030100"), der(0xA0, empty_link))
    kind = der(SEQUENCE, microsoft("2.1.15"), image_data) if image else der(SEQUENCE, microsoft("2.1.25"), empty_link)
    info = der(SEQUENCE, der(SEQUENCE, oid(algorithm), NULL), der(OCTETS, digest))
    return attribute("2.1.4", der(SEQUENCE, kind, info))


def info_v1(guid: str) -> bytes:
    return attribute("12.2.2", der(SEQUENCE, der(BMP, guid.encode("utf-16-be")), bytes.fromhex("02020200")))


@dataclass(frozen=True)
class Listed:
    """A file of the package by name and Authenticode or flat hashes."""

    name: str
    is_image: bool
    sha1: bytes
    sha256: bytes

    @classmethod
    def flat(cls, name: str, data: bytes) -> "Listed":
        return cls(name, False, hashlib.sha1(data).digest(), hashlib.sha256(data).digest())


def members_v1(files: Sequence[Listed], os_attr: str) -> list[bytes]:
    members = []
    for file in files:
        guid = "{C689AAB8-8E78-11D0-8C47-00C04FC295EE}" if file.is_image else "{DE351A42-8E59-11D0-8C47-00C04FC295EE}"
        identifier = der(OCTETS, (file.sha1.hex().upper() + "\0").encode("utf-16-le"))
        assert len(identifier) == 2 + 82
        hashed = indirect(file.is_image, "1.3.14.3.2.26", file.sha1)
        members.append((identifier, der(SEQUENCE, identifier, set_of(*names(file.name, os_attr), hashed, info_v1(guid)))))
    return [member for _, member in sorted(members)]


def members_v2(files: Sequence[Listed], os_attr: str) -> list[bytes]:
    members = []
    for file in files:
        info = attribute("12.2.3", bytes.fromhex("8000" if file.is_image else "8200"))
        common = [*names(file.name, os_attr), info]
        hashed = indirect(file.is_image, "2.16.840.1.101.3.4.2.1", file.sha256)
        members.append((file.sha1, der(SEQUENCE, der(OCTETS, file.sha1), set_of(*common))))
        members.append((file.sha256, der(SEQUENCE, der(OCTETS, file.sha256), set_of(*common, hashed))))
    return [member for _, member in sorted(members)]


def extension(name: str, value: str) -> bytes:
    return der(SEQUENCE, microsoft("12.2.1"), der(OCTETS, name_value(name, value)))


def trust_list(
    version: int, files: Sequence[Listed], *, os_attr: str, hardware_ids: Sequence[str], os_list: str, time: bytes
) -> bytes:
    """The list alone; `time` as UTCTime writes it."""
    rows = members_v1(files, os_attr) if version == 1 else members_v2(files, os_attr)
    identifier = hashlib.sha256(b"".join(sorted(file.sha256 for file in files))).digest()[:16]
    extensions = [extension(f"HWID{number}", each) for number, each in enumerate(hardware_ids, 1)]
    return der(
        SEQUENCE,
        der(SEQUENCE, microsoft("12.1.1")),
        der(OCTETS, identifier),
        der(UTC_TIME, time),
        der(SEQUENCE, microsoft("12.1.2" if version == 1 else "12.1.3"), NULL),
        der(SEQUENCE, *rows),
        der(0xA0, der(SEQUENCE, *extensions, extension("OS", os_list))),
    )
