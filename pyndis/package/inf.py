"""The INF: how Windows installs the driver (spec wintun.md, W-90; image.md, 4)."""

from __future__ import annotations

from datetime import UTC, datetime

from pyndis.package.escape import Escaped
from pyndis.package.manifest import Manifest
from pyndis.package.rules import ARCHITECTURES
from pyndis.package.templates import render

TEMPLATE = "package/driver.inf.j2"


def render_inf(manifest: Manifest, arch: str, stamp: int) -> bytes:
    """The INF for one architecture, as it is shipped: CRLF, ASCII where that suffices, else UTF-16LE with its mark.

    `stamp` is the time for DriverVer in seconds since 1970, UTC; only the day gets in.
    """
    return _rendered(manifest, Escaped(ARCHITECTURES[arch]), stamp)


def render_project_inf(manifest: Manifest, stamp: int) -> bytes:
    """The INF of the Visual Studio project: Stampinf puts the architecture for `$ARCH$` when the project is built."""
    return _rendered(manifest, Escaped("NT$ARCH$"), stamp)


def _rendered(manifest: Manifest, decoration: Escaped, stamp: int) -> bytes:
    text = render(
        "inf",
        TEMPLATE,
        decoration=decoration,
        driver=manifest.driver,
        names=manifest.text,
        setup=manifest.setup,
        characteristics=hex(manifest.setup.characteristics),
        version=manifest.version_text,
        date=datetime.fromtimestamp(stamp, UTC).strftime("%m/%d/%Y"),
        disk_name=f"{manifest.text.description} installation disk",
    )
    return encode_inf(text)


def encode_inf(text: str) -> bytes:
    """The bytes of an INF's text."""
    lines = text.replace("\r\n", "\n").replace("\n", "\r\n")
    return lines.encode("ascii") if lines.isascii() else b"\xff\xfe" + lines.encode("utf-16-le")
