"""What msbuild, cl, link and the WDK's tasks write, line by line, as messages.

The form of a line, `origin : subcategory category code : text`, and what an origin is:
https://learn.microsoft.com/visualstudio/msbuild/msbuild-diagnostic-format-for-tasks. msbuild adds the project in brackets.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import PureWindowsPath

_CATEGORY = re.compile(r"\s*:\s+(?:[A-Za-z][\w ]*?\s)??(?P<kind>error|warning)(?:\s+(?P<code>[A-Za-z]+\d+))?\s*:\s+")
_NODE = re.compile(r"^\s*(?:\d+>)?\s*")  # the number of the node, where several projects are built at once
_PLACE = re.compile(r"\((?P<line>\d+)(?:-\d+)?(?:,[\d,-]+)?\)$")
_PROJECT = re.compile(r"\s*\[[^\[\]]+proj(?:::[^\[\]]*)?\]\s*$")


@dataclass(frozen=True)
class Message:
    """An error or a warning of a tool. `file` is as the tool wrote it, or the tool's name; `line` is 0 where there is none."""

    file: str
    line: int
    is_error: bool
    code: str
    text: str


def parse_line(line: str) -> Message | None:
    """The message in a line, or None."""
    category = _CATEGORY.search(line)
    if category is None:
        return None
    origin = _NODE.sub("", line[: category.start()])
    place = _PLACE.search(origin)
    file = origin[: place.start()] if place else origin
    text = _PROJECT.sub("", line[category.end() :]).rstrip()
    return Message(file, int(place["line"]) if place else 0, category["kind"] == "error", category["code"] or "", text)


def messages(output: str) -> tuple[Message, ...]:
    """Every message once: msbuild repeats them in its summary, and platforms and configurations say the same."""
    return once(message for line in output.splitlines() if (message := parse_line(line)))


def once(found: Iterable[Message]) -> tuple[Message, ...]:
    """Messages without those that were there before."""
    return tuple(dict.fromkeys(found))


def not_in(said: Iterable[Message], found: Iterable[Message]) -> tuple[Message, ...]:
    """Findings of a log that were not also `said` to the console: the texts may differ, code and line do not."""
    known = {_key(message) for message in said}
    return once(message for message in found if _key(message) not in known)


def _key(message: Message) -> tuple[str, int, str]:
    return PureWindowsPath(message.file).name.lower(), message.line, message.code
