from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from pyndis.diagnostics import ToolFailure
from pyndis.host import native
from pyndis.toolchains import cache


@pytest.fixture
def sources(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv(cache.VARIABLE, str(tmp_path / "cache"))
    monkeypatch.delenv(native.OVERRIDE, raising=False)
    folder = tmp_path / "native"
    folder.mkdir()
    (folder / "main.c").write_text('#include "answer.h"\nint main(void) { return ANSWER; }\n')
    (folder / "answer.h").write_text("#define ANSWER 42\n")
    return folder


@pytest.mark.slow
def test_the_host_is_compiled_once(sources: Path, capsys: pytest.CaptureFixture[str]) -> None:
    first = native.executable(sources)
    assert subprocess.run([first], check=False).returncode == 42
    assert "compiling the host" in capsys.readouterr().err
    made = first.stat().st_mtime_ns
    assert native.executable(sources) == first
    assert first.stat().st_mtime_ns == made
    assert capsys.readouterr().err == ""


def test_each_source_decides_where_the_host_is_kept(sources: Path) -> None:
    before = native.digest(sources)
    (sources / "answer.h").write_text("#define ANSWER 43\n")
    changed = native.digest(sources)
    (sources / "answer.h").rename(sources / "other.h")
    assert len({before, changed, native.digest(sources)}) == 3


def test_source_that_does_not_compile_is_reported(sources: Path) -> None:
    (sources / "main.c").write_text("int main(void) { return missing; }\n")
    with pytest.raises(ToolFailure) as failure:
        native.executable(sources)
    (diagnostic,) = failure.value.diagnostics
    assert diagnostic.code == "PYN-H11"
    assert any("missing" in line for line in diagnostic.notes)
    assert not list(sources.parent.rglob("ndis-host"))


def test_a_cache_that_cannot_be_used_is_reported(sources: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(cache.VARIABLE, str(sources / "main.c"))
    with pytest.raises(ToolFailure) as failure:
        native.executable(sources)
    assert failure.value.diagnostics[0].code == "PYN-H12"


def test_a_ready_host_can_be_named(sources: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(native.OVERRIDE, "/opt/host")
    assert native.executable(sources) == Path("/opt/host")
