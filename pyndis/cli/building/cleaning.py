"""Remove what builds made, and nothing else."""

from __future__ import annotations

from pathlib import Path

from pyndis.cli.building.layout import PRIVATE, Layout
from pyndis.cli.building.request import Request
from pyndis.cli.building.stamp import Stamp
from pyndis.files import unwritable


def clean(request: Request) -> int:
    """Remove the results of the request's architectures and configuration; the number of files removed.

    A generated file stays while another build's results are made from it. Raises ToolFailure (PYN-F01).
    """
    private = request.out / PRIVATE
    stamps = {file: Stamp.read(file) for file in sorted(private.glob("*.json"))}
    layouts = [Layout(request.manifest.name, arch, request.config) for arch in request.architectures]
    wanted = {file for file in stamps if any(layout.is_stamp(file) for layout in layouts)}
    gone = {file: stamp for file, stamp in stamps.items() if file in wanted}
    kept = {name for file, stamp in stamps.items() if file not in wanted and stamp for name in stamp.outputs}
    names = {name for stamp in gone.values() if stamp for name in stamp.outputs} - kept
    files = [path for name in sorted(names) if (path := request.out / name).is_file()]
    for path in [*files, *gone]:
        _remove(path)
    if gone == stamps:
        (private / "lock").unlink(missing_ok=True)
    _remove_empty(request.out, [*files, *gone, private / "lock"])
    return len(files)


def _remove(path: Path) -> None:
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        raise unwritable(path, error) from error


def _remove_empty(out: Path, files: list[Path]) -> None:
    """Remove the folders, up to `out`, that hold nothing any more."""
    folders = {folder for file in files for folder in file.parents if folder.is_relative_to(out)}
    for folder in sorted(folders, key=lambda each: -len(each.parts)):
        if folder.is_dir() and not any(folder.iterdir()):
            folder.rmdir()
