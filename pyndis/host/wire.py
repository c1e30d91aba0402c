"""Frames of the channel between the host's two halves, as bytes and as values (PROTOCOL.md, section 2)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from urllib.parse import quote, unquote

_PLAIN = "_-.:,/\\+@#()*{}"

Value = str | int | bool | float | Iterable[int]
Keys = Mapping[str, Value]


@dataclass(frozen=True)
class Frame:
    """One request, reply or event. `id` is 0 for an event."""

    id: int
    word: str
    keys: Mapping[str, str] = field(default_factory=dict)
    payload: bytes = b""

    def text(self, key: str, default: str = "") -> str:
        return self.keys.get(key, default)

    def number(self, key: str, default: int = 0) -> int:
        """An integer value, decimal or 0x…."""
        text = self.keys.get(key, "")
        return int(text, 0) if text else default

    def numbers(self, key: str) -> tuple[int, ...]:
        """A comma-separated list of integers."""
        return tuple(int(each, 0) for each in self.keys.get(key, "").split(",") if each)

    def lines(self) -> list[str]:
        """The payload as text lines."""
        return self.payload.decode("utf-8", "replace").splitlines()


def _value(value: Value) -> str:
    if isinstance(value, bool):
        return "1" if value else "0"
    if isinstance(value, str):
        return quote(value, safe=_PLAIN)
    if isinstance(value, int | float):
        return str(value)
    return ",".join(str(each) for each in value)


def encode(id: int, word: str, keys: Keys, payload: bytes = b"") -> bytes:
    """The bytes of a frame, its length first."""
    header = " ".join([str(id), word, *(f"{key}={_value(value)}" for key, value in keys.items())])
    body = header.encode() + b"\n" + payload
    return len(body).to_bytes(4, "little") + body


def decode(body: bytes) -> Frame:
    """A frame from its body, which is what follows the length."""
    header, _, payload = body.partition(b"\n")
    id, word, *pairs = header.decode().split(" ")
    keys = {key: unquote(value) for key, _, value in (pair.partition("=") for pair in pairs if pair)}
    return Frame(int(id), word, keys, payload)
