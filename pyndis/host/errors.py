"""What a refused command is for its caller: an exception with a diagnostic, or one of Python's own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pyndis.diagnostics import Diagnostic, DriverFailure, ToolFailure, UsageFailure

if TYPE_CHECKING:
    from pyndis.host.reports import Violation
    from pyndis.host.wire import Frame

STATUS_ACCESS_DENIED = 0xC0000022
STATUS_OBJECT_NAME_NOT_FOUND = 0xC0000034


class CommandRefused(UsageFailure):
    """The host cannot do this now, or not with these arguments."""


class DriverFault(DriverFailure):
    """The driver crashed or ended the system: nothing of it runs any more."""

    def __init__(self, message: str, fault: Violation | None = None) -> None:
        notes = (fault.report(),) if fault else ()
        super().__init__(Diagnostic("PYN-H04", message, notes=notes, help="mend the driver at the place that the stack shows"))
        self.fault = fault


class Stuck(DriverFailure):
    """All is at rest and the driver still owes an answer."""

    def __init__(self, what: str, waiting: tuple[str, ...]) -> None:
        super().__init__(
            Diagnostic(
                "PYN-H07",
                f"{what} does not end: nothing runs any more and the driver has not completed it",
                notes=waiting,
                help="complete it in the driver; in a test, ask for it with wait=False if something else shall happen first",
            )
        )


class InitializeFailed(DriverFailure):
    """MiniportInitializeEx (or the MiniportRestart after it) refused the adapter. `status` is its NDIS_STATUS."""

    def __init__(self, callback: str, status: int) -> None:
        super().__init__(
            Diagnostic("PYN-H05", f"{callback} returned {status:#010x}", help="pass check=False to go on with such an adapter")
        )
        self.status = status


class OpenRefused(OSError):
    """Opening failed; `status` is the NTSTATUS, of the object manager or of the driver's IRP_MJ_CREATE."""

    def __init__(self, path: str, status: int) -> None:
        super().__init__(f"opening {path} failed with {status:#010x}")
        self.status = status


class AccessDenied(OpenRefused, PermissionError):
    """The security descriptor does not let this user in."""


class DeviceNotFound(OpenRefused, FileNotFoundError):
    """No such device or symbolic link."""


class SystemRefused(DriverFailure):
    """The simulated system refused something other than an open. `status` is the NTSTATUS."""

    def __init__(self, word: str, status: int, text: str) -> None:
        super().__init__(Diagnostic("PYN-H08", f"{word} was refused with {status:#010x}: {text}"))
        self.status = status


def open_refused(path: str, status: int) -> OpenRefused:
    """The exception for an open that failed with this status."""
    kinds = {STATUS_ACCESS_DENIED: AccessDenied, STATUS_OBJECT_NAME_NOT_FOUND: DeviceNotFound}
    return kinds.get(status, OpenRefused)(path, status)


def _bad_image(word: str, reply: Frame) -> Exception:
    return DriverFailure(
        Diagnostic("PYN-H01", f"the image cannot be loaded: {reply.text('text')}", help="build the driver again, for amd64")
    )


def _missing_import(word: str, reply: Frame) -> Exception:
    names = reply.text("names")
    return DriverFailure(
        Diagnostic(
            "PYN-H02",
            f"the image imports what this kernel does not have: {names.replace(',', ', ')}",
            help="use a function that the host exports (Host.exports lists them), or ask for this one to be added",
        )
    )


def _refused(word: str, reply: Frame) -> Exception:
    return SystemRefused(word, reply.number("status"), reply.text("text"))


def _fault(word: str, reply: Frame) -> Exception:
    return DriverFault(f"the driver faulted: {reply.text('text') or word}")


def _lost(word: str, reply: Frame) -> Exception:
    return ToolFailure(Diagnostic("PYN-H06", f"the host process is gone, {reply.text('text')}", help="please report it"))


def _command(word: str, reply: Frame) -> Exception:
    return CommandRefused(Diagnostic("PYN-H03", f"the host refuses {word}: {reply.text('text') or reply.text('code')}"))


_BY_CODE = {
    "bad-image": _bad_image,
    "missing-import": _missing_import,
    "refused": _refused,
    "fault": _fault,
    "dead": _fault,
    "lost": _lost,
}


def failure_of(word: str, reply: Frame) -> Exception:
    """The exception that an `error` reply to the command `word` stands for."""
    return _BY_CODE.get(reply.text("code"), _command)(word, reply)
