"""From the generated tree to images: which toolchain plan each architecture has, and where its results lie."""

from __future__ import annotations

from pathlib import Path
from typing import cast, get_args

from pyndis import resources
from pyndis.cli.building.request import Request
from pyndis.cli.building.tree import Tree
from pyndis.package.manifest import Manifest
from pyndis.toolchains import Plan, Zig, plan_image
from pyndis.toolchains.targets import Arch, Config

_PLACE = "images"


def miniport_macros(manifest: Manifest) -> dict[str, str]:
    """The macros by which ndis.h knows a miniport, and the NDIS versions that it is for."""
    versions = [f"NDIS{major}{minor:02}_MINIPORT" for major, minor in manifest.ndis.versions]
    return dict.fromkeys(["NDIS_MINIPORT_DRIVER", *versions], "1")


def image_plan(request: Request, zig: Zig, tree: Tree, arch: str, staged: Path) -> Plan:
    """How the image of one architecture is made from the tree in the staging folder."""
    assert arch in get_args(Arch) and request.config in get_args(Config)
    return plan_image(
        zig,
        name=request.manifest.name,
        sources=[staged / tree.source],
        resource=staged / tree.resource,
        include=[resources.toolchain() / "include"],
        defines=miniport_macros(request.manifest),
        arch=cast("Arch", arch),
        config=cast("Config", request.config),
        out=staged / _PLACE / arch,
        source_date_epoch=request.time,
        kit=request.kit,
        windows=request.manifest.windows.oldest(arch),
    )
