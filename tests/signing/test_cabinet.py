from pathlib import Path

import pytest
from cryptography import x509

from pyndis import signing
from pyndis.diagnostics import DriverFailure
from pyndis.package.cabinet import read_cabinet, write_cabinet
from pyndis.signing import cabinet, indirect_data, signed_data
from tests.signing.conftest import Osslsigncode

FILES = {"amd64/wintun.sys": bytes(range(256)) * 300, "amd64/wintun.inf": b"[Version]\r\n", "x86/empty.inf": b""}


@pytest.fixture
def unsigned() -> bytes:
    return write_cabinet(FILES, 1_700_000_000)


@pytest.fixture
def signed_cabinet(unsigned: bytes, identity: signing.Identity) -> bytes:
    return signing.sign_cabinet(unsigned, identity, description="Wintun")


def codes(data: bytes, trusted: list[x509.Certificate]) -> list[str]:
    return [each.code for each in signing.verify_cabinet(data, trusted)]


def test_signed_cabinet_verifies_and_still_holds_its_files(signed_cabinet: bytes, trusted: list[x509.Certificate]) -> None:
    assert signing.verify_cabinet(signed_cabinet, trusted) == []
    assert read_cabinet(signed_cabinet) == FILES


def test_same_cabinet_and_key_give_the_same_bytes(unsigned: bytes, signed_cabinet: bytes, identity: signing.Identity) -> None:
    assert signing.sign_cabinet(unsigned, identity, description="Wintun") == signed_cabinet
    assert signing.sign_cabinet(signed_cabinet, identity, description="Wintun") == signed_cabinet


def test_osslsigncode_verifies_the_cabinet(
    osslsigncode: Osslsigncode, signed_cabinet: bytes, ca_file: Path, tmp_path: Path
) -> None:
    file = tmp_path / "wintun.cab"
    file.write_bytes(signed_cabinet)
    verdict = osslsigncode("verify", "-CAfile", ca_file, file)
    assert verdict.returncode == 0, verdict.stdout
    assert "Signature verification: ok" in verdict.stdout


def test_osslsigncode_signs_the_same_content(
    osslsigncode: Osslsigncode, unsigned: bytes, signed_cabinet: bytes, session_folder: Path, ca_file: Path, tmp_path: Path
) -> None:
    file, theirs = tmp_path / "unsigned.cab", tmp_path / "theirs.cab"
    file.write_bytes(unsigned)
    key = session_folder / "test-certificate" / "key.pem"
    made = osslsigncode("sign", "-h", "sha256", "-certs", ca_file, "-key", key, "-in", file, "-out", theirs)
    assert made.returncode == 0, made.stdout

    def content(data: bytes) -> bytes:
        return signed_data.read(cabinet.read_layout(data).signature, "signature").content

    def bare(data: bytes) -> bytes:
        layout = cabinet.read_layout(data)
        return data[:48] + data[52 : layout.size]  # without the signature's length

    assert content(signed_cabinet).hex(" ") == content(theirs.read_bytes()).hex(" ")
    assert bare(signed_cabinet) == bare(theirs.read_bytes())
    trusted = x509.load_pem_x509_certificate(ca_file.read_bytes())
    assert signing.verify_cabinet(theirs.read_bytes(), [trusted]) == []


@pytest.mark.parametrize("at", [8, 26, 28, 62, 100, -1500])
def test_changed_cabinet_is_found(signed_cabinet: bytes, trusted: list[x509.Certificate], at: int) -> None:
    changed = bytearray(signed_cabinet)
    changed[at] ^= 1
    assert codes(bytes(changed), trusted)[0] in ("PYN-G32", "PYN-G50", "PYN-G31", "PYN-G34")


def test_unsigned_cabinet_is_a_finding(unsigned: bytes, trusted: list[x509.Certificate]) -> None:
    assert codes(unsigned, trusted) == ["PYN-G30"]


def test_bytes_behind_the_signature_are_a_finding(signed_cabinet: bytes, trusted: list[x509.Certificate]) -> None:
    assert codes(signed_cabinet + b"x", trusted) == ["PYN-G50"]


def test_signer_must_be_trusted(signed_cabinet: bytes, publisher: signing.Identity) -> None:
    assert "PYN-G35" in codes(signed_cabinet, list(publisher.chain))


@pytest.mark.parametrize("cut", [0, 3, 35, 40, 59, 100, -1])
def test_cabinet_that_is_cut_off_is_refused(signed_cabinet: bytes, identity: signing.Identity, cut: int) -> None:
    with pytest.raises(DriverFailure) as refused:
        signing.sign_cabinet(signed_cabinet[:cut], identity, description="x")
    assert refused.value.diagnostics[0].code == "PYN-G50"


@pytest.mark.parametrize("flags", [1, 2])
def test_cabinet_of_a_set_is_refused(unsigned: bytes, identity: signing.Identity, flags: int) -> None:
    data = unsigned[:30] + bytes([flags]) + unsigned[31:]
    with pytest.raises(DriverFailure) as refused:
        signing.sign_cabinet(data, identity, description="x")
    assert "several that belong together" in refused.value.diagnostics[0].message


def test_reserve_for_something_else_is_refused(signed_cabinet: bytes, identity: signing.Identity) -> None:
    data = signed_cabinet[:42] + b"\x20" + signed_cabinet[43:]
    with pytest.raises(DriverFailure) as refused:
        signing.sign_cabinet(data, identity, description="x")
    assert "reserve" in refused.value.diagnostics[0].message


def test_hash_kind_is_that_of_cabinets(signed_cabinet: bytes) -> None:
    content = signed_data.read(cabinet.read_layout(signed_cabinet).signature, "signature").content
    assert indirect_data.read(content).kind == "1.3.6.1.4.1.311.2.1.25"
