import hashlib
import struct
from itertools import pairwise

import pefile
import pytest
from cryptography import x509

from pyndis import signing
from pyndis.diagnostics import DriverFailure
from pyndis.signing import pe
from tests.signing import handmade_images


def test_image_signed_with_the_test_certificate_verifies(signed: bytes, trusted: list[x509.Certificate]) -> None:
    assert signing.verify_image(signed, trusted) == []


def test_signature_tells_program_url_and_signer(signed: bytes, identity: signing.Identity) -> None:
    signature = signing.inspect_signature(signed)["signature"]
    assert signature["program"] == "Wintun"
    assert signature["url"] == "https://example.org/wintun"
    assert signature["signer"] == identity.certificate.subject.rfc4514_string()
    assert signature["digest_algorithm"] == signature["hash_algorithm"] == "sha256"
    assert signature["time_stamp"] is None


def test_description_may_be_in_any_script(image: bytes, identity: signing.Identity) -> None:
    signed = signing.sign_image(image, identity, description="Žluťoučký kůň 網路")
    assert signing.inspect_signature(signed)["signature"]["program"] == "Žluťoučký kůň 網路"


def test_address_outside_of_ascii_is_refused(image: bytes, identity: signing.Identity) -> None:
    with pytest.raises(DriverFailure, match="PYN-G12"):
        signing.sign_image(image, identity, description="Wintun", url="https://例え.example")


def test_checksum_is_right_after_signing(signed: bytes) -> None:
    assert pefile.PE(data=signed).verify_checksum()


@pytest.mark.parametrize("overlay", [b"", b"x", b"seven b", b"eight by"])
def test_certificate_table_is_aligned_and_ends_the_file(overlay: bytes, identity: signing.Identity) -> None:
    signed = signing.sign_image(handmade_images.image(overlay=overlay), identity, description="Wintun")
    entry = pefile.PE(data=signed, fast_load=True).OPTIONAL_HEADER.DATA_DIRECTORY[4]
    assert entry.VirtualAddress % 8 == 0 and entry.Size % 8 == 0
    assert entry.VirtualAddress + entry.Size == len(signed)
    assert struct.unpack_from("<IHH", signed, entry.VirtualAddress) == (entry.Size, 0x200, 2)


def test_same_image_and_key_give_the_same_bytes(image: bytes, identity: signing.Identity) -> None:
    assert signing.sign_image(image, identity, description="a") == signing.sign_image(image, identity, description="a")


def test_signing_again_replaces_the_signature(image: bytes, publisher: signing.Identity, identity: signing.Identity) -> None:
    once = signing.sign_image(image, publisher, description="first")
    assert signing.sign_image(once, identity, description="a") == signing.sign_image(image, identity, description="a")


@pytest.mark.parametrize("overlay", [b"", b"odd"])
@pytest.mark.parametrize("algorithm", ["sha1", "sha256"])
def test_digest_is_the_same_before_and_after_signing(algorithm: str, overlay: bytes, identity: signing.Identity) -> None:
    image = handmade_images.image(overlay=overlay)
    signed = signing.sign_image(image, identity, description="Wintun")
    assert signing.authenticode_digest(image, algorithm) == signing.authenticode_digest(signed, algorithm)


def test_only_checksum_entry_and_table_differ_from_the_unsigned_image(image: bytes, signed: bytes) -> None:
    layout = pe.read_layout(image)
    free = set(range(layout.checksum, layout.checksum + 4)) | set(range(layout.security_entry, layout.security_entry + 8))
    assert {at for at in range(len(image)) if image[at] != signed[at]} <= free


def test_page_hashes_are_of_headers_and_of_each_page_of_each_section(image: bytes) -> None:
    table = pe.page_hashes(image, pe.read_layout(image))
    entries = [(struct.unpack_from("<I", table, at)[0], table[at + 4 : at + 36]) for at in range(0, len(table), 36)]
    offsets = [offset for offset, _ in entries]
    assert offsets == [0, 0x400, 0x1400, 0x1E00, 0x2000, 0x2200]
    for (start, digest), (end, _) in pairwise(entries[1:]):
        assert digest == hashlib.sha256(image[start:end].ljust(0x1000, b"\0")).digest()
    assert entries[-1][1] == bytes(32)


def test_certificates_of_the_chain_are_enclosed(image: bytes, publisher: signing.Identity) -> None:
    certificates = signing.inspect_signature(signing.sign_image(image, publisher, description="a"))["signature"]["certificates"]
    assert sorted(each["subject"] for each in certificates) == ["CN=code signing authority", "CN=publisher", "CN=root"]


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "letters MZ"),
        (b"\x7fELF" + bytes(100), "letters MZ"),
        (b"MZ", "DOS header ends at byte 64, the file at 2"),
        (b"MZ" + bytes(62), "no PE signature at byte 0"),
        (b"MZ" + bytes(58) + b"\xff\xff\xff\xff", "PE signature ends at byte 4294967299"),
    ],
)
def test_foreign_file_is_refused_with_what_was_found(data: bytes, said: str, identity: signing.Identity) -> None:
    with pytest.raises(DriverFailure) as caught:
        signing.sign_image(data, identity, description="Wintun")
    (diagnostic,) = caught.value.diagnostics
    assert diagnostic.code == "PYN-G10"
    assert said in diagnostic.message and diagnostic.help


def test_object_of_another_magic_is_refused(image: bytes) -> None:
    optional = handmade_images.PE_AT + 24
    rom = image[:optional] + b"\x07\x01" + image[optional + 2 :]
    with pytest.raises(DriverFailure, match="magic 0x107"):
        signing.authenticode_digest(rom)


def test_image_without_room_for_the_table_entry_is_refused(image: bytes) -> None:
    layout = pe.read_layout(image)
    few = bytearray(image)
    struct.pack_into("<I", few, layout.security_entry - 4 * 8 - 4, 4)
    with pytest.raises(DriverFailure, match="no room for a certificate table entry"):
        signing.authenticode_digest(bytes(few))


def test_image_cut_at_any_header_byte_is_refused(image: bytes) -> None:
    for length in range(pe.read_layout(image).headers_size + 1):
        with pytest.raises(DriverFailure, match="PYN-G10"):
            signing.authenticode_digest(image[:length])


@pytest.mark.parametrize("step", [1, 7, 97])
def test_signed_image_cut_anywhere_is_refused(step: int, signed: bytes, identity: signing.Identity) -> None:
    start = {1: pe.read_layout(signed).table, 7: 0x1E00, 97: 0}[step]
    for length in range(start, len(signed), step):
        with pytest.raises(DriverFailure, match="PYN-G1"):
            signing.sign_image(signed[:length], identity, description="Wintun")


def test_bytes_behind_the_signature_are_refused(signed: bytes, identity: signing.Identity) -> None:
    with pytest.raises(DriverFailure, match=r"PYN-G11.*wanted a multiple of 8"):
        signing.sign_image(signed + bytes(8), identity, description="Wintun")


def test_header_fields_of_any_value_never_break_the_reader(image: bytes) -> None:
    for at in range(0x3C, 0x400, 2):
        for value in (0, 0x7FFFFFFF, 0xFFFFFFFF):
            changed = bytearray(image)
            struct.pack_into("<I", changed, at, value)
            try:
                signing.authenticode_digest(bytes(changed))
            except DriverFailure as failure:
                assert failure.diagnostics[0].code in ("PYN-G10", "PYN-G11")
