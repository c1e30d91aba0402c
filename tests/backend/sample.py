"""A program with something of everything, as the checks would leave it."""

from pathlib import Path

from pyndis.diagnostics import Span
from pyndis.ir.nodes import (
    AddressOf,
    Assert,
    Const,
    ConstantDecl,
    Do,
    Function,
    Goto,
    If,
    Index,
    Label,
    Loop,
    Param,
    Program,
    Return,
    Stmt,
    StructDecl,
    StructField,
    Unary,
)
from pyndis.ir.types import BOOL, LONG, NTSTATUS, UCHAR, ULONG, ULONG64, USHORT, Array, Named, Pointer, Struct
from tests.backend.ir import IRP, add, assign, binary, call, compare, field, let, num, var

FILE = Path("drivers/sample/sample.py")
READ, QUEUE = Struct("READ"), Struct("QUEUE")


def span(line: int) -> Span:
    return Span(FILE, line, 4, line, 40)


def at(line: int, statement: Stmt) -> Stmt:
    statement.span = span(line)
    return statement


def read_of(irp):
    return call("READ_OF", irp, type=Pointer(READ), pure=True)


def sample() -> Program:
    """A new copy each time, so that a test may plant a mistake."""
    complete, admits, take, dispatch, checksum = _complete(), _admits(), _take(), Function("", [], NTSTATUS, []), _checksum()
    _fill_dispatch(dispatch, take, admits, complete)
    return Program(
        "sample",
        constants=[
            ConstantDecl("MTU", num(0xFFFF), "the longest packet, in bytes"),
            ConstantDecl("HEADER", num(16)),
            ConstantDecl("NOTHING", num(-1, LONG), "no packet"),
            ConstantDecl("BROKEN", Const(NTSTATUS, 0xC00000E8 - (1 << 32), "STATUS_INVALID_USER_BUFFER")),
        ],
        structs=[
            StructDecl(
                "QUEUE", [StructField("Last", READ), StructField("Key", Array(UCHAR, 32)), StructField("Next", Pointer(QUEUE))]
            ),
            StructDecl(
                "READ",
                [
                    StructField("Used", ULONG, "0..MAX_BUNDLE"),
                    StructField("Count", USHORT),
                    StructField("Of", Pointer(QUEUE, const=True)),
                ],
                "A read that waits.\n\nIts fields are in the words that Windows leaves to the driver.",
                fits=["4 * sizeof(PVOID)"],
                overlay=("Irp", "&(Irp)->Tail.Overlay.DriverContext[0]"),
                span=span(10),
            ),
        ],
        functions=[dispatch, take, admits, complete, checksum],
    )


def _complete() -> Function:
    irp, status = var("Irp", IRP), var("Status", NTSTATUS)
    body: list[Stmt] = [
        at(81, assign(field(irp, "IoStatus.Status", NTSTATUS), status)),
        at(82, assign(field(irp, "IoStatus.Information", ULONG64), num(0, ULONG64))),
        at(83, Do(call("IofCompleteRequest", irp, num(0, LONG)))),
        Return(status),
    ]
    params = [Param(irp.symbol), Param(status.symbol)]
    return Function("IrpComplete", params, NTSTATUS, body, inline=True, irql_max=2, section="requests", span=span(80))


def _admits() -> Function:
    irp, size = var("Irp", IRP), var("Size")
    stride = var("Stride")
    body: list[Stmt] = [
        at(61, let(stride, binary(binary(num(16), "+", binary(size, "+", num(15))), "&", Unary(ULONG, "~", num(15))))),
        at(62, Assert(compare(size, "<=", num(0xFFFF, ULONG, "MTU")))),
        at(63, Return(compare(stride, "<=", binary(num(1 << 20), "-", field(read_of(irp), "Used"))))),
    ]
    params = [Param(irp.symbol), Param(size.symbol)]
    return Function(
        "ReadAdmits", params, BOOL, body, "Whether a packet of this size fits too.", irql_max=2, section="reads", span=span(60)
    )


def _take() -> Function:
    irp, queue, index, total = var("Irp", IRP), var("Queue", Pointer(QUEUE)), var("Index"), var("Total")
    used = field(read_of(irp), "Used")
    body: list[Stmt] = [
        at(41, let(total, num(0))),
        at(42, let(index, num(0))),
        at(42, Loop(compare(index, "<", num(32)), [at(43, add(total, num(1)))], add(index, num(1)))),
        at(
            45,
            If(
                compare(total, "==", num(0)),
                [at(46, Return(num(0xC00000E8 - (1 << 32), NTSTATUS, "STATUS_INVALID_USER_BUFFER")))],
            ),
        ),
        at(47, assign(used, binary(used, "+", binary(total, "<<", num(1))))),
        at(48, assign(field(field(queue, "Last", READ), "Used"), total)),
        at(49, Return(num(0, NTSTATUS, "STATUS_SUCCESS"))),
    ]
    params = [Param(irp.symbol, "_Inout_"), Param(queue.symbol, "_Inout_")]
    doc = "Take what fits. The queue's lock is held, since others push at the same time."
    return Function("ReadTake", params, NTSTATUS, body, doc, locked="Queue->Lock", section="reads", span=span(40))


def _fill_dispatch(dispatch: Function, take: Function, admits: Function, complete: Function) -> None:
    device, irp, status = var("DeviceObject", Named("PVOID")), var("Irp", IRP), var("Status", NTSTATUS)
    queue = var("Queue", QUEUE)
    dispatch.name, dispatch.role, dispatch.section, dispatch.span = "SampleRead", "DRIVER_DISPATCH", "entry points", span(20)
    dispatch.params = [Param(device.symbol), Param(irp.symbol)]
    fails = call("NT_SUCCESS", status, type=BOOL, pure=True)
    dispatch.body = [
        let(queue),
        at(21, If(Unary(BOOL, "!", call(admits, irp, num(100))), [Goto("Complete")])),
        at(22, let(status, call(take, irp, AddressOf(Pointer(QUEUE), queue)))),
        at(24, If(fails, [at(25, Return(status))])),
        Label("Complete"),
        at(26, Return(call(complete, irp, num(0, NTSTATUS, "STATUS_SUCCESS")))),
    ]


def _checksum() -> Function:
    data, size, sum, index = var("Data", Pointer(UCHAR, const=True)), var("Size"), var("Sum"), var("Index")
    body: list[Stmt] = [
        let(sum, num(0)),
        let(index, num(0)),
        Loop(compare(index, "<", size), [add(sum, Index(UCHAR, data, index))], add(index, num(1))),
        Return(binary(sum, "&", num(0xFFFF))),
    ]
    return Function("Checksum", [Param(data.symbol, "_In_reads_bytes_(Size)"), Param(size.symbol)], ULONG, body, section="sums")
