"""Wintun's merge module, in an installer that Wine's Windows Installer installs and removes as different Windows."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from pyndis.package.manifest import Manifest
from pyndis.package.merge_module import Publisher
from pyndis.package.merge_module.model import WINDOWS_KEY, WINDOWS_VALUE
from tests.package.merge_module.conftest import CERTIFICATE, DRIVER, Made, make
from tests.wine.installer import installer
from tests.wine.prefix import Prefix, wine

pytestmark = pytest.mark.slow

PUBLISHER = Publisher.of(CERTIFICATE, "amd64")


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
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    return make(Manifest.load(DRIVER), "amd64", tmp_path_factory.mktemp("module"))


@pytest.fixture(scope="module")
def package(made: Made, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return installer(made.file, tmp_path_factory.mktemp("installer"))


def become(windows: Prefix, version: str) -> None:
    """Before Windows 10 there is no CurrentMajorVersionNumber; Wine writes one for every version."""
    windows.run("winecfg", "-v", version)
    if version != "win10":
        windows.run("reg", "delete", rf"HKLM\{WINDOWS_KEY}", "/v", WINDOWS_VALUE, "/f")


def installed(windows: Prefix) -> dict[str, bytes]:
    folder = windows.drive / "judge"
    return {str(file.relative_to(folder)): file.read_bytes() for file in folder.rglob("*") if file.is_file()}


def trusted(windows: Prefix) -> dict[str, bytes]:
    """The values in the keys of trusted publishers."""
    said = windows.run("reg", "query", rf"HKLM\{PUBLISHER.key.rsplit(chr(92), 1)[0]}", "/s")
    return {key: bytes.fromhex(value) for key, value in re.findall(r"\\Certificates\\(\w+)\n +Blob +REG_BINARY +(\w+)", said)}


def package_of(made: Made, name: str, folder: str) -> dict[str, bytes]:
    return {f"{folder}/{file.name}": made.contents[file.id] for file in made.module.files if file.id.startswith(name)}


@pytest.mark.parametrize("version", ["win7", "win81", "win10", "vista"])
def test_each_windows_gets_its_package_and_gives_it_back(windows: Prefix, made: Made, package: Path, version: str) -> None:
    wanted = {
        "win7": package_of(made, "SelfSigned", "selfsigned"),
        "win81": package_of(made, "SelfSigned", "selfsigned"),
        "win10": package_of(made, "Whql", "whql"),
        "vista": {},
    }[version]
    certificates = {PUBLISHER.thumbprint: bytes.fromhex(PUBLISHER.blob)} if version in ("win7", "win81") else {}
    become(windows, version)
    windows.run("msiexec", "/i", windows.path_of(package), "/qn")
    assert installed(windows) == wanted
    assert trusted(windows) == certificates
    windows.run("msiexec", "/x", windows.path_of(package), "/qn")
    assert installed(windows) == {}
    assert trusted(windows) == {}
