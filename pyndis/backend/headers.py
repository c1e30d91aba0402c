"""What the kernel's headers declare, found without parsing them: a parser would take longer for them than for the whole build.

Takes preprocessed text without comments; knows the names of types, functions and objects, and nothing else.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

_TOKEN = re.compile(r'[{}();]|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'')
_BRACED = re.compile(r"\{[^{}]*\}")
_GROUP = re.compile(r"\([^()]*\)")
_ATTRIBUTE = re.compile(r"\b(?:__attribute__|__attribute|__declspec|_declspec|__asm__|__asm|_Alignas)\s*(?=\()")
_DIRECTIVE = re.compile(r"^[ \t]*#.*$", re.M)
_POINTED = re.compile(r"\(\s*(?:\w+\s+)*\*?\s*(?:\w+\s+)*(\w+)\s*(?:\[[^\]]*\]\s*)?\)\s*\(")
_WORD = re.compile(r"[A-Za-z_]\w*")
_NO_FUNCTION = re.compile(r"\s*(?:__extension__\s+)?(?:typedef|struct|union|enum)\b")


@dataclass(frozen=True)
class HeaderNames:
    """Names declared at file scope."""

    types: frozenset[str]
    functions: frozenset[str]


def header_names(text: str, wanted: frozenset[str]) -> HeaderNames:
    """The names among `wanted` that the text declares."""
    types: set[str] = set()
    functions: set[str] = set()
    for declaration in _declarations(_DIRECTIVE.sub("", text)):
        if wanted.isdisjoint(_WORD.findall(declaration)):
            continue
        bare = _without_attributes(_without_braces(declaration))
        if bare.lstrip().startswith(("typedef", "__extension__ typedef")):
            types.update(_declared(bare))
        elif "(" in bare:
            functions.update(_declared(bare))
    return HeaderNames(frozenset(types & wanted), frozenset(functions & wanted))


def _declarations(text: str) -> Iterator[str]:
    """File-scope declarations without their semicolons; a function's definition ends with its body."""
    start = depth = 0
    body = False
    for match in _TOKEN.finditer(text):
        token = match.group()
        if token in "({":
            if depth == 0 and token == "{":
                before = text[start : match.start()]
                body = before.rstrip().endswith(")") and not _NO_FUNCTION.match(before)
            depth += 1
        elif token in ")}":
            depth -= 1
            if depth == 0 and token == "}" and body:
                yield text[start : match.end()]
                start, body = match.end(), False
        elif token == ";" and depth == 0:
            yield text[start : match.start()]
            start = match.end()


def _without_braces(text: str) -> str:
    while "{" in text:
        shorter = _BRACED.sub(" ", text)
        if shorter == text:
            break
        text = shorter
    return text


def _without_attributes(text: str) -> str:
    while match := _ATTRIBUTE.search(text):
        text = text[: match.start()] + " " + text[_closing(text, match.end()) :]
    return text


def _closing(text: str, opening: int) -> int:
    depth = 0
    for position in range(opening, len(text)):
        depth += {"(": 1, ")": -1}.get(text[position], 0)
        if depth == 0:
            return position + 1
    return len(text)


def _declared(declaration: str) -> Iterator[str]:
    """The names that a declaration's declarators declare."""
    for declarator in _split(declaration):
        if pointed := _POINTED.search(declarator):
            yield pointed.group(1)
            continue
        text = declarator
        while (shorter := _GROUP.sub("", text)) != text:
            text = shorter
        words = _WORD.findall(re.sub(r"\[[^\]]*\]|:.*|=.*", "", text, flags=re.S))
        if words:
            yield words[-1]


def _split(text: str) -> Iterator[str]:
    start = depth = 0
    for position, character in enumerate(text):
        if character in "([":
            depth += 1
        elif character in ")]":
            depth -= 1
        elif character == "," and depth == 0:
            yield text[start:position]
            start = position + 1
    yield text[start:]
