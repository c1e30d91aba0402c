from __future__ import annotations

from pathlib import Path

import pytest

from pyndis.toolchains.msbuild.call import Call, Wanted, msbuild_call, sarif_places
from pyndis.toolchains.msbuild.fit import Fit, fits
from pyndis.toolchains.msbuild.visual_studio import MsBuild
from pyndis.toolchains.msbuild.wdk import Kits, Version
from tests.toolchains.msbuild.conftest import KITS, VS2019, VS2022

ALL = ("amd64", "x86", "arm64")


def call(build: int = 19041, target: str = "Build", major: int = 17, **changes: object) -> Call:
    kits = Kits(KITS, (Version(build, f"10.0.{build}.0"),), "--wdk")
    fit: Fit = fits(kits, {"amd64": (6, 1), "x86": (6, 1), "arm64": (10, 0)})[0]
    said = {"project": "tunnel.proj", "folder": r"C:\out", "target": target, "config": "Release", "known": ALL, "sign": True}
    wanted = Wanted(**(said | changes))  # type: ignore[arg-type]
    return msbuild_call(MsBuild(VS2022 if major == 17 else VS2019, major, "vswhere"), kits, fit, wanted, r"C:\Windows")


def properties(made: Call) -> dict[str, str]:
    return dict(word.removeprefix("/p:").split("=", 1) for word in made.argv if word.startswith("/p:"))


def test_the_whole_command() -> None:
    assert call(major=16).argv == (
        VS2019,
        "tunnel.proj",
        "/t:Build",
        "/p:WindowsTargetPlatformVersion=10.0.19041.0",
        "/p:PyndisDriver=none",
        "/nologo",
        "/v:minimal",
        "/clp:NoSummary;ForceNoAlign;DisableConsoleColor",
        "/nr:false",
    )


def test_the_environment_names_the_kit_and_msbuild() -> None:
    made = call()
    assert made.cwd == r"C:\out"
    assert made.environment == {
        "WindowsTargetPlatformVersion": "10.0.19041.0",
        "WDKContentRoot": KITS + "\\",
        "VSLANG": "1033",
        "PATH": VS2022.removesuffix(r"\MSBuild.exe") + r";C:\Windows",
    }


def test_an_architecture_that_the_kit_lacks_is_switched_off() -> None:
    made = call(26100, target_version="Windows10")
    assert properties(made)["Build_x86"] == "false"
    assert properties(made)["DriverTargetVersion"] == made.environment["DriverTargetVersion"] == "Windows10"


@pytest.mark.parametrize(
    ("changes", "name", "value"), [({"config": "Debug"}, "BuildConfiguration", "Debug"), ({"sign": False}, "SignMode", "Off")]
)
def test_options_become_properties(changes: dict[str, object], name: str, value: str) -> None:
    assert properties(call(**changes))[name] == value  # type: ignore[arg-type]
    assert name not in properties(call())


@pytest.mark.parametrize("target", ["SDV", "DVL"])
def test_verification_knows_whether_the_kit_can_have_the_verifier(target: str) -> None:
    assert properties(call(26100, target))["SdvFound"] == "false"
    assert "SdvFound" not in properties(call(22621, target))  # then the project looks whether it is installed
    assert "/v:normal" in call(22621, target).argv


def test_the_analysis_is_asked_for_as_sarif_where_the_compiler_has_it() -> None:
    assert properties(call())["AnalysisAsSarif"] == "true"
    assert "AnalysisAsSarif" not in properties(call(major=16))
    assert "AnalysisAsSarif" not in properties(call(22621, "DVL"))


def test_it_prints_as_typed_at_a_prompt() -> None:
    lines = str(call()).splitlines()
    assert lines[0] == r'cd /d "C:\out"'
    assert "set VSLANG=1033" in lines
    assert lines[-1].startswith(f'"{VS2022}" tunnel.proj /t:Build /p:')


def test_where_findings_are_left() -> None:
    assert sarif_places("SDV", "out", ALL, "Release", "tunnel") == (str(Path("out/tunnel.sarif")),)
    assert sarif_places("Build", "out", ("x86",), "Release", "tunnel") == (
        str(Path("out/x86/Release/obj/tunnel.analysis.sarif")),
    )
