"""What each value of `driver.toml` may be: a rule states what is wanted and turns what TOML gave into the value.

A rule raises `Unfit` with what is wrong; `fields.py` says where, and what was found.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID

Version = tuple[int, int, int, int]
SystemVersion = tuple[int, int]

# The names of the three architectures, and the decoration of each one's models section in an INF (spec image.md, 4).
ARCHITECTURES = {"amd64": "NTamd64", "x86": "NTx86", "arm64": "NTarm64"}

# Kernel versions of Windows 7, 8, 8.1, and 10 and later.
SYSTEMS = ((6, 1), (6, 2), (6, 3), (10, 0))
WINDOWS_8 = (6, 2)
WINDOWS_10 = (10, 0)

# The NDIS versions that the headers know, from Windows 7's on.
NDIS = ((6, 20), (6, 30), (6, 40), (6, 50), (6, 51), (6, 60), (6, 70), (6, 80))

# One catalog for all systems claimed, or a second package for those that read catalogs of version 2.
SINGLE, DUAL = "single", "dual"

MAX_TEXT = 255  # INF strings hold more; Windows' device list and the version resource show no more than this


class Unfit(ValueError):
    """The value does not follow the rule."""


@dataclass(frozen=True)
class Rule:
    """`wanted` completes "wanted: …"; `example` is a value as one writes it in TOML."""

    wanted: str
    example: str
    convert: Callable[[object], object]


def _string(value: object) -> str:
    if not isinstance(value, str):
        raise Unfit
    return value


def _matching(pattern: str) -> Callable[[object], str]:
    compiled = re.compile(pattern, re.ASCII)

    def convert(value: object) -> str:
        if not compiled.fullmatch(text := _string(value)):
            raise Unfit
        return text

    return convert


def _printable(value: object) -> str:
    text = _string(value)
    if not text.strip() or len(text) > MAX_TEXT or not text.isprintable():
        raise Unfit
    return text


def _version(value: object) -> Version:
    parts = _string(value).split(".")
    if len(parts) != 4 or not all(re.fullmatch("[0-9]{1,5}", part) and int(part) <= 0xFFFF for part in parts):
        raise Unfit
    major, minor, build, revision = map(int, parts)
    return major, minor, build, revision


def _two_numbers(value: object) -> SystemVersion:
    match = re.fullmatch(r"([0-9]{1,3})\.([0-9]{1,3})", _string(value), re.ASCII)
    if not match:
        raise Unfit
    return int(match[1]), int(match[2])


def _system_version(value: object) -> SystemVersion:
    if (version := _two_numbers(value)) not in SYSTEMS:
        raise Unfit
    return version


def _ndis_version(value: object) -> SystemVersion:
    if (version := _two_numbers(value)) not in NDIS:
        raise Unfit
    return version


def _guid(value: object) -> str:
    text = _string(value)
    if not re.fullmatch(r"\{[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}\}", text):
        raise Unfit
    return "{" + str(UUID(text)).upper() + "}"


def _number(most: int) -> Callable[[object], int]:
    def convert(value: object) -> int:
        if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= most:
            raise Unfit
        return value

    return convert


def _boolean(value: object) -> bool:
    if not isinstance(value, bool):
        raise Unfit
    return value


def _list_of(convert: Callable[[object], object]) -> Callable[[object], tuple[object, ...]]:
    def convert_all(value: object) -> tuple[object, ...]:
        if not isinstance(value, list) or not value:
            raise Unfit
        items = tuple(convert(item) for item in value)
        if len(set(items)) != len(items):
            raise Unfit
        return items

    return convert_all


def _one_of(*words: str) -> Callable[[object], object]:
    def convert(value: object) -> object:
        if value not in words:
            raise Unfit
        return value

    return convert


def _architecture(value: object) -> str:
    if (name := _string(value)) not in ARCHITECTURES:
        raise Unfit
    return name


_ARCHITECTURE_NAMES = ", ".join(f'"{name}"' for name in ARCHITECTURES)

TEXT = Rule(f"a text of 1 to {MAX_TEXT} printable characters", '"Wintun Driver"', _printable)
FILE_NAME = Rule(
    "a file name of letters, digits, - and _ (at most 32, a letter first), without an extension",
    '"wintun"',
    _matching("[A-Za-z][A-Za-z0-9_-]{0,31}"),
)
SERVICE_NAME = Rule(
    "a service name of letters, digits, - and _ (at most 32, a letter first)",
    '"wintun"',
    _matching("[A-Za-z][A-Za-z0-9_-]{0,31}"),
)
DEVICE_NAME = Rule(
    "a device name of letters, digits and _ (at most 32, a letter first)",
    '"WINTUN"',
    _matching("[A-Za-z][A-Za-z0-9_]{0,31}"),
)
# A device ID has at most 200 characters, none of them a comma, a space or unprintable (Microsoft: "Device IDs").
HARDWARE_ID = Rule(
    r"a hardware id of letters, digits, \, &, -, _ and . (at most 200)",
    '"Wintun"',
    _matching(r"[A-Za-z0-9][A-Za-z0-9\\&_.-]{0,199}"),
)
POOL_TAG = Rule("a pool tag of four letters or digits", '"Wntn"', _matching("[A-Za-z0-9]{4}"))
CLASS_NAME = Rule("the name of a setup class", '"Net"', _matching("[A-Za-z][A-Za-z0-9]{0,31}"))
BINDINGS = Rule(
    "binding interfaces: names of letters and digits, between commas",
    '"ndis5"',
    _matching("[A-Za-z0-9_]+(,[A-Za-z0-9_]+)*"),
)
PYTHON_FILE = Rule(
    "a Python file in the driver's folder or below it",
    '"client/traffic.py"',
    _matching(r"([A-Za-z0-9_-]+/)*[A-Za-z0-9_-]+\.py"),
)
GUID = Rule("a GUID in braces", '"{4D36E972-E325-11CE-BFC1-08002BE10318}"', _guid)
VERSION = Rule("four numbers between dots, each at most 65535", '"1.0.0.0"', _version)
SYSTEM_VERSION = Rule(
    "a Windows version out of 6.1 (Windows 7), 6.2, 6.3 and 10.0",
    '"6.1"',
    _system_version,
)
CHARACTERISTICS = Rule("a number of 32 bits", "0x1", _number(0xFFFFFFFF))
NUMBER16 = Rule("a number of 16 bits", "53", _number(0xFFFF))
BOOLEAN = Rule("true or false", "true", _boolean)
CATALOGS = Rule('"single" or "dual"', '"dual"', _one_of(SINGLE, DUAL))
ARCHITECTURE_LIST = Rule(
    f"a list of architectures, each once, out of {_ARCHITECTURE_NAMES}", '["amd64", "x86"]', _list_of(_architecture)
)
NDIS_VERSIONS = Rule(
    f"a list of NDIS versions, each once, out of {', '.join(f'{major}.{minor}' for major, minor in NDIS)}",
    '["6.20", "6.30"]',
    _list_of(_ndis_version),
)
