from __future__ import annotations

import pytest

from pyndis.toolchains.msbuild.visual_studio import MsBuild, find_msbuild, parse_found, vswhere_command
from tests.toolchains.msbuild.conftest import VS2019, VS2022, VSWHERE, FakeWindows


def test_the_command_of_vswhere() -> None:
    assert vswhere_command(VSWHERE, 17) == (
        VSWHERE,
        "-latest",
        "-products",
        "*",
        "-requires",
        "Microsoft.Component.MSBuild",
        "-version",
        "[17.0,18.0)",
        "-find",
        r"MSBuild\**\Bin\MSBuild.exe",
        "-format",
        "json",
        "-utf8",
        "-nologo",
    )
    assert "-version" not in vswhere_command(VSWHERE, None)


# That -find answers with an array of paths in JSON: unconfirmed; the wiki's examples read its plain text.
@pytest.mark.parametrize(
    ("output", "found"),
    [
        (r'["C:\\VS\\MSBuild\\Current\\Bin\\MSBuild.exe"]', r"C:\VS\MSBuild\Current\Bin\MSBuild.exe"),
        ('["C:\\\\Prüfstand\\\\MSBuild.exe", "other"]', "C:\\Prüfstand\\MSBuild.exe"),
        ("[]", None),
        ("", None),
        ("Error 0x57: Unknown parameter", None),
        ('{"path": "x"}', None),
    ],
)
def test_what_vswhere_answers(output: str, found: str | None) -> None:
    assert parse_found(output) == found


def test_the_first_visual_studio_that_fits_is_taken(windows: FakeWindows) -> None:
    windows.with_visual_studio(16, VS2019).with_visual_studio(17, VS2022)
    assert find_msbuild(windows, (17, 16)) == MsBuild(VS2022, 17, "vswhere")
    assert find_msbuild(windows, (16,)) == MsBuild(VS2019, 16, "vswhere")
    assert find_msbuild(windows, (15,)) is None


def test_the_variable_comes_first(windows: FakeWindows) -> None:
    windows.with_visual_studio(17, VS2022)
    windows.environment = {**windows.environment, "PYNDIS_MSBUILD": r"D:\MSBuild.exe"}
    assert find_msbuild(windows, (17,)) is None
    windows.files.add(r"D:\MSBuild.exe")
    assert find_msbuild(windows, (17,)) == MsBuild(r"D:\MSBuild.exe", None, "PYNDIS_MSBUILD")
    assert not windows.asked


def test_the_enterprise_kit_brings_its_own(windows: FakeWindows) -> None:
    windows.with_visual_studio(17, VS2022)
    windows.commands["msbuild.exe"] = r"E:\BuildTools\MSBuild.exe"
    windows.environment = {**windows.environment, "ENTERPRISEWDK": "true", "VISUALSTUDIOVERSION": "17.0"}
    assert find_msbuild(windows, (16,)) == MsBuild(r"E:\BuildTools\MSBuild.exe", 17, "the Enterprise WDK's prompt")


def test_path_is_the_last_resort(windows: FakeWindows) -> None:
    windows.commands["msbuild.exe"] = r"C:\here\MSBuild.exe"
    assert find_msbuild(windows, (17,)) == MsBuild(r"C:\here\MSBuild.exe", None, "PATH")


def test_a_developer_prompt_of_another_visual_studio_is_passed_over(windows: FakeWindows) -> None:
    windows.commands["msbuild.exe"] = VS2022
    windows.environment = {**windows.environment, "VISUALSTUDIOVERSION": "17.0"}
    assert find_msbuild(windows, (16,)) is None
    assert find_msbuild(windows, (16, 17)) == MsBuild(VS2022, 17, "PATH")
