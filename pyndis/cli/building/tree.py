"""The generated tree: what stands below `--out` whatever the architecture."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from pyndis.cli.building.request import Request
from pyndis.cli.compile import Compiled
from pyndis.files import write_whole


@dataclass(frozen=True)
class Tree:
    """Generated files by their path below `--out`."""

    source: PurePosixPath
    resource: PurePosixPath
    files: dict[PurePosixPath, bytes]

    def write(self, folder: Path) -> None:
        """Put the files below a folder. Raises ToolFailure (PYN-F01)."""
        for path, content in self.files.items():
            write_whole(folder / path, content)


def tree(request: Request, compiled: Compiled) -> Tree:
    """The files for a compiled driver."""
    from pyndis.cli.building.images import miniport_macros
    from pyndis.package.project import WDM, project_files
    from pyndis.package.version_resource import render_version_resource

    name = request.manifest.name
    source, resource = PurePosixPath(f"{name}.c"), PurePosixPath(f"{name}.rc")
    files = {source: compiled.c_source.encode("utf-8"), resource: render_version_resource(request.manifest)}
    files[PurePosixPath(WDM, f"{name}-wdm.c")] = compiled.wdm_source.encode("utf-8")
    files |= project_files(request.manifest, miniport_macros(request.manifest), request.time)
    return Tree(source, resource, files)
