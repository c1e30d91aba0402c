"""Text as C comments, which it cannot end."""

from __future__ import annotations

import re
import textwrap

from pyndis.backend.wrap import LIMIT

RULE_WIDTH = 124
TRAILING_COLUMN = 41
_WORDS = {"None": "NULL", "True": "TRUE", "False": "FALSE"}
_PYTHON = re.compile(rf"\b({'|'.join(_WORDS)})\b(?! (?:of|is|are)\b)")  # not "None of them"


def escaped(text: str) -> str:
    """The text without what would begin or end a comment, splice lines, or not print."""
    text = text.replace("*/", "* /").replace("/*", "/ *").replace("??/", "?? /")
    return "".join(each if each.isprintable() or each == "\n" else " " for each in text).rstrip("\\")


def in_c(text: str) -> str:
    """A docstring's words for values, as C has them."""
    return _PYTHON.sub(lambda found: _WORDS[found.group()], text)


def comment(text: str) -> list[str]:
    """A comment of its own: on one line if it fits, else as a block with the text's paragraphs."""
    lines = _paragraphs(escaped(text))
    if len(lines) == 1 and len(lines[0]) + 6 <= LIMIT:
        return [f"/* {lines[0]} */"]
    return ["/*", *(f" * {line}".rstrip() for line in lines), " */"] if lines else []


def _paragraphs(text: str) -> list[str]:
    lines: list[str] = []
    for paragraph in textwrap.dedent(text).strip().split("\n\n"):
        if lines:
            lines.append("")
        if any(line.startswith((" ", "*", "-")) for line in paragraph.splitlines()):  # a list or an example: as it stands
            lines += [line.rstrip().rstrip("\\") for line in paragraph.splitlines()]
        else:
            lines += textwrap.wrap(" ".join(paragraph.split()), 120, break_long_words=False, break_on_hyphens=False)
    return lines


def beside(code: str, text: str) -> list[str]:
    """Code with a short comment behind it; a long one goes before it."""
    remark = " ".join(escaped(text).split())
    if not remark:
        return [code]
    line = f"{code:<{TRAILING_COLUMN}}/* {remark} */" if len(code) < TRAILING_COLUMN else f"{code} /* {remark} */"
    indent = " " * (len(code) - len(code.lstrip()))
    return [line] if len(line) <= LIMIT else [*(indent + each for each in comment(text)), code]


def rule(title: str) -> str:
    """The line over a section."""
    return f"/* ---- {escaped(title)} ".ljust(RULE_WIDTH - 3, "-") + " */"
