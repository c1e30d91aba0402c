"""What `driver.c.j2` needs to know of a driver: the plan's names and values as C.

The adapter's own functions come from the program. The plan says what they are called, and which of them there are.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from itertools import groupby
from pathlib import Path
from typing import Any

from pyndis.backend import literals
from pyndis.backend.faults import bad_template
from pyndis.backend.templates import C
from pyndis.frontend.plan import Call, FieldPlan, Plan
from pyndis.kernel.device import HALTING, SHUT_DOWN

TEMPLATE = "driver.c.j2"

_LOCKS = {"": "", "Locked": "KeInitializeSpinLock", "Mutexed": "ExInitializeFastMutex"}
_TRANSFERS = {"read": ("DispatchRead", "IRP_MJ_READ"), "write": ("DispatchWrite", "IRP_MJ_WRITE")}
_LUID_INDEX, _LARGEST_INDEX = "{luid_index}", (1 << 24) - 1  # NET_LUID has 24 bits for it
_QUERIES = ("GEN_XMIT_OK", "GEN_RCV_OK", "GEN_STATISTICS", "GEN_INTERRUPT_MODERATION", "GEN_VENDOR_DRIVER_VERSION", "PNP_QUERY_POWER")
_SETS = ("GEN_INTERRUPT_MODERATION", "PM_PARAMETERS", "PNP_SET_POWER")
_FUNCTIONS = (
    *("DriverEntry", "MiniportDriverUnload", "MiniportInitializeEx", "MiniportHaltEx", "MiniportPause", "MiniportRestart"),
    *("MiniportShutdownEx", "MiniportDevicePnPEventNotify", "MiniportSendNetBufferLists", "MiniportReturnNetBufferLists"),
    *("MiniportCancelSend", "MiniportOidRequest", "MiniportCancelOidRequest", "MiniportAppendName", "MiniportRegisterDevice"),
    *("MiniportSetRegistrationAttributes", "MiniportSetGeneralAttributes", "MiniportQuery", "MiniportSet", "MiniportAnswer"),
    *("MiniportAnswerCount", "MiniportAnswerStatistics", "MiniportAnswerInterruptModeration", "MiniportSetPower"),
    *("MiniportSetPowerManagement", "DispatchAnswer", "DispatchOpen", "DispatchCreate", "DispatchCleanup", "DispatchClose"),
    "DispatchOther",
)


@dataclass(frozen=True)
class Called:
    """A function of the program. `status`: whether it returns one."""

    name: C
    status: bool


@dataclass(frozen=True)
class Made:
    """A field of the adapter. `arguments` follow the field's address; `undo`: where to go if making it fails."""

    name: C
    lock: C
    has_adapter: bool
    settings: list[tuple[C, C]]
    make: Called | None
    arguments: C
    undo: C


@dataclass(frozen=True)
class Unmade:
    """A field that is taken down. `label`: empty where nobody goes."""

    name: C
    unmake: Called
    label: C


def own_functions(plan: Plan) -> frozenset[str]:
    """The functions that the template defines besides the program's."""
    optional = {"MiniportTakeNumber"} if any(each.takes_u32 for each in plan.sets) else set()
    return frozenset(_FUNCTIONS) | optional | {function for hook, (function, _) in _TRANSFERS.items() if hook in plan.hooks}


def driver_context(plan: Plan, *, source: str, device: str, pool_tag: str, version: tuple[int, ...]) -> dict[str, object]:
    """The template's context. `device`: what the names of the device objects begin with; `version`: major, minor, ….

    Raises InternalFault (PYN-B02) where the frontend let something pass that the template cannot say.
    """
    made = [each for each in plan.fields if each.name != "Device"]
    return {
        "source": source,
        "driver": {
            "struct": C(plan.struct),
            "adapter": C(plan.adapter),
            "version": C(f"({version[0]} << 16 | {version[1]})"),
            "pool_tag": C(f"'{pool_tag[::-1]}'"),  # the first letter is the lowest byte
            "call": _calls(plan),
            "hooks": {name: _called(call) for name, call in plan.hooks.items()},
            "transfers": [_transfer(plan, hook) for hook in _TRANSFERS if hook in plan.hooks],
            "device": _device(plan, device),
            "ndis": _ndis(plan),
            "refused": {"halting": HALTING, "shut_down": SHUT_DOWN},
            "attributes": _attributes(plan),
            "link_speed": C(f"{plan.attributes['link_speed']}ULL"),
            "flags": _flags(plan),
            "revisions": {name: _revisions(plan, name) for name in _data() if name != "flags"},
            "fields": _made(made),
            "undone": _undone(made),
            "unmade": [Unmade(C(each.name), _called(each.unmake), C("")) for each in reversed(made) if each.unmake],
            "removal": C(plan.removal),
            "answers": _answers(plan),
            "sets": _sets(plan),
            "oids": _oids(plan),
        },
    }


@cache
def _data() -> dict[str, Any]:
    """Which NDIS version wants which revision of what, from `ndis-miniport` headers' documentation."""
    data: dict[str, Any] = json.loads((Path(__file__).parent / "data" / "revisions.json").read_bytes())
    return data


# ---- functions


def _called(call: Call) -> Called:
    return Called(C(call.name), bool(call.status))


def _calls(plan: Plan) -> dict[str, C]:
    """The library's functions; `refusal` is a property of the adapter, so the plan does not list it."""
    return {"refusal": C(f"{plan.adapter}Refusal")} | {name: C(call.name) for name, call in plan.framework.items()}


def _transfer(plan: Plan, hook: str) -> dict[str, C]:
    name, major = _TRANSFERS[hook]
    return {"name": C(name), "major": C(major), "hook": C(plan.hooks[hook].name)}


# ---- names, versions, attributes


def _device(plan: Plan, beginning: str) -> dict[str, object]:
    if not plan.device["name"].endswith(_LUID_INDEX):
        raise bad_template(f"the device's name {plan.device['name']!r} does not end in {_LUID_INDEX}")
    make = next((each.make for each in plan.fields if each.name == "Device"), None)
    if make is None or make.status:
        raise bad_template("the plan has no device that is made without fail")
    name, link = f"\\Device\\{beginning}", f"\\DosDevices\\{beginning}"
    statuses = {each: C(plan.device[each]) for each in ("create_refused", "io_refused", "gone", "other_requests")}
    return statuses | {
        "make": C(make.name),
        "sddl": plan.device["sddl"],
        "name": name,
        "link": link,
        "longest_name": f"{name}{_LARGEST_INDEX}",
        "longest_link": f"{link}{_LARGEST_INDEX}",
    }


def _ndis(plan: Plan) -> dict[str, object]:
    oldest, newest = plan.ndis["oldest"], plan.ndis["newest"]
    return {"oldest": _version(oldest), "newest": _version(newest), "has_media_wake_up": newest >= (6, 30)}


def _version(version: tuple[int, int]) -> C:
    return C(f"NDIS_RUNTIME_VERSION_{version[0]}{version[1]}")


def _attributes(plan: Plan) -> dict[str, object]:
    """Names stay names, and numbers numbers."""
    found = {key: _value(value) for key, value in plan.attributes.items() if key not in ("flags", "link_speed")}
    return found | {"duplex": C("MediaDuplexStateFull" if plan.attributes["full_duplex"] else "MediaDuplexStateHalf")}


def _value(value: object) -> object:
    match value:
        case bool():
            return C("TRUE" if value else "FALSE")
        case int():
            return C(literals.integer(value))
        case tuple():
            return [C(each) for each in value] or [C("0")]
    return C(str(value))


def _flags(plan: Plan) -> dict[str, object]:
    """The registration's flags: those that the oldest system knows, and those that come with a newer one."""
    oldest, newest = plan.ndis["oldest"], plan.ndis["newest"]
    given = plan.attributes["flags"]
    assert isinstance(given, tuple)
    since = {each: tuple(_data()["flags"].get(each, oldest)) for each in given}
    always = [each for each in given if since[each] <= oldest]
    newer = [{"since": _version(since[each]), "flag": C(each)} for each in given if oldest < since[each] <= newest]
    return {"always": C(" | ".join(always) or "0"), "newer": newer}


def _revisions(plan: Plan, name: str) -> dict[str, object]:
    """A struct's header on the oldest system, and what it becomes on newer ones."""
    known = [(tuple(since), {"revision": C(revision), "size": C(size)}) for since, revision, size in _data()[name]]
    first = [each for since, each in known if since <= plan.ndis["oldest"]]
    if not first:
        raise bad_template(f"nothing is known of the revision of {name} for NDIS {plan.ndis['oldest']}")
    newer = [each | {"since": _version(since)} for since, each in known if plan.ndis["oldest"] < since <= plan.ndis["newest"]]
    return {"oldest": first[-1], "newer": newer}


# ---- fields


def _made(fields: Iterable[FieldPlan]) -> list[Made]:
    found: list[Made] = []
    undo = C("DeregisterDevice")
    for each in fields:
        settings = [(C(member), C(value)) for member, value in each.settings]
        arguments = C("".join(f", {argument}" for argument in each.arguments))
        make = _called(each.make) if each.make else None
        found.append(Made(C(each.name), C(_LOCKS[each.lock]), each.has_adapter, settings, make, arguments, undo))
        undo = C(f"Unmake{each.name}") if each.unmake else undo
    return found


def _undone(fields: list[FieldPlan]) -> list[Unmade]:
    """What initializing takes down when it fails, in this order: all that can have been made before the last that can fail."""
    used = [each.undo for each in _made(fields) if each.make and each.make.status]
    found = [Unmade(C(each.name), _called(each.unmake), C(f"Unmake{each.name}")) for each in reversed(fields) if each.unmake]
    while found and found[0].label not in used:
        found.pop(0)
    return [each if each.label in used else Unmade(each.name, each.unmake, C("")) for each in found]


# ---- OIDs


def _answers(plan: Plan) -> dict[str, object]:
    texts = [{"oid": C(each.oid), "text": each.value} for each in plan.answers if isinstance(each.value, str)]
    numbers = [(each.value, C(each.oid)) for each in plan.answers if isinstance(each.value, int)]
    groups = groupby(numbers, lambda each: each[0])
    return {"texts": texts, "numbers": [{"value": C(literals.integer(value)), "oids": [oid for _, oid in each]} for value, each in groups]}


def _sets(plan: Plan) -> dict[str, object]:
    groups = groupby(plan.sets, lambda each: (each.handler, each.takes_u32))
    handlers = [{"call": _called(call), "takes_u32": number, "oids": [C(each.oid) for each in sets]} for (call, number), sets in groups]
    return {"handlers": handlers, "has_numbers": any(each.takes_u32 for each in plan.sets)}


def _oids(plan: Plan) -> list[C]:
    """All that are answered, each once."""
    own = [f"OID_{each}" for each in dict.fromkeys((*_QUERIES, *_SETS))]
    return [C(each) for each in dict.fromkeys([*(each.oid for each in plan.answers), *(each.oid for each in plan.sets), *own])]
