import contextlib
import datetime
import random
import struct
from collections.abc import Callable

import pytest
from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID

from pyndis import signing
from pyndis.diagnostics import DriverFailure
from pyndis.signing import pe, signed_data
from tests.signing import handmade_images
from tests.signing.conftest import YESTERDAY, Authority, Package

CODE_SIGNING = ExtendedKeyUsageOID.CODE_SIGNING


def codes(image: bytes, trusted: list[x509.Certificate], at: datetime.datetime | None = None) -> list[str]:
    return [each.code for each in signing.verify_image(image, trusted, at)]


def mended(image: bytes) -> bytes:
    """With the checksum made right, so that it does not give the change away."""
    layout = pe.read_layout(image)
    whole = bytearray(image)
    struct.pack_into("<I", whole, layout.checksum, pe.checksum(image, layout))
    return bytes(whole)


def flipped(image: bytes, at: int) -> bytes:
    return image[:at] + bytes([image[at] ^ 0x01]) + image[at + 1 :]


def test_unsigned_image_is_reported_as_that(image: bytes, trusted: list[x509.Certificate]) -> None:
    assert codes(image, trusted) == ["PYN-G30"]


@pytest.mark.parametrize("part", [each.name for each in handmade_images.parts(handmade_images.image())])
def test_change_in_any_part_is_found(part: str, signed: bytes, trusted: list[x509.Certificate]) -> None:
    (place,) = [each for each in handmade_images.parts(signed) if each.name == part]
    for at in {place.offset, place.offset + place.size // 2, place.offset + place.size - 1}:
        assert codes(flipped(signed, at), trusted), f"byte {at}"


@pytest.mark.parametrize("part", ["DOS header", "DOS stub", "time stamp", "entry point", ".text", ".data", ".reloc"])
def test_change_in_the_image_is_found_by_digest_and_page_hash(part: str, signed: bytes, trusted: list[x509.Certificate]) -> None:
    (place,) = [each for each in handmade_images.parts(signed) if each.name == part]
    changed = flipped(signed, place.offset + place.size - 1) if part != "DOS header" else flipped(signed, 0x10)
    assert codes(mended(changed), trusted) == ["PYN-G32", "PYN-G33"]


def test_finding_names_the_page_that_changed(signed: bytes, trusted: list[x509.Certificate]) -> None:
    findings = signing.verify_image(mended(flipped(signed, 0x1400 + 5)), trusted)
    assert "first at page 2" in findings[1].message


def test_any_changed_byte_of_the_signature_is_found(identity: signing.Identity, trusted: list[x509.Certificate]) -> None:
    signed = signing.sign_image(handmade_images.image(), identity, description="Wintun")
    for at in range(pe.read_layout(signed).table, len(signed)):
        assert codes(mended(flipped(signed, at)), trusted), f"byte {at - pe.read_layout(signed).table} of the table"


def test_wrong_checksum_alone_is_reported(signed: bytes, trusted: list[x509.Certificate]) -> None:
    assert codes(flipped(signed, pe.read_layout(signed).checksum), trusted) == ["PYN-G38"]


def test_cut_image_is_a_finding_not_an_error(signed: bytes, trusted: list[x509.Certificate]) -> None:
    for length in range(0, len(signed), 61):
        assert codes(signed[:length], trusted)[0] in ("PYN-G10", "PYN-G11")


def test_signature_cut_inside_its_table_is_a_finding(signed: bytes, trusted: list[x509.Certificate]) -> None:
    layout = pe.read_layout(signed)
    signature = pe.signature_bytes(signed, layout)
    unsigned = pe.without_signature(signed, layout)
    for length in range(1, len(signature) - 8, 13):
        assert codes(pe.with_signature(unsigned, layout, signature[:length]), trusted) == ["PYN-G31"]


def test_garbage_in_place_of_the_signature_is_a_finding(signed: bytes, trusted: list[x509.Certificate]) -> None:
    layout = pe.read_layout(signed)
    for garbage in (b"\x30\x80", b"\x30\x82\xff\xff" + bytes(64), bytes(64), b"\xff" * 64, b"\x30\x00"):
        image = pe.with_signature(pe.without_signature(signed, layout), layout, garbage)
        assert codes(image, trusted) == ["PYN-G31"]


def test_bytes_hidden_behind_the_signature_are_found(signed: bytes, trusted: list[x509.Certificate]) -> None:
    layout = pe.read_layout(signed)
    padded = pe.signature_bytes(signed, layout) + b"hidden"
    image = pe.with_signature(pe.without_signature(signed, layout), layout, padded)
    assert codes(image, trusted) == ["PYN-G11"]


def test_catalog_in_place_of_the_signature_is_found(
    signed: bytes, package: Package, trusted: list[x509.Certificate], identity: signing.Identity
) -> None:
    layout = pe.read_layout(signed)
    image = pe.with_signature(pe.without_signature(signed, layout), layout, package.catalog)
    assert "PYN-G31" in codes(image, trusted)


def test_signature_of_another_image_is_found(identity: signing.Identity, trusted: list[x509.Certificate]) -> None:
    other = signing.sign_image(handmade_images.image(text=0x2000), identity, description="Wintun")
    image = handmade_images.image()
    layout = pe.read_layout(image)
    stolen = pe.signature_bytes(other, pe.read_layout(other))
    assert codes(pe.with_signature(image, layout, stolen), trusted) == ["PYN-G32", "PYN-G33"]


def test_signature_counts_only_for_who_trusts_its_certificate(signed: bytes, root: signing.Identity) -> None:
    assert codes(signed, []) == ["PYN-G35"]
    assert codes(signed, [root.certificate]) == ["PYN-G35"]


def test_certificate_of_the_same_name_is_not_the_same(image: bytes, issue: Authority) -> None:
    real, false = (issue("publisher", usages=[CODE_SIGNING]) for _ in range(2))
    assert codes(signing.sign_image(image, false, description="a"), [real.certificate]) == ["PYN-G35"]


def test_path_through_an_authority_is_found(image: bytes, publisher: signing.Identity, root: signing.Identity) -> None:
    signed = signing.sign_image(image, publisher, description="a")
    assert codes(signed, [root.certificate]) == []
    assert codes(signed, [publisher.chain[0]]) == []
    assert codes(signed, [publisher.certificate]) == []


def test_missing_intermediate_is_a_finding(image: bytes, publisher: signing.Identity, root: signing.Identity) -> None:
    alone = signing.Identity(publisher.certificate, publisher.private_key)
    assert codes(signing.sign_image(image, alone, description="a"), [root.certificate]) == ["PYN-G35"]


def bad_usage(issue: Authority, root: signing.Identity) -> signing.Identity:
    return issue("web server", root, usages=[ExtendedKeyUsageOID.SERVER_AUTH])


def no_usage(issue: Authority, root: signing.Identity) -> signing.Identity:
    return issue("any", root)


def expired(issue: Authority, root: signing.Identity) -> signing.Identity:
    return issue("old", root, usages=[CODE_SIGNING], start=YESTERDAY - datetime.timedelta(days=400))


def not_yet(issue: Authority, root: signing.Identity) -> signing.Identity:
    return issue("new", root, usages=[CODE_SIGNING], start=YESTERDAY + datetime.timedelta(days=10))


def issued_by_a_leaf(issue: Authority, root: signing.Identity) -> signing.Identity:
    return issue("below leaf", issue("leaf", root, usages=[CODE_SIGNING]), usages=[CODE_SIGNING])


def too_deep(issue: Authority, root: signing.Identity) -> signing.Identity:
    last = issue("last", root, ca=True, path_length=0)
    return issue("deep", issue("one more", last, ca=True), usages=[CODE_SIGNING])


def authority_for_servers(issue: Authority, root: signing.Identity) -> signing.Identity:
    authority = issue("server authority", root, ca=True, usages=[ExtendedKeyUsageOID.SERVER_AUTH])
    return issue("misissued", authority, usages=[CODE_SIGNING])


@pytest.mark.parametrize(
    ("signer", "code"),
    [
        (bad_usage, "PYN-G36"),
        (no_usage, "PYN-G36"),
        (expired, "PYN-G37"),
        (not_yet, "PYN-G37"),
        (issued_by_a_leaf, "PYN-G35"),
        (too_deep, "PYN-G35"),
        (authority_for_servers, "PYN-G35"),
    ],
)
def test_certificate_that_may_not_sign_is_a_finding(
    signer: Callable[[Authority, signing.Identity], signing.Identity],
    code: str,
    image: bytes,
    issue: Authority,
    root: signing.Identity,
) -> None:
    assert codes(signing.sign_image(image, signer(issue, root), description="a"), [root.certificate]) == [code]


def test_image_can_be_judged_for_another_day(signed: bytes, trusted: list[x509.Certificate]) -> None:
    later = datetime.datetime.now(datetime.UTC) + datetime.timedelta(days=30 * 365)
    assert codes(signed, trusted, at=later) == ["PYN-G37"]


def test_every_finding_says_how_to_mend_it(signed: bytes) -> None:
    for image in (signed, flipped(signed, 0x500), signed[:-8], signed[: pe.read_layout(signed).table]):
        assert all(each.help and each.message for each in signing.verify_image(image, []))


def test_random_damage_is_always_a_finding(identity: signing.Identity, trusted: list[x509.Certificate]) -> None:
    signed = signing.sign_image(handmade_images.image(text=0x200), identity, description="Wintun")
    layout = pe.read_layout(signed)
    padded, unsigned = pe.signature_bytes(signed, layout), pe.without_signature(signed, layout)
    signature = padded[: signed_data.read(padded, "signature").size]
    chance = random.Random(20261122)
    for _ in range(1500):
        at, size = chance.randrange(len(signature)), chance.randrange(1, 20)
        damaged = signature[:at] + chance.randbytes(chance.choice((0, size))) + signature[at + size :]
        if damaged == signature:
            continue  # one random byte in 256 is the one that was there
        image = pe.with_signature(unsigned, layout, damaged)
        assert codes(image, trusted), damaged.hex()
        with contextlib.suppress(DriverFailure):
            signing.inspect_signature(image)
