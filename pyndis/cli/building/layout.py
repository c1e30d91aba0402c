"""Where a build puts its results, below `--out` (DESIGN 4; spec wintun.md, W-95)."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import PurePath, PurePosixPath

PRIVATE = ".pyndis"
"""The folder below `--out` that holds the stamps, the lock, and a build while it is not finished."""


WHQL = "whql"
"""The folder, beside the package's, of what Microsoft signed: laid by `pyndis submit take`, touched by no build and no Clean."""


@dataclass(frozen=True)
class Layout:
    """Paths of the results of one driver, one architecture, one configuration, below `--out`."""

    name: str
    arch: str
    config: str

    @property
    def folder(self) -> PurePosixPath:
        """The folder of this architecture and configuration."""
        return PurePosixPath(self.arch, self.config)

    def packaged(self, extension: str, suffix: str = "") -> PurePosixPath:
        """A file of the driver package: sys, inf, cat. `suffix`: of the folder, where there are several packages."""
        return self.folder / f"{self.name}{suffix}" / f"{self.name}.{extension}"

    def beside(self, extension: str) -> PurePosixPath:
        """A file that is not installed: pdb, cer."""
        return self.folder / f"{self.name}.{extension}"

    @property
    def stamp(self) -> PurePosixPath:
        """The record of the last build."""
        return PurePosixPath(PRIVATE, f"{self.arch}-{self.config}.json")

    def product_stamp(self, target: str) -> PurePosixPath:
        """The record of what a target beyond Build made."""
        return PurePosixPath(PRIVATE, f"{self.arch}-{self.config}-{target}.json")

    def is_stamp(self, file: PurePath) -> bool:
        """Whether a record is of this architecture and configuration, whatever the target."""
        return file.stem.split("-")[:2] == [self.arch, self.config]
