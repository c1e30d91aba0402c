from __future__ import annotations

from pathlib import Path

import pytest

from pyndis.toolchains import doctor


def tool(name: str) -> doctor.Tool:
    return next(each for each in doctor.report() if each.name == name)


def test_the_compiler_comes_first_and_is_needed() -> None:
    first, *others = doctor.report()
    assert (first.name, first.found, first.needed) == ("zig", True, True)
    assert not any(each.needed for each in others)


def test_every_tool_says_what_for_and_how_to_get_it() -> None:
    report = doctor.report()
    assert [each.name for each in report] == [
        "zig",
        "osslsigncode",
        "wine",
        "qemu-aarch64",
        "qemu-i386",
        "msitools",
        "iperf3",
        "ip",
    ]
    assert all(each.purpose and each.install and each.where for each in report)


def test_an_unusable_compiler_is_a_finding(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PYNDIS_ZIG", str(tmp_path / "gone"))
    assert not tool("zig").found
    assert "gone" in tool("zig").where


def test_a_missing_tool_is_told_with_what_was_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    found = tool("qemu-aarch64")
    assert (found.found, found.where) == (False, "not found; tried qemu-aarch64, qemu-aarch64-static")
    assert found.install == "apt install qemu-user"


def test_a_tool_that_does_not_start_is_not_found(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    broken = tmp_path / "iperf3"
    broken.write_text("#!/nowhere/interpreter\n")
    broken.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert tool("iperf3") == doctor.Tool(
        "iperf3", False, f"{broken} (it does not start)", "measures throughput through `pyndis run`", "apt install iperf3"
    )
