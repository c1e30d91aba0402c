from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from pyndis.package.cabinet import read_cabinet
from tests.cli.conftest import REPOSITORY, Run
from tests.signing.conftest import absent

pytestmark = pytest.mark.usefixtures("driver", "compiled")

CABINET = Path("build/wintun/dist/wintun-amd64-0.1.0.0.cab")
PACKAGE = Path("build/wintun/amd64/Release/wintun")


@pytest.fixture
def made(pyndis: Run, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1700000000")
    ended = pyndis("submit", "make", "example")
    assert ended.code == 0, ended.err
    assert ended.out.splitlines() == [str(CABINET.resolve())]
    return CABINET


def test_a_cabinet_holds_the_package_in_a_folder_of_its_own(made: Path) -> None:
    held = read_cabinet(made.read_bytes())
    assert held == {
        **{f"amd64/wintun.{kind}": (PACKAGE / f"wintun.{kind}").read_bytes() for kind in ("sys", "inf", "cat")},
        "amd64/wintun.pdb": PACKAGE.with_name("wintun.pdb").read_bytes(),
    }


def test_cabextract_unpacks_the_signed_cabinet(made: Path, tmp_path: Path) -> None:
    judge = shutil.which("cabextract")
    if judge is None:
        absent("cabextract")
    subprocess.run([str(judge), "-q", "-d", tmp_path / "out", made], check=True, timeout=60, env={"TZ": "UTC"})
    for kind in ("sys", "inf", "cat"):
        assert (tmp_path / "out" / "amd64" / f"wintun.{kind}").read_bytes() == (PACKAGE / f"wintun.{kind}").read_bytes()
    times = {int(file.stat().st_mtime) for file in (tmp_path / "out" / "amd64").iterdir()}
    assert times == {1_700_000_000}


def test_the_cabinet_is_signed_and_verifies(made: Path, pyndis: Run) -> None:
    assert pyndis("verify", made, "--trust", PACKAGE.with_name("wintun.cer")).code == 0
    report = json.loads(pyndis("inspect", "--json", made).out)
    assert (report["format"], report["signed"], report["signature"]["program"]) == ("cabinet", True, "Wintun Driver")
    assert [each["name"] for each in report["files"]] == [f"amd64/wintun.{kind}" for kind in ("cat", "inf", "pdb", "sys")]


def test_the_same_input_gives_the_same_bytes(made: Path, pyndis: Run) -> None:
    before = made.read_bytes()
    shutil.rmtree("build")
    assert pyndis("submit", "make", "example").code == 0
    assert made.read_bytes() == before


def test_a_second_call_makes_nothing(made: Path, pyndis: Run) -> None:
    time = made.stat().st_mtime_ns
    assert pyndis("submit", "make", "example").out.startswith("nothing to do")
    assert made.stat().st_mtime_ns == time


def test_clean_removes_the_cabinet(made: Path, pyndis: Run) -> None:
    assert pyndis("build", "example", "--target", "Clean").code == 0
    assert not made.exists()


def test_what_attestation_does_not_serve_is_said(pyndis: Run, driver: Path) -> None:
    ended = pyndis("submit", "make", "example")
    assert "warning[PYN-G53]" in ended.err
    assert "claims Windows 7, 8 and 8.1" in ended.err
    file = driver / "driver.toml"
    file.write_text(file.read_text().replace('amd64 = "6.1"', 'amd64 = "10.0"'))
    ended = pyndis("submit", "make", "example")
    assert (ended.code, "PYN-G53" in ended.err) == (0, False)


@pytest.mark.parametrize(("sign", "said"), [("test", "is signed by the test certificate"), ("none", "is not signed")])
def test_a_signature_that_the_portal_does_not_know_is_said(pyndis: Run, sign: str, said: str) -> None:
    ended = pyndis("submit", "make", "example", "--sign", sign)
    assert ended.code == 0
    assert "warning[PYN-G54]" in ended.err
    assert said in ended.err
    assert json.loads(pyndis("inspect", "--json", CABINET).out)["signed"] is (sign == "test")


def test_each_architecture_has_a_cabinet(pyndis: Run, driver: Path) -> None:
    shutil.copy(REPOSITORY / "drivers" / "wintun" / "driver.toml", driver)
    ended = pyndis("submit", "make", driver, "--arch", "amd64,arm64")
    assert ended.code == 0, ended.err
    names = sorted(file.name for file in CABINET.parent.iterdir())
    assert names == ["wintun-amd64-0.1.0.0.cab", "wintun-arm64-0.1.0.0.cab"]
    assert {Path(name).parent.name for name in read_cabinet((CABINET.parent / names[1]).read_bytes())} == {"arm64"}
    assert "the arm64 package claims" not in ended.err


def test_a_built_package_alone_gives_the_same_cabinet(made: Path, pyndis: Run, tmp_path: Path) -> None:
    ended = pyndis("submit", "make", PACKAGE, "--out", tmp_path)
    assert ended.code == 0, ended.err
    assert "claims Windows 7" in ended.err
    assert read_cabinet((tmp_path / "dist" / made.name).read_bytes()) == read_cabinet(made.read_bytes())


def test_a_whole_tree_is_searched_for_packages_of_release(made: Path, pyndis: Run) -> None:
    for folder in ("amd64/Release/whql", "amd64/Debug/wintun", "amd64/Release/wintun-windows8"):
        shutil.copytree(PACKAGE, Path("build/wintun") / folder)
    made.unlink()
    ended = pyndis("submit", "make", "build/wintun")
    assert (ended.code, ended.out.splitlines()) == (0, [str(CABINET)]), ended.err


def test_two_packages_for_one_cabinet_are_refused(made: Path, pyndis: Run) -> None:
    shutil.copytree(PACKAGE, PACKAGE.with_name("other"))
    ended = pyndis("submit", "make", "build/wintun")
    assert (ended.code, "PYN-G52" in ended.err) == (1, True)
    assert "is of the same driver, version and architecture as" in ended.err


@pytest.mark.parametrize(
    ("gone", "said"), [("wintun.cat", "wintun.cat is missing"), ("wintun.sys", "holds no driver package"), ("wintun.inf", "no")]
)
def test_a_package_that_is_not_whole_is_refused(built: Path, pyndis: Run, gone: str, said: str) -> None:
    (PACKAGE / gone).unlink()
    ended = pyndis("submit", "make", PACKAGE)
    assert (ended.code, ended.is_tidy) == (1, True)
    assert said in ended.err
    assert not (PACKAGE / "dist").exists()


def test_a_catalog_of_other_files_is_refused(built: Path, pyndis: Run) -> None:
    inf = PACKAGE / "wintun.inf"
    inf.write_bytes(inf.read_bytes() + b";\r\n")
    ended = pyndis("submit", "make", PACKAGE)
    assert (ended.code, "PYN-G52" in ended.err) == (1, True)
    assert "wintun.inf was changed after the catalog was made" in ended.err


def test_a_name_with_special_characters_is_refused(built: Path, pyndis: Run) -> None:
    for file in list(PACKAGE.iterdir()):
        file.rename(file.with_name(f"my driver{file.suffix}"))
    ended = pyndis("submit", "make", PACKAGE)
    assert (ended.code, ended.is_tidy) == (1, True)


def test_a_folder_that_is_not_there_is_wrong_usage(pyndis: Run) -> None:
    ended = pyndis("submit", "make", "nowhere")
    assert (ended.code, "PYN-P01" in ended.err) == (2, True)


def test_help_lists_the_steps(pyndis: Run) -> None:
    ended = pyndis("submit", "--help")
    assert "make" in ended.out
