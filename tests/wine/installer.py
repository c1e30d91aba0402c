"""An installer that a merge module is put into, as Microsoft's documentation says that a merge goes.

Rows go over as they are; the module's root folder becomes one of the installer's; what the module's sequences want comes into
the installer's, unless it is there; components go to the feature; the cabinet becomes the installer's.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from tests.package.merge_module import judges

FOLDER = "DRIVERFOLDER"
_FEATURE = "All"
_CABINET = "module.cab"
_MODULE_ONLY = {"ModuleInstallExecuteSequence", "ModuleInstallUISequence", "_Validation"}
_SYSTEM = {"_SummaryInformation", "_ForceCodepage"}

# what every installer does, with the numbers that Microsoft suggests
_ACTIONS = {
    "CostInitialize": 800,
    "FileCost": 900,
    "CostFinalize": 1000,
    "InstallValidate": 1400,
    "InstallInitialize": 1500,
    "ProcessComponents": 1600,
    "UnpublishFeatures": 1800,
    "RegisterProduct": 6100,
    "PublishFeatures": 6300,
    "PublishProduct": 6400,
    "InstallFinalize": 6600,
}
_PROPERTIES = {
    "ProductCode": "{9B4D2D0D-5A4F-5F43-9B7C-2E0C7C1B7A11}",
    "ProductName": "judge",
    "ProductVersion": "1.0.0",
    "ProductLanguage": "1033",
    "Manufacturer": "judge",
    "ALLUSERS": "1",
}
_SUMMARY = {1: "1252", 2: "judge", 7: "x64;1033", 9: "{5D0C35CB-6A3B-5C7F-8E43-0B1E5F4D7C22}", 14: "200", 15: "2"}


def installer(module: Path, folder: Path) -> Path:
    """An installer for C:\\judge, of the module alone."""
    found = judges.tables(module) - _SYSTEM
    texts = {name: judges.said(judges.tool("msiinfo", "msitools"), "export", module, name) for name in found - _MODULE_ONLY}
    texts["Directory"] = _directories(texts["Directory"])
    texts["FeatureComponents"] += "".join(f"{_FEATURE}\t{row['Component']}\n" for row in judges.rows(module, "Component"))
    wanted = {row["Action"]: int(row["Sequence"]) for row in judges.rows(module, "ModuleInstallExecuteSequence")}
    texts["InstallExecuteSequence"] += "".join(f"{action}\t\t{number}\n" for action, number in (wanted | _ACTIONS).items())
    texts |= _own_tables(last=len(judges.rows(module, "File")))
    made = folder / "judge.msi"
    tool = judges.tool("msibuild", "msitools")
    judges.run(tool, made, "-i", *(_written(folder, name, text) for name, text in texts.items()))
    (folder / _CABINET).write_bytes(judges.stream(module, "MergeModule.CABinet"))
    judges.run(tool, made, "-a", _CABINET, folder / _CABINET)
    return made


def _written(folder: Path, name: str, text: str) -> Path:
    file = folder / f"{name}.idt"
    file.write_text(text)
    return file


def _directories(text: str) -> str:
    """The module's root folder is the installer's own: what lay below the one lies below the other."""
    names, types, head, *rows = text.splitlines()
    moved = [row.replace("\tTARGETDIR\t", f"\t{FOLDER}\t") for row in rows]
    return "\n".join((names, types, head, *moved, f"{FOLDER}\tTARGETDIR\tjudge", ""))


def _own_tables(last: int) -> dict[str, str]:
    feature = f"{_FEATURE}\t\t\t\t\t1\t\t0\n"
    return {
        "Feature": "Feature\tFeature_Parent\tTitle\tDescription\tDisplay\tLevel\tDirectory_\tAttributes\n"
        f"s38\tS38\tL64\tL255\tI2\ti2\tS72\ti2\nFeature\tFeature\n{feature}",
        "Media": "DiskId\tLastSequence\tDiskPrompt\tCabinet\tVolumeLabel\tSource\n"
        f"i2\ti4\tL64\tS255\tS32\tS72\nMedia\tDiskId\n1\t{last}\t\t#{_CABINET}\t\t\n",
        "Property": _pairs("Property", "s72\tl0", "Property", _PROPERTIES | {"TARGETDIR": "C:\\"}),
        "_SummaryInformation": _pairs("PropertyId", "i2\tl255", "_SummaryInformation", _SUMMARY),
    }


def _pairs(key: str, types: str, table: str, values: Mapping[str, str] | Mapping[int, str]) -> str:
    rows = "".join(f"{name}\t{value}\n" for name, value in values.items())
    return f"{key}\tValue\n{types}\n{table}\t{key}\n{rows}"
