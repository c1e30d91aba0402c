"""What tools that we did not write say about what we sign."""

import io
import struct
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from pyndis import signing
from pyndis.signing import indirect_data, pe, signed_data
from tests.signing.conftest import INF, Osslsigncode, Package, catalog_options


@pytest.fixture
def sys_file(signed: bytes, tmp_path: Path) -> Path:
    path = tmp_path / "wintun.sys"
    path.write_bytes(signed)
    return path


@pytest.fixture
def cat_file(sys_file: Path, version: int, identity: signing.Identity, tmp_path: Path) -> Path:
    members = [signing.Member.from_file(sys_file), signing.Member("wintun.inf", INF, signing.Kind.FLAT)]
    unsigned = signing.make_catalog(members, **catalog_options(version=version))
    path = tmp_path / "wintun.cat"
    path.write_bytes(signing.sign_catalog(unsigned, identity, description="Wintun"))
    return path


def test_osslsigncode_verifies_the_image(osslsigncode: Osslsigncode, sys_file: Path, ca_file: Path) -> None:
    verdict = osslsigncode("verify", "-CAfile", ca_file, sys_file)
    assert verdict.returncode == 0, verdict.stdout
    assert "Signature verification: ok" in verdict.stdout
    assert "Page hash algorithm  : SHA256" in verdict.stdout
    assert "Text description: Wintun" in verdict.stdout
    assert "MISMATCH" not in verdict.stdout


def test_osslsigncode_finds_a_changed_image(osslsigncode: Osslsigncode, sys_file: Path, ca_file: Path) -> None:
    changed = bytearray(sys_file.read_bytes())
    changed[0x500] ^= 1
    sys_file.write_bytes(changed)
    assert osslsigncode("verify", "-CAfile", ca_file, sys_file).returncode != 0


def test_osslsigncode_verifies_the_catalog(osslsigncode: Osslsigncode, cat_file: Path, ca_file: Path) -> None:
    verdict = osslsigncode("verify", "-CAfile", ca_file, cat_file)
    assert verdict.returncode == 0, verdict.stdout
    assert "Signature verification: ok" in verdict.stdout


def test_osslsigncode_verifies_the_image_through_the_catalog(
    osslsigncode: Osslsigncode, sys_file: Path, cat_file: Path, ca_file: Path, image: bytes, tmp_path: Path
) -> None:
    unsigned = tmp_path / "unsigned.sys"
    unsigned.write_bytes(image)
    for file in (sys_file, unsigned):
        verdict = osslsigncode("verify", "-catalog", cat_file, "-CAfile", ca_file, file)
        assert verdict.returncode == 0, verdict.stdout
        assert "File is signed in catalog" in verdict.stdout


def test_osslsigncode_does_not_find_another_image_in_the_catalog(
    osslsigncode: Osslsigncode, sys_file: Path, cat_file: Path, ca_file: Path
) -> None:
    changed = bytearray(sys_file.read_bytes())
    changed[0x500] ^= 1
    sys_file.write_bytes(changed)
    assert osslsigncode("verify", "-catalog", cat_file, "-CAfile", ca_file, sys_file).returncode != 0


def test_osslsigncode_signs_our_unsigned_catalog(
    osslsigncode: Osslsigncode, package: Package, session_folder: Path, ca_file: Path, tmp_path: Path
) -> None:
    unsigned, signed = tmp_path / "unsigned.cat", tmp_path / "signed.cat"
    unsigned.write_bytes(package.unsigned_catalog)
    key = session_folder / "test-certificate" / "key.pem"
    made = osslsigncode("sign", "-h", "sha256", "-certs", ca_file, "-key", key, "-in", unsigned, "-out", signed)
    assert made.returncode == 0, made.stdout
    trusted = x509.load_pem_x509_certificate(ca_file.read_bytes())
    assert signing.verify_catalog(signed.read_bytes(), package.members, [trusted]) == []


def test_page_hashes_are_those_of_osslsigncode(
    osslsigncode: Osslsigncode, image: bytes, signed: bytes, session_folder: Path, ca_file: Path, tmp_path: Path
) -> None:
    unsigned, theirs = tmp_path / "unsigned.sys", tmp_path / "theirs.sys"
    unsigned.write_bytes(image)
    key = session_folder / "test-certificate" / "key.pem"
    osslsigncode("sign", "-ph", "-h", "sha256", "-certs", ca_file, "-key", key, "-in", unsigned, "-out", theirs)

    def hashed(data: bytes) -> indirect_data.IndirectData:
        return indirect_data.read(signed_data.read(pe.signature_bytes(data, pe.read_layout(data)), "signature").content)

    assert hashed(signed) == hashed(theirs.read_bytes())
    trusted = x509.load_pem_x509_certificate(ca_file.read_bytes())
    assert signing.verify_image(theirs.read_bytes(), [trusted]) == []


def refuses(authenticode: ModuleType, file: Any, certificate: x509.Certificate, **options: Any) -> bool:
    result, _ = file.explain_verify(**options, **trust_in(authenticode, certificate))
    return result is not authenticode.AuthenticodeVerificationResult.OK


def trust_in(authenticode: ModuleType, certificate: x509.Certificate) -> dict[str, Any]:
    from signify.x509 import Certificate, CertificateStore  # only after the fixture has mended what it imports

    theirs = Certificate.from_der(certificate.public_bytes(Encoding.DER))
    return {"trusted_certificate_store": CertificateStore([theirs], trusted=True)}


def test_signify_verifies_the_image(authenticode: ModuleType, signed: bytes, identity: signing.Identity) -> None:
    file = authenticode.AuthenticodeFile.from_stream(io.BytesIO(signed), "wintun.sys")
    file.verify(**trust_in(authenticode, identity.certificate))
    assert not refuses(authenticode, file, identity.certificate)
    (signature,) = file.signatures
    assert signature.indirect_data.content.page_hashes


def test_signify_finds_a_changed_page(authenticode: ModuleType, signed: bytes, identity: signing.Identity) -> None:
    changed = bytearray(signed)
    changed[0x500] ^= 1
    file = authenticode.AuthenticodeFile.from_stream(io.BytesIO(bytes(changed)), "wintun.sys")
    assert refuses(authenticode, file, identity.certificate)


def test_signify_verifies_the_catalog(authenticode: ModuleType, package: Package, identity: signing.Identity) -> None:
    file = authenticode.AuthenticodeFile.from_stream(io.BytesIO(package.catalog), "wintun.cat")
    file.verify(**trust_in(authenticode, identity.certificate))
    assert file.ctl.is_catalog
    assert len(file.ctl.list_identifier) == 16


@pytest.mark.parametrize("name", ["wintun.sys", "wintun.inf"])
def test_signify_verifies_members_through_the_catalog(
    authenticode: ModuleType, package: Package, identity: signing.Identity, name: str
) -> None:
    (member,) = [each for each in package.members if each.name == name]
    file = authenticode.AuthenticodeFile.from_stream(io.BytesIO(member.data), name, allow_flat=True)
    file.add_catalog(io.BytesIO(package.catalog), check=True)
    assert file.catalogs
    file.verify(signature_types="catalog", **trust_in(authenticode, identity.certificate))


def test_signify_does_not_find_a_changed_inf_in_the_catalog(
    authenticode: ModuleType, package: Package, identity: signing.Identity
) -> None:
    file = authenticode.AuthenticodeFile.from_stream(io.BytesIO(INF + b";"), "wintun.inf", allow_flat=True)
    file.add_catalog(io.BytesIO(package.catalog))
    assert refuses(authenticode, file, identity.certificate, signature_types="catalog")


def test_checksum_is_the_sum_that_the_format_describes(signed: bytes) -> None:
    field = pe.read_layout(signed).checksum
    stored = struct.unpack_from("<I", signed, field)[0]
    total = 0
    padded = signed + b"\0" * (len(signed) % 2)
    for at in range(0, len(padded), 2):
        if at not in (field, field + 2):
            total += int.from_bytes(padded[at : at + 2], "little")
            total = (total & 0xFFFF) + (total >> 16)
    assert stored == total + len(signed)
