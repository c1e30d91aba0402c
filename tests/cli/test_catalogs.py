"""The catalogs of whole builds, byte by byte, and the second package for Windows 8 and later."""

from __future__ import annotations

import json
import shutil
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest

from pyndis.signing import authenticode_digest, signed_data
from tests.cli.conftest import REPOSITORY, Run
from tests.signing.conftest import absent
from tests.signing.handmade_catalogs import Listed, trust_list

pytestmark = pytest.mark.usefixtures("driver", "compiled")

TIME = 1_700_000_000
RELEASE = Path("build/wintun/amd64/Release")
ALL, LATER = "2:6.1,2:6.2,2:6.3,2:10.0", "2:6.2,2:6.3,2:10.0"

# Per package: version of the catalog, OSAttr, OS (spec image.md, 3).
CLAIMS = {
    "amd64/Release/wintun": (1, ALL, "7X64,8X64,_v63_X64,_v100_X64"),
    "amd64/Release/wintun-windows8": (2, LATER, "8X64,_v63_X64,_v100_X64"),
    "x86/Release/wintun": (1, ALL, "7X86,8X86,_v63,_v100"),
    "x86/Release/wintun-windows8": (2, LATER, "8X86,_v63,_v100"),
    "arm64/Release/wintun": (2, "2:10.0", "_v100_ARM64_RS3"),
}


def listed(package: Path) -> list[Listed]:
    image, inf = (package / "wintun.sys").read_bytes(), (package / "wintun.inf").read_bytes()
    digests = (authenticode_digest(image, "sha1"), authenticode_digest(image, "sha256"))
    return [Listed("wintun.sys", True, *digests), Listed.flat("wintun.inf", inf)]


def test_catalogs_of_a_build_hold_exactly_what_the_format_says(
    pyndis: Run, driver: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copy(REPOSITORY / "drivers" / "wintun" / "driver.toml", driver)
    monkeypatch.setenv("SOURCE_DATE_EPOCH", str(TIME))
    ended = pyndis("build", driver, "--set", "catalogs=dual")
    assert ended.code == 0, ended.err
    assert "arm64: one package, its catalog of version 2" in ended.err
    out = Path("build/wintun")
    packages = {cat.parent.relative_to(out).as_posix(): cat for cat in out.rglob("*.cat")}
    assert packages.keys() == CLAIMS.keys()
    for place, catalog in packages.items():
        version, os_attr, os_list = CLAIMS[place]
        expected = trust_list(
            version,
            listed(catalog.parent),
            os_attr=os_attr,
            hardware_ids=["wintun"],
            os_list=os_list,
            time=f"{datetime.fromtimestamp(TIME, UTC):%y%m%d%H%M%S}Z".encode(),
        )
        assert signed_data.read(catalog.read_bytes(), "catalog").content.hex(" ") == expected.hex(" "), place


@pytest.fixture
def dual(pyndis: Run) -> Path:
    ended = pyndis("build", "example", "--set", "catalogs=dual")
    assert ended.code == 0, ended.err
    return RELEASE


def test_both_packages_hold_the_same_image_and_inf(dual: Path) -> None:
    for name in ("wintun.sys", "wintun.inf"):
        assert (dual / "wintun" / name).read_bytes() == (dual / "wintun-windows8" / name).read_bytes()
    assert {each.name for each in (dual / "wintun-windows8").iterdir()} == {"wintun.sys", "wintun.inf", "wintun.cat"}


def test_the_package_for_every_system_is_that_of_a_build_with_one_catalog(dual: Path, pyndis: Run) -> None:
    before = (dual / "wintun" / "wintun.cat").read_bytes()
    assert pyndis("build", "example").code == 0
    assert (dual / "wintun" / "wintun.cat").read_bytes() == before


def test_both_catalogs_verify_and_are_told_apart(dual: Path, pyndis: Run) -> None:
    catalogs = [dual / folder / "wintun.cat" for folder in ("wintun", "wintun-windows8")]
    assert pyndis("verify", *catalogs).code == 0
    reports = [json.loads(pyndis("inspect", "--json", each).out) for each in catalogs]
    assert [each["version"] for each in reports] == [1, 2]
    assert {each["attributes"]["OSAttr"] for each in reports[1]["members"]} == {LATER}
    assert reports[1]["attributes"]["OS"] == "8X64,_v63_X64,_v100_X64"


def test_a_changed_image_of_the_second_package_is_found(dual: Path, pyndis: Run) -> None:
    image = dual / "wintun-windows8" / "wintun.sys"
    image.write_bytes(image.read_bytes()[:-1] + b"\1")
    assert pyndis("verify", image).code == 1
    assert "is not what was built" in pyndis("build", "example", "--set", "catalogs=dual").err


def test_a_second_build_of_both_does_nothing(dual: Path, pyndis: Run) -> None:
    assert pyndis("build", "example", "--set", "catalogs=dual").out.startswith("nothing to do")


def test_without_the_choice_the_second_package_goes(dual: Path, pyndis: Run) -> None:
    assert pyndis("build", "example").code == 0
    assert not (dual / "wintun-windows8").exists()
    assert (dual / "wintun" / "wintun.cat").exists()


def test_clean_removes_both(dual: Path, pyndis: Run) -> None:
    assert pyndis("build", "example", "--set", "catalogs=dual", "--target", "Clean").code == 0
    assert not dual.exists()


def test_a_driver_without_windows_7_has_nothing_to_split(pyndis: Run, driver: Path) -> None:
    file = driver / "driver.toml"
    file.write_text(file.read_text().replace('amd64 = "6.1"', 'amd64 = "6.2"') + '\n[package]\ncatalogs = "dual"\n')
    ended = pyndis("build", driver)
    assert ended.code == 1
    assert "PYN-P09" in ended.err
    assert "there is nothing to split" in ended.err
    assert "asked for here" in ended.err


@pytest.mark.parametrize("folder", ["wintun", "wintun-windows8"])
def test_osslsigncode_finds_the_image_in_the_catalog(dual: Path, folder: str) -> None:
    judge = shutil.which("osslsigncode")
    if judge is None:
        absent("osslsigncode")
    certificate = dual / "wintun.cer"
    pem = certificate.with_suffix(".pem")
    subprocess.run(["openssl", "x509", "-inform", "DER", "-in", certificate, "-out", pem], check=True, timeout=60)
    arguments = ["verify", "-CAfile", pem, "-catalog", dual / folder / "wintun.cat", dual / folder / "wintun.sys"]
    verdict = subprocess.run([judge, *map(str, arguments)], capture_output=True, text=True, timeout=60, check=False)
    assert verdict.returncode == 0, verdict.stdout
