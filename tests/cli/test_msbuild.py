"""`--toolchain msbuild` on a Windows machine that is a value: what is generated, run, told, and how it ends."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from pyndis.cli.building import msbuild_run
from pyndis.cli.building.msbuild import Job, plan
from pyndis.cli.building.msbuild_run import run
from pyndis.cli.building.request import NONE, Request
from pyndis.cli.compile import Compiled, compile_driver
from pyndis.cli.progress import Progress
from pyndis.diagnostics import DriverFailure, Failure, ToolFailure, UsageFailure
from pyndis.package.manifest import Manifest
from pyndis.toolchains.msbuild.world import Done
from tests.cli.conftest import REPOSITORY
from tests.toolchains.msbuild.conftest import KITS, VS2019, VS2022, VSWHERE, FakeWindows

DRIVER = REPOSITORY / "drivers" / "wintun"


@pytest.fixture
def request_(tmp_path: Path) -> Request:
    manifest = Manifest.load(DRIVER)
    return Request(
        manifest=manifest,
        architectures=manifest.driver.architectures,
        toolchain="msbuild",
        out=tmp_path / "out",
        time=0,
    )


@pytest.fixture
def windows() -> FakeWindows:
    world = FakeWindows(files={VSWHERE}, values={("KitsRoot10", 32): KITS})
    return world.with_kit(26100).with_visual_studio(17, VS2022)


def job(request: Request, world: FakeWindows, target: str = "Build", explicit: bool = False) -> Job:
    return plan(request, target, None, explicit, world)


def codes(failure: Failure) -> list[str]:
    return [each.code for each in failure.diagnostics]


def test_the_kit_is_chosen_with_the_visual_studio_that_takes_it(request_: Request, windows: FakeWindows) -> None:
    made = job(request_, windows.with_kit(19041).with_visual_studio(16, VS2019))
    assert (made.fit.version.build, made.call.argv[0], made.warnings) == (19041, VS2019, ())


def test_a_kit_without_its_visual_studio_gives_way_to_one_that_has_it(request_: Request, windows: FakeWindows) -> None:
    made = job(request_, windows.with_kit(19041))
    assert (made.fit.version.build, made.call.argv[0]) == (26100, VS2022)
    assert [warning.code for warning in made.warnings] == ["PYN-T24", "PYN-T24"]
    assert "/p:DriverTargetVersion=Windows10" in made.call.argv
    assert "/p:Build_x86=false" in made.call.argv


def test_the_plan_prints_what_is_left_out(request_: Request, windows: FakeWindows) -> None:
    lines = str(job(request_, windows)).splitlines()
    assert lines[0] == "rem Build for amd64, arm64 with the WDK 10.0.26100.0"
    assert lines[1] == "rem x86 is left out: the WDK 10.0.26100.0 makes no drivers for it"


def test_x86_by_name_needs_a_kit_that_makes_it(request_: Request, windows: FakeWindows) -> None:
    with pytest.raises(ToolFailure) as caught:
        job(replace(request_, architectures=("x86", "amd64")), windows, explicit=True)
    assert codes(caught.value) == ["PYN-T23"]


@pytest.mark.parametrize(
    ("changes", "target", "code"),
    [
        ({"sign": "company.pfx"}, "Build", "PYN-T28"),
        ({"timestamp_url": "http://time.invalid"}, "Build", "PYN-T28"),
        ({}, "Generate", "PYN-T28"),
        ({"config": "Debug"}, "DVL", "PYN-T28"),
    ],
)
def test_what_msbuild_does_not_do(
    request_: Request, windows: FakeWindows, changes: dict[str, str], target: str, code: str
) -> None:
    with pytest.raises(UsageFailure) as caught:
        job(replace(request_, **changes), windows, target)  # type: ignore[arg-type]
    assert codes(caught.value) == [code]


def test_without_the_tools_it_says_which(request_: Request, windows: FakeWindows) -> None:
    with pytest.raises(ToolFailure) as caught:
        job(request_, replace(windows, directories=set()))
    assert codes(caught.value) == ["PYN-T22"]
    with pytest.raises(ToolFailure) as caught:
        job(request_, replace(windows, answers={}))
    assert codes(caught.value) == ["PYN-T21"]
    with pytest.raises(ToolFailure) as caught:
        job(request_, replace(windows, system="linux"))
    assert codes(caught.value) == ["PYN-T20"]


def ended(windows: FakeWindows, target: str, code: int, output: str) -> FakeWindows:
    windows.answers[f"/t:{target}"] = Done(code, output)
    return windows


@pytest.fixture(scope="module")
def compiled() -> Compiled:
    return compile_driver(DRIVER, Manifest.load(DRIVER), "Release")


@pytest.fixture(autouse=True)
def compiled_once(compiled: Compiled, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(msbuild_run, "compiled_driver", lambda request: compiled)


@pytest.fixture(scope="module")
def c_line(compiled: Compiled) -> int:
    lines = compiled.c_source.split("\n")
    return next(number for number, line in enumerate(lines, 1) if line.strip() == "if (Count == MAX_PACKETS || Size > MTU)")


def test_a_warning_in_the_c_is_told_at_the_python(
    request_: Request, windows: FakeWindows, c_line: int, capsys: pytest.CaptureFixture[str]
) -> None:
    world = ended(windows, "Build", 0, f"D:\\b\\wintun.c({c_line}): warning C28182: a null pointer [D:\\b\\wintun.vcxproj]")
    image = request_.out / "amd64" / "Release" / "wintun" / "wintun.sys"
    image.parent.mkdir(parents=True)
    image.write_bytes(b"")
    assert run(job(request_, world), Progress(), world) == [image]
    told = capsys.readouterr().err
    assert "warning[PYN-T26]: C28182: a null pointer" in told
    assert "if count == MAX_PACKETS or size > MTU:" in told
    assert world.asked[-1][:3] == (VS2022, "wintun.proj", "/t:Build")


def test_an_error_in_the_python_is_the_driver_s_and_any_other_the_tool_s(
    request_: Request, windows: FakeWindows, c_line: int
) -> None:
    world = ended(windows, "Build", 1, f"wintun.c({c_line}): error C2220: the following warning is treated as an error")
    with pytest.raises(DriverFailure) as of_driver:
        run(job(request_, world), Progress(), world)
    assert codes(of_driver.value) == ["PYN-T26"]
    world = ended(windows, "Build", 1, "LINK : fatal error LNK1104: cannot open file 'ndis.lib'")
    with pytest.raises(ToolFailure) as of_tool:
        run(job(request_, world), Progress(), world)
    assert [each.message for each in of_tool.value.diagnostics] == ["LINK: LNK1104: cannot open file 'ndis.lib'"]


def test_a_failure_without_a_message_shows_the_last_words(request_: Request, windows: FakeWindows) -> None:
    world = ended(windows, "Build", 5, "Something odd.\n")
    with pytest.raises(ToolFailure) as caught:
        run(job(request_, world), Progress(), world)
    assert [(each.code, each.notes) for each in caught.value.diagnostics] == [("PYN-T25", ("Something odd.",))]


def test_defects_of_the_verifier_fail_though_msbuild_does_not(request_: Request, windows: FakeWindows) -> None:
    world = ended(windows.with_kit(22621), "SDV", 0, "  [INFO] 2 defects found.\nBuild succeeded.\n")
    with pytest.raises(DriverFailure) as caught:
        run(job(replace(request_, architectures=("amd64",)), world, "SDV"), Progress(), world)
    assert [each.message for each in caught.value.diagnostics] == ["Static Driver Verifier found 2 defects"]


def leave_findings(request: Request, tool: str) -> None:
    place = {"physicalLocation": {"artifactLocation": {"uri": "wintun.c"}, "region": {"startLine": 1}}}
    found = {"ruleId": "cpp/drivers/x", "level": "error", "message": {"text": "said"}, "locations": [place]}
    made = {"tool": {"driver": {"name": tool}}, "results": [found]}
    request.out.mkdir()
    (request.out / "wintun.sarif").write_text(json.dumps({"version": "2.1.0", "runs": [made]}))


def test_findings_of_codeql_are_told(request_: Request, windows: FakeWindows) -> None:
    leave_findings(request_, "CodeQL")
    world = ended(windows, "SDV", 0, "")
    with pytest.raises(ToolFailure) as caught:
        run(job(request_, world, "SDV"), Progress(), world)
    assert [each.message for each in caught.value.diagnostics] == ["cpp/drivers/x: said"]


@pytest.mark.parametrize(("tool", "output"), [("pyndis verification", ""), ("CodeQL", "  [INFO] 0 defects found.\n")])
def test_findings_of_another_run_are_not(request_: Request, windows: FakeWindows, tool: str, output: str) -> None:
    leave_findings(request_, tool)
    world = ended(windows, "SDV", 0, output)
    assert run(job(request_, world, "SDV"), Progress(), world) == []


def test_other_options_build_everything_anew(request_: Request, windows: FakeWindows) -> None:
    world = ended(ended(windows, "Build", 0, ""), "Rebuild", 0, "")
    run(job(request_, world), Progress(), world)
    assert job(request_, world).call.argv[2] == "/t:Build"
    unsigned = job(replace(request_, sign=NONE), world)
    assert unsigned.call.argv[2] == "/t:Rebuild"
    run(unsigned, Progress(), world)
    assert job(replace(request_, sign=NONE), world).call.argv[2] == "/t:Build"
    assert job(request_, world).call.argv[2] == "/t:Rebuild"


def test_a_second_run_leaves_what_is_the_same_untouched(request_: Request, windows: FakeWindows) -> None:
    world = ended(windows, "Build", 0, "")
    wanted = job(replace(request_, sign=NONE), world)
    run(wanted, Progress(), world)
    before = {file: file.stat().st_mtime_ns for file in request_.out.rglob("wintun*") if file.is_file()}
    assert request_.out / "wintun.proj" in before
    run(wanted, Progress(), world)
    assert {file: file.stat().st_mtime_ns for file in before} == before
