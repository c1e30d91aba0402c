from __future__ import annotations

import errno
import os
import resource
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest

from pyndis import toolchains
from pyndis.cli.building.staging import staging
from pyndis.cli.compile import Compiled
from pyndis.toolchains import zig
from tests.cli.conftest import REPOSITORY, SOURCE, Run
from tests.cli.test_build import RESULTS, files

pytestmark = pytest.mark.usefixtures("driver", "compiled")


def refusing(error: int, when: Callable[[str], bool]) -> Callable[..., object]:
    """An os.replace that refuses some targets."""
    replace = os.replace

    def refuse(source: os.PathLike[str], target: os.PathLike[str]) -> None:
        if when(str(target)):
            raise OSError(error, os.strerror(error), str(target))
        replace(source, target)

    return refuse


def test_c_that_does_not_compile_is_a_failed_tool(pyndis: Run, compiled: list[Compiled]) -> None:
    compiled[0] = Compiled("this is no C\n")
    ended = pyndis("build", "example")
    assert (ended.code, ended.out, ended.is_tidy) == (3, "", True)
    assert "PYN-T04" in ended.err
    assert files(Path("build/wintun")) == {}


def test_a_build_that_fails_leaves_the_last_one_whole(built: Path, pyndis: Run, compiled: list[Compiled]) -> None:
    before = files(built)
    compiled[0] = Compiled("this is no C\n")
    Path("example/example.py").write_text("# changed\n" + Path("example/example.py").read_text())
    assert pyndis("build", "example").code == 3
    assert files(built) == before
    assert not (built / ".pyndis" / "unfinished").exists()


def test_no_toolchain_says_what_was_tried_and_what_to_install(pyndis: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PYNDIS_ZIG", raising=False)
    monkeypatch.setattr(zig, "_candidates", lambda: iter([Path("/nowhere/zig")]))
    ended = pyndis("build", "example")
    assert (ended.code, ended.is_tidy) == (3, True)
    assert "tried /nowhere/zig" in ended.err
    assert "pip install ziglang" in ended.err


@pytest.mark.parametrize("said", ["/nowhere/zig", "/dev/null", sys.executable])
def test_a_toolchain_that_is_none_is_a_missing_tool(pyndis: Run, monkeypatch: pytest.MonkeyPatch, said: str) -> None:
    monkeypatch.setenv("PYNDIS_ZIG", said)
    ended = pyndis("build", "example")
    assert (ended.code, ended.is_tidy) == (3, True)
    assert "PYN-T02" in ended.err


@pytest.mark.parametrize("file", sorted(RESULTS))
def test_a_disk_that_is_full_leaves_nothing_half_done(pyndis: Run, monkeypatch: pytest.MonkeyPatch, file: str) -> None:
    monkeypatch.setattr(os, "replace", refusing(errno.ENOSPC, lambda target: target.endswith(f"unfinished/{file}")))
    ended = pyndis("build", "example")
    assert (ended.code, ended.is_tidy) == (3, True)
    assert "PYN-F01" in ended.err and "the disk is full" in ended.err
    assert files(Path("build/wintun")) == {}


def test_a_build_that_is_stopped_while_it_is_put_in_place_is_done_again(
    built: Path, pyndis: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    image = built / "amd64/Release/wintun/wintun.sys"
    with monkeypatch.context() as patched:
        patched.setattr(os, "replace", refusing(errno.EACCES, lambda target: target == str(image)))
        ended = pyndis("build", "example", "--set", "receive=copy")
    assert (ended.code, ended.is_tidy) == (3, True)
    assert f"cannot write {image}: permission is denied" in ended.err
    assert not pyndis("build", "example", "--set", "receive=copy").out.startswith("nothing")


def test_a_limit_on_the_size_of_files_is_no_crash(driver: Path) -> None:
    code = f"from pyndis.cli import compile as c, main; c.compile_driver = lambda *_: c.Compiled({SOURCE!r}); main()"
    ended = subprocess.run(
        [sys.executable, "-c", code, "build", driver],
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (6000, 6000)),
        env={**os.environ, "PYTHONPATH": str(REPOSITORY)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert ended.returncode == 3
    assert "Traceback" not in ended.stderr
    assert files(Path("build/wintun")) == {}


def test_a_path_that_leads_through_a_file_is_refused(pyndis: Run) -> None:
    Path("file").touch()
    ended = pyndis("build", "example", "--out", "file/below")
    assert (ended.code, ended.is_tidy) == (3, True)
    assert "a part of the path is a file, not a folder" in ended.err


def test_a_day_in_the_future_says_where_it_came_from(pyndis: Run, driver: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for file in driver.iterdir():
        os.utime(file, (4_000_000_000, 4_000_000_000))
    ended = pyndis("build", "example", "--sign", "none")
    assert (ended.code, ended.is_tidy) == (1, True)
    assert "PYN-V16" in ended.err and "the newest input" in ended.err
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "4100000000")
    ended = pyndis("build", "example", "--sign", "none")
    assert (ended.code, ended.is_tidy) == (1, True)
    assert "the day is that of SOURCE_DATE_EPOCH=4100000000" in ended.err
    assert "unset SOURCE_DATE_EPOCH" in ended.err


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_may_not_be_written_is_refused(pyndis: Run) -> None:
    Path("locked").mkdir(mode=0o500)
    ended = pyndis("build", "example", "--out", "locked/out")
    assert (ended.code, ended.is_tidy) == (3, True)
    assert "permission is denied" in ended.err


def test_a_folder_that_cannot_be_made_is_refused(pyndis: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(errno.EACCES, "Permission denied", "out")

    monkeypatch.setattr(Path, "mkdir", refuse)
    ended = pyndis("build", "example", "--out", "out", "--sign", "none")
    assert (ended.code, ended.is_tidy) == (3, True)
    assert "permission is denied" in ended.err


def test_a_second_build_into_the_same_folder_is_refused(pyndis: Run) -> None:
    with staging(Path("build/wintun").resolve()):
        ended = pyndis("build", "example")
    assert (ended.code, ended.is_tidy) == (3, True)
    assert "PYN-F03" in ended.err
    assert pyndis("build", "example").code == 0


def test_ctrl_c_leaves_nothing_behind(pyndis: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(toolchains, "run_plan", interrupted)
    ended = pyndis("build", "example")
    assert (ended.code, ended.is_tidy) == (130, True)
    assert [path.name for path in Path("build").rglob("*") if path.is_file()] == ["lock"]


def test_no_place_for_temporary_files_is_no_crash(pyndis: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", "/nowhere")
    ended = pyndis("build", "example")
    assert (ended.code, ended.is_tidy) == (3, True)
