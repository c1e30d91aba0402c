from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from pyndis.package.inf import render_inf
from pyndis.package.inf_reader import read_inf
from pyndis.package.infverif import verify
from pyndis.package.infverif.subject import Subject
from pyndis.package.manifest import Manifest
from pyndis.package.rules import ARCHITECTURES
from tests.package.infverif.conftest import STAMP, TODAY, Judge

LOWER = r"HKR,Ndi\Interfaces,LowerRange"
ISOLATED = (("NTamd64", "NTamd64.10.0...16299"), ("DefaultDestDir = 12", "DefaultDestDir = 13"))

# What is done to Wintun's INF, which has no fault, for each error.
ERRORS = [
    ("PYN-V02", 'Provider          = "WireGuard LLC"', 'Provider = "WireGuard LLC'),
    ("PYN-V02", "[SourceDisksFiles]", "[SourceDisksFiles\n[SourceDisksFiles]"),
    ("PYN-V04", "[EventLog.Registry]", f"[{'a' * 256}]\n[EventLog.Registry]"),
    ("PYN-V05", "%ServiceName%", "%Other%"),
    ("PYN-V07", "%11%", "%99%"),
    ("PYN-V10", "Class       = Net\n", ""),
    ("PYN-V10", "Provider    = %Provider%", "Provider ="),
    ("PYN-V11", "$Windows NT$", "$Windows$"),
    ("PYN-V12", "{4D36E972-E325", "{4D36E972E325"),
    ("PYN-V13", "{4D36E972-", "{4D36E974-"),
    ("PYN-V13", "Class       = Net", "Class       = System"),
    ("PYN-V14", '"WireGuard LLC"', '"Microsoft"'),
    ("PYN-V15", "11/14/2023,", "14/11/2023,"),
    ("PYN-V15", "11/14/2023,", "2023-11-14,"),
    ("PYN-V15", "0.1.0.0", "0.1.0.65536"),
    ("PYN-V15", "0.1.0.0", "0.1.0.0.0"),
    ("PYN-V16", "11/14/2023,", "11/16/2023,"),
    ("PYN-V17", "CatalogFile = wintun.cat\n", ""),
    ("PYN-V17", "wintun.cat", r"sub\wintun.cat"),
    ("PYN-V17", "wintun.cat", "wintun.txt"),
    ("PYN-V21", "NTamd64", "NT$ARCH$"),
    ("PYN-V22", "NTamd64", "NTx64"),
    ("PYN-V26", "Install,Wintun", "Install"),
    ("PYN-V26", "Install,Wintun", "Install,Win tun"),
    ("PYN-V26", "Install,Wintun", f"Install,{'a' * 201}"),
    ("PYN-V28", "NTamd64", "NTamd64.10.0...10240"),
    ("PYN-V30", "AddReg             = Install.Registry", "AddReg = Install.Registry,Other"),
    ("PYN-V30", "Service,EventLog", "Service,Other\nAddService = other,0,Service,EventLog"),
    ("PYN-V33", "AddReg = EventLog.Registry", "AddReg = EventLog.Registry\nHKR,,TypesSupported,0x00010001,7"),
    ("PYN-V33", "EnableDhcp ", "HKR,,A,,b\nEnableDhcp "),
    ("PYN-V34", "[Install.Services]\n", "[Install.Services]\nInclude = other.inf\nNeeds = Other\n"),
    ("PYN-V34", "EnableDhcp ", "Include = other.inf\nNeeds = Other.Services\nEnableDhcp "),
    ("PYN-V35", "[Install.Services]\n", "[Install.Services]\nNeeds = Other.Services\n"),
    ("PYN-V40", "wintun.sys = 1", "other.sys = 1"),
    ("PYN-V41", "DefaultDestDir = 12", "DefaultDestDir = %12%"),
    ("PYN-V41", "DefaultDestDir = 12", "DefaultDestDir = 99"),
    ("PYN-V42", "DefaultDestDir = 12", ""),
    ("PYN-V44", "wintun.sys = 1", "wintun.sys = 2"),
    ("PYN-V44", "wintun.sys = 1", "wintun.sys ="),
    ("PYN-V45", "wintun.sys = 1", "wintun.sys = 1\nwintun.cat = 1"),
    ("PYN-V50", "HKR,,TypesSupported", "HKEY_LOCAL_MACHINE,,TypesSupported"),
    ("PYN-V52", "0x00010001,7", "REG_DWORD,7"),
    ("PYN-V52", "0x00010001,7", "0x00030001,7"),
    ("PYN-V53", "0x00010001,7", "0x00010001,seven"),
    ("PYN-V53", "0x00010001,7", "0x00010001,0x100000000"),
    ("PYN-V54", "HKR,,TypesSupported,0x00010001,7", 'HKR,,Types,0x00000008,"a"'),
    ("PYN-V55", "HKR,,TypesSupported,0x00010001,7", "HKR,,Types,0x00000001,300"),
    ("PYN-V60", "[Install.Services]\nAddService", "[Install.Services]\nDelService"),
    ("PYN-V61", "0x00000002,Service", "driver,Service\nAddService = wintun,2,Service"),
    ("PYN-V63", "StartType      = 3", ""),
    ("PYN-V63", r"ServiceBinary  = %12%\wintun.sys", ""),
    ("PYN-V64", "StartType      = 3", "StartType = 5"),
    ("PYN-V64", "ServiceType    = 1", "ServiceType = 3"),
    ("PYN-V66", "[Install.Services]\n", "[Install.Services]\nAddService = other,0x00000002,Service\n"),
    ("PYN-V68", r"= %12%\wintun.sys", r"= 12\wintun.sys"),
    ("PYN-V69", "Service,EventLog", "Service,EventLog,Drivers"),
    ("PYN-V70", "*MediaType ", "MediaType "),
    ("PYN-V71", "*MediaType         = 19", "*MediaType = 20"),
    ("PYN-V71", "*IfType            = 53", "*IfType = tunnel"),
    ("PYN-V72", "Characteristics    = 0x1", ""),
    ("PYN-V72", "Characteristics    = 0x1", "Characteristics = 0x5"),
    ("PYN-V72", "Characteristics    = 0x1", "Characteristics = 0x11"),
    ("PYN-V72", "Characteristics    = 0x1", "Characteristics = 0x80000001"),
    ("PYN-V72", "Characteristics    = 0x1", "Characteristics = 0x40001"),
    ("PYN-V73", "Characteristics    = 0x1", "Characteristics = 0x4"),
    ("PYN-V74", LOWER, r"HKR,Ndi\Interfaces,Lower"),
    ("PYN-V76", 'Ndi,Service,0x00000000,"wintun"', 'Ndi,Service,0x00000000,"other"'),
    ("PYN-V76", "HKR,Ndi,Service,", "HKR,Ndi,Services,"),
]

WARNINGS = [
    ("PYN-V03", "PnpLockdown = 1", "PnpLockdown = 1\nPnpLockdown = 1"),
    ("PYN-V06", "; Generated", "Generated"),
    ("PYN-V08", "[Strings]", "[DestinationDirs]\n[Strings]"),
    ("PYN-V09", "[Strings]", '[Strings.0407]\nProvider = "WireGuard"\n[Strings]'),
    ("PYN-V18", "PnpLockdown = 1", "PnpLockdown = 0"),
    ("PYN-V31", "[EventLog.Registry]", "[Other]\n[EventLog.Registry]"),
    ("PYN-V43", "DefaultDestDir = 12", "DefaultDestDir = 12\nOther = 12"),
    ("PYN-V61", "0x00000002", "0x00010002"),
    ("PYN-V65", r"= %12%\wintun.sys", r"= %12%\other.sys"),
    ("PYN-V67", "StartType      = 3", "StartType = 4"),
    ("PYN-V75", '"ndis5"', '"ndis6"'),
    ("PYN-V77", "EnableDhcp ", "*IfTyp = 53\nEnableDhcp "),
    ("PYN-V80", "EnableDhcp ", "DelReg = Install.Registry\nEnableDhcp "),
    ("PYN-V81", "HKR,,TypesSupported", "HKLM,Software,TypesSupported"),
    ("PYN-V82", "HKR,,TypesSupported,0x00010001,7", 'HKR,,CoInstallers32,0x00010000,"a.dll"'),
    ("PYN-V83", "HKR,,TypesSupported,0x00010001,7", "HKR,,Types,0x00010008,a"),
    ("PYN-V84", "DefaultDestDir = 12", "DefaultDestDir = 24"),
]


@pytest.mark.parametrize("arch", ARCHITECTURES)
def test_wintuns_inf_has_no_fault(wintun: Manifest, arch: str) -> None:
    inf = read_inf(render_inf(wintun, arch, STAMP))
    assert verify(Subject(inf, Path("wintun.inf"), TODAY, arch, wintun)) == []


@pytest.mark.parametrize(("code", "old", "new"), ERRORS)
def test_a_fault_is_an_error(judge: Judge, code: str, old: str, new: str) -> None:
    assert [(each.code, each.severity) for each in judge((old, new)) if each.is_error] == [(code, "error")]


@pytest.mark.parametrize(("code", "old", "new"), WARNINGS)
def test_what_may_be_meant_is_a_warning(judge: Judge, code: str, old: str, new: str) -> None:
    assert [(each.code, each.severity) for each in judge((old, new))] == [(code, "warning")]


def test_the_place_is_the_line_of_the_file(judge: Judge) -> None:
    (found,) = judge(("DefaultDestDir = 12", "DefaultDestDir = 99"))
    assert str(found.labels[0].span) == "wintun.inf:26:1"
    assert "99" in found.message
    assert found.help


def test_utf8_beyond_ascii_is_no_encoding_of_an_inf(wintun: Manifest) -> None:
    text = render_inf(wintun, "x86", STAMP).decode().replace("WireGuard LLC", "Ünit")
    for encoding, expected in (("utf-8", ["PYN-V01"]), ("utf-16", []), ("cp1252", [])):
        found = verify(Subject(read_inf(text.encode(encoding)), Path("a.inf"), TODAY))
        assert [each.code for each in found] == expected


def test_an_inf_without_models_installs_nothing(judge: Judge) -> None:
    found = judge(("%Manufacturer% = Models,NTamd64", ""))
    assert ("PYN-V20", "error") in [(each.code, each.severity) for each in found]


def test_a_target_without_models_is_found(judge: Judge) -> None:
    found = judge(("= Models,NTamd64", "= Models,NTamd64,NTarm64"))
    assert [each.code for each in found] == ["PYN-V23"]


def test_a_model_without_an_install_section_is_found(judge: Judge) -> None:
    found = judge(("Install,Wintun", "Other,Wintun"))
    assert [each.code for each in found if each.is_error] == ["PYN-V23"]


def test_models_for_no_architecture_warn(judge: Judge) -> None:
    found = judge(("NTamd64", "NT"))
    assert [(each.code, each.severity) for each in found] == [("PYN-V24", "warning")]


def test_a_package_of_another_architecture_is_found(wintun: Manifest) -> None:
    inf = read_inf(render_inf(wintun, "x86", STAMP))
    found = verify(Subject(inf, Path("wintun.inf"), TODAY, "amd64", wintun))
    assert [each.code for each in found] == ["PYN-V25"]


def test_one_section_as_files_and_as_registry_warns(judge: Judge) -> None:
    found = judge(("CopyFiles          = Install.Files", "CopyFiles = Install.Files,Install.Registry"))
    assert ("PYN-V32", "warning") in [(each.code, each.severity) for each in found]


def test_a_services_key_by_its_path_is_found(judge: Judge) -> None:
    found = judge(("HKR,,TypesSupported", r"HKLM,System\CurrentControlSet\Services\wintun,TypesSupported"))
    assert [(each.code, each.severity) for each in found] == [("PYN-V51", "error"), ("PYN-V81", "warning")]


def test_a_device_needs_a_service_of_its_own(judge: Judge) -> None:
    found = judge(("0x00000002,Service", "0,Service"), ('Ndi,Service,0x00000000,"wintun"', 'Ndi,Service,0,"wintun"'))
    assert [each.code for each in found] == ["PYN-V62"]


@pytest.mark.parametrize(
    ("old", "new", "what"),
    [
        ("*IfType            = 53", "*IfType = 131", "*IfType"),
        ('"ndis5"', '"ndis5_ip"', "UpperRange"),
        ("0.1.0.0", "0.1.0.1", "DriverVer"),
        ("Install,Wintun", "Install,Other", "the device id"),
        ("= wintun,", "= other,", "the service"),
        ("EnableDhcp         = 0", "EnableDhcp = 1", "EnableDhcp"),
    ],
)
def test_an_inf_that_differs_from_driver_toml_is_found(judge: Judge, old: str, new: str, what: str) -> None:
    found = [each for each in judge((old, new), declared=True) if each.code == "PYN-V90"]
    assert len(found) == 1
    assert what in found[0].message
    assert found[0].notes == () or "the line is" in found[0].notes[0]


def test_universal_rules_are_errors_where_every_windows_can_follow_them(judge: Judge) -> None:
    assert judge(*ISOLATED) == []
    found = judge(*ISOLATED, ("HKR,,TypesSupported", "HKLM,Software,TypesSupported"))
    assert [(each.code, each.severity) for each in found] == [("PYN-V81", "error")]


def test_isolated_drivers_are_asked_to_stay_in_the_driver_store(judge: Judge) -> None:
    found = judge(ISOLATED[0])
    assert [(each.code, each.severity) for each in found] == [("PYN-V84", "warning")]


def test_tomorrow_is_not_yet_the_future(judge: Judge) -> None:
    assert judge(("11/14/2023", "11/15/2023")) == []
    assert date(2023, 11, 14) == TODAY


def test_uninstalling_may_delete_what_the_package_brought(judge: Judge) -> None:
    assert judge(("[Strings]", "[DefaultUninstall]\nDelFiles = Install.Files\n[Strings]")) == []


def test_a_driver_of_another_inf_needs_no_service_here(judge: Judge) -> None:
    needed = ("EnableDhcp ", "Include = other.inf\nNeeds = Other\nEnableDhcp ")
    assert [each.code for each in judge(needed, ("0x00000002,Service", "0,Service"))] == []


def test_a_long_name_of_a_class_is_found(judge: Judge) -> None:
    found = judge(("Class       = Net", f"Class = {'N' * 32}"), ("{4D36E972-", "{4D36E9FF-"))
    assert [each.code for each in found if each.is_error] == ["PYN-V19"]


def test_models_and_a_default_install_section_do_not_go_together(judge: Judge) -> None:
    found = judge(("[Strings]", "[DefaultInstall.NTamd64]\nAddReg = Install.Registry\n[Strings]"))
    assert ("PYN-V27", "error") in [(each.code, each.severity) for each in found]


@pytest.mark.parametrize("moved", ["wintun.sys = 1,amd64", "renamed"])
def test_a_file_of_the_driver_store_stays_where_it_is(judge: Judge, moved: str) -> None:
    renamed = (("wintun.sys,,,0x", "wintun.sys,driver.sys,,0x"), ("wintun.sys = 1", "driver.sys = 1"))
    changes = renamed if moved == "renamed" else (("wintun.sys = 1", moved),)
    assert [each.code for each in judge(*ISOLATED, *changes) if each.is_error] == ["PYN-V46"]


def test_a_folder_of_the_package_is_one_of_the_driver_store(judge: Judge) -> None:
    below = (("wintun.sys = 1", "wintun.sys = 1,amd64"), ("DefaultDestDir = 13", "DefaultDestDir = 13,amd64"))
    assert judge(*ISOLATED, *below) == []


def test_two_files_for_one_place_are_found(judge: Judge) -> None:
    found = judge(
        ("wintun.sys,,,0x00004002", "wintun.sys\nwintun.sys,other.sys"), ("wintun.sys = 1", "wintun.sys = 1\nother.sys = 1")
    )
    assert [(each.code, each.severity) for each in found] == [("PYN-V47", "error")]


def test_a_section_needs_what_it_includes(judge: Judge) -> None:
    assert judge(("[Install.Services]\n", "[Install.Services]\nInclude = other.inf\nNeeds = Other.NT.Services\n")) == []


PHYSICAL = (("Characteristics    = 0x1", "Characteristics = 0x4\nBusType = 5"), ('"nolower"', '"ethernet"'))


def test_a_physical_adapter_has_a_bus_and_a_medium(judge: Judge) -> None:
    assert judge(*PHYSICAL) == []
    assert [(each.code, each.severity) for each in judge(PHYSICAL[0])] == [("PYN-V78", "warning")]
    for bus in ("18", "PCI"):
        assert [(each.code, each.severity) for each in judge(*PHYSICAL, ("BusType = 5", f"BusType = {bus}"))] == [
            ("PYN-V79", "error")
        ]
