"""The OIDs that the contract speaks of, out of `data/oids.toml`."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pyndis.contract.statuses import constant, ndis

_FILE = Path(__file__).parent / "data" / "oids.toml"


@dataclass(frozen=True)
class KnownOid:
    """`sizes`: the legal lengths of an answer (empty: any); `header`: its NDIS_OBJECT_HEADER's type and least revision;
    `value`: what NDIS sets; `refusals`: with which statuses a driver may refuse that; `least`: a shorter set is refused."""

    name: str
    number: int
    kind: str
    sizes: tuple[int, ...] = ()
    header: tuple[int, int] | None = None
    value: bytes = b""
    refusals: frozenset[int] = frozenset()
    counter: bool = False
    least: int = 0


def number_of(name: str) -> int:
    """An OID by its name without `OID_`."""
    return constant(f"OID_{name}")


def _known(entry: dict[str, Any]) -> KnownOid:
    header = entry.get("header")
    return KnownOid(
        name=f"OID_{entry['name']}",
        number=number_of(entry["name"]),
        kind=entry["kind"],
        sizes=tuple(entry.get("sizes", ())),
        header=(header[0], header[1]) if header else None,
        value=bytes.fromhex(entry.get("value", "")),
        refusals=frozenset(ndis(each) for each in entry.get("refusals", ())),
        counter=entry.get("counter", False),
        least=entry.get("least", 0),
    )


_DATA = tomllib.loads(_FILE.read_text("utf-8"))
_KNOWN = tuple(_known(each) for each in _DATA["oid"])

MANDATORY_QUERIES = tuple(each for each in _KNOWN if "query" in each.kind)
MANDATORY_SETS = tuple(each for each in _KNOWN if "set" in each.kind)
QUERY_ONLY = tuple(each for each in MANDATORY_QUERIES if each.kind == "query")
BY_NDIS = frozenset(number_of(each) for each in _DATA["by-ndis"])
POWER = frozenset({number_of("PNP_SET_POWER"), number_of("PNP_QUERY_POWER")})
"""NDIS alone sends these, one as a set and one as a query, with its own lengths; it takes few statuses (NM-68)."""
