from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from pyndis import signing
from tests.signing import handmade_images
from tests.signing.conftest import Osslsigncode


@pytest.fixture
def nested(osslsigncode: Osslsigncode, identity: signing.Identity, publisher: signing.Identity, tmp_path: Path) -> bytes:
    """Our signature first, and another's nested in it, as osslsigncode makes them."""
    ours, both = tmp_path / "ours.sys", tmp_path / "both.sys"
    ours.write_bytes(signing.sign_image(handmade_images.image(), identity, description="ours"))
    certificates, key = tmp_path / "certificates.pem", tmp_path / "key.pem"
    chain = (publisher.certificate, *publisher.chain)
    certificates.write_bytes(b"".join(each.public_bytes(Encoding.PEM) for each in chain))
    assert isinstance(publisher.private_key, rsa.RSAPrivateKey)
    key.write_bytes(publisher.private_key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    made = osslsigncode("sign", "-nest", "-h", "sha256", "-certs", certificates, "-key", key, "-in", ours, "-out", both)
    assert made.returncode == 0, made.stdout
    return both.read_bytes()


def test_nested_signatures_are_told(nested: bytes, identity: signing.Identity) -> None:
    first, second = signing.image_signers(nested)
    assert first.chain == (identity.certificate.subject.rfc4514_string(),)
    assert (second.common_name, second.chain) == ("publisher", ("CN=publisher", "CN=code signing authority", "CN=root"))
    assert second.root_name == "CN=root"


def test_image_with_a_nested_signature_is_whole_and_the_same_image(nested: bytes) -> None:
    assert signing.image_integrity(nested) == []
    assert signing.authenticode_digest(nested) == signing.authenticode_digest(handmade_images.image())


def test_unsigned_files_have_no_signer() -> None:
    assert signing.image_signers(handmade_images.image()) == ()


def test_usages_are_those_of_the_certificate(publisher: signing.Identity) -> None:
    (signer,) = signing.image_signers(signing.sign_image(handmade_images.image(), publisher, description="x"))
    assert (signer.usages, signer.time) == (frozenset({"1.3.6.1.5.5.7.3.3"}), None)


def test_trust_is_judged_only_where_something_is_trusted(publisher: signing.Identity, identity: signing.Identity) -> None:
    signed = signing.sign_image(handmade_images.image(), publisher, description="x")
    assert signing.image_integrity(signed) == []
    assert [each.code for each in signing.image_integrity(signed, [identity.certificate])] == ["PYN-G35"]
    assert signing.image_integrity(signed, [publisher.chain[-1]]) == []
