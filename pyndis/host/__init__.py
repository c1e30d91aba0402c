"""The Windows kernel for one driver, on Linux: load a `.sys`, drive it, and see every rule that it breaks.

with Host("build/wintun/amd64/Release/wintun/wintun.sys") as host:
    adapter = host.add_adapter(luid_index=7)
    handle = host.open(r"\\\\.\\WINTUN7")
"""

from pyndis.host.adapter import Adapter, Chain, Link
from pyndis.host.counted import Counted
from pyndis.host.errors import (
    AccessDenied,
    CommandRefused,
    DeviceNotFound,
    DriverFault,
    InitializeFailed,
    OpenRefused,
    Stuck,
    SystemRefused,
)
from pyndis.host.handle import Handle
from pyndis.host.hold import Hold
from pyndis.host.host import Calls, Export, Host
from pyndis.host.nbl import Completion, Indication, Nb, Nbl, Packet
from pyndis.host.operation import Oid, Operation
from pyndis.host.process import Event, Memory, Process
from pyndis.host.reports import RuleBroken, StackFrame, Violation
from pyndis.host.request import Request

__all__ = [
    "AccessDenied",
    "Adapter",
    "Calls",
    "Chain",
    "CommandRefused",
    "Completion",
    "Counted",
    "DeviceNotFound",
    "DriverFault",
    "Event",
    "Export",
    "Handle",
    "Hold",
    "Host",
    "Indication",
    "InitializeFailed",
    "Link",
    "Memory",
    "Nb",
    "Nbl",
    "Oid",
    "OpenRefused",
    "Operation",
    "Packet",
    "Process",
    "Request",
    "RuleBroken",
    "StackFrame",
    "Stuck",
    "SystemRefused",
    "Violation",
]
