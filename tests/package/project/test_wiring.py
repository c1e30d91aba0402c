from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.package.project.conftest import Project

pytestmark = pytest.mark.slow

TARGETS = {"x64": "Windows7", "Win32": "Windows7", "ARM64": "Windows10"}
BUILDS = [f"Build|Release|{platform}|{target}|TestSign|Default.props props" for platform, target in TARGETS.items()]
CLEANS = [f"Clean wintun|{config}|{platform}" for config in ("Release", "Debug") for platform in TARGETS]
CLEANS.append("Clean wintun-wdm|Release|x64")


def later(file: Path) -> None:
    made = file.stat().st_mtime
    os.utime(file, (made + 100, made + 100))


def signed(project: Project) -> None:
    """What comes back from Microsoft."""
    for arch in ("amd64", "x86"):
        folder = project.folder / arch / "Release" / "whql"
        folder.mkdir(parents=True)
        for extension in ("sys", "inf", "cat"):
            (folder / f"wintun.{extension}").touch()
        (folder.parent / "wintun.cer").touch()


def module(arch: str) -> list[str]:
    """What makes a module: the certificate is written down, then WiX compiles the source."""
    include = f"dist/obj/{arch}/publisher.wxi"
    script = "-NoProfile -ExecutionPolicy Bypass -File wintun.publisher.ps1"
    platform = {"amd64": "x64", "x86": "x86"}[arch]
    return [
        f"PowerShell {script} -Certificate {arch}/Release/wintun.cer -Architecture {arch} -Out {include}",
        f"Module|Release|{platform}|wintun.wxs|DriverArch={arch} PublisherInclude={include}",
    ]


def test_build_is_the_default_and_makes_release_of_every_platform(project: Project) -> None:
    assert project.build() == BUILDS
    assert (project.folder / "amd64/Release/wintun/wintun.cat").exists()
    assert (project.folder / "x86/Release/wintun/wintun.cat").exists()


def test_nothing_is_signed_again_in_vain(project: Project) -> None:
    project.build("Build")
    assert project.build("Build") == []


@pytest.mark.parametrize("changed", ["wintun.c", "wintun.inf", "wintun.rc", "wintun.props", "wintun.vcxproj"])
def test_a_changed_input_builds_every_platform(project: Project, changed: str) -> None:
    project.build()
    later(project.folder / changed)
    assert project.build() == BUILDS


def test_a_platform_that_is_missing_is_built_alone(project: Project) -> None:
    project.build()
    (project.folder / "x86/Release/wintun/wintun.cat").unlink()
    assert project.build() == BUILDS[1:2]


def test_clean_removes_what_was_made(project: Project) -> None:
    project.build()
    (project.folder / "dist").mkdir()
    for name in ("dist/wintun-x86-0.1.0.0.msm", "wintun.sarif", "wintun.DVL.XML"):
        (project.folder / name).touch()
    assert project.build("Clean") == CLEANS
    left = {file.name for file in project.folder.rglob("*") if file.is_file()}
    assert not left & {"wintun.cat", "wintun-x86-0.1.0.0.msm", "wintun.sarif", "wintun.DVL.XML"}
    assert {"wintun.c", "wintun.proj", "wintun.inf"} <= left


def test_rebuild_cleans_first(project: Project) -> None:
    project.build()
    assert project.build("Rebuild") == CLEANS + BUILDS


def test_a_platform_can_be_left_out(project: Project) -> None:
    assert project.build(Build_x86="false") == [BUILDS[0], BUILDS[2]]
    assert project.build("Clean", Build_x86="false") == [line for line in CLEANS if "Win32" not in line]


def test_a_module_is_not_wanted_of_a_platform_that_is_left_out(project: Project) -> None:
    signed(project)
    assert project.build("MSM", Build_x86="false") == [BUILDS[0], BUILDS[2], *module("amd64")]


def test_debug_is_built_where_it_is_asked_for_and_the_oldest_windows_can_be_another(project: Project) -> None:
    ran = project.build(BuildConfiguration="Debug", DriverTargetVersion="Windows10")
    assert [line.split("|")[1:4] for line in ran] == [["Debug", platform, "Windows10"] for platform in TARGETS]
    assert project.build(BuildConfiguration="Debug") == []
    assert project.build() == BUILDS


def test_sdv_cleans_and_checks_every_rule_of_both_models_in_the_x64_release_build(project: Project) -> None:
    forms = ("wintun", "wintun-wdm")
    steps = ("Clean {}|Release|x64", "sdv {}|Release|x64|/clean", "sdv {}|Release|x64|/check:*")
    assert project.build("SDV", SdvFound="true") == [step.format(form) for step in steps for form in forms]


def test_sdv_is_found_by_the_kit(project: Project, tmp_path: Path) -> None:
    (tmp_path / "kit/tools/sdv").mkdir(parents=True)
    assert project.build("SDV", WDKContentRoot=str(tmp_path / "kit"))[-1] == "sdv wintun-wdm|Release|x64|/check:*"


def test_without_sdv_codeql_takes_its_place(project: Project) -> None:
    create, analyze = project.build("SDV")
    assert create.startswith("CodeQL database create codeql-database --language=cpp")
    assert create.endswith("msbuild wintun.vcxproj /t:Rebuild /p:Configuration=Release;Platform=x64")
    assert "mustfix.qls" in analyze
    assert analyze.endswith("--format=sarifv2.1.0 --output=wintun.sarif")


def test_dvl_comes_after_sdv(project: Project) -> None:
    assert project.build("DVL", SdvFound="true")[-2:] == ["sdv wintun-wdm|Release|x64|/check:*", "dvl|Release|x64"]


def test_dvl_is_made_of_what_codeql_found(project: Project) -> None:
    assert project.build("DVL")[-1] == f"DvlTool /manualCreate wintun x64 /sarifPath {project.folder}"


def test_msm_says_what_is_missing_before_it_builds(project: Project) -> None:
    result = project.run("MSM")
    assert result.returncode != 0
    assert "whql" in result.stdout + result.stderr
    assert project.ran() == []


def test_msm_wants_every_file_of_the_signed_package(project: Project) -> None:
    signed(project)
    (project.folder / "x86/Release/whql/wintun.inf").unlink()
    result = project.run("MSM")
    assert result.returncode != 0
    assert "x86/Release/whql/wintun.inf is missing: send x86/Release/wintun" in result.stdout + result.stderr


def test_msm_builds_and_makes_a_module_of_amd64_and_x86(project: Project) -> None:
    signed(project)
    assert project.build("MSM") == [*BUILDS, *(line for arch in ("amd64", "x86") for line in module(arch))]
    assert {file.name for file in (project.folder / "dist").iterdir()} == {
        "obj",
        "wintun-amd64-0.1.0.0.msm",
        "wintun-x86-0.1.0.0.msm",
    }


def test_clean_removes_modules_and_what_wix_made_on_the_way(project: Project) -> None:
    signed(project)
    project.build("MSM")
    assert (project.folder / "dist/obj/amd64").is_dir()
    project.build("Clean")
    assert not list((project.folder / "dist").iterdir())


def test_modules_are_not_made_in_vain(project: Project) -> None:
    signed(project)
    project.build("MSM")
    assert project.build("MSM") == []


@pytest.mark.parametrize("changed", ["wintun.wxs", "wintun.wixproj"])
def test_a_changed_installer_makes_every_module(project: Project, changed: str) -> None:
    signed(project)
    project.build("MSM")
    later(project.folder / changed)
    ran = project.build("MSM")
    assert [line.split("|")[2] for line in ran if line.startswith("Module")] == ["x64", "x86"]


@pytest.mark.parametrize("extension", ["sys", "inf", "cat"])
def test_what_came_back_from_microsoft_makes_its_module(project: Project, extension: str) -> None:
    signed(project)
    project.build("MSM")
    later(project.folder / f"amd64/Release/whql/wintun.{extension}")
    assert project.build("MSM") == module("amd64")


def test_what_is_signed_again_makes_its_module(project: Project) -> None:
    signed(project)
    project.build("MSM")
    later(project.folder / "x86/Release/wintun/wintun.cat")
    assert project.build("MSM") == module("x86")


def test_the_certificate_of_another_signer_can_be_named(project: Project) -> None:
    signed(project)
    (project.folder / "other.cer").touch()
    ran = project.build("MSM", PublisherCertificate="other.cer")
    assert [line.split()[7] for line in ran if line.startswith("PowerShell")] == ["other.cer"] * 2


def test_a_missing_certificate_is_named(project: Project) -> None:
    signed(project)
    (project.folder / "amd64/Release/wintun.cer").unlink()
    result = project.run("MSM")
    assert result.returncode != 0
    assert "amd64/Release/wintun.cer is missing" in result.stdout + result.stderr
    assert not any(line.startswith(("PowerShell", "Module")) for line in project.ran())


def test_production_signing_is_switched_on_by_a_user_file(project: Project) -> None:
    (project.folder / "wintun.vcxproj.user").write_text(
        '<Project xmlns="http://schemas.microsoft.com/developer/msbuild/2003">'
        "<PropertyGroup><SignMode>ProductionSign</SignMode></PropertyGroup></Project>"
    )
    assert [line.split("|")[4] for line in project.build()] == ["ProductionSign"] * 3


def test_a_new_user_file_builds_again(project: Project) -> None:
    project.build()
    user = project.folder / "wintun.vcxproj.user"
    user.write_text('<Project xmlns="http://schemas.microsoft.com/developer/msbuild/2003" />')
    later(user)
    assert project.build() == BUILDS


def test_the_c_is_made_anew_where_the_python_is(project: Project) -> None:
    python = project.folder.parents[1] / "drivers" / "wintun"
    python.mkdir(parents=True)
    for name in ("driver.toml", "wintun.py"):
        (python / name).touch()
        later(python / name)
    first, *builds = project.build()
    assert first.startswith("Pyndis build ")
    assert first.endswith(f"--target Generate --out {project.folder}")
    assert builds == BUILDS


def test_options_for_the_c_are_passed_on(project: Project) -> None:
    python = project.folder.parents[1] / "drivers" / "wintun"
    python.mkdir(parents=True)
    (python / "driver.toml").touch()
    later(python / "driver.toml")
    first, *_ = project.build(PyndisOptions="--line-directives --brand MyTun")
    assert " --line-directives --brand MyTun --target Generate " in first


def test_c_that_is_newer_than_the_python_stays(project: Project) -> None:
    python = project.folder.parents[1] / "drivers" / "wintun"
    python.mkdir(parents=True)
    (python / "driver.toml").touch()
    later(project.folder / "wintun.c")
    assert project.build() == BUILDS
