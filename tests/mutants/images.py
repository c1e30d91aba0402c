"""Drivers with a planted mistake: Wintun's C, changed in one place, compiled as `pyndis build` compiles it."""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from pyndis import resources
from pyndis.cli.building.images import miniport_macros
from pyndis.cli.compile import compile_driver
from pyndis.package.manifest import Manifest
from pyndis.toolchains import find, plan_image, run_plan
from tests.drivers.wintun.images import DRIVER
from tests.kept import alone, kept

LIST = Path(__file__).with_name("mutants.toml")


@dataclass(frozen=True)
class Mutant:
    """A mistake: what is replaced in the C, the scene that shows it, and the rules of which one must be reported."""

    name: str
    scene: str
    rules: frozenset[str]
    patches: tuple[tuple[str, str], ...]
    options: tuple[tuple[str, str], ...] = ()


def mutants() -> list[Mutant]:
    """All of mutants.toml."""
    entries: Mapping[str, Mapping[str, object]] = tomllib.loads(LIST.read_text("utf-8"))
    return [_mutant(name, entry) for name, entry in entries.items()]


def _mutant(name: str, entry: Mapping[str, object]) -> Mutant:
    patches, rules, options = entry["patch"], entry["rules"], entry.get("options", {})
    assert isinstance(patches, list) and isinstance(rules, list) and isinstance(options, dict)
    return Mutant(
        name,
        str(entry["scene"]),
        frozenset(rules),
        tuple((patch["find"].strip("\n"), patch["replace"].strip("\n")) for patch in patches),
        tuple(options.items()),
    )


@cache
def _wintun(options: tuple[tuple[str, str], ...]) -> tuple[Manifest, str]:
    manifest = Manifest.load(DRIVER, options, None)
    return manifest, compile_driver(DRIVER, manifest, "Release").c_source


def image(mutant: Mutant | None = None, receive: str = "pend") -> Path:
    """The amd64 image of a mutant, or of the driver as it is with a receive strategy; its symbols lie beside it. Kept until
    its C changes."""
    manifest, text = _wintun(mutant.options if mutant else (("receive", receive),))
    for old, new in mutant.patches if mutant else ():
        assert text.count(old) == 1, f"the C of Wintun has changed: {text.count(old)} places look like\n{old}"
        text = text.replace(old, new)
    name = mutant.name if mutant else "wintun"
    with alone(kept("mutants", f"{name}-{hashlib.sha256(text.encode()).hexdigest()[:16]}")) as out:
        built = out / "wintun.sys"
        if not built.exists():
            _compile(manifest, text, out)
    return built


def _compile(manifest: Manifest, text: str, out: Path) -> None:
    source = out / "wintun.c"
    source.write_text(text, "utf-8")
    run_plan(
        plan_image(
            find(),
            name="wintun",
            sources=[source],
            resource=None,
            include=[resources.toolchain() / "include"],
            defines=miniport_macros(manifest),
            arch="amd64",
            config="Release",
            out=out,
        )
    )
