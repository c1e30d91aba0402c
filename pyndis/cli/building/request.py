"""What a build was asked for, as a value."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pyndis.diagnostics import Diagnostic, UsageFailure
from pyndis.package.manifest import Manifest

if TYPE_CHECKING:
    from pyndis.toolchains.kit import Kit

TEST, NONE = "test", "none"


@dataclass(frozen=True)
class Request:
    """One call of `pyndis build`, with the same defaults. `sign` is "test", "none" or the path of a PFX; `time` goes into what is
    built; `overrides` and `brand` are those of the manifest."""

    manifest: Manifest
    architectures: tuple[str, ...]
    out: Path
    time: int
    overrides: tuple[tuple[str, str], ...] = ()
    brand: str | None = None
    config: str = "Release"
    toolchain: str = "auto"
    sign: str = TEST
    timestamp_url: str | None = None
    kit: Kit | None = None
    line_directives: bool = False

    def key(self, arch: str) -> dict[str, Any]:
        """What decides the results for one architecture, beside the content of the inputs."""
        return {
            "arch": arch,
            "config": self.config,
            "toolchain": self.toolchain,
            "kit": [str(self.kit.root), self.kit.version] if self.kit else None,
            "sign": self.sign,
            "timestamp": self.timestamp_url,
            "overrides": [list(pair) for pair in self.overrides],
            "brand": self.brand,
            "time": self.time,
            "line directives": self.line_directives,
        }


def output_folder(said: Path | None, manifest: Manifest) -> Path:
    """Where the results go, absolute. Raises UsageFailure (PYN-A03) for a file."""
    out = said or Path("build", manifest.name)
    if out.exists() and not out.is_dir():
        message = f"--out {out} is a file, but a folder is wanted"
        raise UsageFailure(Diagnostic("PYN-A03", message, help="choose another path, or remove the file"))
    return out.resolve()
