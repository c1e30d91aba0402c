"""The adapter's statistics by their NDIS names."""

from __future__ import annotations

from pyndis.ddi import facts
from pyndis.host import Adapter
from tests.host.statuses import Ndis, oid

_INFO = "NDIS_STATISTICS_INFO"


def counters(adapter: Adapter) -> dict[str, int]:
    """What OID_GEN_STATISTICS answers now: `ifOutDiscards` and so on."""
    layout = facts().struct(_INFO)
    assert layout is not None
    answer = adapter.oid(query=oid("GEN_STATISTICS"), length=layout.size)
    assert answer.status == Ndis.SUCCESS
    return {
        name: int.from_bytes(answer.data[at : at + size], "little")
        for name, (at, size, _) in layout.fields.items()
        if name.startswith("if")
    }


def counted(adapter: Adapter) -> dict[str, int]:
    """Only those that are not zero."""
    return {name: value for name, value in counters(adapter).items() if value}
