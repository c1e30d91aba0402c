"""What an INF installs."""

from __future__ import annotations

from typing import Any

from pyndis.package.inf_reader import Inf, Line, read_inf

_VERSION_KEYS = ("Class", "ClassGUID", "Provider", "CatalogFile", "DriverVer", "PnpLockdown")


def report(data: bytes) -> dict[str, Any]:
    """An INF as nested values. Raises DriverFailure (PYN-P12)."""
    inf = read_inf(data)
    return {
        "format": "INF",
        "version": {key: inf.value("Version", key) for key in _VERSION_KEYS},
        "models": [model for maker in inf.lines("Manufacturer") for model in _models(inf, maker)],
        "services": [_service(inf, line) for name in inf.sections if name.endswith(".services") for line in inf.lines(name)],
        "sections": list(inf.sections),
    }


def _models(inf: Inf, maker: Line) -> list[dict[str, Any]]:
    base, *decorations = maker.values
    sections = [base, *(f"{base}.{each}" for each in decorations)]
    return [
        {
            "manufacturer": inf.expanded(maker.key),
            "section": section,
            "device": inf.expanded(line.key),
            "hardware_ids": list(line.values[1:]),
        }
        for section in sections
        for line in inf.lines(section)
    ]


def _service(inf: Inf, line: Line) -> dict[str, Any]:
    name, _, section, *_ = (*line.values, "", "", "")
    keys = {each.key: inf.expanded(",".join(each.values)) for each in inf.lines(section)}
    return {"name": name, **keys}
