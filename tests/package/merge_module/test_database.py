from __future__ import annotations

import hashlib
import struct
from dataclasses import replace
from pathlib import Path

import pytest
from cabarchive import CabArchive

from pyndis.package.manifest import Manifest
from tests.package.merge_module import judges
from tests.package.merge_module.conftest import CERTIFICATE, Made, make
from tests.package.merge_module.test_publisher import properties

REQUIRED = {"Component", "Directory", "FeatureComponents", "File", "ModuleSignature", "ModuleComponents", "_Validation"}
FORBIDDEN = {"BBControl", "Billboard", "CCPSearch", "Error", "Feature", "LaunchCondition", "Media", "Patch", "Upgrade"}
SYSTEM = {"_SummaryInformation", "_ForceCodepage"}


def test_the_summary_is_that_of_a_merge_module(made: Made) -> None:
    platform = {"amd64": "x64", "x86": "Intel"}[made.module.arch]
    assert judges.summary(made.file) == {
        "Title": "Merge Module",
        "Subject": "Wintun Driver",
        "Author": "WireGuard LLC",
        "Keywords": "MergeModule, MSI, database",
        "Comments": f"Lays the driver packages of Wintun Driver 0.1.0.0 for {made.module.arch}",
        "Template": f"{platform};1033",
        "Revision number (UUID)": made.module.guid,
        "Created": "Tue Nov 14 22:13:20 2023",
        "Last saved": "Tue Nov 14 22:13:20 2023",
        "Version": "200 (c8)",
        "Source": "0 (0)",
        "Restrict": "0 (0)",
        "Application": "pyndis",
        "Security": "2 (2)",
    }


def test_texts_in_other_alphabets_are_utf_8(manifest: Manifest, tmp_path: Path) -> None:
    named = replace(manifest, text=replace(manifest.text, manufacturer="Дрaйвер & Söhne"))
    file = make(named, "amd64", tmp_path).file
    assert judges.summary(file)["Author"] == "Дрaйвер & Söhne"
    assert {row["PropertyId"]: row["Value"] for row in judges.rows(file, "_SummaryInformation")}["1"] == "65001"


def test_every_table_of_a_module_is_there_and_none_that_may_not(made: Made) -> None:
    found = judges.tables(made.file)
    assert found >= REQUIRED
    assert not found & FORBIDDEN


def test_a_sequence_comes_with_the_empty_table_that_it_goes_into(made: Made) -> None:
    for sequence in ("InstallExecuteSequence", "InstallUISequence"):
        assert judges.rows(made.file, sequence) == []
        for row in judges.rows(made.file, f"Module{sequence}"):
            assert row["Sequence"].isdecimal()
            assert row["BaseAction"] == row["After"] == row["Condition"] == ""


def test_the_module_names_itself_and_its_components(made: Made) -> None:
    (signature,) = judges.rows(made.file, "ModuleSignature")
    assert signature == {"ModuleID": made.own("wintun"), "Language": "1033", "Version": "0.1.0.0"}
    listed = judges.rows(made.file, "ModuleComponents")
    assert {row["ModuleID"] for row in listed} == {made.own("wintun")}
    assert {row["Component"] for row in listed} == {row["Component"] for row in judges.rows(made.file, "Component")}


def test_components_are_installed_where_their_condition_holds(made: Made) -> None:
    bits = 0x100 if made.module.arch == "amd64" else 0
    build = made.own("CURRENTBUILD")
    end = "" if made.module.arch == "amd64" else " AND NOT VersionNT64"
    later = f"VersionNT >= 603 AND NOT ({build} < 10240){end}"
    earlier = f"VersionNT >= 601 AND (VersionNT < 603 OR {build} < 10240){end}"
    listed = [(row["Component"], row["Condition"], row["Attributes"]) for row in judges.rows(made.file, "Component")]
    assert listed == [
        (made.own("Whql"), later, str(0x40 | bits)),
        (made.own("SelfSigned"), earlier, str(0x40 | bits)),
        (made.own("Publisher"), earlier, str(0x44 | bits)),
    ]


def test_windows_10_is_found_by_its_registry(made: Made) -> None:
    (search,) = judges.rows(made.file, "AppSearch")
    (locator,) = judges.rows(made.file, "RegLocator")
    assert search == {"Property": made.own("CURRENTBUILD"), "Signature_": locator["Signature_"]}
    assert search["Property"].isupper()  # others are private, and lost between the two halves of an installation
    assert (locator["Root"], locator["Key"]) == ("2", r"SOFTWARE\Microsoft\Windows NT\CurrentVersion")
    assert locator["Name"] == "CurrentBuild"
    assert locator["Type"] == ("18" if made.module.arch == "amd64" else "2")


def test_the_publisher_is_trusted_by_a_registry_value(made: Made) -> None:
    (value,) = judges.rows(made.file, "Registry")
    assert (value["Root"], value["Name"], value["Component_"]) == ("2", "Blob", made.own("Publisher"))
    assert value["Key"].endswith(f"\\TrustedPublisher\\Certificates\\{hashlib.sha1(CERTIFICATE).hexdigest().upper()}")
    assert value["Value"].startswith("#x")
    assert properties(bytes.fromhex(value["Value"][2:]))[32] == CERTIFICATE


def test_every_name_but_the_root_is_the_modules_own(made: Made) -> None:
    for table in ("Component", "Directory", "File", "Registry", "AppSearch", "RegLocator", "ModuleSignature"):
        for row in judges.rows(made.file, table):
            key = next(iter(row.values()))
            assert key == "TARGETDIR" or key.endswith(made.own("")), (table, key)
            assert len(key) <= 72


def test_components_lie_below_the_root_and_not_in_it(made: Made) -> None:
    folders = {row["Directory"]: row["Directory_Parent"] for row in judges.rows(made.file, "Directory")}
    assert [name for name, parent in folders.items() if not parent] == ["TARGETDIR"]
    for component in judges.rows(made.file, "Component"):
        assert folders[component["Directory_"]] == "TARGETDIR"


def test_what_is_a_key_of_another_table_is_there(made: Made) -> None:
    for rule in judges.rows(made.file, "_Validation"):
        if not rule["KeyTable"] or rule["Table"] == "_Validation":
            continue
        others = [each for each in rule["KeyTable"].split(";") if each in judges.tables(made.file)]
        known = {list(row.values())[int(rule["KeyColumn"]) - 1] for each in others for row in judges.rows(made.file, each)}
        for row in judges.rows(made.file, rule["Table"]):
            value = row[rule["Column"]]
            version = rule["Category"] == "Version" and value[:1].isdecimal()
            assert not value or version or value in known, (rule, value)


def test_every_column_is_validated(made: Made) -> None:
    columns = {
        (table, column["Name"])
        for table in judges.tables(made.file) - SYSTEM
        for column in judges.rows(made.file, "_Columns")
        if column["Table"] == table
    }
    assert {(rule["Table"], rule["Column"]) for rule in judges.rows(made.file, "_Validation")} == columns


def test_values_are_as_the_validation_wants_them(made: Made) -> None:
    for rule in judges.rows(made.file, "_Validation"):
        for row in judges.rows(made.file, rule["Table"]):
            value = row[rule["Column"]]
            assert value or rule["Nullable"] == "Y", rule
            if value and rule["MinValue"]:
                assert int(rule["MinValue"]) <= int(value) <= int(rule["MaxValue"])
            if value and rule["Set"]:
                assert value in rule["Set"].split(";")


def test_types_and_nulls_agree(made: Made) -> None:
    nullable = {(rule["Table"], rule["Column"]): rule["Nullable"] for rule in judges.rows(made.file, "_Validation")}
    for table in judges.tables(made.file) - SYSTEM:
        types, _, _ = judges.export(made.file, table)
        names = [column["Name"] for column in judges.rows(made.file, "_Columns") if column["Table"] == table]
        for name, kind in zip(names, types, strict=True):
            assert nullable[table, name] == ("Y" if kind[0].isupper() else "N"), (table, name)


def test_the_cabinet_holds_the_files_in_the_order_of_their_numbers(made: Made) -> None:
    archive = CabArchive(judges.stream(made.file, "MergeModule.CABinet"))
    listed = sorted(judges.rows(made.file, "File"), key=lambda row: int(row["Sequence"]))
    assert list(archive) == [row["File"] for row in listed]
    assert [int(row["Sequence"]) for row in listed] == [1, 2, 3, 4, 5, 6]
    files = {made.own(file.id): file for file in made.module.files}
    for row in listed:
        file = files[row["File"]]
        assert archive[row["File"]].buf == made.contents[file.id]
        assert int(row["FileSize"]) == len(made.contents[file.id])
        assert row["FileName"] == file.name


def test_another_program_unpacks_the_same_bytes(made: Made, tmp_path: Path) -> None:
    (tmp_path / "files.cab").write_bytes(judges.stream(made.file, "MergeModule.CABinet"))
    judges.run(judges.tool("cabextract", "cabextract"), "-q", "-d", tmp_path / "out", tmp_path / "files.cab")
    unpacked = {file.name: file.read_bytes() for file in (tmp_path / "out").iterdir()}
    assert unpacked == {made.own(id): content for id, content in made.contents.items()}


def test_files_without_a_version_have_a_hash(made: Made) -> None:
    hashes = {row["File_"]: row for row in judges.rows(made.file, "MsiFileHash")}
    for row in judges.rows(made.file, "File"):
        file = next(each for each in made.module.files if made.own(each.id) == row["File"])
        if file.name.endswith(".sys"):
            assert (row["Version"], row["Language"]) == ("0.1.0.0", "1033")
            assert row["File"] not in hashes
        else:
            parts = [int(hashes[row["File"]][f"HashPart{number}"]) for number in range(1, 5)]
            assert struct.pack("<4i", *parts) == hashlib.md5(made.contents[file.id]).digest()
            assert row["Version"] == ""


def test_the_same_files_give_the_same_bytes(
    manifest: Manifest, made: Made, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    assert make(manifest, made.module.arch, tmp_path).data == made.data


def test_a_driver_for_windows_10_alone_touches_no_registry(manifest: Manifest, tmp_path: Path) -> None:
    later = replace(manifest, windows=replace(manifest.windows, amd64=(10, 0)))
    file = make(later, "amd64", tmp_path).file
    assert judges.rows(file, "Registry") == []
    actions = {row["Action"] for row in judges.rows(file, "ModuleInstallExecuteSequence")}
    assert actions == {"AppSearch", "InstallFiles", "RemoveFiles"}


def test_msitools_sees_both_packages_in_their_folders(made: Made) -> None:
    listed = set(judges.said(judges.tool("msiextract", "msitools"), "-l", made.file).split())
    assert listed == {f"{folder}/wintun.{kind}" for folder in ("whql", "selfsigned") for kind in ("sys", "inf", "cat")}
