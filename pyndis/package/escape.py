"""How a value gets into a text of another language: one escaper per language, and a type that only escapers make.

What a template prints must be `Escaped`, a number, or a text that is a bare word of the language. Anything else is refused,
so nothing gets out unescaped by being forgotten.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from xml.sax.saxutils import escape as xml_escape

from markupsafe import Markup


class Escaped(Markup):
    """Text that is part of the target language already."""


class Unprintable(ValueError):
    """The value has no form in the target language, or needs a filter to get one."""


# What needs no escaping: names, numbers, and in an INF what paths and versions are made of.
_WORDS = {
    "inf": re.compile(r"[A-Za-z0-9_.*{}&\\/-]+"),
    "rc": re.compile(r"[A-Za-z0-9_]+"),
    "c": re.compile(r"[A-Za-z_][A-Za-z0-9_]*"),
    "sln": re.compile(r"[A-Za-z0-9_.{}-]+"),
    "ps1": re.compile(r"[A-Za-z0-9_]+"),
}


def printed(language: str, value: object) -> Escaped | Markup:
    """What a template's expression puts out. Raises Unprintable."""
    if isinstance(value, Markup):
        return value
    if isinstance(value, int) and not isinstance(value, bool):
        return Escaped(value)
    if not isinstance(value, str):
        raise Unprintable(f"{type(value).__name__} is not a text")
    if language in _TEXTS:
        return _TEXTS[language](value)
    if not _WORDS[language].fullmatch(value):
        raise Unprintable(f"{value!r} is no bare word of {language}: a filter is wanted")
    return Escaped(value)


def _one_line(text: str) -> str:
    if not text.isprintable():
        raise Unprintable(f"{text!r} has control characters")
    return text


def inf_quoted(text: str) -> Escaped:
    """A quoted string of an INF: quotes and percent signs are doubled."""
    return Escaped('"' + _one_line(text).replace("%", "%%").replace('"', '""') + '"')


def rc_quoted(text: str) -> Escaped:
    """A wide string of a resource script, in ASCII: UTF-16 units as \\xNNNN where they are not."""
    units = _one_line(text).encode("utf-16-le")
    pairs = (int.from_bytes(units[at : at + 2], "little") for at in range(0, len(units), 2))
    return Escaped('L"' + "".join(map(_rc_unit, pairs)) + '"')


def _rc_unit(unit: int) -> str:
    character = chr(unit)
    if character == '"':
        return '""'
    if character == "\\":
        return "\\\\"
    return character if 0x20 <= unit < 0x7F else f"\\x{unit:04x}"


def c_quoted(text: str) -> Escaped:
    """A narrow string literal of C, in ASCII: other bytes as three octal digits, which nothing after can join."""
    return Escaped('"' + "".join(map(_c_byte, text.encode())) + '"')


def _c_byte(byte: int) -> str:
    character = chr(byte)
    if character in '"\\?':  # a question mark could begin a trigraph
        return "\\" + character
    return character if 0x20 <= byte < 0x7F else f"\\{byte:03o}"


def c_comment(text: str) -> Escaped:
    """The inside of a C comment: what would end it, begin another or join lines is taken apart."""
    apart = text.replace("*/", "* /").replace("/*", "/ *")
    return Escaped(re.sub(r"\\(?=\n|$)", r"\\ ", apart))


def xml_text(text: str) -> Escaped:
    """Text or an attribute's value in XML. Raises Unprintable on characters that XML cannot hold."""
    if re.search("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]", text):
        raise Unprintable(f"{text!r} has control characters")
    return Escaped(xml_escape(text, {'"': "&quot;", "'": "&apos;"}))


def markdown_text(text: str) -> Escaped:
    """One line of text in Markdown: nothing in it is markup."""
    return Escaped(re.sub(r"([\\`*\[\]<>|#])", r"\\\1", _one_line(text)))


def ps1_quoted(text: str) -> Escaped:
    """A string of PowerShell in which nothing is expanded. Its typographic apostrophes are apostrophes to PowerShell too."""
    return Escaped("'" + re.sub("(['\u2018\u2019\u201a\u201b])", r"\1\1", _one_line(text)) + "'")


_TEXTS: dict[str, Callable[[str], Escaped]] = {"xml": xml_text, "markdown": markdown_text}

FILTERS: dict[str, dict[str, Callable[[str], Escaped]]] = {
    "inf": {"quoted": inf_quoted},
    "rc": {"quoted": rc_quoted},
    "c": {"quoted": c_quoted, "comment": c_comment},
    "xml": {},
    "sln": {},
    "ps1": {"quoted": ps1_quoted},
    "markdown": {},
}
