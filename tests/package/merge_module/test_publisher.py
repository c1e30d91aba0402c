from __future__ import annotations

import hashlib
import re
import struct
from pathlib import PurePosixPath
from uuid import UUID, uuid5

from pyndis.package.manifest import Manifest
from pyndis.package.merge_module.publisher import COMPONENTS, Publisher, serialized
from pyndis.package.merge_module.wix import wix_files
from tests.package.merge_module.conftest import CERTIFICATE


def properties(blob: bytes) -> dict[int, bytes]:
    """A serialized certificate, taken apart."""
    found = {}
    while blob:
        number, encoding, size = struct.unpack_from("<III", blob)
        assert encoding == 1
        found[number] = blob[12 : 12 + size]
        assert len(found[number]) == size
        blob = blob[12 + size :]
    return found


def test_the_value_holds_the_certificate_and_its_hash() -> None:
    assert properties(serialized(CERTIFICATE)) == {3: hashlib.sha1(CERTIFICATE).digest(), 32: CERTIFICATE}


def test_the_key_is_named_by_the_certificate() -> None:
    store, thumbprint = Publisher.of(CERTIFICATE, "amd64").key.rsplit("\\", 1)
    assert store == r"SOFTWARE\Microsoft\SystemCertificates\TrustedPublisher\Certificates"
    assert thumbprint == hashlib.sha1(CERTIFICATE).hexdigest().upper()


def test_another_certificate_is_another_component() -> None:
    one, other = Publisher.of(CERTIFICATE, "amd64"), Publisher.of(CERTIFICATE + b"\0", "amd64")
    assert one.component != other.component
    assert one.component != Publisher.of(CERTIFICATE, "x86").component
    assert one == Publisher.of(CERTIFICATE, "amd64")


def test_the_script_for_windows_knows_the_same_numbers(manifest: Manifest) -> None:
    script = wix_files(manifest, "{guid}")[PurePosixPath("wintun.publisher.ps1")]
    assert re.findall(r"Get-Property (\d+)", script) == ["3", "32"]
    (namespace,) = re.findall(r'\$namespace = "(\w+)"', script)
    assert UUID(namespace) == COMPONENTS


def test_a_component_is_named_as_the_script_does_it() -> None:
    thumbprint = hashlib.sha1(CERTIFICATE).hexdigest().upper()
    made = bytearray(hashlib.sha1(COMPONENTS.bytes + f"amd64/{thumbprint}".encode()).digest()[:16])
    made[6] = made[6] & 0x0F | 0x50
    made[8] = made[8] & 0x3F | 0x80
    digits = made.hex().upper()
    parts = (digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:])
    assert Publisher.of(CERTIFICATE, "amd64").component == "{" + "-".join(parts) + "}"
    assert uuid5(COMPONENTS, f"amd64/{thumbprint}") == UUID(digits)
