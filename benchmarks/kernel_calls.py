"""How often a TUN driver calls the kernel for each packet, by the host's count: writes and sends, one packet or many at a time.

    python benchmarks/kernel_calls.py build/wintun/amd64/Release/wintun/wintun.sys [--calls]

The driver takes and gives bundles as Wintun does. --calls lists the calls of each case.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from pathlib import Path

from pyndis.diagnostics import Failure
from pyndis.host import Host, Nb, Nbl

ROUNDS = 50
READ = 1 << 20
PACKET = bytes([0x45, 0, 0x05, 0x78]) + bytes(1396)  # IPv4 of 1,400 bytes
RECORD = len(PACKET).to_bytes(4, "little") + bytes(12) + PACKET + bytes(-len(PACKET) % 16)
BATCHES = (1, 16, 256)


def counted(host: Host, work: Callable[[], None]) -> dict[str, float]:
    """Calls for each turn of `work`, by name. The first turn is not counted."""
    work()
    host.settle()
    host.calls(reset=True)
    for _ in range(ROUNDS):
        work()
    host.settle()
    return {name: each.calls / ROUNDS for name, each in host.calls().items() if each.calls}


def cases(image: Path) -> dict[tuple[str, int], dict[str, float]]:
    """Calls for each turn, by what is done and how many packets a turn has."""
    found = {}
    with Host(image) as host:
        adapter = host.add_adapter()
        handle = host.open(adapter.attributes["devices"].split(",")[0])

        def write() -> None:
            assert handle.write(RECORD * batch).done

        def send_to_a_waiting_read() -> None:
            read = handle.read(READ)
            adapter.send([Nbl([Nb(PACKET)]) for _ in range(batch)])
            assert read.done

        def read_what_waits() -> None:
            adapter.send([Nbl([Nb(PACKET)]) for _ in range(batch)])
            assert handle.read(READ).information == batch * len(RECORD)

        for batch in BATCHES:
            for work in (write, send_to_a_waiting_read, read_what_waits):
                found[work.__name__.replace("_", " "), batch] = counted(host, work)
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("image", type=Path)
    parser.add_argument("--calls", action="store_true", help="list the calls of each case")
    said = parser.parse_args()
    try:
        found = cases(said.image)
    except Failure as failure:
        print(failure, file=sys.stderr)
        return failure.exit_code
    for (what, batch), calls in found.items():
        print(f"{what:24} {batch:4} packets: {sum(calls.values()) / batch:7.2f} kernel calls for each packet")
        for name, count in sorted(calls.items(), key=lambda each: -each[1]) if said.calls else ():
            print(f"{count / batch:40.2f} {name}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
