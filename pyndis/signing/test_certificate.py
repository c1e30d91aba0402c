"""The test certificate: one per user, made on first use, good for machines that were told to trust it and no others.

Why RSA-2048 with SHA-256, and how long it lasts: docs/decisions/test-certificate.md.
"""

from __future__ import annotations

import datetime
import os
import shutil
import stat
import tempfile
from collections.abc import Callable
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import NameOID

from pyndis.diagnostics import Diagnostic, ToolFailure
from pyndis.signing.folders import FOLDER_VARIABLE, configuration_folder
from pyndis.signing.identity import Identity
from pyndis.signing.trust import CODE_SIGNING, may

SUBJECT = "pyndis test certificate"
"""What the common name of every test certificate starts with; a piece of the key's fingerprint tells them apart."""

_KEY_BITS = 2048
_LIFETIME = datetime.timedelta(days=20 * 365)
_CLOCKS_DIFFER = datetime.timedelta(days=1)  # a test machine whose clock is a little behind must accept it too
_KEY_FILE = "key.pem"
_CERTIFICATE_FILE = "certificate.cer"


def test_identity() -> Identity:
    """The user's test certificate and key, made now if there is none. Safe to call from many processes at once.

    Raises ToolFailure: PYN-G01 (cannot be written), PYN-G02 (damaged or foreign files), PYN-G03 (others can read the
    key), PYN-G04 (expired).
    """
    folder = _folder()
    if not os.path.lexists(folder):
        _create(folder)
    return _load(folder)


def test_certificate_file() -> Path:
    """The test certificate as a `.cer` file (DER), made now if there is none. Raises as `test_identity`."""
    test_identity()
    return _folder() / _CERTIFICATE_FILE


def _folder() -> Path:
    return configuration_folder() / "test-certificate"


def _create(folder: Path) -> None:
    """Make a whole folder beside the place and rename it into it: whoever comes second finds a complete one.

    mkdtemp makes it accessible to this user alone from the start, so the key is never open to others.
    """
    made = _new_identity()
    try:
        folder.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        temporary = Path(tempfile.mkdtemp(prefix=".test-certificate-", dir=folder.parent))
    except OSError as error:
        raise _unwritable(folder, error) from error
    try:
        _write_new(temporary / _KEY_FILE, _key_bytes(made), 0o600)
        _write_new(temporary / _CERTIFICATE_FILE, made.certificate.public_bytes(Encoding.DER), 0o644)
        os.rename(temporary, folder)
    except OSError as error:
        if not os.path.lexists(folder):  # else another process was first, and its certificate is the one
            raise _unwritable(folder, error) from error
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def _write_new(path: Path, data: bytes, mode: int) -> None:
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), mode)
    with os.fdopen(handle, "wb") as file:
        file.write(data)


def _key_bytes(identity: Identity) -> bytes:
    assert isinstance(identity.private_key, rsa.RSAPrivateKey)
    return identity.private_key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def _new_identity() -> Identity:
    key = rsa.generate_private_key(public_exponent=65537, key_size=_KEY_BITS)
    key_identifier = x509.SubjectKeyIdentifier.from_public_key(key.public_key())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"{SUBJECT} {key_identifier.digest.hex()[:8]}")])
    now = datetime.datetime.now(datetime.UTC).replace(microsecond=0)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _CLOCKS_DIFFER)
        .not_valid_after(now + _LIFETIME)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_signatures_only(), critical=True)
        .add_extension(x509.ExtendedKeyUsage([CODE_SIGNING]), critical=False)
        .add_extension(key_identifier, critical=False)
        .sign(key, hashes.SHA256())
    )
    return Identity(certificate, key)


def _signatures_only() -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=True,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=False,
        crl_sign=False,
        encipher_only=False,
        decipher_only=False,
    )


def _load(folder: Path) -> Identity:
    try:
        _check_private(folder, os.lstat(folder), stat.S_ISDIR)
        key_bytes = _read_private(folder / _KEY_FILE)
        key = load_pem_private_key(key_bytes, None)
        certificate = x509.load_der_x509_certificate((folder / _CERTIFICATE_FILE).read_bytes())
        fits = isinstance(key, rsa.RSAPrivateKey) and key.public_key() == certificate.public_key()
    except (OSError, ValueError, TypeError) as error:
        raise _damaged(folder, f"cannot be read: {_reason(error)}") from error
    if not isinstance(key, rsa.RSAPrivateKey) or not fits:
        raise _damaged(folder, "holds a key that is not the certificate's")
    if not may(certificate, CODE_SIGNING, explicitly=True) or SUBJECT not in certificate.subject.rfc4514_string():
        raise _damaged(folder, "holds a certificate that pyndis did not make")
    if certificate.not_valid_after_utc < datetime.datetime.now(datetime.UTC):
        until = certificate.not_valid_after_utc.date()
        raise _failure("PYN-G04", folder, f"holds a certificate that was valid until {until}")
    return Identity(certificate, key)


def _read_private(path: Path) -> bytes:
    flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)
    with os.fdopen(os.open(path, flags), "rb") as file:
        _check_private(path, os.fstat(file.fileno()), stat.S_ISREG)
        return file.read()


def _check_private(path: Path, status: os.stat_result, right_kind: Callable[[int], bool]) -> None:
    """The key signs what this user's test machines trust: nobody else may have made, or may read, its files."""
    if not right_kind(status.st_mode):
        raise _damaged(path, "is not what pyndis made there, but another kind of file")
    if os.name != "posix":  # elsewhere the folder's access list decides, and it is inherited from the user's profile
        return
    if status.st_uid != os.geteuid():
        found = f"belongs to user {status.st_uid}, and this is user {os.geteuid()}"
        raise _failure("PYN-G03", path, found, f"run as that user, or set {FOLDER_VARIABLE} to a folder of your own")
    if status.st_mode & 0o077:
        found = f"is open to other users (mode {stat.S_IMODE(status.st_mode):o})"
        raise _failure("PYN-G03", path, found, f"if nobody has used the key: chmod go= {path}; else remove the folder")


def _unwritable(folder: Path, error: OSError) -> ToolFailure:
    mend = f"make {folder.parent} writable for this user, or set {FOLDER_VARIABLE} to another folder of its own"
    return _failure("PYN-G01", folder, f"cannot be made: {error.strerror}", mend)


def _damaged(path: Path, found: str) -> ToolFailure:
    return _failure("PYN-G02", path, found)


def _reason(error: Exception) -> str:
    """What went wrong with a file; of a file's contents nothing is repeated, since one of them is a key."""
    return f"{error.filename}: {error.strerror}" if isinstance(error, OSError) else "its contents are damaged"


def _failure(code: str, path: Path, found: str, mend: str | None = None) -> ToolFailure:
    anew = "remove the folder test-certificate, and pyndis makes a new one; test machines must then trust that one"
    return ToolFailure(Diagnostic(code, f"the test certificate at {path} {found}", help=mend or anew))
