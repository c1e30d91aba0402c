from __future__ import annotations

import platform
from pathlib import Path
from typing import Any

import pytest

from pyndis.host import run as engine
from tests.cli.conftest import Run

ENDS = ("--stack", "tun:s0", "--client", "tun:c0")


@pytest.fixture
def runs(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Path, dict[str, Any]]]:
    """Records what the host would have run."""
    seen: list[tuple[Path, dict[str, Any]]] = []
    monkeypatch.setattr(engine, "run", lambda image, **options: seen.append((image, options)))
    monkeypatch.setattr(platform, "machine", lambda: "x86_64")
    return seen


@pytest.mark.usefixtures("compiled")
def test_a_folder_is_built_and_its_image_run(pyndis: Run, driver: Path, runs: list[tuple[Path, dict[str, Any]]]) -> None:
    ended = pyndis("run", driver, *ENDS, "--netns", "a,b", "--verifier")
    assert ended.code == 0, ended.err
    ((image, options),) = runs
    assert image == Path("build/wintun/amd64/Release/wintun/wintun.sys").resolve()
    assert image.is_file()
    assert (options["stack"], options["client"], options["netns"], options["device"]) == (
        "tun:s0",
        "tun:c0",
        "a,b",
        r"\\.\WINTUN1",
    )
    assert options["verifier"] is True


@pytest.mark.usefixtures("compiled")
def test_what_runs_is_what_build_makes(pyndis: Run, driver: Path, runs: list[tuple[Path, dict[str, Any]]]) -> None:
    assert pyndis("run", driver, *ENDS).code == 0
    assert pyndis("build", driver).out.startswith("nothing to do")


@pytest.mark.usefixtures("compiled")
def test_a_brand_has_its_own_device(pyndis: Run, driver: Path, runs: list[tuple[Path, dict[str, Any]]]) -> None:
    assert pyndis("run", driver, "--brand", "ExampleTun", *ENDS).code == 0
    assert runs[0][1]["device"] == r"\\.\EXAMPLETUN1"


def test_an_image_is_run_as_it_is(pyndis: Run, driver: Path, runs: list[tuple[Path, dict[str, Any]]]) -> None:
    assert pyndis("run", "some.sys", "--device", r"\\.\X1", *ENDS).code == 0
    assert runs[0][0] == Path("some.sys")
    assert runs[0][1]["device"] == r"\\.\X1"


@pytest.mark.usefixtures("runs")
@pytest.mark.parametrize("arguments", [["some.sys", "--set", "receive=copy"], ["some.sys", "--brand", "X"], ["nowhere"]])
def test_wrong_usage(pyndis: Run, driver: Path, arguments: list[str]) -> None:
    assert pyndis("run", *arguments, *ENDS).code == 2


@pytest.mark.parametrize(
    "arguments", [["some.sys"], ["some.sys", "--stack", "tun:x"], ["some.sys", "--stack", "x", "--client", "tun:c"]]
)
def test_both_ends_are_wanted(pyndis: Run, driver: Path, arguments: list[str]) -> None:
    ended = pyndis("run", *arguments)
    assert (ended.code, ended.is_tidy) == (2, True)


def test_another_machine_is_told_what_is_wanted(pyndis: Run, driver: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(platform, "machine", lambda: "riscv64")
    ended = pyndis("run", "some.sys", *ENDS)
    assert (ended.code, "PYN-A09" in ended.err) == (3, True)
