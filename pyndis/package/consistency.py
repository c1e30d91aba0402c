"""What the values of a `driver.toml` must be to each other; each rule is a function from the manifest to its error."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from pyndis.diagnostics import Diagnostic, Label
from pyndis.package.rules import DUAL, WINDOWS_8
from pyndis.package.toml_source import Key

if TYPE_CHECKING:
    from pyndis.package.manifest import Manifest

# Characteristics of an adapter that exclude each other, and the one that cannot go with them (NM-93).
_KINDS = {0x1: "NCF_VIRTUAL", 0x2: "NCF_SOFTWARE_ENUMERATED", 0x4: "NCF_PHYSICAL"}
_NO_SERVICE = 0x10

# The NDIS version that the oldest Windows brings: a driver that asks for more does not load there.
_NDIS_OF_WINDOWS = {(6, 1): (6, 20), (6, 2): (6, 30), (6, 3): (6, 40), (10, 0): (6, 50)}


def contradictions(manifest: Manifest) -> Iterator[Diagnostic]:
    """Every error of the manifest as a whole."""
    yield from _kind_of_adapter(manifest)
    yield from _arm64_windows(manifest)
    yield from _ndis_on_oldest_windows(manifest)
    yield from _dual_catalogs(manifest)


def _kind_of_adapter(manifest: Manifest) -> Iterator[Diagnostic]:
    bits = manifest.setup.characteristics
    kinds = [name for bit, name in _KINDS.items() if bits & bit]
    place = ("setup", "characteristics")
    if len(kinds) != 1:
        found = "has " + " and ".join(kinds) if kinds else "says no kind of adapter"
        message = f"characteristics {bits:#x} {found}, but exactly one of {', '.join(_KINDS.values())} is wanted"
        yield _error(manifest, message, [(place, "found here")], "an adapter without hardware has 0x1, NCF_VIRTUAL")
    elif bits & _NO_SERVICE:
        message = f"characteristics {bits:#x} says that there is no service (0x10), but a miniport is one"
        yield _error(manifest, message, [(place, "found here")], f"write {bits & ~_NO_SERVICE:#x}")


def _arm64_windows(manifest: Manifest) -> Iterator[Diagnostic]:
    if manifest.windows.arm64 < (10, 0):
        message = "the oldest Windows for arm64 is earlier than 10.0, but there is none"
        yield _error(manifest, message, [(("windows", "arm64"), "found here")], 'write arm64 = "10.0"')


def _ndis_on_oldest_windows(manifest: Manifest) -> Iterator[Diagnostic]:
    first = min(manifest.ndis.versions)
    for arch in manifest.driver.architectures:
        system = manifest.windows.oldest(arch)
        if first > (has := _NDIS_OF_WINDOWS[system]):
            message = (
                f"the driver asks for NDIS {_dotted(first)} at least, but Windows {_dotted(system)}, "
                f"the oldest for {arch}, has NDIS {_dotted(has)}"
            )
            places = [(("ndis", "versions"), "asked for here"), (("windows", arch), "the oldest Windows")]
            help = f'add "{_dotted(has)}" to the versions, or claim a later Windows'
            yield _error(manifest, message, places, help)


def _dual_catalogs(manifest: Manifest) -> Iterator[Diagnostic]:
    oldest = {arch: manifest.windows.oldest(arch) for arch in manifest.driver.architectures}
    if manifest.package.catalogs == DUAL and min(oldest.values()) >= WINDOWS_8:
        message = (
            "catalogs is dual, but there is nothing to split: no architecture claims a Windows before 8, "
            "and so each package's one catalog is of version 2 (SHA-256)"
        )
        places = [(("package", "catalogs"), "asked for here"), *((("windows", arch), "the oldest Windows") for arch in oldest)]
        yield _error(manifest, message, places, 'write catalogs = "single", or take the key out')


def _dotted(version: tuple[int, int]) -> str:
    return f"{version[0]}.{version[1]}"


def _error(manifest: Manifest, message: str, places: Sequence[tuple[Key, str]], help: str) -> Diagnostic:
    source = manifest.source
    labels = tuple(Label(source.value(key), text) for key, text in places) if source else ()
    return Diagnostic("PYN-P09", message, labels, help=help)
