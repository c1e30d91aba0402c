"""The driver once more, as a WDM driver for Static Driver Verifier: its C, with stand-ins for what it calls of NDIS.

That verifier knows one model per driver. It takes what links ndis.lib for a miniport, and has no rule for a miniport's IRPs.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from pyndis.backend.templates import C, render_template
from pyndis.ddi import Facts
from pyndis.ddi.model import Function, Param

_TEMPLATE = "wdm.c.j2"
_NDIS = "ndis.sys"
_CALL = re.compile(r"\b(Ndis\w+)\(")
_PLAYED = ("NdisGetDeviceReservedExtension", "NdisDeregisterDeviceEx", "NdisRegisterDeviceEx")  # by WDM calls, in the template
_DISPATCH = {"IRP_MJ_CREATE": "DispatchCreate", "IRP_MJ_CLEANUP": "DispatchCleanup", "IRP_MJ_CLOSE": "DispatchClose"}


def render_wdm(c_source: str, *, context: Mapping[str, Any], included: str, facts: Facts) -> str:
    """The C file that includes `included`, the driver's own. `c_source` is what the driver's template gave for `context`."""
    functions = [_stand_in(each, facts) for each in _called(c_source, facts)]
    dispatch = _DISPATCH | {each["major"]: each["name"] for each in context["driver"]["transfers"]}
    wdm = {
        "functions": functions,
        "included": included,
        "dispatch": [{"major": C(major), "name": C(name)} for major, name in dispatch.items()],
    }
    return render_template(_TEMPLATE, {"source": context["source"], "wdm": wdm})


def _called(c_source: str, facts: Facts) -> list[Function]:
    found = (facts.function(name) for name in sorted(set(_CALL.findall(c_source))))
    return [each for each in found if each is not None and each.module == _NDIS]


def _stand_in(function: Function, facts: Facts) -> dict[str, object]:
    results = [] if function.name in _PLAYED else [each.name for each in function.params if _is_result(each)]
    used = {each.name for each in function.params} if function.name in _PLAYED else set(results)
    pointer = function.ret != "void" and facts.scalar(function.ret) is None
    return {
        "name": C(function.name),
        "ret": C("VOID" if function.ret == "void" else function.ret),
        "params": C(_parameters(function)),
        "unused": [C(each.name) for each in function.params if each.name not in used],
        "results": [C(each) for each in results],
        "pointer": pointer,
        "value": function.ret != "void" and not pointer,
    }


def _parameters(function: Function) -> str:
    if not function.params:
        return "VOID"
    declared = [f"{each.type} {each.name}" for each in function.params]
    return declared[0] if len(declared) == 1 else "\n    " + ",\n    ".join(declared)


def _is_result(param: Param) -> bool:
    return param.direction == "out" and not param.optional and param.size is None
