"""What the INF tells Windows of an adapter, against what the driver's own attributes tell NDIS (ndis-miniport.md, NM-93)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from pyndis.diagnostics import Diagnostic, Label
from pyndis.package.manifest import Manifest

# Keys of [setup], each with the attribute that must be the same.
_SAME = {"if-type": "if_type", "media-type": "medium", "physical-media-type": "physical_medium"}


def differing(
    attributes: Mapping[str, object], manifest: Manifest, constant: Callable[[str], int | None]
) -> Iterator[Diagnostic]:
    """PYN-V91. `attributes` are those of the compiled driver: numbers, or names of constants that `constant` knows."""
    for key, attribute in _SAME.items():
        given = attributes.get(attribute)
        wanted = given if isinstance(given, int) else constant(str(given))
        found = getattr(manifest.setup, key.replace("-", "_"))
        if wanted is not None and found != wanted:
            named = f" ({given})" if isinstance(given, str) else ""
            message = f"{key} is {found} for Windows' setup, and the driver's {attribute} is {wanted}{named}"
            labels = (Label(manifest.source.value(("setup", key)), "said here"),) if manifest.source else ()
            yield Diagnostic("PYN-V91", message, labels, help=f"write {key} = {wanted}, or mend the driver's attributes")
