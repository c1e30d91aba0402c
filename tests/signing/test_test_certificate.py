import datetime
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.x509.oid import ExtendedKeyUsageOID

from pyndis import signing
from pyndis.diagnostics import ToolFailure
from pyndis.signing.folders import configuration_folder

posix_only = pytest.mark.skipif(os.name != "posix", reason="modes and owners are POSIX's")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("PYNDIS_CONFIG_DIR", str(tmp_path / "a" / "pyndis"))
    return tmp_path / "a" / "pyndis" / "test-certificate"


def failure() -> ToolFailure:
    with pytest.raises(ToolFailure) as caught:
        signing.test_identity()
    return caught.value


def test_certificate_is_made_once_and_kept(folder: Path) -> None:
    first = signing.test_identity()
    assert signing.test_identity().certificate == first.certificate


def test_certificate_says_what_it_is_and_signs_code_only(identity: signing.Identity) -> None:
    certificate = identity.certificate
    assert certificate.subject.rfc4514_string().startswith("CN=pyndis test certificate ")
    extension = certificate.extensions.get_extension_for_class
    assert list(extension(x509.ExtendedKeyUsage).value) == [ExtendedKeyUsageOID.CODE_SIGNING]
    assert not extension(x509.BasicConstraints).value.ca
    assert extension(x509.KeyUsage).value.digital_signature and not extension(x509.KeyUsage).value.key_cert_sign


def test_certificate_is_rsa_2048_with_sha256_and_lasts(identity: signing.Identity) -> None:
    assert identity.private_key.key_size == 2048
    assert isinstance(identity.certificate.signature_hash_algorithm, SHA256)
    assert identity.certificate.not_valid_after_utc > datetime.datetime.now(datetime.UTC) + datetime.timedelta(days=15 * 365)
    assert identity.certificate.not_valid_before_utc < datetime.datetime.now(datetime.UTC)


def test_key_belongs_to_the_certificate(identity: signing.Identity) -> None:
    signature = identity.private_key.sign(b"data", padding.PKCS1v15(), SHA256())
    public = identity.certificate.public_key()
    assert isinstance(public, rsa.RSAPublicKey)
    public.verify(signature, b"data", padding.PKCS1v15(), SHA256())


def test_certificate_file_is_the_certificate_in_der(folder: Path) -> None:
    path = signing.test_certificate_file()
    assert path.suffix == ".cer"
    assert x509.load_der_x509_certificate(path.read_bytes()) == signing.test_identity().certificate


@posix_only
def test_key_is_for_its_user_alone_whatever_the_umask(folder: Path) -> None:
    before = os.umask(0)
    try:
        signing.test_identity()
    finally:
        os.umask(before)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert stat.S_IMODE(folder.parent.stat().st_mode) == 0o700
    assert stat.S_IMODE((folder / "key.pem").stat().st_mode) == 0o600


def test_nothing_else_is_left_in_the_folder(folder: Path) -> None:
    signing.test_identity()
    assert [each.name for each in folder.parent.iterdir()] == ["test-certificate"]
    assert sorted(each.name for each in folder.iterdir()) == ["certificate.cer", "key.pem"]


def test_first_use_by_many_processes_gives_one_certificate(folder: Path) -> None:
    program = "from pyndis import signing; print(signing.test_identity().certificate.serial_number)"
    started = [subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True) for _ in range(4)]
    answers = {each.communicate(timeout=60)[0] for each in started}
    assert answers == {f"{signing.test_identity().certificate.serial_number}\n"}
    assert [each.name for each in folder.parent.iterdir()] == ["test-certificate"]


def test_key_appears_in_no_text_of_the_identity(identity: signing.Identity) -> None:
    assert "private" not in repr(identity).lower()


@posix_only
@pytest.mark.parametrize("name", ["", "key.pem"])
def test_what_others_can_read_is_refused(folder: Path, name: str) -> None:
    signing.test_identity()
    (folder / name).chmod(0o755 if not name else 0o640)
    (diagnostic,) = failure().diagnostics
    assert diagnostic.code == "PYN-G03"
    assert "is open to other users" in diagnostic.message and "chmod go=" in diagnostic.help


@posix_only
def test_files_of_another_user_are_refused(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    signing.test_identity()
    mine = os.geteuid()
    monkeypatch.setattr(os, "geteuid", lambda: mine + 1)
    (diagnostic,) = failure().diagnostics
    assert diagnostic.code == "PYN-G03"
    assert f"belongs to user {mine}" in diagnostic.message


@posix_only
def test_key_behind_a_link_is_refused(folder: Path) -> None:
    signing.test_identity()
    (folder / "key.pem").rename(folder.parent / "elsewhere.pem")
    (folder / "key.pem").symlink_to(folder.parent / "elsewhere.pem")
    assert failure().diagnostics[0].code == "PYN-G02"


@pytest.mark.parametrize("name", ["key.pem", "certificate.cer"])
@pytest.mark.parametrize("damage", ["empty", "cut", "garbage", "gone"])
def test_damaged_files_are_refused_with_a_mend(folder: Path, name: str, damage: str) -> None:
    signing.test_identity()
    path = folder / name
    data = path.read_bytes()
    if damage == "gone":
        path.unlink()
    else:
        path.write_bytes({"empty": b"", "cut": data[: len(data) // 2], "garbage": b"\xff" * len(data)}[damage])
    (diagnostic,) = failure().diagnostics
    assert diagnostic.code == "PYN-G02"
    assert str(folder) in diagnostic.message
    assert "remove the folder" in diagnostic.help


def test_damaged_key_is_not_repeated_in_the_message(folder: Path) -> None:
    signing.test_identity()
    key = folder / "key.pem"
    secret = key.read_text().splitlines()[5]
    key.write_text(key.read_text().replace("BEGIN", "BEGAN"))
    error = failure()
    assert secret not in str(error) and secret not in str(error.__cause__)


def test_key_of_another_certificate_is_refused(folder: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    signing.test_identity()
    monkeypatch.setenv("PYNDIS_CONFIG_DIR", str(tmp_path / "other"))
    other = signing.test_certificate_file()
    other.write_bytes((folder / "certificate.cer").read_bytes())
    (diagnostic,) = failure().diagnostics
    assert diagnostic.code == "PYN-G02"
    assert "a key that is not the certificate's" in diagnostic.message


def test_file_in_the_folders_place_is_refused(folder: Path) -> None:
    folder.parent.mkdir(parents=True)
    folder.write_text("mine")
    assert failure().diagnostics[0].code == "PYN-G02"
    assert folder.read_text() == "mine"


def test_folder_that_cannot_be_made_is_a_clear_failure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("PYNDIS_CONFIG_DIR", str(tmp_path / "file" / "pyndis"))
    (diagnostic,) = failure().diagnostics
    assert diagnostic.code == "PYN-G01"
    assert "PYNDIS_CONFIG_DIR" in diagnostic.help


def test_expired_certificate_is_refused(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pyndis.signing.test_certificate._LIFETIME", datetime.timedelta(seconds=-1))
    (diagnostic,) = failure().diagnostics
    assert diagnostic.code == "PYN-G04"
    assert "was valid until" in diagnostic.message


@pytest.mark.parametrize(
    ("platform", "environ", "end"),
    [
        ("linux", {"XDG_CONFIG_HOME": "/x/config"}, "/x/config/pyndis"),
        ("linux", {"XDG_CONFIG_HOME": "relative"}, "/home/me/.config/pyndis"),
        ("linux", {}, "/home/me/.config/pyndis"),
        ("darwin", {"XDG_CONFIG_HOME": "/x/config"}, "/home/me/Library/Application Support/pyndis"),
        ("win32", {"APPDATA": "/x/Roaming"}, "/x/Roaming/pyndis"),
        ("win32", {}, "/home/me/AppData/Roaming/pyndis"),
        ("win32", {"APPDATA": "/x/Roaming", "PYNDIS_CONFIG_DIR": "/here"}, "/here"),
    ],
)
def test_configuration_is_where_the_system_keeps_it(
    platform: str, environ: dict[str, str], end: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Path, "home", lambda: Path("/home/me"))
    assert configuration_folder(environ, platform) == Path(end)


def test_user_without_home_is_told_so(monkeypatch: pytest.MonkeyPatch) -> None:
    def homeless() -> Path:
        raise RuntimeError

    monkeypatch.setattr(Path, "home", homeless)
    with pytest.raises(ToolFailure, match="PYN-G01"):
        configuration_folder({}, "linux")
