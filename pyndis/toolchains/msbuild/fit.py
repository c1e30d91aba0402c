"""What of a driver the kits on this machine make: which kit to take, which architectures are left out, and for which Windows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pyndis.diagnostics import WARNING, Diagnostic, ToolFailure
from pyndis.toolchains.msbuild.offers import Offer, Windows, newest_for, offer_of
from pyndis.toolchains.msbuild.wdk import Kits, Version

NAMES: Mapping[Windows, str] = {(6, 1): "Windows 7", (6, 2): "Windows 8", (6, 3): "Windows 8.1", (10, 0): "Windows 10"}


@dataclass(frozen=True)
class Fit:
    """One kit, held against what is wanted.

    `architectures` are built, `missing` are not. `raised` are built, but for a newer Windows than the driver claims: `oldest`.
    """

    version: Version
    offer: Offer
    architectures: tuple[str, ...]
    missing: tuple[str, ...]
    raised: Mapping[str, Windows]

    @property
    def oldest(self) -> Windows | None:
        """The Windows to name to the kit as the oldest instead of the driver's, None to leave it at that."""
        return self.offer.oldest if self.raised else None

    @property
    def is_whole(self) -> bool:
        """Whether all that is wanted comes out as it is wanted."""
        return not self.missing and not self.raised


def fits(kits: Kits, wanted: Mapping[str, Windows]) -> list[Fit]:
    """The kits in the order in which to take them: by how much of what is `wanted` (architecture: oldest Windows) they make, then
    the newer. Raises ToolFailure (PYN-T23) when none makes any."""
    found = [fit for version in kits.versions if (fit := _fit(version, wanted)) and fit.architectures]
    if not found:
        versions = ", ".join(map(str, kits.versions))
        message = f"the WDK in {kits.root} ({versions}) makes drivers for none of {', '.join(wanted)}"
        raise ToolFailure(Diagnostic("PYN-T23", message, notes=_needed(wanted), help=_HELP))
    return sorted(found, key=lambda fit: (-len(fit.architectures), len(fit.raised), -fit.version.build))


def _fit(version: Version, wanted: Mapping[str, Windows]) -> Fit | None:
    offer = offer_of(version.build)
    if offer is None:
        return None
    made = tuple(arch for arch in wanted if arch in offer.architectures)
    missing = tuple(arch for arch in wanted if arch not in offer.architectures)
    raised = {arch: wanted[arch] for arch in made if wanted[arch] < offer.oldest}
    return Fit(version, offer, made, missing, raised)


_HELP = "install the kit that is named, in an own folder or as its EWDK, and name it with --wdk; or build with --toolchain zig"


def lacking(fit: Fit, wanted: Mapping[str, Windows], explicit: bool) -> tuple[Diagnostic, ...]:
    """What is left out, as warnings. Raises ToolFailure (PYN-T23) for an architecture that was asked for by name (`explicit`)."""
    if fit.missing and explicit:
        message = f"the WDK {fit.version} makes no drivers for {', '.join(fit.missing)}"
        raise ToolFailure(Diagnostic("PYN-T23", message, notes=_needed({arch: wanted[arch] for arch in fit.missing}), help=_HELP))
    return tuple(_warnings(fit, wanted))


def _warnings(fit: Fit, wanted: Mapping[str, Windows]) -> list[Diagnostic]:
    said = []
    if fit.missing:
        message = f"{', '.join(fit.missing)} is left out: the WDK {fit.version} makes no drivers for it"
        notes = _needed({arch: wanted[arch] for arch in fit.missing})
        said.append(Diagnostic("PYN-T24", message, notes=notes, help=_HELP, severity=WARNING))
    if fit.raised:
        left = ", ".join(f"{NAMES[windows]} ({arch})" for arch, windows in fit.raised.items())
        message = f"built for {NAMES[fit.offer.oldest]} and later only, not for {left}: the WDK {fit.version} has dropped it"
        said.append(Diagnostic("PYN-T24", message, notes=_needed(fit.raised), help=_HELP, severity=WARNING))
    return said


def _needed(wanted: Mapping[str, Windows]) -> tuple[str, ...]:
    """The newest kit for each, in words."""
    named: dict[str, list[str]] = {}
    for arch, windows in wanted.items():
        offer = newest_for(arch, windows)
        named.setdefault(offer.release if offer else "no kit that pyndis knows", []).append(f"{arch} from {NAMES[windows]} on")
    return tuple(f"{' and '.join(drivers)} needs the {release}" for release, drivers in named.items())


def visual_studios(found: Sequence[Fit]) -> tuple[int, ...]:
    """The versions of Visual Studio that take one of the kits, in the kits' order."""
    return tuple(dict.fromkeys(major for fit in found for major in fit.offer.visual_studio))
