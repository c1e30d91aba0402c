"""What targets beyond Build make from a build (verification results, merge modules): put in place whole, and recorded.

The record is a Stamp of its own below `--out`: a second call sees that there is nothing to do, and Clean what to remove.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from pyndis.cli.building import inputs
from pyndis.cli.building.layout import Layout
from pyndis.cli.building.request import Request
from pyndis.cli.building.staging import publish, staging
from pyndis.cli.building.stamp import Stamp, Trace
from pyndis.files import write_whole


@dataclass(frozen=True)
class Products:
    """The results of one target for one architecture. `options`: what decides them beside the request, as JSON values."""

    request: Request
    target: str
    arch: str
    options: Mapping[str, object] = field(default_factory=dict)

    def outdated(self, made_from: Iterable[Path]) -> str | None:
        """Why the target must be made, or None. `made_from`: every file that decides the results, in any order."""
        stamp = Stamp.read(self._stamp)
        return stamp.outdated(self._key, made_from, self.request.out) if stamp else "it has not been made yet"

    def publish(self, files: Mapping[PurePosixPath, bytes], made_from: Mapping[str, Trace]) -> list[Path]:
        """Put files, by their path below `--out`, in place of those of the last time; their paths.

        `made_from`: the traces (`stamp.traces`) of the files for `outdated`, taken before they were read. Raises ToolFailure.
        """
        out = self.request.out
        before = Stamp.read(self._stamp)
        with staging(out) as staged:
            for path, content in files.items():
                write_whole(staged / path, content)
            self._stamp.unlink(missing_ok=True)
            for name in set(before.outputs if before else ()) - set(map(str, files)):
                (out / name).unlink(missing_ok=True)
            publish(staged, out, files)
        outputs = {str(path): Trace.of(out / path) for path in files}
        Stamp(self._key, made_from, {}, outputs).write(self._stamp)
        return [out / path for path in files]

    @property
    def _key(self) -> dict[str, object]:
        return {**self.request.key(self.arch), "tools": inputs.tools(), "target": self.target, "options": dict(self.options)}

    @property
    def _stamp(self) -> Path:
        layout = Layout(self.request.manifest.name, self.arch, self.request.config)
        return self.request.out / layout.product_stamp(self.target)
