"""The version resource's script: what a file's properties show (spec wintun.md, W-92; image.md, 1).

It includes no header: the numbers stand in it, so that any resource compiler takes it.
"""

from __future__ import annotations

from pyndis.package.escape import Escaped
from pyndis.package.manifest import Manifest
from pyndis.package.templates import render

TEMPLATE = "package/driver.rc.j2"


def render_version_resource(manifest: Manifest) -> bytes:
    """The `.rc` of the driver's image, ASCII with CRLF."""
    text = render(
        "rc",
        TEMPLATE,
        names=manifest.text,
        version=manifest.version_text,
        version_words=Escaped(",".join(map(str, manifest.driver.version))),
        image=f"{manifest.driver.file}.sys",
    )
    return text.replace("\n", "\r\n").encode("ascii")
