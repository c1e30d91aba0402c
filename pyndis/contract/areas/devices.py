"""The driver's device and hostile clients: garbage, odd lengths, every major function, duplicates, sudden death."""

from __future__ import annotations

import random

from pyndis.contract import started
from pyndis.contract.bench import Bench, Rig
from pyndis.contract.case import Area
from pyndis.contract.statuses import PENDING, name_of
from pyndis.host import Handle, OpenRefused, Request

AREA = Area("devices", "devices and hostile clients")

LENGTHS = (0, 1, 3, 4, 15, 16, 17, 4095, 4096, 4097, 65536, 1 << 20)
ALIGNMENTS = (0, 1, 7, 4095)
_USERS = ("SYSTEM", "Administrator", "User")
_READ, _WRITE, _IOCTL, _INTERNAL = 3, 4, 14, 15
_MAJORS = [
    each for each in range(28) if each not in (0, 2, 18, _READ, _WRITE, _IOCTL, _INTERNAL)
]  # create, close, cleanup have theirs
_SEED = 1


def _ended(rig: Rig, requests: list[Request], handles: list[Handle]) -> None:
    """Close all handles; then no request may be open, and none may have ended as pending."""
    started.close_all(rig.host, handles)
    for request in requests:
        if rig.demand(request.done, "CleanupFailed", f"{request} was open when its handle was closed"):
            rig.demand(request.status != PENDING, "CompleteRequestStatusCheck", f"{request} ended as pending")
    rig.bench.count("requests", len(requests))


def _still_works(rig: Rig) -> None:
    rig.adapter.pause()
    rig.adapter.restart()
    rig.sends_end([rig.adapter.send(rig.packets(3))])


@AREA.case("users", "opening by every user succeeds or is refused in good order", "NM-87")
def users(bench: Bench) -> None:
    with bench.start() as rig:
        for path in rig.devices():
            for user in _USERS:
                for access in (0, 0x80000000, 0x40000000, 0xC0000000, 0x10000000):
                    try:
                        rig.host.process(user=user).open(path, access).close()
                        bench.count("opened")
                    except OpenRefused:
                        bench.count("refused")


@AREA.case("names", "opening a name below the device succeeds or is refused in good order", "NM-87", "NM-91")
def names(bench: Bench) -> None:
    with bench.start() as rig:
        for path in rig.devices():
            for below in ("\\", "\\x", "\\..\\x", "\\" + "a" * 300, "\\a:b"):
                try:
                    rig.host.open(path + below).close()
                except OpenRefused:
                    bench.count("refused")


@AREA.case("many", "a hundred handles at once, closed in any order", "NM-91")
def many(bench: Bench) -> None:
    with bench.start() as rig:
        handles = []
        for _ in range(100):
            for path in rig.devices():
                try:
                    handles.append(rig.host.open(path))
                except OpenRefused:
                    bench.count("refused")
        random.Random(_SEED).shuffle(handles)
        _ended(rig, [], handles)
        _still_works(rig)


@AREA.case("reads", "reads of hostile lengths and alignments end at the latest when their handle is closed", "NM-15")
def reads(bench: Bench) -> None:
    with bench.start() as rig:
        for handle in rig.handles():
            requests = [handle.read(length, alignment=each) for length in LENGTHS for each in ALIGNMENTS]
            _ended(rig, requests, [handle])
        _still_works(rig)


@AREA.case("writes", "writes of garbage end at the latest when their handle is closed", "NM-15")
def writes(bench: Bench) -> None:
    source = random.Random(_SEED)
    with bench.start() as rig:
        for handle in rig.handles():
            requests = []
            for length in LENGTHS:
                for data in (bytes(length), b"\xff" * length, source.randbytes(length)):
                    requests += [handle.write(data, alignment=each) for each in ALIGNMENTS]
            _ended(rig, requests, [handle])
        _still_works(rig)


@AREA.case("controls", "control requests of any code, method and length end at the latest when their handle is closed", "NM-87")
def controls(bench: Bench) -> None:
    source = random.Random(_SEED)
    with bench.start() as rig:
        for handle in rig.handles():
            requests = []
            for _ in range(400):
                code = source.getrandbits(16) << 16 | source.getrandbits(12) << 2 | source.getrandbits(2)
                size, room = source.choice(LENGTHS[:-1]), source.choice(LENGTHS[:-1])
                requests.append(handle.ioctl(code, source.randbytes(size), room))
            _ended(rig, requests, [handle])
        _still_works(rig)


@AREA.case("majors", "major functions that nobody expects end at once", "NM-87", "NM-89")
def majors(bench: Bench) -> None:
    with bench.start() as rig:
        for handle in rig.handles():
            for major in _MAJORS:
                request = handle.request(major)
                if bench.demand(request.done, "CompleteRequest", f"a request of major function {major} does not end"):
                    status = request.status
                    bench.demand(status != PENDING, "CompleteRequestStatusCheck", f"major function {major}: {name_of(status)}")
                bench.count("majors")
            handle.close()


@AREA.case("cancelled", "every request that waits can be cancelled, one by one and all at once", "NM-15")
def cancelled(bench: Bench) -> None:
    with bench.start() as rig:
        for handle in rig.handles():
            requests = [handle.read(65536) for _ in range(6)]
            for request in requests[:3]:
                if not request.done:
                    request.cancel()
                    bench.demand(request.done, "IrpCancel", "a request that was cancelled did not end")
            handle.cancel_io()
            for request in requests[3:]:
                bench.demand(request.done, "IrpCancel", "a request that was cancelled did not end")
            handle.close()


@AREA.case("duplicates", "a duplicated handle keeps its file open until the last is closed", "NM-91")
def duplicates(bench: Bench) -> None:
    with bench.start() as rig:
        other = rig.host.process()
        for handle in rig.handles():
            twin = handle.duplicate(other)
            request = handle.read(65536)
            handle.close()
            bench.count("requests that outlive one handle", int(not request.done))
            twin.read(65536)
            twin.close()
            bench.demand(request.done, "CleanupFailed", "a request was open when the last handle was closed")


@AREA.case("killed", "a process that dies with requests open leaves none", "NM-15")
def killed(bench: Bench) -> None:
    with bench.start() as rig:
        for held in (False, True):
            process = rig.host.process()
            requests = [handle.read(65536) for handle in rig.handles(process) for _ in range(5)]
            if held and bench.subject.traffic is not None:
                rig.adapter.hold_returns()
                requests.append(rig.client(process).indicate(rig.packets(3)))
            kill = started.kill(rig.host, process)
            rig.host.settle()
            rig.adapter.return_held()
            kill.wait()
            for request in requests:
                bench.demand(request.done, "CleanupFailed", f"{request} was open after its process had died")
        _still_works(rig)


@AREA.case(
    "storm", "requests of all kinds from several processes at once, closed and killed in between", "NM-14", concurrent=True
)
def storm(bench: Bench) -> None:
    source = random.Random(_SEED)
    with bench.start() as rig:
        for _ in range(15):
            processes = [rig.host.process() for _ in range(2)]
            handles = [handle for process in processes for handle in rig.handles(process)]
            with rig.host.together():
                requests = [handle.read(65536, wait=False) for handle in handles for _ in range(2)]
                requests += [handle.write(source.randbytes(200), wait=False) for handle in handles for _ in range(2)]
                requests += [handle.ioctl(source.getrandbits(32), b"abcd", 16, wait=False) for handle in handles]
                _, sent = started.send(rig.host, rig.adapter, rig.packets(4))
                under_way = [sent, started.close(rig.host, handles[0]), started.kill(rig.host, processes[-1])]
            started.end(*under_way)
            for process in processes[:-1]:
                process.kill()
            for request in requests:
                open_still = started.came(request) and not request.done
                bench.demand(not open_still, "CleanupFailed", f"{request} was open after its process had gone")
            bench.count("requests", len(requests))
        _still_works(rig)
