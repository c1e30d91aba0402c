"""The verification log: a record of what was verified, by hashes, and what came out for each rule.

A value here; its XML form is in `log_xml.py`, its schema in `dvl.xsd`. It stands where Microsoft's driver verification log (DVL)
stands in their pipeline, and is not one.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from pyndis.verification.results import Verification

NOTICE = (
    "This is pyndis' verification log. It is not a driver verification log of Microsoft's DVL tool, has neither its format nor "
    "its results, and cannot be submitted to the Windows Hardware Lab Kit."
)


@dataclass(frozen=True)
class Digest:
    """A file by its path, with slashes, and the SHA-256 of its bytes; of an image also its architecture and the SHA-256 that
    Authenticode signs, which a signature does not change."""

    path: str
    sha256: str
    arch: str = ""
    authenticode: str = ""


@dataclass(frozen=True)
class Log:
    """`created` is in seconds since 1970, UTC, by the rule of SOURCE_DATE_EPOCH; `driver_ver` is the INF's DriverVer.

    Paths of `generated` and `images` are from the log's folder on, those of `sources` from `source_folder` on, which itself is
    from the log's folder on, or only the driver folder's name where the two lie apart.
    """

    driver: str
    version: str
    driver_ver: str
    architectures: tuple[str, ...]
    created: int
    source_folder: str
    sources: tuple[Digest, ...]
    generated: tuple[Digest, ...]
    images: tuple[Digest, ...]
    verification: Verification
    tools: dict[str, str] = field(default_factory=dict)

    def beside(self) -> Iterator[Digest]:
        """The files that lie with the log."""
        yield from self.generated
        yield from self.images
