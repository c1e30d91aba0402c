"""The OIDs that a driver's entry points answer: the author's and the framework's."""

from __future__ import annotations

from itertools import groupby

from pyndis.backend import literals
from pyndis.backend.driver_fields import called
from pyndis.backend.faults import bad_template
from pyndis.backend.templates import C
from pyndis.ir.plan import Plan

_QUERIES = (
    "OID_GEN_XMIT_OK",
    "OID_GEN_RCV_OK",
    "OID_GEN_STATISTICS",
    "OID_GEN_INTERRUPT_MODERATION",
    "OID_GEN_VENDOR_DRIVER_VERSION",
    "OID_PNP_QUERY_POWER",
)
_SETS = ("OID_GEN_INTERRUPT_MODERATION", "OID_PM_PARAMETERS", "OID_PNP_SET_POWER")


def answers(plan: Plan) -> dict[str, object]:
    """The queries with constant answers; neighbours with the same number share a line."""
    texts = [{"oid": C(each.oid), "text": each.value} for each in plan.answers if isinstance(each.value, str)]
    numbers = [(each.value, C(each.oid)) for each in plan.answers if isinstance(each.value, int)]
    groups = [(value, [oid for _, oid in each]) for value, each in groupby(numbers, lambda each: each[0])]
    return {"texts": texts, "numbers": [{"value": C(literals.integer(value)), "oids": oids} for value, oids in groups]}


def sets(plan: Plan) -> dict[str, object]:
    """The author's sets; neighbours with the same handler share it."""
    groups = groupby(plan.sets, lambda each: (each.handler, each.takes_u32))
    handlers = [
        {"call": called(handler), "takes_u32": takes_u32, "oids": [C(each.oid) for each in group]}
        for (handler, takes_u32), group in groups
    ]
    return {"handlers": handlers, "has_numbers": any(each.takes_u32 for each in plan.sets)}


def supported(plan: Plan) -> list[C]:
    """All that are answered, each once, whether as query or set. Raises InternalFault if one has two answers."""
    queried = [*(each.oid for each in plan.answers), *_QUERIES]
    set_ = [*(each.oid for each in plan.sets), *_SETS]
    for kind in (queried, set_):
        if twice := sorted({each for each in kind if kind.count(each) > 1}):
            raise bad_template(f"{twice[0]} has two answers, of the driver's or the driver's and the framework's")
    return [C(each) for each in dict.fromkeys([*queried, *set_])]
