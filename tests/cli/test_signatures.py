from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.conftest import Run


@pytest.fixture
def package(built: Path) -> Path:
    return built / "amd64" / "Release" / "wintun"


def changed(file: Path, at: int) -> None:
    data = bytearray(file.read_bytes())
    data[at] ^= 1
    file.write_bytes(bytes(data))


def test_the_test_certificate_is_trusted_unless_told_otherwise(package: Path, pyndis: Run) -> None:
    ended = pyndis("verify", package / "wintun.sys", package / "wintun.cat")
    assert (ended.code, ended.err) == (0, "")
    assert len(ended.out.splitlines()) == 2


def test_another_users_signature_is_not_trusted(
    package: Path, pyndis: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PYNDIS_CONFIG_DIR", str(tmp_path / "another"))
    ended = pyndis("verify", package / "wintun.sys")
    assert (ended.code, "PYN-G35" in ended.err) == (1, True)
    assert pyndis("verify", package / "wintun.sys", "--trust", package.with_name("wintun.cer")).code == 0


def test_a_changed_image_is_found_in_image_and_catalog(package: Path, pyndis: Run) -> None:
    changed(package / "wintun.sys", 0x420)
    assert "PYN-G32" in pyndis("verify", package / "wintun.sys").err
    ended = pyndis("verify", package / "wintun.cat")
    assert (ended.code, "PYN-G41" in ended.err) == (1, True)
    assert f"{package / 'wintun.cat'}: wintun.sys was changed" in ended.err


def test_a_changed_inf_is_found_in_the_catalog(package: Path, pyndis: Run) -> None:
    changed(package / "wintun.inf", 5)
    assert "PYN-G41" in pyndis("verify", package / "wintun.cat").err


def test_findings_as_json(package: Path, pyndis: Run) -> None:
    changed(package / "wintun.sys", 0x420)
    ended = pyndis("verify", "--json", package / "wintun.sys")
    assert ended.code == 1
    (found,) = json.loads(ended.out).values()
    assert "PYN-G32" in [each["code"] for each in found]


def test_signing_replaces_a_signature_and_the_catalog_still_holds(package: Path, pyndis: Run) -> None:
    before = (package / "wintun.sys").read_bytes()
    ended = pyndis("sign", package / "wintun.sys", package / "wintun.cat", "--description", "Another name")
    assert (ended.code, ended.err) == (0, "")
    assert (package / "wintun.sys").read_bytes() != before
    assert pyndis("verify", package / "wintun.sys", package / "wintun.cat").code == 0
    assert "program: Another name" in pyndis("inspect", package / "wintun.sys").out


def test_signing_again_gives_the_same_bytes(package: Path, pyndis: Run) -> None:
    image = package / "wintun.sys"
    pyndis("sign", image)
    before = image.read_bytes()
    pyndis("sign", image)
    assert image.read_bytes() == before


def test_nothing_is_signed_when_one_file_cannot_be(package: Path, pyndis: Run) -> None:
    before = (package / "wintun.sys").read_bytes()
    ended = pyndis("sign", package / "wintun.sys", package / "wintun.inf", "--description", "x")
    assert (ended.code, "PYN-A06" in ended.err) == (1, True)
    assert (package / "wintun.sys").read_bytes() == before


@pytest.mark.parametrize("command", ["sign", "verify", "inspect"])
@pytest.mark.parametrize("data", [b"", b"MZ", b"MZ" + bytes(4096), b"\x30\x82", b"\x30\x00", b"\xff" * 100])
def test_damaged_files_are_the_drivers_fault(pyndis: Run, driver: Path, command: str, data: bytes) -> None:
    (driver / "x").write_bytes(data)
    ended = pyndis(command, driver / "x")
    assert (ended.code, ended.is_tidy) == (1, True)
    assert "error[PYN-" in ended.err
    assert (driver / "x").read_bytes() == data


@pytest.mark.parametrize("cut", [0x100, 0x200, 0x400, 0x1000, -1])
def test_images_that_are_cut_off_are_the_drivers_fault(package: Path, pyndis: Run, cut: int) -> None:
    image = package / "wintun.sys"
    image.write_bytes(image.read_bytes()[:cut])
    for command in ("inspect", "verify", "sign"):
        ended = pyndis(command, image)
        assert (ended.code, ended.is_tidy) == (1, True), ended.err
        assert "fault of pyndis" not in ended.err


def test_inspect_shows_what_an_image_is(package: Path, pyndis: Run) -> None:
    report = json.loads(pyndis("inspect", "--json", package / "wintun.sys").out)
    assert (report["architecture"], report["subsystem"]) == ("amd64", "IMAGE_SUBSYSTEM_NATIVE")
    assert {"NX_COMPAT", "DYNAMIC_BASE", "GUARD_CF", "HIGH_ENTROPY_VA"} <= set(report["hardening"])
    assert report["version"]["texts"]["OriginalFilename"] == "wintun.sys"
    assert (report["version"]["type"], report["version"]["subtype"]) == (3, 6)
    assert report["signature"]["program"] == "Wintun Driver"
    assert report["debug"][0] == {"kind": "CODEVIEW", "pdb": "wintun.pdb"}


def test_inspect_shows_what_a_catalog_lists(package: Path, pyndis: Run) -> None:
    report = json.loads(pyndis("inspect", "--json", package / "wintun.cat").out)
    assert sorted(each["attributes"]["File"] for each in report["members"]) == ["wintun.inf", "wintun.sys"]
    assert report["attributes"] == {"HWID1": "wintun", "OS": "7X64,8X64,_v63_X64,_v100_X64"}


def test_inspect_shows_what_an_inf_installs(package: Path, pyndis: Run) -> None:
    report = json.loads(pyndis("inspect", "--json", package / "wintun.inf").out)
    (model,) = report["models"]
    assert (model["device"], model["hardware_ids"]) == ("Wintun Userspace Tunnel", ["Wintun"])
    assert report["services"][0]["ServiceBinary"] == r"%12%\wintun.sys"


@pytest.mark.parametrize("name", ["foreign.sys", "foreign.cat", "foreign"])
def test_inspect_refuses_what_no_package_holds(pyndis: Run, driver: Path, name: str) -> None:
    Path(name).write_bytes(b"\x7fELF\x02\x01")
    ended = pyndis("inspect", name)
    assert (ended.code, "PYN-A07" in ended.err) == (1, True)


def test_inspect_as_text_has_a_line_for_each_value(package: Path, pyndis: Run) -> None:
    lines = pyndis("inspect", package / "wintun.sys").out.splitlines()
    assert "architecture: amd64" in lines
    assert "    OriginalFilename: wintun.sys" in lines
    assert "  - name: .text" in lines


def test_an_unsigned_build_can_be_signed_later(pyndis: Run, driver: Path, compiled: object) -> None:
    assert pyndis("build", driver, "--sign", "none").code == 0
    package = Path("build/wintun/amd64/Release/wintun")
    assert pyndis("sign", package / "wintun.sys", package / "wintun.cat").code == 0
    assert pyndis("verify", package / "wintun.sys", package / "wintun.cat").code == 0


def test_doctor_tells_of_the_toolchain(pyndis: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    assert pyndis("doctor").out.startswith("ok      zig: ")
    monkeypatch.setenv("PYNDIS_ZIG", "/nowhere/zig")
    ended = pyndis("doctor")
    assert (ended.code, ended.out.startswith("MISSING zig: ")) == (3, True)
    assert "to get it: pip install ziglang" in ended.out
    assert json.loads(pyndis("doctor", "--json").out)[0]["found"] is False


def test_explain_is_at_length(pyndis: Run) -> None:
    ended = pyndis("explain", "PYN-P05")
    assert ended.code == 0
    assert "PYN-P05: a value of driver.toml is of the wrong kind" in ended.out
    assert 'For example:\n\n    version = "1.2"\n\nThe mend:\n\n    version = "1.2.0.0"\n' in ended.out
    assert "PYN-P05  a value" in pyndis("explain").out
