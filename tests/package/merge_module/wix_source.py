"""The WiX source, read as WiX does it, as far as ours goes: preprocessed for an architecture, and laid out in tables."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from dataclasses import dataclass, field

from pyndis.package.merge_module import Publisher

NAMESPACE = "{http://schemas.microsoft.com/wix/2006/wi}"


def preprocessed(source: str, arch: str, publisher: Publisher) -> str:
    """The source with conditions and variables carried out; what is included defines the publisher."""
    variables = {
        "DriverArch": arch,
        "PublisherComponent": publisher.component,
        "PublisherThumbprint": publisher.thumbprint,
        "PublisherBlob": publisher.blob,
    }
    chosen = re.sub(
        r'<\?if \$\(var\.DriverArch\) = "(\w+)" \?>(.*?)<\?endif \?>',
        lambda found: found[2] if found[1] == arch else "",
        source,
        flags=re.DOTALL,
    )
    assert chosen.count("<?include $(var.PublisherInclude) ?>") == 1
    chosen = chosen.replace("<?include $(var.PublisherInclude) ?>", "")
    return re.sub(r"\$\(var\.(\w+)\)", lambda found: variables[found[1]], chosen)


@dataclass
class Tables:
    """Rows with names as they stand in the source."""

    component: list[dict[str, str]] = field(default_factory=list)
    directory: list[dict[str, str]] = field(default_factory=list)
    file: list[dict[str, str]] = field(default_factory=list)
    registry: list[dict[str, str]] = field(default_factory=list)


def tables(module: ET.Element) -> Tables:
    """The tables that a Module element gives."""
    made = Tables()
    for folder in _children(module, "Directory"):
        _directory(folder, "", made)
    return made


def _directory(folder: ET.Element, parent: str, made: Tables) -> None:
    made.directory.append({"Directory": folder.attrib["Id"], "Directory_Parent": parent, "DefaultDir": _name(folder)})
    for component in _children(folder, "Component"):
        _component(component, folder.attrib["Id"], made)
    for below in _children(folder, "Directory"):
        _directory(below, folder.attrib["Id"], made)


def _component(component: ET.Element, folder: str, made: Tables) -> None:
    own = component.attrib["Id"]
    (key,) = (each for each in component if each.get("KeyPath") == "yes")
    attributes = 0x100 if component.attrib["Win64"] == "yes" else 0
    attributes |= 0x40 if component.get("Transitive") == "yes" else 0
    attributes |= 0x4 if key.tag == NAMESPACE + "RegistryValue" else 0
    (condition,) = _children(component, "Condition")
    made.component.append(
        {
            "Component": own,
            "ComponentId": component.attrib["Guid"],
            "Directory_": folder,
            "Attributes": str(attributes),
            "Condition": condition.text or "",
            "KeyPath": key.attrib["Id"],
        }
    )
    for file in _children(component, "File"):
        vital = str(0x200 if file.attrib["Vital"] == "yes" else 0)
        made.file.append(
            {
                "File": file.attrib["Id"],
                "Component_": own,
                "FileName": _name(file),
                "Attributes": vital,
                "Source": file.attrib["Source"],
            }
        )
    for value in _children(component, "RegistryValue"):
        assert (value.attrib["Root"], value.attrib["Type"]) == ("HKLM", "binary")
        made.registry.append(
            {
                "Registry": value.attrib["Id"],
                "Root": "2",
                "Key": value.attrib["Key"],
                "Name": value.attrib["Name"],
                "Value": f"#x{value.attrib['Value']}",
                "Component_": own,
            }
        )


def _name(element: ET.Element) -> str:
    short = element.get("ShortName")
    return f"{short}|{element.attrib['Name']}" if short else element.attrib["Name"]


def _children(element: ET.Element, name: str) -> Iterator[ET.Element]:
    return element.iterfind(NAMESPACE + name)
