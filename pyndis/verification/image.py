"""An image as the judge wants it: what it imports, its sections, and which of the host's exports each IRQL rule limits."""

from __future__ import annotations

from collections import defaultdict
from contextlib import suppress
from pathlib import Path

import pefile

from pyndis.host import DriverFault, Export, Host, RuleBroken
from pyndis.verification.observed import Image

_HIGH_LEVEL = 15


def image_of(file: Path) -> Image:
    """Raises DriverFailure for a file that the host cannot load: PYN-H01 it is no image, PYN-H02 imports are missing."""
    limited = _limited(_exports(file))
    with pefile.PE(str(file)) as read:
        imports = {
            each.name.decode() for entry in getattr(read, "DIRECTORY_ENTRY_IMPORT", []) for each in entry.imports if each.name
        }
        sections = tuple(each.Name.rstrip(b"\0").decode() for each in read.sections)
    return Image(frozenset(imports), sections, limited)


def _exports(file: Path) -> list[Export]:
    found: list[Export] = []
    with suppress(RuleBroken, DriverFault), Host(file) as host:  # what DriverEntry does wrong is for the cases to say
        found = host.exports()
    return found


def _limited(exports: list[Export]) -> dict[str, frozenset[str]]:
    names: dict[str, set[str]] = defaultdict(set)
    for each in exports:
        if each.lowest_irql > 0 or each.highest_irql < _HIGH_LEVEL:
            names[each.irql_rule].add(each.name)
    return {rule: frozenset(found) for rule, found in names.items()}
