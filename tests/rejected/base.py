"""The rest of a driver: a test program is the beginning of one, and says only what it is about.

A program ends with its class `Tun(Adapter)`, if it has one. What a driver needs and the program does not have is written behind
it, so that the lines of the program keep their numbers.
"""

from __future__ import annotations

import re
from pathlib import Path

ATTRIBUTES = """\
    attributes = Attributes(
        medium="IP",
        physical_medium="unspecified",
        interface="internal",
        if_type=53,
        mtu=1500,
        lookahead=1500,
        link_speed=1_000_000,
        full_duplex=True,
        access="broadcast",
        direction="send-receive",
        connection="dedicated",
        connector=False,
        pause_functions="unsupported",
        auto_negotiated=("xmit speed",),
        mac_options=("no loopback",),
        packet_filters=("directed",),
        flags=("surprise remove ok",),
    )
"""

DEVICE = """\
    device = ControlDevice(
        name="TEST{luid_index}",
        sddl="D:P(A;;GA;;;SY)",
        create_refused=Status.DELETE_PENDING,
        io_refused=Status.FILE_FORCED_CLOSED,
        gone=Status.INVALID_HANDLE,
        other_requests=Status.INVALID_PARAMETER,
    )
"""

SEND = """\
    @on.send
    def send(self, chain: Owned[Chain[Nbl]]) -> None:
        with self.completing() as done:
            for nbl in chain.drain():
                done.fail(nbl, NdisStatus.FAILURE)
"""

DRIVER = """
class Test(Driver):
    adapter = Tun
    ndis = NdisVersion(oldest=(6, 20), newest=(6, 30))
"""

_MEMBERS = {r"^    attributes = ": ATTRIBUTES, r"^    device = ": DEVICE, r"^    @on\.send$": SEND}


def complete(program: str) -> str:
    """The program, and the rest of the driver behind it."""
    parts = [program.rstrip("\n") + "\n"]
    if not re.search(r"^class Tun\b", program, re.M):
        parts.append("\n\nclass Tun(Adapter):\n")
    parts += [f"\n{text}" for mark, text in _MEMBERS.items() if not re.search(mark, program, re.M)]
    if not re.search(r"^class \w+\(Driver\):", program, re.M):
        parts.append(DRIVER)
    return "".join(parts)


def write_driver(program: Path, folder: Path) -> Path:
    """A driver in `folder` whose main module begins with a program; a program that is a folder is copied as it is."""
    folder.mkdir()
    if program.is_dir():
        for file in program.glob("*.py"):
            (folder / file.name).write_bytes(file.read_bytes())
    else:
        (folder / f"{folder.name}.py").write_text(complete(program.read_text("utf-8")), "utf-8")
    return folder
