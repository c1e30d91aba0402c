"""A miniport that does nothing, as the frontend would plan it: what the template of entry points calls, and no more.

Two of its fields hold a work item each, so that a host sees what is made and not taken down.
"""

from __future__ import annotations

from pyndis.ir.nodes import AddressOf, ConstantDecl, Do, Function, If, Program, Return, StructDecl, StructField, Unary
from pyndis.ir.plan import Call, FieldPlan, OidAnswer, OidSet, Plan
from pyndis.ir.types import (
    BOOL,
    LONG,
    LONG64,
    NDIS_STATUS,
    NTSTATUS,
    ULONG,
    ULONG64,
    ULONG_PTR,
    VOID,
    CType,
    Named,
    Pointer,
    Struct,
)
from tests.backend.ir import IRP, assign, call, field, function, num, var

TUN, PART, GATE, COUNTER = (Pointer(Struct(each)) for each in ("TUN", "PART", "CONTROL_DEVICE", "COUNTER"))
FILE, NBL = Pointer(Struct("FILE_OBJECT")), Pointer(Struct("NET_BUFFER_LIST"))
HANDLE = Named("NDIS_HANDLE")
COUNTERS = ("InDiscards", "InErrors", "InOctets", "InPackets", "OutDiscards", "OutErrors", "OutOctets", "OutPackets")
OLDEST, NEWEST = (6, 20), (6, 30)

SIGNATURES: dict[str, tuple[CType, tuple[tuple[str, CType], ...]]] = {
    "TunSent": (VOID, (("Tun", TUN), ("First", NBL))),
    "TunGivenBack": (VOID, (("Tun", TUN), ("First", NBL))),
    "TunPause": (NDIS_STATUS, (("Tun", TUN),)),
    "TunRestart": (VOID, (("Tun", TUN),)),
    "TunSetPower": (VOID, (("Tun", TUN), ("Awake", BOOL))),
    "TunRemove": (VOID, (("Tun", TUN),)),
    "TunRefusal": (NDIS_STATUS, (("Tun", TUN),)),
    "ControlDeviceMake": (VOID, (("Device", GATE),)),
    "ControlDeviceOpen": (VOID, (("Device", GATE),)),
    "ControlDeviceRefuse": (VOID, (("Device", GATE), ("Reason", LONG))),
    "ControlDeviceEnter": (BOOL, (("Device", GATE),)),
    "ControlDeviceLeave": (VOID, (("Device", GATE),)),
    "ControlDeviceDrain": (VOID, (("Device", GATE),)),
    "ControlDeviceAdd": (NTSTATUS, (("Device", GATE), ("File", FILE))),
    "ControlDeviceRemove": (VOID, (("Device", GATE), ("File", FILE))),
    "RemovalWatch": (VOID, (("Removal", PART),)),
    "TunRead": (NTSTATUS, (("Tun", TUN), ("Irp", IRP))),
    "TunWrite": (NTSTATUS, (("Tun", TUN), ("Irp", IRP))),
    "TunOpened": (NTSTATUS, (("Tun", TUN), ("File", FILE))),
    "TunCleanup": (VOID, (("Tun", TUN), ("File", FILE))),
    "TunClosed": (VOID, (("Tun", TUN), ("File", FILE))),
    "TunCancelSend": (VOID, (("Tun", TUN), ("CancelId", ULONG_PTR))),
    "TunHalt": (VOID, (("Tun", TUN),)),
    "TunTakeNumber": (NDIS_STATUS, (("Tun", TUN), ("Value", ULONG))),
    "TunTake": (VOID, (("Tun", TUN),)),
}

STATUSES = {VOID: "", BOOL: "", NTSTATUS: "NTSTATUS", NDIS_STATUS: "NDIS_STATUS"}


def planned(name: str) -> Call:
    return Call(name, STATUSES[SIGNATURES[name][0]])


MAKE, UNMAKE = Call("PartMake", "NDIS_STATUS"), Call("PartUnmake")
FIELDS = [
    FieldPlan("Device", planned("ControlDeviceMake"), None, has_adapter=True),
    FieldPlan("Removal", MAKE, UNMAKE, has_adapter=True),
    FieldPlan("Waiting", None, None, lock="Locked"),
    FieldPlan("Lent", None, None, settings=(("Limit", "MAX_LENT"),), has_adapter=True),
    FieldPlan("Handles", None, None, lock="Mutexed"),
    FieldPlan("Last", MAKE, UNMAKE, has_adapter=True),
]
HOOKS = ("read", "write", "cleanup", "cancel_send", "halt")
FRAMEWORK = ("sent", "given_back", "pause", "restart", "set_power", "remove")
GATES = ("open", "refuse", "enter", "leave", "drain", "add", "remove")


def plan(oldest: tuple[int, int] = OLDEST, newest: tuple[int, int] = NEWEST) -> Plan:
    """A new copy each time, so that a test may change it."""
    hooks = {each: planned(f"Tun{_camel(each)}") for each in HOOKS}
    framework = {each: planned(f"Tun{_camel(each)}") for each in FRAMEWORK}
    framework |= {f"device_{each}": planned(f"ControlDevice{_camel(each)}") for each in GATES}
    return Plan(
        adapter="Tun",
        struct="TUN",
        device=DEVICE.copy(),
        attributes=ATTRIBUTES.copy(),
        ndis={"oldest": oldest, "newest": newest},
        fields=FIELDS.copy(),
        hooks=hooks | {"create": planned("TunOpened"), "close": planned("TunClosed")},
        framework=framework
        | {"begin": Call("TunBegin"), "counter_read": Call("CounterRead", "ULONG64"), "removal_watch": planned("RemovalWatch")},
        answers=[
            OidAnswer("OID_GEN_MAXIMUM_TOTAL_SIZE", 1400),
            OidAnswer("OID_GEN_TRANSMIT_BLOCK_SIZE", 1400),
            OidAnswer("OID_GEN_VENDOR_ID", 0xFFFFFF),
            OidAnswer("OID_GEN_VENDOR_DESCRIPTION", "Tunnel"),
        ],
        sets=[
            OidSet("OID_GEN_CURRENT_PACKET_FILTER", planned("TunTakeNumber"), True),
            OidSet("OID_GEN_CURRENT_LOOKAHEAD", planned("TunTakeNumber"), True),
            OidSet("OID_GEN_LINK_PARAMETERS", planned("TunTake"), False),
        ],
        removal="Removal",
    )


DEVICE = {
    "name": "TUN{luid_index}",
    "sddl": "D:P(A;;GA;;;SY)",
    "create_refused": "STATUS_DELETE_PENDING",
    "io_refused": "STATUS_FILE_FORCED_CLOSED",
    "gone": "STATUS_INVALID_HANDLE",
    "other_requests": "STATUS_INVALID_PARAMETER",
}
ATTRIBUTES: dict[str, object] = {
    "medium": "NdisMediumIP",
    "physical_medium": "NdisPhysicalMediumUnspecified",
    "interface": "NdisInterfaceInternal",
    "if_type": 53,
    "mtu": 1400,
    "lookahead": 1400,
    "link_speed": 100_000_000_000,
    "full_duplex": True,
    "access": "NET_IF_ACCESS_BROADCAST",
    "direction": "NET_IF_DIRECTION_SENDRECEIVE",
    "connection": "NET_IF_CONNECTION_DEDICATED",
    "connector": False,
    "pause_functions": "NdisPauseFunctionsUnsupported",
    "auto_negotiated": ("NDIS_LINK_STATE_DUPLEX_AUTO_NEGOTIATED",),
    "mac_options": ("NDIS_MAC_OPTION_NO_LOOPBACK", "NDIS_MAC_OPTION_TRANSFERS_NOT_PEND"),
    "packet_filters": ("NDIS_PACKET_TYPE_DIRECTED", "NDIS_PACKET_TYPE_BROADCAST"),
    "flags": (
        "NDIS_MINIPORT_ATTRIBUTES_NO_HALT_ON_SUSPEND",
        "NDIS_MINIPORT_ATTRIBUTES_SURPRISE_REMOVE_OK",
        "NDIS_MINIPORT_ATTRIBUTES_NO_PAUSE_ON_SUSPEND",
    ),
}


def program() -> Program:
    """The functions that the plan names: they succeed, and do nothing but what the host watches."""
    idle = [_idle(name, result, params) for name, (result, params) in SIGNATURES.items()]
    return Program(
        "tun",
        constants=[ConstantDecl("MAX_LENT", num(4096))],
        structs=_structs(),
        functions=[*idle, _begin(), _read(), _make(), _unmake()],
    )


def _structs() -> list[StructDecl]:
    part = [StructField("Adapter", TUN), StructField("Item", HANDLE), StructField("Limit", ULONG)]
    gate = [StructField("Adapter", TUN), StructField("Object", Pointer(Struct("DEVICE_OBJECT"))), StructField("Handle", HANDLE)]
    fields = [
        StructField("Handle", HANDLE),
        StructField("Counters", Struct("COUNTERS")),
        StructField("Device", Struct("CONTROL_DEVICE")),
        *(StructField(each, Struct("PART")) for each in ("Removal", "Lent", "Last")),
        StructField("Waiting", Struct("LOCKED_ULONG")),
        StructField("Handles", Struct("MUTEXED_ULONG")),
    ]
    return [
        StructDecl("COUNTER", [StructField("Value", LONG64)]),
        StructDecl("COUNTERS", [StructField(each, Struct("COUNTER")) for each in COUNTERS]),
        StructDecl("CONTROL_DEVICE", gate),
        StructDecl("PART", part),
        StructDecl("LOCKED_ULONG", [StructField("Lock", Named("KSPIN_LOCK")), StructField("Value", ULONG)]),
        StructDecl("MUTEXED_ULONG", [StructField("Lock", Named("FAST_MUTEX")), StructField("Value", ULONG)]),
        StructDecl("TUN", fields),
    ]


def _idle(name: str, result: CType, params: tuple[tuple[str, CType], ...]) -> Function:
    value = num(1, BOOL) if result == BOOL else num(0, result)  # type: ignore[arg-type]
    return function(name, *(var(*each) for each in params), body=[] if result == VOID else [Return(value)], result=result)


def _begin() -> Function:
    tun, handle = var("Tun", TUN), var("Handle", HANDLE)
    return function("TunBegin", tun, handle, body=[assign(field(tun, "Handle", HANDLE), handle)])


def _read() -> Function:
    counter = var("Counter", COUNTER)
    value = call(
        "InterlockedCompareExchange64", AddressOf(Pointer(LONG64), field(counter, "Value", LONG64)), num(0), num(0), type=ULONG64
    )
    return function("CounterRead", counter, body=[Return(value)], result=ULONG64)


def _make() -> Function:
    part = var("Part", PART)
    item, handle = field(part, "Item", HANDLE), field(field(part, "Adapter", TUN), "Handle", HANDLE)
    failed = Return(num(-0x3FFFFF66, NDIS_STATUS, "NDIS_STATUS_RESOURCES"))
    made = assign(item, call("NdisAllocateIoWorkItem", handle, type=HANDLE))
    body = [made, If(Unary(BOOL, "!", item), [failed]), Return(num(0, NDIS_STATUS))]
    return function("PartMake", part, body=body, result=NDIS_STATUS)


def _unmake() -> Function:
    part = var("Part", PART)
    return function("PartUnmake", part, body=[Do(call("NdisFreeIoWorkItem", field(part, "Item", HANDLE)))])


def _camel(name: str) -> str:
    return "".join(each.capitalize() for each in name.split("_"))
