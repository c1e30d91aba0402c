"""A signer's certificate as a trusted publisher of the machine: a registry value, so that no custom action is needed.

The value is a serialized store element: properties, each with its number, the number 1, its size and its bytes, all
little-endian (Microsoft's [MS-GPEF], 2.2.1.1.1, for the certificate; CertSerializeCertificateStoreElement writes such elements).
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from uuid import NAMESPACE_URL, uuid5

KEY = r"SOFTWARE\Microsoft\SystemCertificates\TrustedPublisher\Certificates"
"""Below HKEY_LOCAL_MACHINE: a key for each certificate, named by its SHA-1 hash, with the value `Blob`."""
VALUE = "Blob"
COMPONENTS = uuid5(NAMESPACE_URL, "https://pyndis.invalid/trusted-publisher")
"""The namespace of the component identifiers: `ARCHITECTURE/THUMBPRINT` in it gives one per certificate."""

SHA1_HASH, CERTIFICATE = 3, 32  # CERT_SHA1_HASH_PROP_ID, and the property that is the certificate itself
_ENCODING = 1  # what stands after each property's number


@dataclass(frozen=True)
class Publisher:
    """The certificate as the module's texts: component identifier, thumbprint, and the value in hexadecimal."""

    component: str
    thumbprint: str
    blob: str

    @classmethod
    def of(cls, certificate: bytes, arch: str) -> Publisher:
        """From a certificate in DER. Another certificate is another resource, and so another component."""
        thumbprint = hashlib.sha1(certificate).hexdigest().upper()
        component = f"{{{str(uuid5(COMPONENTS, f'{arch}/{thumbprint}')).upper()}}}"
        return cls(component, thumbprint, serialized(certificate).hex().upper())

    @property
    def key(self) -> str:
        """The registry key of the certificate."""
        return rf"{KEY}\{self.thumbprint}"


PLACEHOLDER = Publisher("$(var.PublisherComponent)", "$(var.PublisherThumbprint)", "$(var.PublisherBlob)")
"""In the WiX source, where the certificate is known when it is compiled."""


def serialized(certificate: bytes) -> bytes:
    """A certificate in DER as the registry holds it."""
    hash_property = _property(SHA1_HASH, hashlib.sha1(certificate).digest())
    return hash_property + _property(CERTIFICATE, certificate)


def _property(number: int, value: bytes) -> bytes:
    return b"".join(word.to_bytes(4, "little") for word in (number, _ENCODING, len(value))) + value
