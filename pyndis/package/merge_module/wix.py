"""The merge modules as a WiX 3 project, for a build on Windows."""

from __future__ import annotations

from pathlib import PurePosixPath

from pyndis.package.manifest import Manifest
from pyndis.package.merge_module import publisher
from pyndis.package.merge_module.conditions import BUILD, SEARCH, WINDOWS_KEY, WINDOWS_VALUE
from pyndis.package.merge_module.model import INSTALLER_VERSION, LANGUAGE, merge_modules
from pyndis.package.templates import render

_FOLDER = "package/project"
_SEARCH = {"property": BUILD, "id": SEARCH, "key": WINDOWS_KEY, "value": WINDOWS_VALUE}


def wix_files(manifest: Manifest, project_guid: str) -> dict[PurePosixPath, str]:
    """Source, project and the script that writes the certificate down; none for a driver without an installer."""
    modules = merge_modules(manifest, publisher.PLACEHOLDER)
    if not modules:
        return {}
    name = manifest.name
    files = {
        f"{name}.wxs": render(
            "xml",
            f"{_FOLDER}/driver.wxs.j2",
            name=name,
            modules=modules,
            search=_SEARCH,
            language_id=LANGUAGE,
            installer_version=INSTALLER_VERSION,
            blob=publisher.VALUE,
        ),
        f"{name}.wixproj": render("xml", f"{_FOLDER}/driver.wixproj.j2", name=name, modules=modules, installer_guid=project_guid),
    }
    if any(module.trusts_publisher for module in modules):
        files[f"{name}.publisher.ps1"] = render("sln", f"{_FOLDER}/publisher.ps1.j2", name=name, **_script_values())
    return {PurePosixPath(file): text for file, text in files.items()}


def _script_values() -> dict[str, object]:
    return {
        "sha1_hash": publisher.SHA1_HASH,
        "certificate": publisher.CERTIFICATE,
        "namespace": publisher.COMPONENTS.hex,
    }
