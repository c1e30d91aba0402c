"""A scenario in Wine: as a script for the client, and its results read back."""

from __future__ import annotations

import hashlib
import json
import struct
from collections.abc import Iterator, Sequence
from typing import Any

from tests.wine.operations import INDEX, Log, Observation, OidAnswer, Operation, Outcome
from tests.wine.prefix import SERVICE, Prefix

_BUFFERED = 0x22 << 16 | 0x800 << 2
# as in ndis/control.h
_CODES = {
    name: _BUFFERED + (number << 2)
    for number, name in enumerate(
        ("add", "pause", "restart", "halt", "oid", "send", "cancel_sends", "hold", "give_back", "log"), start=1
    )
}
_PATIENCE = 60_000  # milliseconds for what shall end; what does is not waited for
_LOG_ROOM = 1 << 20
_LONGEST_WORD = 2000
_NO_SUCH_REQUEST = 1168  # ERROR_NOT_FOUND


def play(prefix: Prefix, operations: Sequence[Operation]) -> list[Observation]:
    """What the observing operations observe. AssertionError if the client or the driver does not end."""
    lives = _lives(operations)
    scripts = [_Script(prefix, life, first=life is lives[0], last=life is lives[-1]) for life in lives]
    try:
        return [each for script in scripts for each in script.run()]
    except BaseException:
        prefix.revive()
        raise


def _lives(operations: Sequence[Operation]) -> list[list[Operation]]:
    """Parted after each `die`: another program goes on."""
    lives: list[list[Operation]] = [[]]
    for each in operations:
        lives[-1].append(each)
        if each.word == "die":
            lives.append([])
    return lives


def _left_open(operations: Sequence[Operation]) -> list[str]:
    opened = [each.name for each in operations if each.word == "open" and each.expected == 0]
    closed = {each.name for each in operations if each.word == "close"}
    return [name for name in opened if name not in closed]


class _Script:
    """The lines of one life of the client, and what is known and wanted of their results."""

    def __init__(self, prefix: Prefix, operations: Sequence[Operation], *, first: bool, last: bool) -> None:
        """The first one starts the driver with its adapter, the last one stops it."""
        self._prefix = prefix
        self._lines: list[str] = []
        self._wanted: list[tuple[int, Operation]] = []
        self._known: dict[int, dict[str, object]] = {}
        self._controls = 0
        if first:
            self._add(f"start {SERVICE}", error=0, running=1)
        self._add("open control NdisTest", status=0)
        if first:
            self._add(*self._control_lines("add", struct.pack("<I", INDEX), 8), done=1, status=0, data="00" * 8)
        for each in operations:
            self._add(*self._lines_of(each))
            if each.observes:
                self._wanted.append((len(self._lines) - 1, each))
        if last:
            for name in _left_open(operations):
                self._add(f"close {name}", status=0)
            self._add("close control", status=0)
            self._add(f"stop {SERVICE}", error=0, stopped=1)

    def _add(self, *lines: str, **known: object) -> None:
        self._lines += lines
        self._known[len(self._lines) - 1] = known

    def run(self) -> Iterator[Observation]:
        results = [self._parsed(number, text) for number, text in enumerate(self._prefix.run_script(self._lines))]
        assert len(results) == len(self._lines), f"the client ended before {self._lines[len(results)][:100]}"
        for number, known in self._known.items():
            assert results[number].items() >= known.items(), f"{self._lines[number]}: {results[number]}, not {known}"
        for number, operation in self._wanted:
            yield _observation(operation, results[number])

    def _parsed(self, number: int, text: str) -> dict[str, Any]:
        if number < len(self._lines) and self._lines[number] == "die":
            return {}  # it ended in the middle of it
        try:
            return dict(json.loads(text))
        except json.JSONDecodeError:
            raise AssertionError(f"{self._lines[min(number, len(self._lines)) - 1][:100]}: {text}") from None

    # -- lines

    def _bytes(self, data: bytes) -> str:
        text = data.hex() or "-"
        if len(text) <= _LONGEST_WORD:
            return text
        return "@" + self._prefix.store(hashlib.sha256(data).hexdigest()[:16], data)

    def _control_lines(self, word: str, data: bytes = b"", room: int = 0, name: str = "") -> list[str]:
        """A control request, and waiting for it unless it has a name to be waited for by."""
        self._controls += 1
        request = name or f"{word}-{self._controls}"
        start = f"control control {request} {_CODES[word]} {room} {self._bytes(data)}"
        return [start] if name else [start, f"wait {request} {_PATIENCE}"]

    def _lines_of(self, operation: Operation) -> list[str]:
        name, handle, numbers = operation.name, operation.handle, operation.numbers
        packed = struct.pack(f"<{len(numbers)}I", *numbers)
        match operation.word:
            case "open":
                return [f"open {name} {operation.data.decode()}"]
            case "close":
                return [f"close {name}"]
            case "read":
                return [f"read {handle} {name} {numbers[0]}"]
            case "write":
                return [f"write {handle} {name} {self._bytes(operation.data)}"]
            case "control":
                return [f"control {handle} {name} {numbers[0]} 0 -"]
            case "cancel":
                return [f"cancel {handle} {name}"]
            case "outcome" | "changed":
                return [f"wait {name} {_PATIENCE}"]
            case "pending" | "changing":
                return [*self._control_lines("log"), f"wait {name} 0"]  # without room: nothing is taken, all comes to rest
            case "die":
                return ["die"]
            case "send":
                return self._control_lines("send", operation.data)
            case "pause" | "restart":
                return self._control_lines(operation.word, room=4, name=name)
            case "give_back":
                return [*self._control_lines("hold", bytes(4)), *self._control_lines("give_back", packed, 4)]
            case "oid":
                return self._control_lines("oid", packed + (operation.data or bytes(numbers[2])), 16 + numbers[2])
            case "log":
                return self._control_lines("log", room=_LOG_ROOM)
            case word:
                return self._control_lines(word, packed)


# -- results ----------------------------------------------------------------------------------------------------


def _observation(operation: Operation, result: dict[str, Any]) -> Observation:
    match operation.word:
        case "open":
            return int(result["status"])
        case "cancel":
            assert result["error"] in (0, _NO_SUCH_REQUEST), result
            return bool(result["error"] == 0)
    if not result["done"]:
        return None
    data = bytes.fromhex(result.get("data", ""))
    match operation.word:
        case "outcome" | "pending":
            return Outcome(result["status"], result["information"], data)
        case "give_back" | "changed" | "changing":
            return int.from_bytes(data, "little")
        case "oid":
            status, written, read, needed = struct.unpack_from("<4I", data)
            return OidAnswer(status, written, read, needed, data[16 : 16 + written])
    return _log(data.decode("ascii"))


def _log(text: str) -> Log:
    rows = [line.split() for line in text.splitlines()]
    return Log(
        tuple((int(row[1], 16), bytes.fromhex(row[2])) for row in rows if row[0] == "received"),
        tuple((int(row[1]), int(row[2], 16)) for row in rows if row[0] == "sent"),
        tuple(row[1] for row in rows if row[0] == "link"),
        tuple(" ".join(row[1:]) for row in rows if row[0] == "mistake"),
    )
