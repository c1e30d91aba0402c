from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from pyndis.diagnostics import DriverFailure, ToolFailure, UsageFailure
from pyndis.host import DriverFault, SystemRefused
from pyndis.host.channel import Channel
from pyndis.host.errors import AccessDenied, DeviceNotFound, OpenRefused, failure_of, open_refused
from pyndis.host.wire import Frame

# A native half that answers each command by what its name says.
FAKE = """#!{python}
import os, sys
sys.path.insert(0, {root!r})
from pyndis.host import wire
stream = os.fdopen(int(sys.argv[2]), "r+b", buffering=0)
while head := stream.read(4):
    frame = wire.decode(stream.read(int.from_bytes(head, "little")))
    if frame.word == "die":
        print("something broke", file=sys.stderr)
        sys.exit(70)
    if frame.word == "tell":
        stream.write(wire.encode(0, "note", {{}}, frame.payload))
    word = "error" if frame.word == "fail" else "ok"
    stream.write(wire.encode(frame.id, word, {{"code": "state", "text": "not now"}}, frame.payload))
"""


@pytest.fixture
def events() -> list[Frame]:
    return []


@pytest.fixture
def channel(tmp_path: Path, events: list[Frame]) -> Iterator[Channel]:
    script = tmp_path / "fake"
    script.write_text(FAKE.format(python=sys.executable, root=str(Path(__file__).parents[2])))
    script.chmod(0o755)
    channel = Channel((str(script),), events.append)
    yield channel
    with suppress(ToolFailure):
        channel.close()


def test_every_command_gets_its_own_answer(channel: Channel) -> None:
    pending = [channel.send("echo", payload=bytes([n])) for n in range(50)]
    assert all(each.wait(60) for each in pending)
    assert [each.result().payload for each in pending] == [bytes([n]) for n in range(50)]


def test_an_event_comes_before_the_answer_of_its_command(channel: Channel, events: list[Frame]) -> None:
    pending = channel.send("tell", payload=b"x" * 100_000)
    assert pending.wait(60)
    assert [each.payload for each in events] == [b"x" * 100_000]


def test_a_refused_command_raises(channel: Channel) -> None:
    pending = channel.send("fail")
    assert pending.wait(60)
    with pytest.raises(UsageFailure, match="refuses fail: not now"):
        pending.result()


def test_a_host_that_dies_is_reported_to_all_who_wait(tmp_path: Path, channel: Channel) -> None:
    pending = [channel.send("die"), channel.send("echo")]
    for each in pending:
        assert each.wait(60)
        with pytest.raises(ToolFailure, match="something broke"):
            each.result()
    late = channel.send("echo")
    assert late.wait(60)
    with pytest.raises(ToolFailure):
        late.result()
    with pytest.raises(ToolFailure, match="PYN-H06"):
        channel.close()


@pytest.mark.parametrize(
    ("keys", "kind", "code"),
    [
        ({"code": "bad-image", "text": "truncated"}, DriverFailure, "PYN-H01"),
        ({"code": "missing-import", "names": "ndis.sys!A,hal.dll!B"}, DriverFailure, "PYN-H02"),
        ({"code": "usage", "text": "no such key"}, UsageFailure, "PYN-H03"),
        ({"code": "fault", "text": "read at 0"}, DriverFault, "PYN-H04"),
        ({"code": "dead"}, DriverFault, "PYN-H04"),
        ({"code": "refused", "status": "0xC0000022"}, SystemRefused, "PYN-H08"),
    ],
)
def test_each_error_code_has_its_exception(keys: dict[str, str], kind: type[DriverFailure | UsageFailure], code: str) -> None:
    failure = failure_of("load", Frame(1, "error", keys))
    assert isinstance(failure, kind)
    assert failure.diagnostics[0].code == code


@pytest.mark.parametrize(
    ("status", "kind"), [(0xC0000022, AccessDenied), (0xC0000034, DeviceNotFound), (0xC0000056, OpenRefused)]
)
def test_a_refused_open_is_an_os_error(status: int, kind: Callable[..., OpenRefused]) -> None:
    error = open_refused("X", status)
    assert type(error) is kind
    assert error.status == status
    assert isinstance(error, OSError)
