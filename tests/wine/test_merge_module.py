"""Wintun's merge module, in an installer that Wine's Windows Installer installs and removes as different Windows."""

from __future__ import annotations

import datetime
import hashlib
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from pyndis.package.manifest import Manifest
from pyndis.package.merge_module.conditions import WINDOWS_KEY, WINDOWS_VALUE
from tests.package.merge_module.conftest import DRIVER, Made, make
from tests.wine.building import store_exe
from tests.wine.installer import installer
from tests.wine.prefix import Prefix, wine

pytestmark = pytest.mark.slow

STORE = r"SOFTWARE\Microsoft\SystemCertificates\TrustedPublisher\Certificates"


@pytest.fixture(scope="module")
def certificate() -> bytes:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "publisher")])
    now = datetime.datetime.now(datetime.UTC)
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    dated = builder.serial_number(1).not_valid_before(now).not_valid_after(now + datetime.timedelta(days=30))
    return dated.sign(key, hashes.SHA256()).public_bytes(Encoding.DER)


@pytest.fixture(scope="module")
def windows(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Prefix]:
    program = wine()
    if program is None:
        pytest.skip("wine is not installed: apt-get install wine wine64")
    prefix = Prefix(program, tmp_path_factory.mktemp("windows"))
    try:
        yield prefix
    finally:
        prefix.close()


@pytest.fixture(scope="module")
def made(certificate: bytes, tmp_path_factory: pytest.TempPathFactory) -> Made:
    return make(Manifest.load(DRIVER), "amd64", tmp_path_factory.mktemp("module"), certificate)


@pytest.fixture(scope="module")
def package(made: Made, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return installer(made.file, tmp_path_factory.mktemp("installer"))


def installed(windows: Prefix) -> dict[str, bytes]:
    folder = windows.drive / "judge"
    return {str(file.relative_to(folder)): file.read_bytes() for file in folder.rglob("*") if file.is_file()}


def trusted(windows: Prefix) -> list[str]:
    """The names of the keys of trusted publishers."""
    said = windows.run("reg", "query", rf"HKLM\{STORE}")
    return re.findall(r"\\Certificates\\(\w+)", said)


def publishers(windows: Prefix, folder: Path) -> list[bytes]:
    """The certificates that Windows' own functions find in the store."""
    results = folder / "publishers"
    windows.run(windows.path_of(store_exe()), "TrustedPublisher", windows.path_of(results))
    return [bytes.fromhex(line) for line in results.read_text().splitlines()]


def package_of(made: Made, name: str, folder: str) -> dict[str, bytes]:
    return {f"{folder}/{file.name}": made.contents[file.id] for file in made.module.files if file.id.startswith(name)}


@pytest.mark.parametrize("version", ["win7", "win81", "win10", "vista"])
def test_each_windows_gets_its_package_and_gives_it_back(
    windows: Prefix, made: Made, package: Path, certificate: bytes, version: str, tmp_path: Path
) -> None:
    wanted = {
        "win7": package_of(made, "SelfSigned", "selfsigned"),
        "win81": package_of(made, "SelfSigned", "selfsigned"),
        "win10": package_of(made, "Whql", "whql"),
        "vista": {},
    }[version]
    is_earlier = version in ("win7", "win81")
    windows.run("winecfg", "-v", version)
    windows.run("msiexec", "/i", windows.path_of(package), "/qn")
    assert installed(windows) == wanted
    assert trusted(windows) == ([hashlib.sha1(certificate).hexdigest().upper()] if is_earlier else [])
    assert publishers(windows, tmp_path) == ([certificate] if is_earlier else [])
    windows.run("msiexec", "/x", windows.path_of(package), "/qn")
    assert installed(windows) == {}
    assert trusted(windows) == []
    assert publishers(windows, tmp_path) == []


@pytest.mark.parametrize("version", ["win7", "win10"])
def test_where_the_build_number_got_lost_windows_10_is_still_told_from_7(
    windows: Prefix, made: Made, package: Path, version: str
) -> None:
    windows.run("winecfg", "-v", version)
    windows.run("reg", "delete", rf"HKLM\{WINDOWS_KEY}", "/v", WINDOWS_VALUE, "/f")
    windows.run("msiexec", "/i", windows.path_of(package), "/qn")
    folders = {name.split("/")[0] for name in installed(windows)}
    windows.run("msiexec", "/x", windows.path_of(package), "/qn")
    assert folders == {"whql" if version == "win10" else "selfsigned"}
