"""Authenticode signatures on PE images."""

from __future__ import annotations

from pyndis.signing import indirect_data, pe, signed_data, spc
from pyndis.signing.identity import Identity
from pyndis.signing.signed_data import Stamper


def authenticode_digest(image: bytes, algorithm: str = "sha256") -> bytes:
    """The digest that names an image in signatures and catalogs: the same before and after signing.

    Raises DriverFailure (PYN-G10, PYN-G11) for what is not a whole PE image.
    """
    return pe.digest(image, pe.read_layout(image), algorithm)


def sign_image(
    image: bytes, identity: Identity, *, description: str, url: str | None = None, stamp: Stamper | None = None
) -> bytes:
    """Sign a PE image with SHA-256 and page hashes; a signature that is there already is replaced.

    `description` and `url` are what Windows shows of the program. Without `stamp` the same input gives the same bytes.
    Raises DriverFailure (PYN-G10, PYN-G11) for what is not a whole PE image.
    """
    unsigned = pe.without_signature(image, pe.read_layout(image))
    layout = pe.read_layout(unsigned)
    digest, pages = pe.digest(unsigned, layout, "sha256"), pe.page_hashes(unsigned, layout, "sha256")
    content = indirect_data.image_with_pages("sha256", digest, pages)
    signature = signed_data.sign(spc.INDIRECT_DATA, content, identity, description=description, url=url, stamp=stamp)
    return pe.with_signature(unsigned, layout, signature)
