from __future__ import annotations

import datetime
from pathlib import Path

import pefile
import pytest
from cabarchive import CabArchive

from pyndis.signing import Kind, Member, make_catalog
from pyndis.toolchains import msitools
from tests.cli.conftest import Run
from tests.package.merge_module import judges
from tests.package.merge_module.test_publisher import properties

pytestmark = pytest.mark.usefixtures("driver", "compiled")

MODULE = Path("build/wintun/dist/wintun-amd64-0.1.0.0.msm")
RELEASE = Path("build/wintun/amd64/Release")


def send_back(folder: Path, remark: str) -> None:
    """As Microsoft does it: the package that was built, with a remark in its INF, and another catalog for it."""
    folder.mkdir(exist_ok=True)
    image, inf = ((folder.parent / "wintun" / f"wintun.{kind}").read_bytes() for kind in ("sys", "inf"))
    inf += f"; {remark}\r\n".encode()
    members = [Member("wintun.sys", image, Kind.IMAGE), Member("wintun.inf", inf, Kind.FLAT)]
    when = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)
    catalog = make_catalog(members, hardware_ids=["Wintun"], os_attr="2:10.0", os_list="_v100_X64", this_update=when)
    for kind, content in (("sys", image), ("inf", inf), ("cat", catalog)):
        (folder / f"wintun.{kind}").write_bytes(content)


@pytest.fixture
def signed(built: Path) -> Path:
    """What Microsoft sent back."""
    judges.tool("msibuild", "msitools")
    folder = built / "amd64/Release/whql"
    send_back(folder, "signed by Microsoft")
    return folder


@pytest.fixture
def module(pyndis: Run, signed: Path) -> Path:
    ended = pyndis("build", "example", "--target", "MSM")
    assert ended.code == 0, ended.err
    assert ended.out == f"{MODULE.resolve()}\n"
    return MODULE


def test_the_files_of_both_packages_go_in_unchanged(module: Path) -> None:
    archive = CabArchive(judges.stream(module, "MergeModule.CABinet"))
    inside = {name.split(".")[0]: file.buf for name, file in archive.items()}
    assert inside == {
        f"{package}{kind.capitalize()}": (RELEASE / folder / f"wintun.{kind}").read_bytes()
        for package, folder in (("Whql", "whql"), ("SelfSigned", "wintun"))
        for kind in ("sys", "inf", "cat")
    }


def test_the_certificate_of_the_build_is_the_publisher(module: Path) -> None:
    (value,) = judges.rows(module, "Registry")
    assert properties(bytes.fromhex(value["Value"].removeprefix("#x")))[32] == (RELEASE / "wintun.cer").read_bytes()


def test_images_have_the_version_of_their_resource(module: Path) -> None:
    image = pefile.PE(str(RELEASE / "wintun/wintun.sys"))
    fixed = image.VS_FIXEDFILEINFO[0]
    assert (fixed.FileVersionMS, fixed.FileVersionLS) == (1, 0)
    versions = {row["File"].split(".")[0]: (row["Version"], row["Language"]) for row in judges.rows(module, "File")}
    assert versions["WhqlSys"] == versions["SelfSignedSys"] == ("0.1.0.0", "1033")


def test_what_is_up_to_date_is_left(pyndis: Run, module: Path) -> None:
    before = module.stat().st_mtime_ns
    ended = pyndis("build", "example", "--target", "MSM")
    assert (ended.code, ended.out.startswith("nothing to do")) == (0, True)
    assert module.stat().st_mtime_ns == before


def test_what_microsoft_sends_again_is_put_in(pyndis: Run, module: Path) -> None:
    send_back(RELEASE / "whql", "signed again")
    assert pyndis("build", "example", "--target", "MSM").code == 0
    inside = CabArchive(judges.stream(module, "MergeModule.CABinet")).values()
    assert any((file.buf or b"").endswith(b"; signed again\r\n") for file in inside)


def test_the_same_files_give_the_same_module(pyndis: Run, module: Path) -> None:
    before = module.read_bytes()
    module.unlink()
    assert pyndis("build", "example", "--target", "MSM").code == 0
    assert module.read_bytes() == before


def test_clean_removes_modules_and_leaves_what_microsoft_signed(pyndis: Run, module: Path) -> None:
    assert pyndis("build", "example", "--target", "Clean").code == 0
    assert not module.parent.exists()
    assert {file.name for file in (RELEASE / "whql").iterdir()} == {"wintun.sys", "wintun.inf", "wintun.cat"}


def test_another_version_takes_the_place_of_the_last(pyndis: Run, driver: Path, module: Path) -> None:
    manifest = driver / "driver.toml"
    manifest.write_text(manifest.read_text().replace('"0.1.0.0"', '"0.2.0.0"'))
    assert pyndis("build", driver).code == 0
    send_back(RELEASE / "whql", "another version")
    assert pyndis("build", driver, "--target", "MSM").code == 0
    assert [file.name for file in module.parent.iterdir()] == ["wintun-amd64-0.2.0.0.msm"]


def test_without_what_microsoft_signed_nothing_is_built(pyndis: Run, driver: Path) -> None:
    ended = pyndis("build", driver, "--target", "MSM")
    assert (ended.code, ended.out, ended.is_tidy) == (1, "", True)
    assert "PYN-W04" in ended.err
    assert "amd64/Release/whql lacks wintun.sys, wintun.inf, wintun.cat" in ended.err.replace("\n", " ")
    assert "pyndis submit" in ended.err
    assert not RELEASE.exists()


def test_a_part_of_the_signed_package_is_not_enough(pyndis: Run, signed: Path) -> None:
    (signed / "wintun.cat").unlink()
    ended = pyndis("build", "example", "--target", "MSM")
    assert ended.code == 1
    assert "whql lacks wintun.cat:" in ended.err.replace("\n", " ")


def test_a_signed_package_of_another_version_is_refused(pyndis: Run, driver: Path, signed: Path) -> None:
    manifest = driver / "driver.toml"
    manifest.write_text(manifest.read_text().replace('"0.1.0.0"', '"0.2.0.0"'))
    ended = pyndis("build", driver, "--target", "MSM")
    assert (ended.code, MODULE.parent.exists()) == (1, False)
    assert "PYN-W08" in ended.err
    assert "is version 0.1.0.0, and the driver is 0.2.0.0" in ended.err.replace("\n", " ")


def test_an_image_that_is_none_is_refused(pyndis: Run, signed: Path) -> None:
    (signed / "wintun.sys").write_bytes(b"MZ, and no more")
    ended = pyndis("build", "example", "--target", "MSM")
    assert (ended.code, ended.is_tidy, MODULE.parent.exists()) == (1, True, False)
    assert "PYN-W05" in ended.err


@pytest.mark.parametrize("name", ["wintun.sys", "wintun.inf"])
def test_files_of_different_submissions_are_refused(pyndis: Run, signed: Path, name: str) -> None:
    file = signed / name
    content = bytearray(file.read_bytes())
    content[0x400] ^= 1
    file.write_bytes(content)
    ended = pyndis("build", "example", "--target", "MSM")
    assert (ended.code, ended.is_tidy, MODULE.parent.exists()) == (1, True, False)
    assert "PYN-W09" in ended.err
    assert f"it lists no hash of {name}" in ended.err


def test_a_catalog_that_is_none_is_refused(pyndis: Run, signed: Path) -> None:
    (signed / "wintun.cat").write_bytes(b"no catalog")
    ended = pyndis("build", "example", "--target", "MSM")
    assert (ended.code, ended.is_tidy) == (1, True)
    assert "PYN-W09" in ended.err


@pytest.mark.parametrize(
    ("options", "code"),
    [(["--config", "Debug"], "PYN-W01"), (["--arch", "arm64"], "PYN-W02"), (["--sign", "none"], "PYN-W03")],
)
def test_what_gives_no_module_is_wrong_usage(pyndis: Run, driver: Path, options: list[str], code: str) -> None:
    manifest = driver / "driver.toml"
    manifest.write_text(manifest.read_text().replace('["amd64"]', '["amd64", "arm64"]'))
    ended = pyndis("build", driver, "--target", "MSM", *options)
    assert (ended.code, ended.out, ended.is_tidy) == (2, "", True)
    assert code in ended.err


def test_a_missing_tool_is_named_with_how_to_get_it(pyndis: Run, signed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    ended = pyndis("build", "example", "--target", "MSM")
    assert (ended.code, ended.is_tidy) == (3, True)
    assert "PYN-W06" in ended.err
    assert "msitools" in ended.err


def test_a_tool_that_fails_is_quoted(pyndis: Run, signed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tool = tmp_path / "msibuild"
    tool.write_text("#!/bin/sh\necho the disk is made of cheese >&2\nexit 1\n")
    tool.chmod(0o755)
    monkeypatch.setenv(msitools.VARIABLE, str(tool))
    ended = pyndis("build", "example", "--target", "MSM")
    assert (ended.code, ended.is_tidy, MODULE.parent.exists()) == (3, True, False)
    assert "PYN-W07" in ended.err
    assert "the disk is made of cheese" in ended.err
