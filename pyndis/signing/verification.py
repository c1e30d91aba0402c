"""Checking what was signed, by us or by others. The verdict is a list of findings, empty when all is right."""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Sequence

from cryptography import x509

from pyndis.diagnostics import Diagnostic, Failure
from pyndis.signing import cabinet, indirect_data, pe, signed_data, spc
from pyndis.signing.catalog_reading import Catalog, Entry, read_catalog
from pyndis.signing.members import Kind, Member, identifier
from pyndis.signing.signature_checks import HASHES, finding, signature_findings

_BUILD_AGAIN = "build and sign the package again"
_MAKE_AGAIN = "make it again: pyndis submit make"


def verify_image(image: bytes, trusted: Sequence[x509.Certificate], at: datetime.datetime | None = None) -> list[Diagnostic]:
    """What is wrong with an image's own signature: hash, page hashes, checksum, certificates up to one of `trusted`.

    `at`: the time to judge for, by default that of the signature's time stamp, or now. Never raises.
    """
    return _collected(_image_findings(image, trusted, at))


def verify_catalog(
    catalog: bytes,
    members: Sequence[Member],
    trusted: Sequence[x509.Certificate],
    at: datetime.datetime | None = None,
) -> list[Diagnostic]:
    """What is wrong with a catalog and its signature, and which `members` it does not cover. Never raises."""
    return _collected(_catalog_findings(catalog, members, trusted, at))


def verify_cabinet(cabinet: bytes, trusted: Sequence[x509.Certificate], at: datetime.datetime | None = None) -> list[Diagnostic]:
    """What is wrong with a cabinet's signature: hash, certificates up to one of `trusted`. Never raises."""
    return _collected(_cabinet_findings(cabinet, trusted, at))


def _collected(findings: Iterator[Diagnostic]) -> list[Diagnostic]:
    found: list[Diagnostic] = []
    try:
        for each in findings:
            found.append(each)
    except Failure as failure:
        found.extend(failure.diagnostics)
    return found


def _image_findings(image: bytes, trusted: Sequence[x509.Certificate], at: datetime.datetime | None) -> Iterator[Diagnostic]:
    layout = pe.read_layout(image)
    stored, right = pe.stored_checksum(image, layout), pe.checksum(image, layout)
    if stored != right:
        yield finding("PYN-G38", f"the image's checksum is {stored:#x}, of these bytes it would be {right:#x}", _BUILD_AGAIN)
    if not layout.signed:
        yield finding("PYN-G30", "the image is not signed", "sign it: pyndis sign FILE; or verify it through its catalog")
        return
    table_entry = pe.signature_bytes(image, layout)
    signed = signed_data.read(table_entry, "signature in the image")
    if table_entry[signed.size :].strip(b"\0") or len(table_entry) - signed.size >= pe.ALIGNMENT:
        yield finding("PYN-G11", "there are bytes behind the signature in the certificate table that nothing covers")
    if signed.content_type == spc.INDIRECT_DATA:
        yield from _hash_findings(image, layout, indirect_data.read(signed.content))
    yield from signature_findings(signed, spc.INDIRECT_DATA, trusted, at)


def _cabinet_findings(data: bytes, trusted: Sequence[x509.Certificate], at: datetime.datetime | None) -> Iterator[Diagnostic]:
    layout = cabinet.read_layout(data)
    if not layout.signed:
        yield finding("PYN-G30", "the cabinet is not signed", "sign it: pyndis sign FILE")
        return
    signed = signed_data.read(layout.signature, "signature of the cabinet")
    if layout.signature[signed.size :].strip(b"\0") or len(layout.signature) - signed.size >= pe.ALIGNMENT:
        yield finding("PYN-G50", "there are bytes behind the cabinet's signature that nothing covers")
    if signed.content_type == spc.INDIRECT_DATA:
        hashed = indirect_data.read(signed.content)
        if hashed.kind != spc.CABINET_DATA or hashed.algorithm not in HASHES:
            found = f"a hash of kind {hashed.kind} by {hashed.algorithm}"
            yield finding("PYN-G32", f"the signature holds {found}, not of a cabinet")
        elif hashed.digest != cabinet.digest(data, layout, hashed.algorithm):
            yield finding("PYN-G32", "the cabinet was changed after it was signed: its digest is another", _MAKE_AGAIN)
    yield from signature_findings(signed, spc.INDIRECT_DATA, trusted, at)


def _hash_findings(image: bytes, layout: pe.Layout, hashed: indirect_data.IndirectData) -> Iterator[Diagnostic]:
    if hashed.kind != spc.PE_IMAGE_DATA or hashed.algorithm not in HASHES:
        yield finding("PYN-G32", f"the signature holds a hash of kind {hashed.kind} by {hashed.algorithm}, not of an image")
    elif hashed.digest != pe.digest(image, layout, hashed.algorithm):
        yield finding("PYN-G32", "the image was changed after it was signed: its digest is another", _BUILD_AGAIN)
    if hashed.page_hash_algorithm is None:
        return
    right = pe.page_hashes(image, layout, hashed.page_hash_algorithm)
    if hashed.page_hashes != right:
        page = _first_difference(hashed.page_hashes, right, hashed.page_hash_algorithm)
        yield finding("PYN-G33", f"the page hashes of the signature do not fit the image, first at page {page}", _BUILD_AGAIN)


def _first_difference(found: bytes, right: bytes, algorithm: str) -> int:
    """Which page hash differs first, counted from 0 (the headers)."""
    size = 4 + HASHES[algorithm].digest_size
    pages = range(max(len(found), len(right)) // size + 1)
    return next(page for page in pages if found[page * size :][:size] != right[page * size :][:size])


def _catalog_findings(
    der: bytes, members: Sequence[Member], trusted: Sequence[x509.Certificate], at: datetime.datetime | None
) -> Iterator[Diagnostic]:
    catalog = read_catalog(der)
    if catalog.version == 0:
        yield finding("PYN-G40", "the catalog's list is neither of version 1 nor of version 2", _BUILD_AGAIN)
        return
    for name in ("HWID1", "OS"):
        if not catalog.extensions.get(name):
            yield finding("PYN-G42", f"the catalog has no {name} attribute, which ties it to a device", _BUILD_AGAIN)
    for entry in catalog.entries:
        yield from _entry_findings(entry, catalog)
    for member in members:
        yield from member_findings(member, catalog)
    yield from signature_findings(catalog.container, spc.TRUST_LIST, trusted, at)


def _entry_findings(entry: Entry, catalog: Catalog) -> Iterator[Diagnostic]:
    file = entry.names.get("File", entry.identifier.hex())
    missing = [name for name in ("File", "OSAttr") if not entry.names.get(name)]
    if missing:
        yield finding("PYN-G42", f"the catalog's entry {file} has no {' and no '.join(missing)}", _BUILD_AGAIN)
    kind = entry.kind or _twin_kind(entry, catalog)
    if kind is None:
        yield finding("PYN-G42", f"the catalog's entry {file} has no hash, nor has another entry of that file", _BUILD_AGAIN)
    elif entry.info != (kind.info(catalog.version).dump(),):
        yield finding("PYN-G42", f"the member information of {file} is not that of {_called(kind)}", _BUILD_AGAIN)
    if entry.hashed and entry.identifier != identifier(entry.hashed.digest, catalog.version):
        yield finding("PYN-G42", f"the catalog's entry {file} is named by one hash and holds another", _BUILD_AGAIN)


def _twin_kind(entry: Entry, catalog: Catalog) -> Kind | None:
    """The kind that the file's other entry gives: in version 2 the SHA-1 entry has no hash attribute."""
    file = entry.names.get("File")
    twins = (each.kind for each in catalog.entries if each.names.get("File") == file and each.kind)
    return next(twins, None) if catalog.version == 2 else None


def member_findings(member: Member, catalog: Catalog) -> Iterator[Diagnostic]:
    """How a catalog does not list a file: not at all (PYN-G40), changed (PYN-G41), as another (PYN-G42)."""
    for algorithm in ("sha1",) if catalog.version == 1 else ("sha1", "sha256"):
        wanted = identifier(member.digest(algorithm), catalog.version)
        entries = [entry for entry in catalog.entries if entry.identifier == wanted]
        names = [entry.names.get("File", "").lower() for entry in catalog.entries]
        if not entries and member.name.lower() in names:
            message = f"{member.name} was changed after the catalog was made: its {algorithm} hash is another"
            yield finding("PYN-G41", message, _BUILD_AGAIN)
        elif not entries:
            yield finding("PYN-G40", f"the catalog does not list {member.name} (no {algorithm} hash of it)", _BUILD_AGAIN)
        for entry in entries:
            if entry.names.get("File", "").lower() != member.name.lower():
                listed = entry.names.get("File", "without a name")
                yield finding("PYN-G42", f"the catalog lists {member.name} as {listed}", _BUILD_AGAIN)
            if entry.kind not in (member.kind, None):
                yield finding("PYN-G42", f"the catalog does not list {member.name} as {_called(member.kind)}", _BUILD_AGAIN)


def _called(kind: Kind) -> str:
    return "an image" if kind is Kind.IMAGE else "a flat file"
