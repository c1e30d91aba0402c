"""What Windows Installer wants to know of a file: the version of an image, the hash of what has no version."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import pefile

_VERSION_RESOURCE = pefile.RESOURCE_TYPE["RT_VERSION"]


class Unreadable(ValueError):
    """An image that is none, or that has no version."""


@dataclass(frozen=True)
class Payload:
    """A file's facts. `version` and `language` are None for files that have none."""

    size: int
    hash: tuple[int, int, int, int]
    version: str | None = None
    language: str | None = None


def payload(name: str, content: bytes) -> Payload:
    """The facts of a file. Raises Unreadable for an image without a version."""
    parts = _hash(content)
    if not name.endswith(".sys"):
        return Payload(len(content), parts)
    version, language = _version(content)
    return Payload(len(content), parts, version, language)


def _hash(content: bytes) -> tuple[int, int, int, int]:
    """As MsiGetFileHash: the MD5 digest as four signed numbers."""
    digest = hashlib.md5(content, usedforsecurity=False).digest()
    one, two, three, four = (int.from_bytes(digest[at : at + 4], "little", signed=True) for at in range(0, 16, 4))
    return one, two, three, four


def _version(content: bytes) -> tuple[str, str]:
    """The version of an image as w.x.y.z, and its language's number."""
    try:
        image = pefile.PE(data=content, fast_load=True)
        image.parse_data_directories([pefile.DIRECTORY_ENTRY["IMAGE_DIRECTORY_ENTRY_RESOURCE"]])
        fixed = image.VS_FIXEDFILEINFO[0]
        words = (fixed.FileVersionMS >> 16, fixed.FileVersionMS & 0xFFFF, fixed.FileVersionLS >> 16, fixed.FileVersionLS & 0xFFFF)
        return ".".join(map(str, words)), str(_language(image))
    except (pefile.PEFormatError, AttributeError, IndexError, KeyError, ValueError) as error:
        raise Unreadable("it is no image with a version resource") from error


def _language(image: pefile.PE) -> int:
    """From the resource's translation: `0x0409 0x04b0`."""
    for structure in image.FileInfo[0]:
        for variable in getattr(structure, "Var", ()):
            return int(variable.entry[b"Translation"].split()[0], 16)
    raise KeyError("Translation")
