import datetime
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509

from pyndis import signing
from pyndis.diagnostics import DriverFailure
from pyndis.signing import pe
from tests.signing import handmade_images
from tests.signing.conftest import INF, Package, catalog_options

INF_MEMBER = signing.Member("wintun.inf", INF, signing.Kind.FLAT)


def sys_member(data: bytes) -> signing.Member:
    return signing.Member("wintun.sys", data, signing.Kind.IMAGE)


def codes(catalog: bytes, members: list[signing.Member], trusted: list[x509.Certificate]) -> list[str]:
    return [each.code for each in signing.verify_catalog(catalog, members, trusted)]


def test_signed_catalog_covers_its_members(package: Package, trusted: list[x509.Certificate]) -> None:
    assert signing.verify_catalog(package.catalog, package.members, trusted) == []


def test_image_may_be_signed_before_or_after_cataloguing(version: int, identity: signing.Identity) -> None:
    image = handmade_images.image(overlay=b"odd")
    signed = signing.sign_image(image, identity, description="Wintun")
    options = catalog_options(version=version)
    before = signing.make_catalog([sys_member(signed), INF_MEMBER], **options)
    assert signing.make_catalog([sys_member(image), INF_MEMBER], **options) == before


def test_catalog_does_not_depend_on_the_order_of_members(package: Package, version: int) -> None:
    again = signing.make_catalog(package.members[::-1], **catalog_options(version=version))
    assert again == package.unsigned_catalog


def test_signing_a_signed_catalog_replaces_the_signature(package: Package, publisher: signing.Identity) -> None:
    other = signing.sign_catalog(package.unsigned_catalog, publisher, description="Wintun")
    assert signing.sign_catalog(package.catalog, publisher, description="Wintun") == other


@pytest.mark.parametrize(
    ("systems", "written"),
    [("2:6.1,2:6.2,2:10.0", 1), ("2:6.0", 1), ("2:6.2,2:10.0", 2), ("2:10.0", 2)],
)
def test_version_1_is_written_only_for_systems_before_windows_8(systems: str, written: int) -> None:
    assert signing.default_version(systems) == written
    made = signing.make_catalog([INF_MEMBER], **catalog_options(os_attr=systems))
    assert signing.inspect_catalog(made)["version"] == written


def test_unsigned_catalog_is_reported_as_that(package: Package, trusted: list[x509.Certificate]) -> None:
    assert codes(package.unsigned_catalog, package.members, trusted) == ["PYN-G30"]


def test_changed_member_is_found_by_name(package: Package, trusted: list[x509.Certificate]) -> None:
    changed = replace(package.members[1], data=INF + b"\r\n")
    findings = signing.verify_catalog(package.catalog, [package.members[0], changed], trusted)
    assert {each.code for each in findings} == {"PYN-G41"}
    assert "wintun.inf was changed" in findings[0].message


def test_member_that_is_not_listed_is_found(package: Package, trusted: list[x509.Certificate]) -> None:
    stranger = signing.Member("other.inf", b"other", signing.Kind.FLAT)
    assert set(codes(package.catalog, [stranger], trusted)) == {"PYN-G40"}


def test_member_under_another_name_is_found(package: Package, trusted: list[x509.Certificate]) -> None:
    renamed = replace(package.members[1], name="other.inf")
    assert set(codes(package.catalog, [renamed], trusted)) == {"PYN-G42"}


def test_members_signature_does_not_matter(
    package: Package, publisher: signing.Identity, trusted: list[x509.Certificate]
) -> None:
    other = signing.sign_image(package.members[0].data, publisher, description="other")
    assert codes(package.catalog, [sys_member(other)], trusted) == []


def test_image_catalogued_as_a_flat_file_is_found(version: int, identity: signing.Identity) -> None:
    image = sys_member(handmade_images.image())
    flat = signing.make_catalog([replace(image, kind=signing.Kind.FLAT)], **catalog_options(version=version))
    catalog = signing.sign_catalog(flat, identity, description="a")
    assert "PYN-G41" in codes(catalog, [image], [identity.certificate])


def test_broken_member_is_a_finding(package: Package, trusted: list[x509.Certificate]) -> None:
    cut = replace(package.members[0], data=package.members[0].data[:-1])
    assert "PYN-G11" in codes(package.catalog, [cut], trusted)


def test_any_changed_byte_is_found(package: Package, trusted: list[x509.Certificate]) -> None:
    for at in range(len(package.catalog)):
        changed = bytearray(package.catalog)
        changed[at] ^= 0x01
        assert codes(bytes(changed), package.members, trusted), f"byte {at}"


def test_catalog_cut_anywhere_is_refused(package: Package, identity: signing.Identity) -> None:
    for length in range(0, len(package.catalog), 3):
        with pytest.raises(DriverFailure, match="PYN-G31"):
            signing.sign_catalog(package.catalog[:length], identity, description="a")
        assert codes(package.catalog[:length], [], [identity.certificate]) == ["PYN-G31"]


@pytest.mark.parametrize("data", [b"", b"MZ", b"[Version]", b"\x30\x80\x00\x00", b"\x30\x03\x02\x01\x01"])
def test_what_is_no_catalog_is_refused(data: bytes, identity: signing.Identity) -> None:
    with pytest.raises(DriverFailure, match="PYN-G31"):
        signing.inspect_catalog(data)


def test_signature_of_an_image_is_no_catalog(signed: bytes) -> None:
    signature = pe.signature_bytes(signed, pe.read_layout(signed)).rstrip(b"\0")
    with pytest.raises(DriverFailure, match=r"PYN-G21.*content type"):
        signing.inspect_catalog(signature)


def test_bytes_behind_the_catalog_are_refused(package: Package, trusted: list[x509.Certificate]) -> None:
    assert codes(package.catalog + b"\0", package.members, trusted) == ["PYN-G21"]


def test_inspection_tells_members_and_attributes(package: Package, version: int) -> None:
    report = signing.inspect_catalog(package.catalog)
    assert report["version"] == version and report["signed"]
    assert report["this_update"] == "2026-11-05T01:02:03+00:00"
    assert report["attributes"] == {"HWID1": "wintun", "OS": "7X64,8X64,_v63_X64,_v100_X64"}
    files = sorted((each["attributes"]["File"], each["digest_algorithm"]) for each in report["members"] if each["digest"])
    assert files == [("wintun.inf", "sha1" if version == 1 else "sha256"), ("wintun.sys", "sha1" if version == 1 else "sha256")]
    assert len(report["members"]) == 2 * version


@pytest.mark.parametrize(
    ("members", "options", "said"),
    [
        ([], {}, "it has no members"),
        ([INF_MEMBER, INF_MEMBER], {}, "wintun.inf and wintun.inf are the same"),
        ([INF_MEMBER, replace(INF_MEMBER, name="b.inf")], {}, "wintun.inf and b.inf are the same"),
        ([INF_MEMBER, signing.Member("WINTUN.INF", b"", signing.Kind.FLAT)], {}, "wintun.inf and WINTUN.INF are the same"),
        ([replace(INF_MEMBER, name="amd64\\a.inf")], {}, "no file name in plain ASCII"),
        ([replace(INF_MEMBER, name="naïve.inf")], {}, "no file name in plain ASCII"),
        ([replace(INF_MEMBER, name="")], {}, "no file name in plain ASCII"),
        ([INF_MEMBER], {"hardware_ids": []}, "it has no hardware id"),
        ([INF_MEMBER], {"hardware_ids": ["a\0b"]}, "is not plain ASCII text"),
        ([INF_MEMBER], {"os_list": ""}, "is not plain ASCII text"),
        ([INF_MEMBER], {"os_attr": "Windows 10"}, "the systems are 'Windows 10'"),
        ([INF_MEMBER], {"this_update": datetime.datetime(2050, 1, 1, tzinfo=datetime.UTC)}, "from 1950 to 2049"),
        ([INF_MEMBER], {"this_update": datetime.datetime(2026, 1, 1)}, "one with a time zone"),
    ],
)
def test_catalog_that_cannot_be_made_says_why(members: list[signing.Member], options: dict[str, Any], said: str) -> None:
    with pytest.raises(DriverFailure) as caught:
        signing.make_catalog(members, **catalog_options(**options))
    (diagnostic,) = caught.value.diagnostics
    assert diagnostic.code == "PYN-G20"
    assert said in diagnostic.message and diagnostic.help


def test_member_read_from_a_file_knows_its_kind(tmp_path: Path) -> None:
    (tmp_path / "a.sys").write_bytes(handmade_images.image())
    (tmp_path / "a.inf").write_bytes(INF)
    assert [signing.Member.from_file(tmp_path / name).kind.value for name in ("a.sys", "a.inf")] == ["image", "flat"]


@pytest.mark.parametrize("length", range(1, 140))
def test_a_catalog_can_be_made_whatever_its_lengths_are(identity: signing.Identity, length: int) -> None:
    members = [signing.Member("x" * length + ".inf", INF, signing.Kind.FLAT)]
    signed = signing.sign_catalog(signing.make_catalog(members, **catalog_options(version=2)), identity, description="Wintun")
    assert signing.verify_catalog(signed, members, [identity.certificate]) == []
