"""Identities, signed files and judges that the signing tests share."""

import datetime
import os
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any
from unittest import mock

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from pyndis import signing
from tests.signing import handmade_images

YESTERDAY = datetime.datetime.now(datetime.UTC).replace(microsecond=0) - datetime.timedelta(days=1)
INF = b"[Version]\r\nSignature=$Windows NT$\r\nCatalogFile=wintun.cat\r\n" * 9


def absent(judge: str) -> None:
    if os.environ.get("CI"):
        pytest.fail(f"CI must have {judge}")
    pytest.skip(f"{judge} is not installed")


@pytest.fixture(scope="session")
def session_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("configuration") / "pyndis"


@pytest.fixture(scope="session")
def identity(session_folder: Path) -> signing.Identity:
    with mock.patch.dict(os.environ, {"PYNDIS_CONFIG_DIR": str(session_folder)}):
        return signing.test_identity()


@pytest.fixture
def trusted(identity: signing.Identity) -> list[x509.Certificate]:
    return [identity.certificate]


@pytest.fixture(params=list(handmade_images.MACHINES))
def image(request: pytest.FixtureRequest) -> bytes:
    return handmade_images.image(request.param)


@pytest.fixture
def signed(image: bytes, identity: signing.Identity) -> bytes:
    return signing.sign_image(image, identity, description="Wintun", url="https://example.org/wintun")


@dataclass(frozen=True)
class Package:
    members: list[signing.Member]
    unsigned_catalog: bytes
    catalog: bytes


@pytest.fixture(params=[1, 2], ids=["v1", "v2"])
def version(request: pytest.FixtureRequest) -> int:
    return int(request.param)


def catalog_options(**changed: Any) -> dict[str, Any]:
    return {
        "hardware_ids": ["Wintun"],
        "os_attr": "2:6.1,2:6.2,2:6.3,2:10.0",
        "os_list": "7X64,8X64,_v63_X64,_v100_X64",
        "this_update": datetime.datetime(2026, 11, 5, 1, 2, 3, tzinfo=datetime.UTC),
    } | changed


@pytest.fixture
def package(version: int, identity: signing.Identity) -> Package:
    sys_file = signing.sign_image(handmade_images.image(), identity, description="Wintun")
    members = [
        signing.Member("wintun.sys", sys_file, signing.Kind.IMAGE),
        signing.Member("wintun.inf", INF, signing.Kind.FLAT),
    ]
    unsigned = signing.make_catalog(members, **catalog_options(version=version))
    return Package(members, unsigned, signing.sign_catalog(unsigned, identity, description="Wintun"))


Authority = Callable[..., signing.Identity]


@pytest.fixture(scope="session")
def issue() -> Authority:
    """Makes certificates: issue(name, by=None, ca=…, usages=…, start=…, days=…, path_length=…)."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    other_key = rsa.generate_private_key(public_exponent=65537, key_size=2048)

    def make(
        name: str,
        by: signing.Identity | None = None,
        *,
        ca: bool = False,
        usages: list[x509.ObjectIdentifier] | None = None,
        critical: bool = False,
        start: datetime.datetime = YESTERDAY,
        days: int = 30,
        path_length: int | None = None,
    ) -> signing.Identity:
        own = key if ca else other_key
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        builder = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(by.certificate.subject if by else subject)
            .public_key(own.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(start)
            .not_valid_after(start + datetime.timedelta(days=days))
            .add_extension(x509.BasicConstraints(ca, path_length), critical=True)
        )
        if usages is not None:
            builder = builder.add_extension(x509.ExtendedKeyUsage(usages), critical=critical)
        certificate = builder.sign(by.private_key if by else own, hashes.SHA256())
        chain = (by.certificate, *by.chain) if by else ()
        return signing.Identity(certificate, own, chain)

    return make


@pytest.fixture(scope="session")
def root(issue: Authority) -> signing.Identity:
    return issue("root", ca=True)


@pytest.fixture(scope="session")
def publisher(issue: Authority, root: signing.Identity) -> signing.Identity:
    authority = issue("code signing authority", root, ca=True, path_length=0)
    return issue("publisher", authority, usages=[ExtendedKeyUsageOID.CODE_SIGNING])


Osslsigncode = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def osslsigncode() -> Osslsigncode:
    program = shutil.which("osslsigncode")
    if program is None:
        absent("osslsigncode")

    def run(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
        return subprocess.run([str(program), *map(str, arguments)], capture_output=True, text=True, timeout=60, check=False)

    return run


@pytest.fixture
def ca_file(identity: signing.Identity, tmp_path: Path) -> Path:
    path = tmp_path / "ca.pem"
    path.write_bytes(identity.certificate.public_bytes(Encoding.PEM))
    return path


@pytest.fixture(scope="session")
def authenticode() -> Iterator[ModuleType]:
    """signify. Its oscrypto reads only one-digit patch levels out of OpenSSL's version, so it is given wider patterns."""
    search = re.search
    narrow = r"\b(\d\.\d\.\d[a-z]*)\b"

    def wider(pattern: Any, *rest: Any) -> Any:
        return search(r"\b(\d+\.\d+\.\d+[a-z]*)\b" if pattern == narrow else pattern, *rest)

    try:
        with mock.patch.object(re, "search", wider):
            from signify import authenticode as module
    except ModuleNotFoundError:
        absent("signify")
    yield module
