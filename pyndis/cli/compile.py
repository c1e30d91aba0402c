"""The seam between the command line and the compiler: a driver's folder goes in, C and what was seen on the way come out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from pyndis.diagnostics import Diagnostic
from pyndis.package.manifest import Manifest


@dataclass(frozen=True)
class Compiled:
    """A compiled driver. `emitted` holds the forms that `--emit` prints, by name; `diagnostics` are those of every stage."""

    c_source: str
    emitted: Mapping[str, str] = field(default_factory=dict)
    diagnostics: tuple[Diagnostic, ...] = ()


def compile_driver(folder: Path, manifest: Manifest, config: str) -> Compiled:
    """Compile the Python below `folder`. Errors of the driver are in `diagnostics`, and `c_source` is then empty."""
    from pyndis.frontend import compile_driver as compiled_by

    return compiled_by(folder, manifest, config)
