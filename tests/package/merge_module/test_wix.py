from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from dataclasses import replace
from pathlib import Path, PurePosixPath

import pytest

from pyndis.package.manifest import Manifest, rebrand
from pyndis.package.merge_module import Publisher
from pyndis.package.merge_module.wix import wix_files
from tests.package.merge_module import judges, wix_source
from tests.package.merge_module.conftest import CERTIFICATE, Made
from tests.package.merge_module.wix_source import NAMESPACE

PRODUCT = """<Product Id="*" Name="judge" Language="1033" Version="1.0.0" Manufacturer="judge"
    UpgradeCode="{CB3BD0B5-3A5C-4F5A-9B53-5B1B0D5D9E11}">
  <Package InstallerVersion="200" Compressed="yes" /><Media Id="1" Cabinet="judge.cab" EmbedCab="yes" />"""
COMPONENTS = ("Whql", "SelfSigned", "Publisher")
FEATURE = f'<Feature Id="All" Level="1">{"".join(f"""<ComponentRef Id="{each}" />""" for each in COMPONENTS)}</Feature>'


def source(manifest: Manifest) -> str:
    return wix_files(manifest, "{guid}")[PurePosixPath(f"{manifest.name}.wxs")]


@pytest.fixture(scope="module")
def text(made: Made, manifest: Manifest) -> str:
    return wix_source.preprocessed(source(manifest), made.module.arch, Publisher.of(CERTIFICATE, made.module.arch))


@pytest.fixture(scope="module")
def module(text: str) -> ET.Element:
    (found,) = ET.fromstring(text)
    return found


def without_identifier(rows: judges.Rows, made: Made) -> judges.Rows:
    """Rows as they are before names get the module's identifier."""
    return [{name: value.replace(made.own(""), "") for name, value in row.items()} for row in rows]


def sorted_rows(rows: judges.Rows, *columns: str) -> list[tuple[str, ...]]:
    return sorted(tuple(row[column] for column in columns) for row in rows)


@pytest.mark.parametrize("table", ["Component", "Directory", "Registry"])
def test_the_source_gives_the_tables_that_we_make(made: Made, module: ET.Element, table: str) -> None:
    ours = without_identifier(judges.rows(made.file, table), made)
    theirs = getattr(wix_source.tables(module), table.lower())
    assert sorted_rows(ours, *ours[0]) == sorted_rows(theirs, *ours[0])


def test_the_source_gives_the_files_that_we_put_in(made: Made, module: ET.Element) -> None:
    ours = without_identifier(judges.rows(made.file, "File"), made)
    theirs = wix_source.tables(module).file
    columns = ("File", "Component_", "FileName", "Attributes")
    assert sorted_rows(ours, *columns) == sorted_rows(theirs, *columns)
    sources = {row["File"]: row["Source"].replace("\\", "/") for row in theirs}
    assert sources == {file.id: str(file.source) for file in made.module.files}


def test_the_source_names_the_module_as_we_do(made: Made, module: ET.Element) -> None:
    assert module.tag == NAMESPACE + "Module"
    assert module.attrib == {"Id": "wintun", "Language": "1033", "Version": "0.1.0.0"}
    package = module.find(NAMESPACE + "Package")
    assert package is not None
    told = judges.summary(made.file)
    assert package.attrib["Id"] == told["Revision number (UUID)"]
    assert package.attrib["Description"] == told["Subject"]
    for name in ("Comments", "Keywords"):
        assert package.attrib[name] == told[name]
    assert package.attrib["Manufacturer"] == told["Author"]
    assert told["Version"].startswith(package.attrib["InstallerVersion"])
    assert package.attrib["Platform"] == {"x64;1033": "x64", "Intel;1033": "x86"}[told["Template"]]


def test_the_source_searches_for_windows_10_as_we_do(made: Made, module: ET.Element) -> None:
    (row,) = without_identifier(judges.rows(made.file, "RegLocator"), made)
    wanted = module.find(NAMESPACE + "Property")
    assert wanted is not None
    assert wanted.attrib == {"Id": "CURRENTBUILD"}
    (search,) = wanted
    assert (search.attrib["Id"], search.attrib["Key"], search.attrib["Name"]) == (row["Signature_"], row["Key"], row["Name"])
    assert (search.attrib["Root"], search.attrib["Type"]) == ("HKLM", "raw")
    assert search.attrib["Win64"] == ("yes" if row["Type"] == "18" else "no")


def test_another_compiler_makes_the_same_rows_of_the_source(made: Made, text: str, tmp_path: Path) -> None:
    for file in made.module.files:
        (tmp_path / file.source).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / file.source).write_bytes(made.contents[file.id])
    (tmp_path / "judge.wxs").write_text(as_product(text))
    bits = "x64" if made.module.is_64_bit else "x86"
    judges.run(judges.tool("wixl", "wixl"), "-a", bits, "-o", "judge.msi", "judge.wxs", folder=tmp_path)

    def both(table: str) -> tuple[judges.Rows, judges.Rows]:
        return without_identifier(judges.rows(made.file, table), made), judges.rows(tmp_path / "judge.msi", table)

    for table, columns in {
        "Component": ("Component", "ComponentId", "Directory_", "KeyPath"),
        "Directory": ("Directory", "Directory_Parent"),
        "File": ("File", "Component_", "FileSize", "Attributes"),
        "Registry": ("Registry", "Root", "Key", "Name", "Component_"),
        "AppSearch": ("Property", "Signature_"),
        "RegLocator": ("Signature_", "Root", "Key", "Name", "Type"),
    }.items():
        ours, theirs = both(table)
        assert sorted_rows(ours, *columns) == sorted_rows(theirs, *columns), table
    ours, theirs = both("MsiFileHash")
    assert {tuple(row.values()) for row in ours} <= {tuple(row.values()) for row in theirs}
    actions = {row["Action"]: row["Sequence"] for row in judges.rows(tmp_path / "judge.msi", "InstallExecuteSequence")}
    for row in judges.rows(made.file, "ModuleInstallExecuteSequence"):
        assert actions[row["Action"]] == row["Sequence"]


def as_product(text: str) -> str:
    """wixl knows no modules, no conditions of components, and not the attributes Transitive, Vital and ShortName."""
    text = re.sub(r"<Module [^>]*>\s*<Package [^>]*/>", PRODUCT, text).replace("</Module>", f"{FEATURE}</Product>")
    text = re.sub(r"<Condition>.*?</Condition>", "", text)
    text = re.sub(r' (Transitive|Vital|ShortName)="[^"]*"', "", text)
    return re.sub(r'Source="([^"]*)"', lambda found: found[0].replace("\\", "/"), text)


def test_a_long_name_has_a_short_one_in_the_source(manifest: Manifest) -> None:
    branded = rebrand(manifest, "ExampleTunnel")
    (found,) = ET.fromstring(wix_source.preprocessed(source(branded), "amd64", Publisher.of(CERTIFICATE, "amd64")))
    assert wix_source.tables(found).file[0]["FileName"] == "EXAMPL~1.SYS|exampletunnel.sys"


def test_texts_of_the_driver_are_no_markup_in_the_source(manifest: Manifest) -> None:
    named = replace(manifest, text=replace(manifest.text, manufacturer='<Tun> & "friends"'))
    (found,) = ET.fromstring(wix_source.preprocessed(source(named), "amd64", Publisher.of(CERTIFICATE, "amd64")))
    package = found.find(NAMESPACE + "Package")
    assert package is not None
    assert package.attrib["Manufacturer"] == '<Tun> & "friends"'


def test_a_driver_for_windows_10_alone_writes_no_certificate_down(manifest: Manifest) -> None:
    later = replace(manifest, windows=replace(manifest.windows, amd64=(10, 0), x86=(10, 0)))
    files = {path.suffix: text for path, text in wix_files(later, "{guid}").items()}
    assert set(files) == {".wxs", ".wixproj"}
    assert "PublisherInclude) ?>" not in files[".wxs"]
    assert "WritePublisher" not in files[".wixproj"]


def test_a_driver_for_arm64_alone_has_no_installer(manifest: Manifest) -> None:
    assert wix_files(replace(manifest, driver=replace(manifest.driver, architectures=("arm64",))), "{guid}") == {}
