import datetime
from pathlib import Path
from unittest.mock import Mock

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, NoEncryption, pkcs12
from cryptography.x509.oid import NameOID

from pyndis import signing
from pyndis.diagnostics import Diagnostic, UsageFailure
from tests.signing import handmade_images
from tests.signing.conftest import YESTERDAY, Authority


@pytest.fixture(autouse=True)
def no_password_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PYNDIS_PFX_PASSWORD", raising=False)


def write(path: Path, identity: signing.Identity, password: str | None) -> Path:
    lock = BestAvailableEncryption(password.encode()) if password is not None else NoEncryption()
    data = pkcs12.serialize_key_and_certificates(
        b"driver", identity.private_key, identity.certificate, identity.chain or None, lock
    )
    path.write_bytes(data)
    return path


def refused(path: Path, ask: Mock | None = None) -> Diagnostic:
    with pytest.raises(UsageFailure) as caught:
        signing.load_pfx(path, ask)
    (diagnostic,) = caught.value.diagnostics
    return diagnostic


@pytest.fixture
def pfx(tmp_path: Path, publisher: signing.Identity) -> Path:
    return write(tmp_path / "publisher.pfx", publisher, "secret ✓")


def test_password_comes_from_the_environment(pfx: Path, publisher: signing.Identity, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYNDIS_PFX_PASSWORD", "secret ✓")
    ask = Mock()
    assert signing.load_pfx(pfx, ask).certificate == publisher.certificate
    ask.assert_not_called()


def test_password_is_asked_for_when_none_is_set(pfx: Path, publisher: signing.Identity) -> None:
    ask = Mock(return_value="secret ✓")
    assert signing.load_pfx(pfx, ask).certificate == publisher.certificate
    ask.assert_called_once_with(pfx)


def test_file_without_password_opens_unasked(tmp_path: Path, publisher: signing.Identity) -> None:
    ask = Mock()
    assert signing.load_pfx(write(tmp_path / "open.pfx", publisher, None), ask).certificate == publisher.certificate
    ask.assert_not_called()


def test_chain_of_the_file_goes_into_signatures(pfx: Path, root: signing.Identity) -> None:
    identity = signing.load_pfx(pfx, lambda _: "secret ✓")
    signed = signing.sign_image(handmade_images.image(), identity, description="Wintun")
    assert signing.verify_image(signed, [root.certificate]) == []


def test_wrong_password_is_refused_without_repeating_it(pfx: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYNDIS_PFX_PASSWORD", "wr0ng")
    diagnostic = refused(pfx)
    assert diagnostic.code == "PYN-G06"
    assert "PYNDIS_PFX_PASSWORD" in diagnostic.help
    assert "wr0ng" not in str(diagnostic)


def test_missing_password_is_named_as_that(pfx: Path) -> None:
    assert "needs a password and none was given" in refused(pfx).message


@pytest.mark.parametrize("kept", [0, 1, 100])
def test_damaged_file_is_refused(pfx: Path, kept: int) -> None:
    pfx.write_bytes(pfx.read_bytes()[:kept])
    assert refused(pfx, Mock(return_value="secret ✓")).code == "PYN-G06"


def test_missing_file_is_refused(tmp_path: Path) -> None:
    diagnostic = refused(tmp_path / "none.pfx")
    assert diagnostic.code == "PYN-G05"
    assert "cannot be read" in diagnostic.message


def test_certificate_that_may_not_sign_code_is_refused(tmp_path: Path, issue: Authority) -> None:
    diagnostic = refused(write(tmp_path / "a.pfx", issue("any"), None))
    assert diagnostic.code == "PYN-G05"
    assert "may not sign code" in diagnostic.message


def test_elliptic_key_is_refused(tmp_path: Path) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "elliptic")])
    builder = x509.CertificateBuilder(name, name, key.public_key(), 7, YESTERDAY, YESTERDAY + datetime.timedelta(days=9))
    data = pkcs12.serialize_key_and_certificates(b"", key, builder.sign(key, SHA256()), None, NoEncryption())
    (tmp_path / "ec.pfx").write_bytes(data)
    assert "holds no RSA key" in refused(tmp_path / "ec.pfx").message


def test_file_without_key_is_refused(tmp_path: Path, publisher: signing.Identity) -> None:
    certificate: x509.Certificate = publisher.certificate
    data = pkcs12.serialize_key_and_certificates(None, None, certificate, None, NoEncryption())
    (tmp_path / "public.pfx").write_bytes(data)
    assert "no private key" in refused(tmp_path / "public.pfx").message
