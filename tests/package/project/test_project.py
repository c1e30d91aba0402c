from __future__ import annotations

import xml.etree.ElementTree as ET
from dataclasses import replace
from pathlib import PurePosixPath

import pytest

from pyndis.cli.building.images import miniport_macros
from pyndis.package.inf import render_inf
from pyndis.package.inf_reader import read_inf
from pyndis.package.manifest import Manifest, rebrand
from pyndis.package.project import project_files
from tests.package.project.conftest import STAMP

XML = ("wintun.proj", "wintun.props", "wintun.vcxproj", "wintun.vcxproj.filters", "wdm/wintun-wdm.vcxproj", "wintun.wixproj")
SCHEMA = "{http://schemas.microsoft.com/developer/msbuild/2003}"


def files_of(manifest: Manifest) -> dict[str, bytes]:
    made = project_files(manifest, miniport_macros(manifest), STAMP)
    return {str(path): content for path, content in made.items()}


@pytest.fixture(scope="module")
def files(manifest: Manifest) -> dict[str, bytes]:
    return files_of(manifest)


@pytest.fixture(scope="module")
def vcxproj(files: dict[str, bytes]) -> ET.Element:
    return ET.fromstring(files["wintun.vcxproj"])


def texts(element: ET.Element, name: str) -> list[str | None]:
    return [each.text for each in element.iter(SCHEMA + name)]


def test_the_tree_is_a_project_that_visual_studio_opens(files: dict[str, bytes]) -> None:
    installer = {"wintun.wxs", "wintun.publisher.ps1"}
    scripts = {f"scripts/{name}.ps1" for name in ("debugger", "install", "verifier")}
    assert set(files) == {*XML, *installer, *scripts, "wintun.sln", "wintun.inf", ".editorconfig", "README.md"}


@pytest.mark.parametrize("name", XML)
def test_projects_are_msbuild_xml(files: dict[str, bytes], name: str) -> None:
    assert ET.fromstring(files[name]).tag == SCHEMA + "Project"


def test_lines_end_as_on_windows(files: dict[str, bytes]) -> None:
    for name, content in files.items():
        assert content.count(b"\n") == content.count(b"\r\n"), name


def test_every_configuration_of_every_platform_is_there(vcxproj: ET.Element) -> None:
    included = {each.get("Include") for each in vcxproj.iter(SCHEMA + "ProjectConfiguration")}
    assert included == {f"{config}|{platform}" for config in ("Debug", "Release") for platform in ("x64", "Win32", "ARM64")}


def test_the_project_is_a_wdm_driver_of_the_kernel_toolset(vcxproj: ET.Element) -> None:
    assert texts(vcxproj, "PlatformToolset") == ["WindowsKernelModeDriver10.0"]
    assert texts(vcxproj, "DriverType") == ["WDM"]
    assert texts(vcxproj, "CodeAnalysisRuleSet") == [r"$(WDKContentRoot)CodeAnalysis\DriverMustFixRules.ruleset"]
    (libraries,) = texts(vcxproj, "AdditionalDependencies")
    assert libraries is not None
    assert libraries.split(";")[:3] == ["ndis.lib", "wdmsec.lib", "uuid.lib"]


def test_the_compiler_knows_a_miniport_of_these_versions(vcxproj: ET.Element) -> None:
    (macros,) = texts(vcxproj, "PreprocessorDefinitions")
    assert macros == "NDIS_MINIPORT_DRIVER=1;NDIS620_MINIPORT=1;NDIS630_MINIPORT=1;%(PreprocessorDefinitions)"


def test_what_sdv_follows_irps_in_links_no_ndis(files: dict[str, bytes]) -> None:
    (libraries,) = texts(ET.fromstring(files["wdm/wintun-wdm.vcxproj"]), "AdditionalDependencies")
    assert libraries == "wdmsec.lib;uuid.lib;%(AdditionalDependencies)"


def test_the_inf_is_stamped_when_it_is_built(files: dict[str, bytes]) -> None:
    text = files["wintun.inf"].decode("ascii")
    assert "%Manufacturer% = Models,NT$ARCH$" in text
    assert "[Models.NT$ARCH$]" in text
    assert "DriverVer   = 11/14/2023,0.1.0.0" in text
    assert read_inf(files["wintun.inf"])


@pytest.mark.parametrize("arch", ["amd64", "x86", "arm64"])
def test_stampinf_makes_the_inf_that_pyndis_makes(manifest: Manifest, files: dict[str, bytes], arch: str) -> None:
    stamped = files["wintun.inf"].replace(b"$ARCH$", arch.encode())  # the date and version that it is told are there already
    assert stamped == render_inf(manifest, arch, STAMP)


def test_the_solution_has_the_project_by_its_identifier(files: dict[str, bytes], vcxproj: ET.Element) -> None:
    (guid,) = texts(vcxproj, "ProjectGuid")
    assert f'"wintun.vcxproj", "{guid}"' in files["wintun.sln"].decode("utf-8-sig")


def test_the_same_driver_gives_the_same_bytes(manifest: Manifest, files: dict[str, bytes]) -> None:
    assert files_of(manifest) == files


def test_another_brand_is_another_project(manifest: Manifest, files: dict[str, bytes]) -> None:
    branded = files_of(rebrand(manifest, "Mytun"))
    assert "mytun.vcxproj" in branded
    assert ET.fromstring(branded["mytun.vcxproj"]).findtext(f".//{SCHEMA}ProjectGuid") not in files["wintun.vcxproj"].decode()


def test_texts_of_the_driver_are_no_markup(manifest: Manifest) -> None:
    named = replace(manifest, text=replace(manifest.text, description='<Tun> & "friends" | `more`'))
    made = files_of(named)
    assert ET.fromstring(made["wintun.props"]).findtext(f".//{SCHEMA}DriverDescription") == named.text.description
    assert rb"# \<Tun\> & " in made["README.md"]


def test_a_driver_of_one_architecture_has_one_platform(manifest: Manifest) -> None:
    made = files_of(replace(manifest, driver=replace(manifest.driver, architectures=("arm64",))))
    included = {each.get("Include") for each in ET.fromstring(made["wintun.vcxproj"]).iter(SCHEMA + "ProjectConfiguration")}
    assert included == {"Debug|ARM64", "Release|ARM64"}
    assert not list(ET.fromstring(made["wintun.proj"]).iter(SCHEMA + "Installer"))
    assert "wintun.wixproj" not in made


def test_paths_are_relative(files: dict[str, bytes]) -> None:
    assert all(not PurePosixPath(name).is_absolute() for name in files)
    assert all(b"/home/" not in content and b"C:\\" not in content for content in files.values())
