"""The Visual Studio and WDK project: a tree that stands alone, so that a driver team on Windows needs no Python (W-93, W-94)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import PurePosixPath
from uuid import NAMESPACE_URL, UUID, uuid5

from pyndis.package.escape import Escaped
from pyndis.package.inf import render_project_inf
from pyndis.package.manifest import Manifest
from pyndis.package.merge_module.wix import wix_files
from pyndis.package.platforms import CONFIGURATIONS, platforms
from pyndis.package.scripts import script_files
from pyndis.package.templates import render
from pyndis.resources import ENTRY_PROJECT

WDM = "wdm"
"""The folder of the driver's second form, as Static Driver Verifier follows IRPs."""

_FOLDER = "package/project"
_GUIDS = uuid5(NAMESPACE_URL, "https://pyndis.invalid/project")  # names in it give GUIDs that are the same in each build


@dataclass(frozen=True)
class Filter:
    """A folder of Visual Studio's solution view."""

    name: str
    guid: str
    extensions: str


_FILTERS = (("Source Files", "c"), ("Resource Files", "rc"), ("Driver Files", "inf"))


def project_files(manifest: Manifest, macros: Mapping[str, str], stamp: int) -> dict[PurePosixPath, bytes]:
    """The project's files by their path below `--out`, CRLF.

    `macros` are those of the C compiler; `stamp` is the time for DriverVer in seconds since 1970, UTC.
    """
    name = manifest.name
    values = _values(manifest, macros, stamp)
    files = {
        PurePosixPath(f"{name}.{extension}"): render("xml", f"{_FOLDER}/driver.{extension}.j2", **values)
        for extension in ("props", "vcxproj", "vcxproj.filters")
    }
    files[PurePosixPath(WDM, f"{name}-wdm.vcxproj")] = render("xml", f"{_FOLDER}/driver-wdm.vcxproj.j2", **values)
    files[PurePosixPath(f"{name}.proj")] = render("xml", ENTRY_PROJECT, **values)
    files[PurePosixPath(f"{name}.sln")] = "\ufeff" + render("sln", f"{_FOLDER}/driver.sln.j2", **values)
    files[PurePosixPath(".editorconfig")] = render("sln", f"{_FOLDER}/editorconfig.j2", **values)
    files[PurePosixPath("README.md")] = render("markdown", f"{_FOLDER}/README.md.j2", **values)
    files |= wix_files(manifest, _guid(f"installer/{name}"))
    encoded = {path: text.replace("\n", "\r\n").encode("utf-8") for path, text in files.items()}
    encoded[PurePosixPath(f"{name}.inf")] = render_project_inf(manifest, stamp)
    return encoded | script_files(manifest)


def _values(manifest: Manifest, macros: Mapping[str, str], stamp: int) -> dict[str, object]:
    return {
        "name": manifest.name,
        "folder": manifest.folder.resolve().name,
        "names": manifest.text,
        "version": manifest.version_text,
        "date": datetime.fromtimestamp(stamp, UTC).strftime("%m/%d/%Y"),
        "macros": Escaped(";".join(f"{macro}={value}" for macro, value in macros.items())),
        "architectures": platforms(manifest),
        "installers": [platform for platform in platforms(manifest) if platform.installer],
        "configurations": CONFIGURATIONS,
        "project_guid": _guid(f"project/{manifest.name}"),
        "wdm_guid": _guid(f"project/{manifest.name}-wdm"),
        "filters": [Filter(name, _guid(f"filter/{name}"), extensions) for name, extensions in _FILTERS],
    }


def _guid(name: str) -> str:
    made: UUID = uuid5(_GUIDS, name)
    return f"{{{str(made).upper()}}}"
