"""Security catalogs: the list of a driver package's files and their hashes that Windows checks before it installs.

The format is the certificate trust list of makecat and Inf2Cat. Which version is written when: docs/decisions/catalog-version.md.
"""

from __future__ import annotations

import datetime
import hashlib
import re
from collections.abc import Iterator, Sequence

from asn1crypto.algos import AlgorithmIdentifier
from asn1crypto.core import Null, UTCTime
from asn1crypto.x509 import Time

from pyndis.diagnostics import Diagnostic, DriverFailure
from pyndis.signing import indirect_data, signed_data, spc
from pyndis.signing.catalog_reading import read_catalog
from pyndis.signing.identity import Identity
from pyndis.signing.members import Kind, Member, identifier
from pyndis.signing.signed_data import Stamper

WINDOWS_8 = (6, 2)
"""The first Windows that reads version 2."""

_LIST_IDENTIFIER_SIZE = 16
_OS_ATTR = re.compile(r"2:(\d+)\.(\d+)")
_PLAIN = re.compile(r"[ -.0-\[\]-~]+")  # printable ASCII, neither slash nor backslash


def default_version(os_attr: str) -> int:
    """1 when a Windows before 8 is among the systems claimed, which reads no other version; else 2."""
    systems = [(int(major), int(minor)) for major, minor in _OS_ATTR.findall(os_attr)]
    return 1 if min(systems, default=WINDOWS_8) < WINDOWS_8 else 2


def make_catalog(
    members: Sequence[Member],
    *,
    hardware_ids: Sequence[str],
    os_attr: str,
    os_list: str,
    this_update: datetime.datetime,
    version: int | None = None,
) -> bytes:
    """An unsigned catalog (DER). The same members give the same bytes, in whatever order they come.

    `os_attr`: the systems claimed, such as `2:6.1,2:10.0`; `os_list`: the same as Inf2Cat names them, such as
    `7X64,_v100_X64`; `this_update`: an aware time between 1950 and 2049; `version`: 1 or 2, by default `default_version`.
    Raises DriverFailure (PYN-G10, PYN-G20).
    """
    version = version or default_version(os_attr)
    _check(members, hardware_ids, os_attr, os_list, this_update)
    subjects = sorted(_subjects(members, os_attr, version), key=lambda subject: subject["identifier"].native)
    content = spc.TrustList(
        {
            "subject_usage": [spc.CATALOG_LIST],
            "list_identifier": _list_identifier(members),
            "this_update": Time("utc_time", UTCTime(this_update)),
            "subject_algorithm": AlgorithmIdentifier({"algorithm": spc.CATALOG_MEMBERS[version], "parameters": Null()}),
            "subjects": subjects,
            "extensions": list(_extensions(hardware_ids, os_list)),
        }
    )
    return signed_data.unsigned(spc.TRUST_LIST, content)


def sign_catalog(
    catalog: bytes, identity: Identity, *, description: str, url: str | None = None, stamp: Stamper | None = None
) -> bytes:
    """Sign a catalog with SHA-256; a signature that is there already is replaced.

    Without `stamp` the same input gives the same bytes. Raises DriverFailure (PYN-G21, PYN-G31).
    """
    content = spc.TrustList.load(read_catalog(catalog).container.content)
    return signed_data.sign(spc.TRUST_LIST, content, identity, description=description, url=url, stamp=stamp)


def _subjects(members: Sequence[Member], os_attr: str, version: int) -> Iterator[spc.TrustedSubject]:
    for member in members:
        sha1 = member.digest("sha1")
        attributes = list(_attributes(member, os_attr, version))
        if version == 1:
            yield _subject(identifier(sha1, 1), [*attributes, _hash_attribute(member, "sha1")])
        else:
            yield _subject(identifier(sha1, 2), attributes)
            yield _subject(identifier(member.digest("sha256"), 2), [*attributes, _hash_attribute(member, "sha256")])


def _subject(name: bytes, attributes: list[spc.Attribute]) -> spc.TrustedSubject:
    return spc.TrustedSubject({"identifier": name, "attributes": spc.Attributes(attributes)})


def _attributes(member: Member, os_attr: str, version: int) -> Iterator[spc.Attribute]:
    yield signed_data.attribute(spc.NAME_VALUE, _name_value("File", member.name))
    yield signed_data.attribute(spc.NAME_VALUE, _name_value("OSAttr", os_attr))
    kind = spc.MEMBER_INFO if version == 1 else spc.MEMBER_INFO_2
    yield signed_data.attribute(kind, member.kind.info(version))


def _hash_attribute(member: Member, algorithm: str) -> spc.Attribute:
    wrap = indirect_data.image if member.kind is Kind.IMAGE else indirect_data.flat_file
    return signed_data.attribute(spc.INDIRECT_DATA, wrap(algorithm, member.digest(algorithm)))


def _name_value(name: str, value: str) -> spc.NameValue:
    return spc.NameValue({"name": name, "kind": spc.PLAIN_TEXT, "value": f"{value}\0".encode("utf-16-le")})


def _extensions(hardware_ids: Sequence[str], os_list: str) -> Iterator[spc.ListExtension]:
    for number, hardware_id in enumerate(hardware_ids, 1):
        yield _extension(f"HWID{number}", hardware_id.lower())
    yield _extension("OS", os_list)


def _extension(name: str, value: str) -> spc.ListExtension:
    return spc.ListExtension({"type": spc.NAME_VALUE, "value": _name_value(name, value).dump()})


def _list_identifier(members: Sequence[Member]) -> bytes:
    """Inf2Cat draws it at random; hashes of the members tell catalogs apart as well, and again tomorrow."""
    hashes = sorted(member.digest("sha256") for member in members)
    return hashlib.sha256(b"".join(hashes)).digest()[:_LIST_IDENTIFIER_SIZE]


def _check(
    members: Sequence[Member], hardware_ids: Sequence[str], os_attr: str, os_list: str, this_update: datetime.datetime
) -> None:
    if not members:
        raise _refused("it has no members", "give it the package's .sys and .inf")
    seen: dict[object, str] = {}
    for member in members:
        for key in (member.name.lower(), member.digest("sha256")):
            if key in seen:
                raise _refused(f"{seen[key]} and {member.name} are the same", "name each file of the package once")
            seen[key] = member.name
    for name in [member.name for member in members]:
        if not _PLAIN.fullmatch(name):
            raise _refused(f"{name!r} is no file name in plain ASCII", "rename the file, and give it without its folder")
    for text in [*hardware_ids, os_list]:
        if not re.fullmatch(r"[ -~]+", text):
            raise _refused(f"{text!r} is not plain ASCII text", "mend the hardware id or system list in driver.toml")
    if not hardware_ids:
        raise _refused("it has no hardware id", "name at least one hardware id in driver.toml")
    if not all(_OS_ATTR.fullmatch(each) for each in os_attr.split(",")):
        raise _refused(f"the systems are {os_attr!r}", "write them like 2:6.1,2:10.0 (2 means NT, then the version)")
    if this_update.tzinfo is None or not 1950 <= this_update.astimezone(datetime.UTC).year < 2050:
        mend = "set SOURCE_DATE_EPOCH to a time before 2050, or mend the time stamps of the input files"
        raise _refused(f"its time is {this_update.isoformat()}: wanted one with a time zone, from 1950 to 2049", mend)


def _refused(found: str, mend: str) -> DriverFailure:
    return DriverFailure(Diagnostic("PYN-G20", f"the catalog cannot be made: {found}", help=mend))
