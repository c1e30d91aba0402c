"""What is tested: an image as it is, or the one that a driver's folder gives, built first if need be."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import click

from pyndis.cli.building.image import built_image
from pyndis.contract.declared import architecture
from pyndis.contract.traffic import Traffic, load
from pyndis.diagnostics import Diagnostic, UsageFailure
from pyndis.package.manifest import Manifest


@dataclass(frozen=True)
class Chosen:
    """`traffic`: how clients make traffic, None if nobody says; `words`: the options that choose the same again."""

    image: Path
    arch: str
    traffic: Traffic | None
    words: tuple[str, ...]


def chosen(
    driver: Path, arch: str | None, overrides: tuple[tuple[str, str], ...], brand: str | None, traffic: Path | None
) -> Chosen:
    """The image that DRIVER and the options name. Raises UsageFailure and what a build raises."""
    words = [str(driver), *(f"--set {key}={value}" for key, value in overrides), *([f"--brand {brand}"] if brand else [])]
    words += [*([f"--arch {arch}"] if arch else []), *([f"--traffic {traffic}"] if traffic else [])]
    if driver.suffix.lower() == ".sys":
        if overrides or brand or arch:
            raise click.UsageError("--set, --brand and --arch choose how a driver is built; an image is built already")
        if not driver.is_file():
            raise UsageFailure(
                Diagnostic("PYN-J03", f"there is no image {driver}", help="give the path of a .sys file or of a driver's folder")
            )
        return Chosen(driver, architecture(driver), load(traffic) if traffic else None, tuple(words))
    manifest = Manifest.load(driver, overrides, brand)
    file = traffic or (manifest.folder / manifest.test.traffic if manifest.test.traffic else None)
    image = built_image(manifest, _known(arch or manifest.driver.architectures[0], manifest), overrides, brand)
    return Chosen(image, architecture(image), load(file) if file else None, tuple(words))


def _known(arch: str, manifest: Manifest) -> str:
    if arch not in manifest.driver.architectures:
        help = f"its architectures are {', '.join(manifest.driver.architectures)}; driver.toml lists them"
        raise UsageFailure(Diagnostic("PYN-J04", f"--arch {arch}: the driver is not made for it", help=help))
    return arch
