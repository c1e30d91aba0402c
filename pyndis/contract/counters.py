"""The adapter's statistics, by their NDIS names."""

from __future__ import annotations

from collections.abc import Mapping

from pyndis.contract.bench import Rig
from pyndis.contract.case import NotExercised
from pyndis.contract.oid_table import number_of
from pyndis.contract.statuses import SUCCESS
from pyndis.ddi import facts

_STRUCT = "NDIS_STATISTICS_INFO"
_KINDS = ("Ucast", "Multicast", "Broadcast")


def counters(rig: Rig) -> dict[str, int]:
    """What OID_GEN_STATISTICS answers now. Raises NotExercised where it is not answered (its own case says so)."""
    layout = facts().struct(_STRUCT, rig.bench.subject.arch)
    assert layout is not None
    answer = rig.adapter.oid(query=number_of("GEN_STATISTICS"), length=layout.size)
    if answer.status != SUCCESS or answer.written < layout.size:
        raise NotExercised("OID_GEN_STATISTICS is not answered")
    return {
        name: int.from_bytes(answer.data[at : at + size], "little")
        for name, (at, size, _) in layout.fields.items()
        if name.startswith("if") or name == "SupportedStatistics"
    }


def octets_agree(counted: Mapping[str, int], way: str) -> bool:
    """Whether `ifHCInOctets` (or Out) is the sum of its three kinds."""
    return counted[f"ifHC{way}Octets"] == sum(counted[f"ifHC{way}{kind}Octets"] for kind in _KINDS)
