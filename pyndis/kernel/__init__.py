"""What drivers are written with: `from pyndis.kernel import *`."""

from pyndis.kernel.adapter import Adapter, Completions, Counters, Receiving, on
from pyndis.kernel.arithmetic import align, saturating_add, saturating_sub, wrapping_add, wrapping_sub
from pyndis.kernel.atomics import Atomic, Counter
from pyndis.kernel.containers import Chain, Place
from pyndis.kernel.device import ControlDevice, File
from pyndis.kernel.driver import Attributes, Driver, NdisVersion, Oid, OidTable, oid
from pyndis.kernel.irp import Boost, Budget, Irp, Lender, LentIrp, Mdl
from pyndis.kernel.locks import Locked, Mutexed
from pyndis.kernel.marks import (
    Address,
    Array,
    Handle,
    KiB,
    MiB,
    Owned,
    Ref,
    Shared,
    Within,
    given,
    i32,
    i64,
    one_at_a_time,
    option,
    owned,
    shared,
    struct,
    u8,
    u16,
    u32,
    u64,
    unsafe,
    usize,
)
from pyndis.kernel.memory import Reader, Sink, Span, View
from pyndis.kernel.nbl import Block, Blocks, Nbl, NblPool, NetBuffer, PoolNbl
from pyndis.kernel.objects import KernelObject, addr, cast, sizeof
from pyndis.kernel.queues import IrpQueue
from pyndis.kernel.removal import Removal
from pyndis.kernel.status import BudgetSpent, EtherType, FlowStopped, NdisStatus, NtError, Status
from pyndis.kernel.timers import Timer, at_dispatch, uptime_ms

__all__ = [name for name in dir() if not name.startswith("_") and name != "raw"]
