"""What a Windows Driver Kit of a given build still makes drivers for (data/offers.toml, with sources)."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

Windows = tuple[int, int]
_FILE = Path(__file__).with_name("data") / "offers.toml"


@dataclass(frozen=True)
class Offer:
    """What the kits from `build` on do. `oldest` is the kernel version of the oldest Windows, as (6, 1) for Windows 7;
    `visual_studio` are the versions that take the kit, the best first; `release` names it for people."""

    build: int
    release: str
    architectures: frozenset[str]
    oldest: Windows
    visual_studio: tuple[int, ...]

    def makes(self, arch: str, windows: Windows) -> bool:
        """Whether a driver for this architecture and Windows comes out whole."""
        return arch in self.architectures and windows >= self.oldest


@cache
def _data() -> dict[str, Any]:
    return tomllib.loads(_FILE.read_text("utf-8"))


@cache
def offers() -> tuple[Offer, ...]:
    """All, the oldest kit first."""
    return tuple(
        Offer(
            each["build"],
            each["release"],
            frozenset(each["architectures"]),
            (each["oldest_windows"][0], each["oldest_windows"][1]),
            tuple(each["visual_studio"]),
        )
        for each in _data()["kit"]
    )


def offer_of(build: int) -> Offer | None:
    """What a kit of this build does; None for one that is older than any that we know."""
    return next((each for each in reversed(offers()) if each.build <= build), None)


def newest_for(arch: str, windows: Windows) -> Offer | None:
    """The newest kit that makes this driver."""
    return next((each for each in reversed(offers()) if each.makes(arch, windows)), None)


def has_static_driver_verifier(build: int) -> bool:
    """Whether kits of this build can come with Static Driver Verifier."""
    return build <= int(_data()["static_driver_verifier"]["last_build"])


def analysis_as_sarif(visual_studio: int | None) -> bool:
    """Whether the compiler of this Visual Studio is asked for its analysis as SARIF."""
    return visual_studio is not None and visual_studio >= int(_data()["analysis_sarif"]["visual_studio"])
