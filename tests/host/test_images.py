from __future__ import annotations

from pathlib import Path

import pytest

from pyndis.diagnostics import DriverFailure, ToolFailure, UsageFailure
from pyndis.host import Host


def load(image: Path) -> None:
    with Host(image):
        raise AssertionError(f"{image} was loaded")


def code_of(failure: pytest.ExceptionInfo[DriverFailure]) -> str:
    return failure.value.diagnostics[0].code


@pytest.mark.parametrize("kept", [0, 1, 63, 64, 200, 512, 1024, 5000])
def test_a_truncated_image_is_refused(tun_image: Path, tmp_path: Path, kept: int) -> None:
    (tmp_path / "cut.sys").write_bytes(tun_image.read_bytes()[:kept])
    with pytest.raises(DriverFailure) as failure:
        load(tmp_path / "cut.sys")
    assert code_of(failure) == "PYN-H01"


def for_machine(image: Path, machine: int, target: Path) -> Path:
    data = bytearray(image.read_bytes())
    at = int.from_bytes(data[0x3C:0x40], "little") + 4
    data[at : at + 2] = machine.to_bytes(2, "little")
    target.write_bytes(data)
    return target


def test_an_image_for_a_machine_that_windows_left_behind_is_refused(tun_image: Path, tmp_path: Path) -> None:
    itanium = for_machine(tun_image, 0x200, tmp_path / "itanium.sys")
    with pytest.raises(DriverFailure) as failure:
        load(itanium)
    assert code_of(failure) == "PYN-H01"


def test_code_under_a_false_machine_is_not_run_as_if_it_were_ours(tun_image: Path, tmp_path: Path) -> None:
    with pytest.raises(DriverFailure) as failure:
        load(for_machine(tun_image, 0x14C, tmp_path / "x86.sys"))
    assert code_of(failure) == "PYN-H01"


def test_an_image_for_a_machine_without_an_emulator_says_what_to_install(
    tun_image: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("platform.machine", lambda: "riscv64")
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ToolFailure) as failure:
        load(for_machine(tun_image, 0xAA64, tmp_path / "arm64.sys"))
    (diagnostic,) = failure.value.diagnostics
    assert diagnostic.code == "PYN-H15"
    assert "qemu-aarch64" in diagnostic.message
    assert diagnostic.help is not None and "qemu-user" in diagnostic.help


def test_another_kind_of_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "text.sys").write_text("not a driver\n" * 1000)
    with pytest.raises(DriverFailure) as failure:
        load(tmp_path / "text.sys")
    assert code_of(failure) == "PYN-H01"


def test_a_missing_import_is_named(tun_image: Path, tmp_path: Path) -> None:
    data = tun_image.read_bytes()
    assert b"IoBuildPartialMdl\0" in data
    (tmp_path / "odd.sys").write_bytes(data.replace(b"IoBuildPartialMdl\0", b"IoBuildPerfectMdl\0"))
    with pytest.raises(DriverFailure) as failure:
        load(tmp_path / "odd.sys")
    assert code_of(failure) == "PYN-H02"
    assert "IoBuildPerfectMdl" in failure.value.diagnostics[0].message


def test_an_image_that_is_not_there_is_the_callers_mistake(tmp_path: Path) -> None:
    with pytest.raises(UsageFailure):
        load(tmp_path / "none.sys")
