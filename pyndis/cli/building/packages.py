"""From an image to a driver package: INF, signed image, signed catalog, certificate."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath

from pyndis.cli.building.infs import verified_inf
from pyndis.cli.building.layout import Layout
from pyndis.cli.building.request import NONE, TEST, Request
from pyndis.package.rules import SystemVersion
from pyndis.package.systems import catalog_systems, os_attribute, os_list
from pyndis.signing import (
    Identity,
    Kind,
    Member,
    load_pfx,
    load_signer,
    make_catalog,
    sign_cabinet,
    sign_catalog,
    sign_image,
    test_certificate_file,
    test_identity,
    time_stamp_server,
)
from pyndis.signing.signed_data import Stamper


@dataclass(frozen=True)
class Signer:
    """Who signs, what the signature says, and who vouches for its time."""

    identity: Identity
    description: str
    stamp: Stamper | None = None

    def image(self, data: bytes) -> bytes:
        """An image with its signature."""
        return sign_image(data, self.identity, description=self.description, stamp=self.stamp)

    def catalog(self, data: bytes) -> bytes:
        """A catalog with its signature."""
        return sign_catalog(data, self.identity, description=self.description, stamp=self.stamp)

    def cabinet(self, data: bytes) -> bytes:
        """A cabinet with its signature."""
        return sign_cabinet(data, self.identity, description=self.description, stamp=self.stamp)

    @property
    def certificate(self) -> bytes:
        """The certificate as a `.cer` file."""
        from cryptography.hazmat.primitives.serialization import Encoding

        return self.identity.certificate.public_bytes(Encoding.DER)


def signer(sign: str, description: str, timestamp_url: str | None, ask: Callable[[Path], str] | None) -> Signer | None:
    """Who signs for `--sign test|none|FILE`. Raises Failure where certificate or server cannot be used."""
    if sign == NONE:
        return None
    identity = test_identity() if sign == TEST else _identity(Path(sign), ask)
    return Signer(identity, description, time_stamp_server(timestamp_url) if timestamp_url else None)


def _identity(file: Path, ask: Callable[[Path], str] | None) -> Identity:
    return load_signer(file) if file.suffix.lower() == ".toml" else load_pfx(file, ask)


def signing_files(sign: str) -> list[Path]:
    """The files that say who signs: where one changes, what it signed is outdated."""
    if sign == NONE:
        return []
    return [test_certificate_file() if sign == TEST else Path(sign)]


def package(request: Request, arch: str, image: bytes, symbols: bytes, signed_by: Signer | None) -> dict[PurePosixPath, bytes]:
    """The files of one architecture, by their path below `--out`."""
    layout = Layout(request.manifest.name, arch, request.config)
    inf, signed = verified_inf(request, arch), signed_by.image(image) if signed_by else image
    files: dict[PurePosixPath, bytes] = {}
    for suffix, systems in catalog_systems(request.manifest, arch).items():
        catalog = _catalog(request, {layout.packaged("sys").name: signed, layout.packaged("inf").name: inf}, systems)
        files[layout.packaged("inf", suffix)] = inf
        files[layout.packaged("sys", suffix)] = signed
        files[layout.packaged("cat", suffix)] = signed_by.catalog(catalog) if signed_by else catalog
    files[layout.beside("pdb")] = symbols
    if signed_by:
        files[layout.beside("cer")] = signed_by.certificate
    return files


def _catalog(request: Request, files: Mapping[str, bytes], systems: Mapping[SystemVersion, str]) -> bytes:
    """The unsigned catalog over an image and an INF for the systems."""
    return make_catalog(
        [Member(name, data, Kind.IMAGE if name.endswith(".sys") else Kind.FLAT) for name, data in files.items()],
        hardware_ids=[request.manifest.driver.hardware_id],
        os_attr=os_attribute(systems),
        os_list=os_list(systems),
        this_update=datetime.fromtimestamp(request.time, UTC),
    )
