"""The native half as a process, and the stream of frames to and from it."""

from __future__ import annotations

import array
import contextlib
import itertools
import socket
import subprocess
import tempfile
import threading
from collections.abc import Callable, Sequence
from types import TracebackType

from pyndis.diagnostics import Diagnostic, ToolFailure
from pyndis.host import wire
from pyndis.host.errors import failure_of
from pyndis.host.wire import Frame, Keys

_PATIENCE = 60  # seconds for the process to end by itself


class Pending:
    """A command that was sent; its reply comes when the native half is done with it."""

    def __init__(self, id: int, word: str) -> None:
        self.id = id
        self.word = word
        self._arrived = threading.Event()
        self._reply: Frame | None = None

    @property
    def done(self) -> bool:
        return self._reply is not None

    def wait(self, timeout: float) -> bool:
        """Whether the reply is there within `timeout` seconds. Not longer than until the host says that it is not."""
        self._arrived.wait(timeout)
        return self.done

    def rest(self) -> None:
        """The host is at rest and has no answer yet."""
        self._arrived.set()

    def resolve(self, reply: Frame) -> None:
        self._reply = reply
        self._arrived.set()

    def result(self) -> Frame:
        """The reply, which must have arrived. Raises what an `error` reply stands for (pyndis.host.errors)."""
        assert self._reply is not None, "result() comes after done"
        if self._reply.word == "error":
            raise failure_of(self.word, self._reply)
        return self._reply


class Channel:
    """Starts the native half and exchanges frames with it. Events are handed to `on_event` on the reader's thread, in order."""

    def __init__(self, command: Sequence[str], on_event: Callable[[Frame], None]) -> None:
        self._on_event = on_event
        self._ids = itertools.count(1)
        self._pending: dict[int, Pending] = {}
        self._lock = threading.Lock()
        self._writing = threading.Lock()
        self._gone = False
        self._stderr = tempfile.TemporaryFile()  # noqa: SIM115 (closed in close())
        self._socket, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
        with theirs:
            self._process = subprocess.Popen(
                [*command, "--control", str(theirs.fileno())],
                stdin=subprocess.DEVNULL,
                stderr=self._stderr,
                pass_fds=[theirs.fileno()],
                process_group=0,  # Ctrl-C is for us: we end it in good order
            )
        self._reader = threading.Thread(target=self._read, name="host events", daemon=True)
        self._reader.start()

    def __enter__(self) -> Channel:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def send(
        self,
        word: str,
        keys: Keys | None = None,
        payload: bytes = b"",
        descriptors: Sequence[int] = (),
        announce: Callable[[int], None] | None = None,
    ) -> Pending:
        """Send a command and do not wait. `announce` gets its number before any event about it can come."""
        with self._lock:
            id = next(self._ids)
            pending = Pending(id, word)
            self._pending[id] = pending
            if announce is not None:
                announce(id)
            gone = self._gone
            if gone:
                del self._pending[id]
        if gone:
            pending.resolve(self._loss(id))
            return pending
        # Not under the lock that the reader needs: the process stops reading while nobody takes its answers.
        with self._writing:
            self._write(wire.encode(id, word, keys or {}, payload), descriptors)
        return pending

    def _write(self, data: bytes, descriptors: Sequence[int]) -> None:
        try:
            if descriptors:
                rights = (socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", descriptors))
                sent = self._socket.sendmsg([data], [rights])
                data = data[sent:]
            self._socket.sendall(data)
        except OSError:
            pass  # the process is gone: the reader sees the end of the stream and answers every command

    def _read(self) -> None:
        with contextlib.suppress(ConnectionResetError):  # it died with commands unread: an end like any other
            self._read_frames()
        with self._lock:
            self._gone = True
            orphans = list(self._pending.values())
            self._pending.clear()
        for orphan in orphans:
            orphan.resolve(self._loss(orphan.id))

    def _read_frames(self) -> None:
        stream = self._socket.makefile("rb")
        while len(head := stream.read(4)) == 4:
            size = int.from_bytes(head, "little")
            body = stream.read(size)
            if len(body) < size:
                return
            self._deliver(wire.decode(body))

    def _deliver(self, frame: Frame) -> None:
        if frame.id == 0:
            self._on_event(frame)
            if frame.word == "waiting":
                with self._lock:
                    waiting = self._pending.get(frame.number("command"))
                if waiting is not None:
                    waiting.rest()
            return
        with self._lock:
            pending = self._pending.pop(frame.id, None)
        if pending is not None:
            pending.resolve(frame)

    def _loss(self, id: int) -> Frame:
        code = self._process.wait()
        return Frame(id, "error", {"code": "lost", "text": f"it ended with code {code}: {self.stderr() or 'no message'}"})

    @property
    def alive(self) -> bool:
        """Whether the native half still runs."""
        return self._process.poll() is None

    def stderr(self) -> str:
        """What the native half said of its own faults; empty in health."""
        self._stderr.seek(0)
        return self._stderr.read().decode("utf-8", "replace").strip()

    def close(self) -> None:
        """End the native half and wait for it. Raises ToolFailure (PYN-H06) when it had a fault of its own."""
        if self._stderr.closed:
            return
        with contextlib.suppress(OSError):  # it is gone already
            self._socket.shutdown(socket.SHUT_WR)
        self._reader.join(timeout=_PATIENCE)  # its stream ends with the process: cheaper to wait for than that
        code = self._exit_code()
        self._reader.join()
        self._socket.close()
        said = self.stderr()
        self._stderr.close()
        if code == 70:
            raise ToolFailure(Diagnostic("PYN-H06", f"the host had a fault of its own: {said}", help="please report it"))

    def _exit_code(self) -> int:
        try:
            return self._process.wait(timeout=_PATIENCE)
        except subprocess.TimeoutExpired:
            self._process.kill()
            return self._process.wait()
