"""The catalog's list, compared byte by byte with one that is written out by hand."""

import datetime
import hashlib

import pytest

from pyndis import signing
from pyndis.signing import signed_data
from tests.signing import handmade_images
from tests.signing.conftest import INF, catalog_options
from tests.signing.handmade_catalogs import (
    OCTETS,
    SEQUENCE,
    SET,
    UTC_TIME,
    Listed,
    attribute,
    der,
    microsoft,
    oid,
    set_of,
    trust_list,
)


def test_catalog_is_exactly_what_the_format_says(version: int) -> None:
    sys_file = handmade_images.image()
    members = [signing.Member("wintun.inf", INF, signing.Kind.FLAT), signing.Member("wintun.sys", sys_file, signing.Kind.IMAGE)]
    made = signing.make_catalog(members, **catalog_options(version=version, hardware_ids=["Wintun", "ROOT\\Net"]))

    digests = {each: signing.authenticode_digest(sys_file, each) for each in ("sha1", "sha256")}
    expected = trust_list(
        version,
        [Listed("wintun.sys", True, digests["sha1"], digests["sha256"]), Listed.flat("wintun.inf", INF)],
        os_attr="2:6.1,2:6.2,2:6.3,2:10.0",
        hardware_ids=["wintun", "root\\net"],
        os_list="7X64,8X64,_v63_X64,_v100_X64",
        time=b"261105010203Z",
    )
    assert signed_data.read(made, "catalog").content.hex(" ") == expected.hex(" ")


def test_container_is_signed_data_around_the_list(version: int, identity: signing.Identity) -> None:
    members = [signing.Member("wintun.inf", INF, signing.Kind.FLAT)]
    made = signing.make_catalog(members, **catalog_options(version=version))
    content = signed_data.read(made, "catalog").content
    unsigned = der(
        SEQUENCE,
        oid("1.2.840.113549.1.7.2"),
        der(
            0xA0,
            der(
                SEQUENCE,
                bytes.fromhex("020101"),
                der(SET),
                der(SEQUENCE, microsoft("10.1"), der(0xA0, content)),
                der(SET),
            ),
        ),
    )
    assert made.hex(" ") == unsigned.hex(" ")
    assert signed_data.read(signing.sign_catalog(made, identity, description="a"), "catalog").content == content


def test_signed_attributes_are_content_type_digest_opus_and_statement(version: int, identity: signing.Identity) -> None:
    members = [signing.Member("wintun.inf", INF, signing.Kind.FLAT)]
    made = signing.make_catalog(members, **catalog_options(version=version))
    (signer,) = signed_data.read(signing.sign_catalog(made, identity, description="Wi"), "catalog").signers
    digest = hashlib.sha256(signed_data.body(signed_data.read(made, "catalog").content)).digest()
    opus = der(SEQUENCE, der(0xA0, der(0x80, "Wi".encode("utf-16-be"))))
    expected = set_of(
        der(SEQUENCE, oid("1.2.840.113549.1.9.3"), der(SET, microsoft("10.1"))),
        der(SEQUENCE, oid("1.2.840.113549.1.9.4"), der(SET, der(OCTETS, digest))),
        attribute("2.1.12", opus),
        attribute("2.1.11", der(SEQUENCE, microsoft("2.1.21"))),
    )
    assert signer.signed_bytes.hex(" ") == expected.hex(" ")


@pytest.mark.parametrize(
    ("moment", "text"),
    [
        (datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC), b"700101000000Z"),
        (datetime.datetime(2049, 12, 31, 23, 59, 59, 999999, tzinfo=datetime.UTC), b"491231235959Z"),
        (datetime.datetime(2026, 1, 1, 1, tzinfo=datetime.timezone(datetime.timedelta(hours=2))), b"251231230000Z"),
    ],
)
def test_this_update_is_universal_time(moment: datetime.datetime, text: bytes) -> None:
    members = [signing.Member("wintun.inf", INF, signing.Kind.FLAT)]
    made = signing.make_catalog(members, **catalog_options(this_update=moment))
    assert der(UTC_TIME, text) in made
