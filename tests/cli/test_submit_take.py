"""What Microsoft's portal gives back. Microsoft is played by certificates of the tests' own with the same names."""

from __future__ import annotations

import io
import json
import shutil
import stat
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from pyndis import signing
from pyndis.package import returned_files
from pyndis.package.returned_package import PUBLISHER
from pyndis.signing import pe
from tests.cli.conftest import Run
from tests.signing.conftest import Authority, catalog_options, issue

__all__ = ["issue"]  # a fixture

pytestmark = pytest.mark.usefixtures("driver", "compiled")

RELEASE = Path("build/wintun/amd64/Release")
WHQL = RELEASE / "whql"
CODE_SIGNING = x509.ObjectIdentifier("1.3.6.1.5.5.7.3.3")
ATTESTED = x509.ObjectIdentifier("1.3.6.1.4.1.311.10.3.5.1")
KINDS = ("sys", "inf", "cat")

Files = dict[str, bytes]


@pytest.fixture
def root(issue: Authority) -> signing.Identity:
    return issue("Microsoft Root Certificate Authority 2010", ca=True)


@pytest.fixture
def microsoft(issue: Authority, root: signing.Identity) -> signing.Identity:
    authority = issue("Microsoft Windows Third Party Component CA 2014", root, ca=True)
    return issue(PUBLISHER, authority, usages=[CODE_SIGNING, ATTESTED])


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the first test puts what it has built for the others: none of them looks at how it was built."""
    return tmp_path_factory.mktemp("kept") / "build"


@pytest.fixture
def sent(pyndis: Run, kept: Path) -> Files:
    if kept.exists():
        shutil.copytree(kept, "build")
    else:
        assert pyndis("submit", "make", "example").code == 0
        shutil.copytree("build", kept)
    return {kind: (RELEASE / "wintun" / f"wintun.{kind}").read_bytes() for kind in KINDS}


def signed_by(identity: signing.Identity, sent: Files) -> Files:
    image = signing.sign_image(sent["sys"], identity, description="Microsoft")
    members = [
        signing.Member("wintun.sys", image, signing.Kind.IMAGE),
        signing.Member("wintun.inf", sent["inf"], signing.Kind.FLAT),
    ]
    catalog = signing.make_catalog(members, **catalog_options(version=2, os_attr="2:10.0", os_list="_v100_X64"))
    return {
        "drivers/amd64/wintun.sys": image,
        "drivers/amd64/wintun.inf": sent["inf"],
        "drivers/amd64/wintun.cat": signing.sign_catalog(catalog, identity, description="Microsoft"),
    }


@pytest.fixture
def answer(sent: Files, microsoft: signing.Identity) -> Files:
    return signed_by(microsoft, sent)


def zipped(files: Files, name: str = "Signed_1.zip") -> Path:
    with zipfile.ZipFile(name, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, data in files.items():
            archive.writestr(path, data)
    return Path(name)


def laid() -> list[str]:
    return sorted(file.name for file in WHQL.iterdir()) if WHQL.exists() else []


def test_what_came_back_is_laid_for_installers(pyndis: Run, answer: Files) -> None:
    ended = pyndis("submit", "take", zipped(answer), "example")
    assert (ended.code, ended.err) == (0, "")
    assert {f"drivers/amd64/{file.name}": file.read_bytes() for file in WHQL.iterdir()} == answer


def test_who_signed_is_shown(pyndis: Run, answer: Files) -> None:
    (report,) = json.loads(pyndis("submit", "take", zipped(answer), "example", "--json").out)
    assert (report["architecture"], report["from"]) == ("amd64", "drivers/amd64")
    assert (report["catalog"]["signed_by"], report["catalog"]["way"]) == (PUBLISHER, "attested")
    assert report["catalog"]["last_issuer"] == "CN=Microsoft Root Certificate Authority 2010"
    assert [each["signed_by"] for each in report["image"]] == [PUBLISHER]
    assert report["root"].startswith("not held against")
    assert f"signed by: {PUBLISHER}" in pyndis("submit", "take", zipped(answer), "example").out


def test_a_folder_is_taken_as_a_zip_is(pyndis: Run, answer: Files) -> None:
    with zipfile.ZipFile(zipped(answer)) as archive:
        archive.extractall("unpacked")
    assert pyndis("submit", "take", "unpacked", "example").code == 0
    assert laid() == ["wintun.cat", "wintun.inf", "wintun.sys"]


def test_the_root_is_held_against_what_is_trusted(pyndis: Run, answer: Files, root: signing.Identity) -> None:
    file = Path("root.pem")
    file.write_bytes(root.certificate.public_bytes(Encoding.PEM))
    assert pyndis("submit", "take", zipped(answer), "example", "--trust", file).code == 0
    other = RELEASE / "wintun.cer"
    ended = pyndis("submit", "take", zipped(answer), "example", "--trust", other)
    assert (ended.code, "PYN-G35" in ended.err) == (1, True)


def test_letters_may_come_back_in_another_case_and_windows_separators(pyndis: Run, answer: Files) -> None:
    changed = {path.replace("/", "\\").replace("wintun.cat", "WINTUN.CAT"): data for path, data in answer.items()}
    assert pyndis("submit", "take", zipped(changed), "example").code == 0
    assert laid() == ["wintun.cat", "wintun.inf", "wintun.sys"]


def test_builds_and_clean_leave_what_was_taken(pyndis: Run, answer: Files) -> None:
    pyndis("submit", "take", zipped(answer), "example")
    assert pyndis("build", "example", "--set", "receive=copy").code == 0
    assert pyndis("build", "example", "--target", "Clean").code == 0
    assert laid() == ["wintun.cat", "wintun.inf", "wintun.sys"]


def test_the_cabinet_says_what_was_sent_after_another_build(pyndis: Run, answer: Files, driver: Path) -> None:
    (RELEASE / "wintun" / "wintun.inf").write_bytes(b"another")
    assert pyndis("submit", "take", zipped(answer), "example").code == 0


def test_without_the_cabinet_the_package_says_it(pyndis: Run, answer: Files) -> None:
    for file in Path("build/wintun/dist").iterdir():
        file.unlink()
    assert pyndis("submit", "take", zipped(answer), "example").code == 0


def test_without_both_nothing_is_taken(pyndis: Run, answer: Files) -> None:
    ended = pyndis("submit", "take", zipped(answer), "example", "--out", "elsewhere")
    assert (ended.code, "PYN-G65" in ended.err) == (1, True)


def test_another_file_of_the_drivers_folder_is_refused_by_its_name(pyndis: Run, answer: Files) -> None:
    ended = pyndis("submit", "take", zipped({**answer, "drivers/amd64/extra.dll": b"MZ"}), "example")
    assert (ended.code, "PYN-G62" in ended.err) == (1, True)
    assert "drivers/amd64/extra.dll is not what was sent" in ended.err
    assert laid() == []


def test_files_elsewhere_and_our_symbols_do_not_disturb(pyndis: Run, answer: Files) -> None:
    symbols = (RELEASE / "wintun.pdb").read_bytes()
    more = {**answer, "drivers/amd64/wintun.pdb": symbols, "submission.json": b"{}", "drivers/other/other.inf": b""}
    assert pyndis("submit", "take", zipped(more), "example").code == 0


def test_an_image_without_a_signature_is_taken_with_a_warning(pyndis: Run, answer: Files, sent: Files) -> None:
    layout = pe.read_layout(sent["sys"])
    bare = pe.without_signature(sent["sys"], layout)
    image = bytearray(bare)
    struct.pack_into("<I", image, layout.checksum, pe.checksum(bare, pe.read_layout(bare)))
    ended = pyndis("submit", "take", zipped({**answer, "drivers/amd64/wintun.sys": bytes(image)}), "example")
    assert (ended.code, "warning[PYN-G30]" in ended.err) == (0, True), ended.err


def another_image(files: Files, identity: signing.Identity, sent: Files) -> Files:
    data = bytearray(sent["sys"])
    data[0x420] ^= 1
    return signed_by(identity, {**sent, "sys": bytes(data)})


def another_inf(files: Files, identity: signing.Identity, sent: Files) -> Files:
    return signed_by(identity, {**sent, "inf": sent["inf"] + b";\r\n"})


def uncovered_inf(files: Files, identity: signing.Identity, sent: Files) -> Files:
    return {**files, "drivers/amd64/wintun.cat": another_inf(files, identity, sent)["drivers/amd64/wintun.cat"]}


def changed(name: str, at: int) -> Callable[..., Files]:
    def change(files: Files, identity: signing.Identity, sent: Files) -> Files:
        data = bytearray(files[f"drivers/amd64/{name}"])
        data[at] ^= 1
        return {**files, f"drivers/amd64/{name}": bytes(data)}

    return change


def ours(files: Files, identity: signing.Identity, sent: Files) -> Files:
    return {f"drivers/amd64/wintun.{kind}": data for kind, data in sent.items()}


def without(kind: str) -> Callable[..., Files]:
    return lambda files, identity, sent: {path: data for path, data in files.items() if not path.endswith(kind)}


def twice(files: Files, identity: signing.Identity, sent: Files) -> Files:
    return {**files, **{path.replace("amd64", "again"): data for path, data in files.items()}}


WRONG = [
    (another_image, "PYN-G62", "drivers/amd64/wintun.sys is not what was sent"),
    (another_inf, "PYN-G62", "drivers/amd64/wintun.inf is not what was sent"),
    (uncovered_inf, "PYN-G41", "drivers/amd64/wintun.cat: wintun.inf was changed"),
    (changed("wintun.sys", 0x430), "PYN-G32", "drivers/amd64/wintun.sys: the image was changed"),
    (changed("wintun.cat", -40), "PYN-G34", "drivers/amd64/wintun.cat"),
    (changed("wintun.sys", 0), "PYN-G10", "drivers/amd64/wintun.sys"),
    (ours, "PYN-G64", "drivers/amd64/wintun.cat is signed by"),
    (without("inf"), "PYN-G61", "there is no wintun.inf"),
    (without("sys"), "PYN-G61", "drivers/amd64 holds no wintun.sys"),
    (without("cat"), "PYN-G61", "drivers/amd64 holds no wintun.cat"),
    (twice, "PYN-G61", "both hold the amd64 package"),
    (lambda files, *_: {**files, "drivers/amd64/wintun.sys": b"MZ"}, "PYN-G61", "is no image"),
]


@pytest.mark.parametrize(("change", "code", "said"), WRONG, ids=range(len(WRONG)))
def test_what_is_not_ours_is_refused_and_nothing_laid(
    pyndis: Run, answer: Files, sent: Files, microsoft: signing.Identity, change: Callable[..., Files], code: str, said: str
) -> None:
    ended = pyndis("submit", "take", zipped(change(answer, microsoft, sent)), "example")
    assert (ended.code, ended.is_tidy) == (1, True)
    assert f"error[{code}]" in ended.err
    assert said in ended.err
    assert laid() == []


def test_what_was_laid_before_stays_when_the_next_is_refused(pyndis: Run, answer: Files) -> None:
    pyndis("submit", "take", zipped(answer), "example")
    before = {file: file.read_bytes() for file in WHQL.iterdir()}
    assert pyndis("submit", "take", zipped({**answer, "drivers/amd64/wintun.inf": b""}), "example").code == 1
    assert {file: file.read_bytes() for file in WHQL.iterdir()} == before


def test_one_bad_architecture_keeps_out_all(pyndis: Run, driver: Path, microsoft: signing.Identity) -> None:
    file = driver / "driver.toml"
    file.write_text(file.read_text().replace('["amd64"]', '["amd64", "x86"]'))
    assert pyndis("submit", "make", driver).code == 0
    out = Path("build/wintun")
    files: Files = {}
    for arch in ("amd64", "x86"):
        package = {kind: (out / arch / "Release" / "wintun" / f"wintun.{kind}").read_bytes() for kind in KINDS}
        files |= {path.replace("amd64", arch): data for path, data in signed_by(microsoft, package).items()}
    bad = pyndis("submit", "take", zipped({**files, "drivers/x86/wintun.inf": b""}), driver)
    assert (bad.code, "drivers/x86/wintun.inf" in bad.err, list(out.glob("*/Release/whql"))) == (1, True, [])
    good = pyndis("submit", "take", zipped(files), driver, "--json")
    assert [each["architecture"] for each in json.loads(good.out)] == ["amd64", "x86"]
    assert len(list(out.glob("*/Release/whql/wintun.*"))) == 6


HOSTILE_NAMES = ["../x", "/x", "a/../../x", "..\\x", "C:\\x", "C:x", "a//x", "a\nb", "./x"]


@pytest.mark.parametrize("name", HOSTILE_NAMES)
def test_names_that_lead_elsewhere_are_refused(pyndis: Run, driver: Path, name: str) -> None:
    ended = pyndis("submit", "take", zipped({name: b"x"}), "example")
    assert (ended.code, "PYN-G60" in ended.err, ended.is_tidy) == (1, True, True)


def test_links_are_refused(pyndis: Run, driver: Path) -> None:
    entry = zipfile.ZipInfo("drivers/amd64/wintun.sys")
    entry.external_attr = (stat.S_IFLNK | 0o777) << 16
    with zipfile.ZipFile("answer.zip", "w") as archive:
        archive.writestr(entry, "/etc/passwd")
    ended = pyndis("submit", "take", "answer.zip", "example")
    assert (ended.code, "is a link or a device" in ended.err) == (1, True)
    folder = Path("answer")
    folder.mkdir()
    (folder / "wintun.sys").symlink_to("/etc/passwd")
    assert "is a link or a device" in pyndis("submit", "take", folder, "example").err


def test_two_files_of_one_name_are_refused(pyndis: Run, driver: Path) -> None:
    ended = pyndis("submit", "take", zipped({"drivers/a.inf": b"1", "drivers/A.INF": b"2"}), "example")
    assert (ended.code, "twice" in ended.err) == (1, True)


def test_bombs_are_refused(pyndis: Run, driver: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(returned_files, "MOST_BYTES", 1000)
    assert "is small" in pyndis("submit", "take", zipped({"a": bytes(1001)}), "example").err
    Path("folder").mkdir()
    Path("folder/a").write_bytes(bytes(1001))
    assert "is small" in pyndis("submit", "take", "folder", "example").err
    monkeypatch.setattr(returned_files, "MOST_FILES", 2)
    assert "is small" in pyndis("submit", "take", zipped(dict.fromkeys("abc", b"")), "example").err


def test_a_size_that_is_a_lie_is_refused(pyndis: Run, driver: Path) -> None:
    data = zipped({"a": bytes(100_000)}).read_bytes()
    Path("lie.zip").write_bytes(data.replace((100_000).to_bytes(4, "little"), (10).to_bytes(4, "little")))
    ended = pyndis("submit", "take", "lie.zip", "example")
    assert (ended.code, "PYN-G60" in ended.err, ended.is_tidy) == (1, True, True)


def test_damaged_zips_are_refused(pyndis: Run, answer: Files) -> None:
    data = zipped(answer).read_bytes()
    for broken in (b"", b"PK", data[:-30], data[: len(data) // 2], b"x" * 1000, data[:200] + bytes(2000) + data[2200:]):
        Path("broken.zip").write_bytes(broken)
        ended = pyndis("submit", "take", "broken.zip", "example")
        assert (ended.code, ended.is_tidy) == (1, True), ended.err
        assert "fault of pyndis" not in ended.err
        assert laid() == []


def test_encrypted_files_are_refused(pyndis: Run, driver: Path) -> None:
    buffer = io.BytesIO(zipped({"a": b"x"}).read_bytes())
    data = bytearray(buffer.getvalue())
    for signature, flags in ((b"PK\3\4", 6), (b"PK\1\2", 8)):
        data[data.index(signature) + flags] |= 1
    Path("locked.zip").write_bytes(data)
    ended = pyndis("submit", "take", "locked.zip", "example")
    assert (ended.code, "is encrypted" in ended.err) == (1, True)


def test_nothing_to_read_is_wrong_usage(pyndis: Run, driver: Path) -> None:
    ended = pyndis("submit", "take", "nowhere.zip", "example")
    assert (ended.code, "PYN-G66" in ended.err) == (2, True)
