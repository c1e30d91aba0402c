from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from pyndis.diagnostics import ToolFailure
from pyndis.toolchains import Zig, cache, find, zig


@pytest.fixture
def pretended(tmp_path: Path) -> Callable[..., Path]:
    """An executable that answers `version` as told."""
    if os.name == "nt":
        pytest.skip("the pretended tool is a shell script")

    def make(answer: str, name: str = "zig", status: int = 0, headers: bool = True) -> Path:
        path = tmp_path / name
        path.write_text(f"#!/bin/sh\necho '{answer}'\nexit {status}\n")
        path.chmod(0o755)
        if headers:
            (tmp_path / "lib" / "include").mkdir(parents=True)
            (tmp_path / "lib" / "include" / "stdint.h").touch()
        return path

    return make


def refusal(path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("PYNDIS_ZIG", str(path))
    with pytest.raises(ToolFailure) as caught:
        find()
    (diagnostic,) = caught.value.diagnostics
    assert diagnostic.code == "PYN-T02"
    assert "pip install ziglang" in diagnostic.help
    assert str(path) in diagnostic.message
    return diagnostic.message


def test_the_wheels_executable_is_found() -> None:
    found = find()
    assert found.path.is_file()
    assert (found.headers / "stdint.h").is_file()


def test_the_executable_is_started_without_python(zig: Zig) -> None:
    assert zig.tool("clang") == (str(zig.path), "clang")


def test_the_variable_goes_first(pretended: Callable[..., Path], monkeypatch: pytest.MonkeyPatch) -> None:
    path = pretended("0.99.1")
    monkeypatch.setenv("PYNDIS_ZIG", str(path))
    assert find() == Zig(path, "0.99.1", path.parent / "lib")


def test_a_tool_that_is_not_zig_is_refused(pretended: Callable[..., Path], monkeypatch: pytest.MonkeyPatch) -> None:
    assert "it answered `version` with 'hello'" in refusal(pretended("hello"), monkeypatch)


def test_an_old_zig_is_refused(pretended: Callable[..., Path], monkeypatch: pytest.MonkeyPatch) -> None:
    assert "it is zig 0.9.1, and 0.15 or later is wanted" in refusal(pretended("0.9.1"), monkeypatch)


def test_a_tool_that_fails_is_refused(pretended: Callable[..., Path], monkeypatch: pytest.MonkeyPatch) -> None:
    assert "`version` ended with status 3" in refusal(pretended("", status=3), monkeypatch)


def test_a_tool_that_does_not_start_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "starting it failed: No such file or directory" in refusal(tmp_path / "gone", monkeypatch)


def test_a_zig_without_its_headers_is_refused(pretended: Callable[..., Path], monkeypatch: pytest.MonkeyPatch) -> None:
    assert "lib/include" in refusal(pretended("0.99.1", headers=False), monkeypatch)


def test_a_machine_without_zig_is_told_what_was_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PYNDIS_ZIG", raising=False)
    monkeypatch.setenv("PATH", "")
    monkeypatch.setattr(zig, "find_spec", lambda name: None)
    with pytest.raises(ToolFailure) as caught:
        find()
    (diagnostic,) = caught.value.diagnostics
    assert diagnostic.code == "PYN-T01"
    assert diagnostic.message == "the C toolchain zig was not found; tried the ziglang package and PATH"
    assert "PYNDIS_ZIG" in diagnostic.help


def test_zig_on_the_path_serves_where_the_wheel_is_missing(
    pretended: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = pretended("0.98.0")
    monkeypatch.delenv("PYNDIS_ZIG", raising=False)
    monkeypatch.setenv("PATH", str(path.parent))
    monkeypatch.setattr(zig, "find_spec", lambda name: None)
    assert find().path == path


def test_caches_are_where_the_user_says(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, zig: Zig) -> None:
    monkeypatch.setenv("PYNDIS_CACHE", str(tmp_path))
    assert cache.folder() == tmp_path
    assert dict(zig.caches)["ZIG_GLOBAL_CACHE_DIR"] == str(tmp_path / "zig")


def test_caches_are_in_the_users_cache_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("PYNDIS_CACHE", raising=False)
    monkeypatch.setattr("sys.platform", "linux")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert cache.folder() == tmp_path / "pyndis"
