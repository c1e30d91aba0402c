"""Keys that never leave where they are: a token, a hardware module, a cloud vault. A command of the user's makes the signature.

The signer's file is TOML:

    certificate = "release.pem"     # PEM, the signer's certificate first, then its issuers
    command = ["pkcs11-tool", "--sign", "--id", "01", "--mechanism", "SHA256-RSA-PKCS", "-i", "{data}", "-o", "{signature}"]

In the command `{data}` is a file with what is to be signed and `{signature}` one for the signature; `{digest}`, `{digest_base64}`
and `{digest_base64url}` are the SHA-256 of that data. Without `{signature}` the command prints it, as bytes or in base64.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
import subprocess
import tempfile
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from pyndis.diagnostics import Diagnostic, ToolFailure, UsageFailure
from pyndis.signing.identity import Identity
from pyndis.signing.trust import CODE_SIGNING, may

PATIENCE = 300  # seconds: a person may have to touch a token or type its PIN
_PLACES = {"data", "signature", "digest", "digest_base64", "digest_base64url"}


@dataclass(frozen=True)
class CommandKey:
    """A private key behind a command. `file` is the signer's file: relative paths start from its folder."""

    file: Path
    command: tuple[str, ...]
    public: rsa.RSAPublicKey

    def sign(self, data: bytes, scheme: padding.PKCS1v15, algorithm: hashes.SHA256, /) -> bytes:
        """An RSA PKCS#1 v1.5 signature over the SHA-256 of `data`, checked. Raises ToolFailure (PYN-G44)."""
        signature = _whole(self._made(data), self.public.key_size // 8)
        try:
            self.public.verify(signature, data, scheme, algorithm)
        except InvalidSignature:
            help = "the command must use the certificate's key, RSA with PKCS#1 v1.5, over SHA-256, and hash just once"
            raise self._failed("made no valid signature of the certificate's key", help=help) from None
        return signature

    def _made(self, data: bytes) -> bytes:
        with tempfile.TemporaryDirectory() as folder:
            given, made = Path(folder, "data"), Path(folder, "signature")
            given.write_bytes(data)
            argv = [_filled(word, data, given, made) for word in self.command]
            try:
                done = subprocess.run(argv, capture_output=True, cwd=self.file.parent, timeout=PATIENCE, check=False)
            except OSError as error:
                raise self._failed(f"cannot be started: {error.strerror}", help="give its path") from error
            except subprocess.TimeoutExpired:
                raise self._failed(f"did not end within {PATIENCE} seconds", help="try the command by hand") from None
            if done.returncode != 0:
                notes = tuple(done.stderr.decode("utf-8", "replace").strip().splitlines()[:20])
                raise self._failed(f"ended with status {done.returncode}", notes, "try the command by hand")
            return made.read_bytes() if made.exists() else done.stdout

    def _failed(self, how: str, notes: Sequence[str] = (), help: str = "") -> ToolFailure:
        return ToolFailure(Diagnostic("PYN-G44", f"the signing command {self.command[0]} {how}", notes=tuple(notes), help=help))


def load_signer(file: Path) -> Identity:
    """Read a signer's file. Raises UsageFailure (PYN-G43) with what is wrong in it."""
    try:
        document = tomllib.loads(file.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise _unusable(file, f"cannot be read: {error}") from error
    command, named = document.get("command"), document.get("certificate")
    if not isinstance(command, list) or not command or not all(isinstance(word, str) for word in command):
        raise _unusable(file, "has no `command`, a list of words")
    if not isinstance(named, str):
        raise _unusable(file, "has no `certificate`, the name of a PEM file")
    if unknown := {place for word in command for place in re.findall(r"\{(\w+)\}", word)} - _PLACES:
        raise _unusable(file, f"has {{{min(unknown)}}} in its command; there are {', '.join(sorted(_PLACES))}")
    first, *issuers = _certificates(file, file.parent / named)
    public = first.public_key()
    if not isinstance(public, rsa.RSAPublicKey):
        raise _unusable(file, f"names {named}, whose key is no RSA key: Windows loads no other drivers")
    if not may(first, CODE_SIGNING, explicitly=True):
        raise _unusable(file, f"names {named}, whose first certificate may not sign code")
    return Identity(first, CommandKey(file, tuple(command), public), tuple(issuers))


def _certificates(file: Path, pem: Path) -> list[x509.Certificate]:
    try:
        return x509.load_pem_x509_certificates(pem.read_bytes())
    except OSError as error:
        raise _unusable(file, f"names {pem.name}, which cannot be read: {error.strerror}") from error
    except ValueError as error:
        raise _unusable(file, f"names {pem.name}, which holds no certificate in PEM") from error


def _filled(word: str, data: bytes, given: Path, made: Path) -> str:
    digest = hashlib.sha256(data).digest()
    values = {
        "data": str(given),
        "signature": str(made),
        "digest": digest.hex(),
        "digest_base64": base64.b64encode(digest).decode(),
        "digest_base64url": base64.urlsafe_b64encode(digest).decode().rstrip("="),
    }
    return re.sub(r"\{(\w+)\}", lambda found: values[found[1]], word)


def _whole(answer: bytes, size: int) -> bytes:
    """The signature's bytes, from bytes or from base64 in either alphabet."""
    if len(answer) == size:
        return answer
    text = b"".join(answer.split()).strip(b'"').translate(bytes.maketrans(b"-_", b"+/"))
    try:
        return base64.b64decode(text + b"=" * (-len(text) % 4), validate=True)
    except binascii.Error:
        return answer


def _unusable(file: Path, found: str) -> UsageFailure:
    help = "see `pyndis explain PYN-G43` for such a file"
    return UsageFailure(Diagnostic("PYN-G43", f"the signer's file {file} {found}", help=help))
