"""What `driver.c.j2` needs to know of a driver: the plan's names and values as C.

The adapter's own functions come from the program. The plan says what they are called, and which of them there are.
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

from pyndis.backend import driver_fields, driver_oids, literals
from pyndis.backend.faults import bad_template
from pyndis.backend.templates import C
from pyndis.ir.plan import Plan
from pyndis.kernel.device import HALTING, SHUT_DOWN

TEMPLATE = "driver.c.j2"

_TRANSFERS = {"read": ("DispatchRead", "IRP_MJ_READ"), "write": ("DispatchWrite", "IRP_MJ_WRITE")}
_LUID_INDEX, _LARGEST_INDEX = "{luid_index}", (1 << 24) - 1  # NET_LUID has 24 bits for it
_FUNCTIONS = (
    *("DriverEntry", "MiniportDriverUnload", "MiniportInitializeEx", "MiniportHaltEx", "MiniportPause", "MiniportRestart"),
    *("MiniportShutdownEx", "MiniportDevicePnPEventNotify", "MiniportSendNetBufferLists", "MiniportReturnNetBufferLists"),
    *("MiniportCancelSend", "MiniportOidRequest", "MiniportCancelOidRequest", "MiniportAppendName", "MiniportRegisterDevice"),
    *("MiniportSetRegistrationAttributes", "MiniportSetGeneralAttributes", "MiniportQuery", "MiniportSet", "MiniportAnswer"),
    *("MiniportAnswerCount", "MiniportAnswerStatistics", "MiniportAnswerInterruptModeration", "MiniportSetPower"),
    *("MiniportSetPowerManagement", "DispatchAnswer", "DispatchOpen", "DispatchCreate", "DispatchCleanup", "DispatchClose"),
    "DispatchOther",
)


def own_functions(plan: Plan) -> frozenset[str]:
    """The functions that the template defines besides the program's."""
    optional = {"MiniportTakeNumber"} if any(each.takes_u32 for each in plan.sets) else set()
    return frozenset(_FUNCTIONS) | optional | {function for hook, (function, _) in _TRANSFERS.items() if hook in plan.hooks}


def driver_context(plan: Plan, *, source: str, device: str, pool_tag: str, version: tuple[int, ...]) -> dict[str, object]:
    """The template's context. `device`: what the names of the device objects begin with; `version`: major, minor, ….

    Raises InternalFault (PYN-B02) where the frontend let something pass that the template cannot say.
    """
    fields = [each for each in plan.fields if each.name != "Device"]
    driver = {
        "struct": C(plan.struct),
        "adapter": C(plan.adapter),
        "version": C(f"({version[0]} << 16 | {version[1]})"),
        "pool_tag": C(f"'{pool_tag[::-1]}'"),  # the first letter is the lowest byte
        "call": _calls(plan),
        "hooks": {name: driver_fields.called(call) for name, call in plan.hooks.items()},
        "transfers": [_transfer(plan, hook) for hook in _TRANSFERS if hook in plan.hooks],
        "device": _device(plan, device),
        "ndis": _ndis(plan),
        "refused": {"halting": HALTING, "shut_down": SHUT_DOWN},
        "attributes": _attributes(plan),
        "link_speed": C(f"{plan.attributes['link_speed']}ULL"),
        "flags": _flags(plan),
        "revisions": {name: _revisions(plan, name) for name in _since() if name != "flags"},
        "fields": driver_fields.made(fields),
        "undone": driver_fields.undone(fields),
        "unmade": driver_fields.unmade(fields),
        "removal": C(plan.removal),
        "undocumented": [C(each) for each in plan.undocumented],
        "answers": driver_oids.answers(plan),
        "sets": driver_oids.sets(plan),
        "oids": driver_oids.supported(plan),
    }
    return {"source": source, "driver": driver}


@cache
def _since() -> dict[str, Any]:
    """Since which NDIS version a struct has which revision and size, and a flag is known (each one's documentation)."""
    data: dict[str, Any] = json.loads((Path(__file__).parent / "data" / "revisions.json").read_bytes())
    return data


# ---- functions


def _calls(plan: Plan) -> dict[str, C]:
    """The library's functions; `refusal` is a property of the adapter, so the plan does not list it."""
    return {"refusal": C(f"{plan.adapter}Refusal")} | {name: C(call.name) for name, call in plan.framework.items()}


def _transfer(plan: Plan, hook: str) -> dict[str, C]:
    name, major = _TRANSFERS[hook]
    return {"name": C(name), "major": C(major), "hook": C(plan.hooks[hook].name)}


# ---- the device, versions, attributes


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
    since = {each: tuple(_since()["flags"].get(each, oldest)) for each in given}
    always = [each for each in given if since[each] <= oldest]
    newer = [{"since": _version(since[each]), "flag": C(each)} for each in given if oldest < since[each] <= newest]
    return {"always": C(" | ".join(always) or "0"), "newer": newer}


def _revisions(plan: Plan, name: str) -> dict[str, object]:
    """A struct's header on the oldest system, and what it becomes on newer ones."""
    oldest, newest = plan.ndis["oldest"], plan.ndis["newest"]
    known = [(tuple(since), {"revision": C(revision), "size": C(size)}) for since, revision, size in _since()[name]]
    first = [each for since, each in known if since <= oldest]
    if not first:
        raise bad_template(f"the headers that NDIS {oldest[0]}.{oldest[1]} wants are not known")
    newer = [each | {"since": _version(since)} for since, each in known if oldest < since <= newest]
    return {"oldest": first[-1], "newer": newer}
