"""Signing: the test certificate, Authenticode on images, security catalogs, and checking them."""

from pyndis.signing.authenticode import authenticode_digest, sign_image
from pyndis.signing.cabinet import sign_cabinet
from pyndis.signing.catalog import default_version, make_catalog, sign_catalog
from pyndis.signing.external import load_signer
from pyndis.signing.identity import Identity, load_pfx
from pyndis.signing.inspection import inspect_cabinet, inspect_catalog, inspect_signature
from pyndis.signing.integrity import catalog_coverage, catalog_integrity, image_integrity
from pyndis.signing.members import Kind, Member
from pyndis.signing.signers import SignedBy, catalog_signer, image_signers
from pyndis.signing.test_certificate import test_certificate_file, test_identity
from pyndis.signing.timestamp import time_stamp_server
from pyndis.signing.verification import verify_cabinet, verify_catalog, verify_image

__all__ = [
    "Identity",
    "Kind",
    "Member",
    "SignedBy",
    "authenticode_digest",
    "catalog_coverage",
    "catalog_integrity",
    "catalog_signer",
    "default_version",
    "image_integrity",
    "image_signers",
    "inspect_cabinet",
    "inspect_catalog",
    "inspect_signature",
    "load_pfx",
    "load_signer",
    "make_catalog",
    "sign_cabinet",
    "sign_catalog",
    "sign_image",
    "test_certificate_file",
    "test_identity",
    "time_stamp_server",
    "verify_cabinet",
    "verify_catalog",
    "verify_image",
]
