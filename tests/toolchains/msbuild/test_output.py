from __future__ import annotations

import tomllib
from typing import Any

import pytest

from pyndis.toolchains.msbuild.output import Message, messages, not_in, parse_line
from tests.toolchains.msbuild.conftest import DATA


def line(entry: dict[str, Any]) -> tuple[str, Message]:
    file, number, kind, code, text = entry["message"]
    return entry["text"], Message(file, number, kind == "error", code, text)


LINES = [line(entry) for entry in tomllib.loads((DATA / "lines.toml").read_text("utf-8"))["line"]]


@pytest.mark.parametrize(("text", "message"), LINES)
def test_a_line_with_a_message(text: str, message: Message) -> None:
    assert parse_line(text) == message


@pytest.mark.parametrize(
    "text",
    [
        "  Building 'tunnel' with toolset 'WindowsKernelModeDriver10.0' and the 'Desktop' target platform.",
        r"  tunnel.vcxproj -> D:\b\amd64\Release\tunnel.sys",
        "  Running Code Analysis for C/C++...",
        "    0 Warning(s)",
        "    0 Error(s)",
        "  [INFO] 1 defects found.",
        "  Successfully signed: error.sys",
        "",
    ],
)
def test_a_line_without_one(text: str) -> None:
    assert parse_line(text) is None


def test_what_two_platforms_say_is_said_once() -> None:
    text, message = LINES[0]
    assert messages(f"{text}\n  tunnel.c\n  {text}\n") == (message,)


def test_a_finding_that_was_said_on_the_console_is_not_said_again() -> None:
    _, said = LINES[0]
    same = Message("D:/b/Tunnel.c", 556, False, "C28020", "in other words")
    other = Message("D:/b/tunnel.c", 557, False, "C28020", "in other words")
    assert not_in([said], [same, other, other]) == (other,)
