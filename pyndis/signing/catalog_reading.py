"""A catalog read back into plain values, whoever made it."""

from __future__ import annotations

import datetime
from dataclasses import dataclass

from pyndis.diagnostics import Diagnostic, DriverFailure
from pyndis.signing import indirect_data, spc
from pyndis.signing.indirect_data import IndirectData
from pyndis.signing.members import Kind
from pyndis.signing.signed_data import Signed, attribute_values, read, readable

_KINDS = {spc.PE_IMAGE_DATA: Kind.IMAGE, spc.FLAT_FILE: Kind.FLAT}
_VERSIONS = {algorithm: version for version, algorithm in spc.CATALOG_MEMBERS.items()}


@dataclass(frozen=True)
class Entry:
    """One entry. `names`: its name/value attributes; `info`: the DER of its member information."""

    identifier: bytes
    names: dict[str, str]
    hashed: IndirectData | None
    info: tuple[bytes, ...]

    @property
    def kind(self) -> Kind | None:
        """What its hash says it is; without a hash, nothing."""
        return _KINDS.get(self.hashed.kind) if self.hashed else None


@dataclass(frozen=True)
class Catalog:
    """A catalog. `version` is 0 when its list is of a kind that we do not know."""

    version: int
    list_identifier: bytes
    this_update: datetime.datetime
    entries: tuple[Entry, ...]
    extensions: dict[str, str]
    container: Signed


def read_catalog(catalog: bytes) -> Catalog:
    """Read a catalog, signed or not. Raises DriverFailure (PYN-G21, PYN-G31)."""
    container = _read_container(catalog)
    with readable("catalog"):
        content = spc.TrustList.load(container.content, strict=True)
        if [each.dotted for each in content["subject_usage"]] != [spc.CATALOG_LIST]:
            raise ValueError("a trust list of another kind")
        return Catalog(
            version=_VERSIONS.get(content["subject_algorithm"]["algorithm"].dotted, 0),
            list_identifier=content["list_identifier"].native,
            this_update=content["this_update"].native,
            entries=tuple(map(_entry, content["subjects"] or ())),
            extensions=dict(_name_value(each["value"].native) for each in content["extensions"] or ()),
            container=container,
        )


def _read_container(catalog: bytes) -> Signed:
    """The SignedData of a catalog. Raises DriverFailure (PYN-G21, PYN-G31)."""
    signed = read(catalog, "catalog")
    if signed.content_type != spc.TRUST_LIST or signed.size != len(catalog):
        found = f"the content type {signed.content_type}" if signed.size == len(catalog) else "bytes after its end"
        message = f"this is not a catalog: it has {found}, wanted a certificate trust list ({spc.TRUST_LIST}) alone"
        raise DriverFailure(Diagnostic("PYN-G21", message, help="give the .cat file of a driver package"))
    return signed


def _entry(subject: spc.TrustedSubject) -> Entry:
    attributes = attribute_values(subject["attributes"])
    hashed = attributes.get(spc.INDIRECT_DATA, ())
    return Entry(
        identifier=subject["identifier"].native,
        names=dict(map(_name_value, attributes.get(spc.NAME_VALUE, ()))),
        hashed=indirect_data.read(hashed[0]) if hashed else None,
        info=attributes.get(spc.MEMBER_INFO, ()) + attributes.get(spc.MEMBER_INFO_2, ()),
    )


def _name_value(der: bytes) -> tuple[str, str]:
    """Name and text; a value that is not plain text, which other tools may write, as hexadecimal."""
    value = spc.NameValue.load(der, strict=True)
    raw: bytes = value["value"].native
    if int(value["kind"]) != spc.PLAIN_TEXT or raw[-2:] != b"\0\0":
        return value["name"].native, raw.hex()
    return value["name"].native, raw[:-2].decode("utf-16-le")
