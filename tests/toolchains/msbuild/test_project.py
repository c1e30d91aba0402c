"""The command's own words over the generated project: xbuild in the place of msbuild, stubs in that of the WDK."""

from __future__ import annotations

import pytest

from pyndis.toolchains.msbuild.call import Wanted, msbuild_call
from pyndis.toolchains.msbuild.fit import fits
from pyndis.toolchains.msbuild.output import parse_line
from pyndis.toolchains.msbuild.visual_studio import MsBuild
from pyndis.toolchains.msbuild.wdk import Kits, Version
from tests.package.project.conftest import Project, manifest, project
from tests.toolchains.msbuild.conftest import KITS, VS2022

__all__ = ["manifest", "project"]

pytestmark = pytest.mark.slow

ALL = {"amd64": (6, 1), "x86": (6, 1), "arm64": (10, 0)}


def properties(build: int, target: str, target_version: str = "", sign: bool = True) -> dict[str, str]:
    kits = Kits(KITS, (Version(build, f"10.0.{build}.0"),), "--wdk")
    wanted = Wanted("wintun.proj", "C:\\out", target, "Release", tuple(ALL), sign, target_version)
    argv = msbuild_call(MsBuild(VS2022, 17, "vswhere"), kits, fits(kits, ALL)[0], wanted, "").argv
    return dict(word.removeprefix("/p:").split("=", 1) for word in argv if word.startswith("/p:"))


def test_the_kit_of_windows_7_builds_all_as_the_driver_claims(project: Project) -> None:
    ran = project.build("Build", **properties(19041, "Build"))
    assert [line.split("|")[2:5] for line in ran] == [
        ["x64", "Windows7", "TestSign"],
        ["Win32", "Windows7", "TestSign"],
        ["ARM64", "Windows10", "TestSign"],
    ]


def test_the_newest_kit_builds_what_it_makes_for_windows_10(project: Project) -> None:
    ran = project.build("Build", **properties(26100, "Build", "Windows10", sign=False))
    assert [line.split("|")[2:5] for line in ran] == [["x64", "Windows10", "Off"], ["ARM64", "Windows10", "Off"]]


def test_the_newest_kit_verifies_by_codeql_though_an_older_verifier_lies_beside_it(project: Project) -> None:
    sdv = project.folder / "kit" / "tools" / "sdv"
    sdv.mkdir(parents=True)
    ran = project.build("SDV", WDKContentRoot=str(project.folder / "kit"), **properties(26100, "SDV", "Windows10"))
    assert [line.split()[0] for line in ran] == ["CodeQL", "CodeQL"]


def test_an_error_of_the_project_is_a_message(project: Project) -> None:
    done = project.run("MSM", **properties(19041, "MSM"))
    found = [message for line in done.stdout.splitlines() if (message := parse_line(line)) and message.is_error]
    assert done.returncode != 0
    assert "whql" in found[0].text
