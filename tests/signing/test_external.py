from __future__ import annotations

import json
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from pyndis import signing
from pyndis.diagnostics import ToolFailure, UsageFailure
from tests.signing.conftest import Authority, Osslsigncode

OPENSSL = ["openssl", "dgst", "-sha256", "-sign", "key.pem"]
TO_FILE = [*OPENSSL, "-out", "{signature}", "{data}"]
PRINTED = [*OPENSSL, "{data}"]
OF_THE_DIGEST = [
    "sh",
    "-c",
    "printf %s {digest_base64} | base64 -d | openssl pkeyutl -sign -inkey key.pem -pkeyopt digest:sha256 | base64 | tr '/+' '_-'",
]


@pytest.fixture
def folder(tmp_path: Path, publisher: signing.Identity) -> Path:
    """A key, and its certificates in PEM."""
    key = publisher.private_key
    assert isinstance(key, rsa.RSAPrivateKey)
    (tmp_path / "key.pem").write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    chain = (publisher.certificate, *publisher.chain)
    (tmp_path / "chain.pem").write_bytes(b"".join(each.public_bytes(Encoding.PEM) for each in chain))
    return tmp_path


def signer_file(folder: Path, command: list[str], certificate: str = "chain.pem") -> Path:
    file = folder / "signer.toml"
    file.write_text(f"certificate = {json.dumps(certificate)}\ncommand = {json.dumps(command)}\n")
    return file


@pytest.mark.parametrize("command", [TO_FILE, PRINTED, OF_THE_DIGEST], ids=["file", "printed", "digest"])
def test_a_command_signs_as_the_key_itself_does(
    folder: Path, command: list[str], publisher: signing.Identity, image: bytes
) -> None:
    identity = signing.load_signer(signer_file(folder, command))
    assert signing.sign_image(image, identity, description="x") == signing.sign_image(image, publisher, description="x")


def test_a_judge_takes_it(folder: Path, root: signing.Identity, image: bytes, osslsigncode: Osslsigncode) -> None:
    identity = signing.load_signer(signer_file(folder, TO_FILE))
    (folder / "signed.sys").write_bytes(signing.sign_image(image, identity, description="x"))
    (folder / "root.pem").write_bytes(root.certificate.public_bytes(Encoding.PEM))
    ended = osslsigncode("verify", "-CAfile", folder / "root.pem", "-in", folder / "signed.sys")
    assert ended.returncode == 0, ended.stdout


@pytest.mark.parametrize(
    ("command", "said"),
    [
        (["no-such-command"], "cannot be started"),
        (["sh", "-c", "echo the token is not there >&2; exit 3"], "ended with status 3"),
        (["true"], "made no valid signature"),
        (["printf", "YWJj"], "made no valid signature"),
    ],
)
def test_a_command_that_fails_signs_nothing(folder: Path, command: list[str], said: str, image: bytes) -> None:
    identity = signing.load_signer(signer_file(folder, command))
    with pytest.raises(ToolFailure) as failure:
        signing.sign_image(image, identity, description="x")
    (diagnostic,) = failure.value.diagnostics
    assert diagnostic.code == "PYN-G44"
    assert said in diagnostic.message
    assert diagnostic.notes == (("the token is not there",) if "status" in said else ())


def test_the_signature_of_another_key_is_not_taken(folder: Path, issue: Authority, image: bytes) -> None:
    other = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    (folder / "key.pem").write_bytes(other.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    with pytest.raises(ToolFailure, match="no valid signature"):
        signing.sign_image(image, signing.load_signer(signer_file(folder, TO_FILE)), description="x")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("command = [", "cannot be read"),
        ('certificate = "chain.pem"', "no `command`"),
        ('certificate = "chain.pem"\ncommand = "openssl"', "no `command`"),
        ('command = ["openssl"]', "no `certificate`"),
        ('certificate = "missing.pem"\ncommand = ["openssl"]', "cannot be read"),
        ('certificate = "key.pem"\ncommand = ["openssl"]', "no certificate in PEM"),
        ('certificate = "root.pem"\ncommand = ["openssl"]', "may not sign code"),
        ('certificate = "chain.pem"\ncommand = ["openssl", "{pin}"]', "{pin}"),
    ],
)
def test_what_is_wrong_in_a_signers_file_is_told(folder: Path, root: signing.Identity, text: str, said: str) -> None:
    (folder / "root.pem").write_bytes(root.certificate.public_bytes(Encoding.PEM))
    file = folder / "signer.toml"
    file.write_text(text)
    with pytest.raises(UsageFailure) as failure:
        signing.load_signer(file)
    (diagnostic,) = failure.value.diagnostics
    assert diagnostic.code == "PYN-G43"
    assert said in diagnostic.message
