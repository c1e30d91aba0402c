"""What signatures and catalogs say, as values for `pyndis inspect --json`. Nothing here judges: see `verification`."""

from __future__ import annotations

from typing import Any

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa

from pyndis.signing import cabinet, indirect_data, pe, signed_data, spc
from pyndis.signing.catalog_reading import Entry, read_catalog
from pyndis.signing.signature_checks import HASHES, stamp_time
from pyndis.signing.signed_data import Signed, Signer
from pyndis.signing.trust import name

Report = dict[str, Any]


def inspect_signature(image: bytes) -> Report:
    """An image's checksum, Authenticode digest and embedded signature.

    Raises DriverFailure (PYN-G10, PYN-G11, PYN-G31) for what is not an image, or whose signature cannot be read.
    """
    layout = pe.read_layout(image)
    report: Report = {
        "signed": layout.signed,
        "checksum": {"stored": pe.stored_checksum(image, layout), "computed": pe.checksum(image, layout)},
        "authenticode": {each: pe.digest(image, layout, each).hex() for each in ("sha1", "sha256")},
    }
    if layout.signed:
        signed = signed_data.read(pe.signature_bytes(image, layout), "signature in the image")
        report["signature"] = _signature(signed)
        if signed.content_type == spc.INDIRECT_DATA:
            report["signature"] |= _hashed(indirect_data.read(signed.content))
    return report


def inspect_catalog(catalog: bytes) -> Report:
    """A catalog's members, attributes and signature. Raises DriverFailure (PYN-G21, PYN-G31)."""
    read = read_catalog(catalog)
    return {
        "version": read.version,
        "list_identifier": read.list_identifier.hex(),
        "this_update": read.this_update.isoformat(),
        "members": [_entry(each) for each in read.entries],
        "attributes": read.extensions,
        "signed": bool(read.container.signers),
        "signature": _signature(read.container) if read.container.signers else None,
    }


def inspect_cabinet(data: bytes) -> Report:
    """A cabinet's signature. Raises DriverFailure (PYN-G50, PYN-G31)."""
    layout = cabinet.read_layout(data)
    report: Report = {"signed": layout.signed}
    if layout.signed:
        signed = signed_data.read(layout.signature, "signature of the cabinet")
        report["signature"] = _signature(signed)
    return report


def _entry(entry: Entry) -> Report:
    plain = (
        entry.identifier.decode("utf-16-le", "replace").rstrip("\0") if len(entry.identifier) == 82 else entry.identifier.hex()
    )
    return {
        "identifier": plain,
        "attributes": entry.names,
        "kind": str(entry.kind) if entry.kind else None,
        "digest": entry.hashed.digest.hex() if entry.hashed else None,
        "digest_algorithm": entry.hashed.algorithm if entry.hashed else None,
        "member_info": [each.hex() for each in entry.info],
    }


def _hashed(hashed: indirect_data.IndirectData) -> Report:
    algorithm = hashed.page_hash_algorithm
    size = 4 + HASHES[algorithm].digest_size if algorithm else 1
    return {
        "digest": hashed.digest.hex(),
        "digest_algorithm": hashed.algorithm,
        "page_hash_algorithm": algorithm,
        "page_hashes": len(hashed.page_hashes) // size - 1 if algorithm else 0,  # the last one only marks the end
    }


def _signature(signed: Signed) -> Report:
    report: Report = {"certificates": [_certificate(each) for each in signed.certificates]}
    for signer in signed.signers[:1]:
        report["signer"] = name(signed.certificate) if signed.certificate else None
        report["hash_algorithm"] = signer.digest_algorithm
        report |= _opus(signer)
        report["time_stamp"] = _stamp(signer)
    return report


def _opus(signer: Signer) -> Report:
    program = url = None
    for der in signer.signed_attributes.get(spc.OPUS_INFO, ()):
        with signed_data.readable("program name in the signature"):
            opus = spc.SpcOpusInfo.load(der, strict=True)
            program, url = opus["program_name"].native, opus["more_info"].native
    return {"program": program, "url": url}


def _stamp(signer: Signer) -> str | None:
    for der in signer.unsigned_attributes.get(spc.TIMESTAMP_TOKEN, ()):
        return stamp_time(signed_data.read(der, "time stamp")).isoformat()
    return None


def _certificate(certificate: x509.Certificate) -> Report:
    try:
        key = certificate.public_key()
        described = f"RSA-{key.key_size}" if isinstance(key, rsa.RSAPublicKey) else type(key).__name__
    except (ValueError, UnsupportedAlgorithm):
        described = "unknown"
    return {
        "subject": name(certificate),
        "issuer": certificate.issuer.rfc4514_string(),
        "serial": f"{certificate.serial_number:x}",
        "not_before": certificate.not_valid_before_utc.isoformat(),
        "not_after": certificate.not_valid_after_utc.isoformat(),
        "key": described,
        "sha1": certificate.fingerprint(hashes.SHA1()).hex(),
        "sha256": certificate.fingerprint(hashes.SHA256()).hex(),
    }
