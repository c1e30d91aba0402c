"""From the model and the files to the rows of every table of a merge module.

What a module names gets the module's identifier at its end, so that it meets no other's (Microsoft: "Naming Primary Keys in
Merge Module Databases").
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from pyndis.package.merge_module.conditions import BUILD, SEARCH, WINDOWS_KEY, WINDOWS_VALUE
from pyndis.package.merge_module.model import LANGUAGE, Component, MergeModule
from pyndis.package.merge_module.payload import Payload
from pyndis.package.merge_module.publisher import VALUE
from pyndis.package.merge_module.schema import VALIDATION, Row, schema, validation_rows

ROOT = "TARGETDIR"  # the one name that stays: the merge puts the installer's folder in its place

# Component.Attributes, File.Attributes, Registry.Root, RegLocator.Type
REGISTRY_KEY_PATH, TRANSITIVE, BITS_64 = 0x4, 0x40, 0x100
VITAL = 0x200
LOCAL_MACHINE = 2
RAW_VALUE, SEARCH_64_BIT = 2, 16

# What Windows Installer must do for our tables, with the numbers that WiX gives these actions. A package's own come first.
_SEARCH_ACTION = (("AppSearch", 50),)
_FILE_ACTIONS = (("RemoveFiles", 3500), ("InstallFiles", 4000))
_REGISTRY_ACTIONS = (("RemoveRegistryValues", 2600), ("WriteRegistryValues", 5000))


def rows(module: MergeModule, payloads: Mapping[str, Payload]) -> dict[str, list[Row]]:
    """Every table of the module; `payloads` are the files' facts by their identifiers."""
    made: dict[str, list[Row]] = {table: [] for table in schema()}
    own = _Names(module.guid)
    made["Component"] = [_component(module, each, own) for each in module.components]
    made["Directory"] = [(ROOT, None, "SourceDir"), *((own(each.id), ROOT, each.default) for each in module.folders)]
    made["File"] = list(_files(module, payloads, own))
    made["MsiFileHash"] = [(own(file.id), 0, *payloads[file.id].hash) for file in module.files if not payloads[file.id].version]
    made["Registry"] = list(_registry(module, own))
    made["AppSearch"] = [(own(BUILD), own(SEARCH))]
    kind = RAW_VALUE | (SEARCH_64_BIT if module.is_64_bit else 0)
    made["RegLocator"] = [(own(SEARCH), LOCAL_MACHINE, WINDOWS_KEY, WINDOWS_VALUE, kind)]
    made["ModuleSignature"] = [(own(module.id), LANGUAGE, module.version)]
    made["ModuleComponents"] = [(own(each.id), own(module.id), LANGUAGE) for each in module.components]
    registry = _REGISTRY_ACTIONS if module.trusts_publisher else ()
    made["ModuleInstallExecuteSequence"] = _actions(_SEARCH_ACTION, _FILE_ACTIONS, registry)
    made["ModuleInstallUISequence"] = _actions(_SEARCH_ACTION)
    made[VALIDATION] = validation_rows()
    return made


class _Names:
    """Gives names the module's identifier: `Name.8_4_4_4_12`."""

    def __init__(self, guid: str) -> None:
        self._end = guid.strip("{}").replace("-", "_")

    def __call__(self, name: str) -> str:
        return f"{name}.{self._end}"

    def condition(self, text: str) -> str:
        """A condition, where only our own property needs it."""
        return re.sub(rf"\b{BUILD}\b", self(BUILD), text)


def _component(module: MergeModule, component: Component, own: _Names) -> Row:
    attributes = TRANSITIVE | (BITS_64 if module.is_64_bit else 0) | (0 if component.files else REGISTRY_KEY_PATH)
    condition = own.condition(component.condition)
    return own(component.id), component.guid, own(component.folder.id), attributes, condition, own(component.key_path)


def _files(module: MergeModule, payloads: Mapping[str, Payload], own: _Names) -> Iterator[Row]:
    """Numbered as they lie in the cabinet: by their names."""
    numbers = {id: number for number, id in enumerate(sorted(file.id for file in module.files), start=1)}
    for component in module.components:
        for file in component.files:
            made = payloads[file.id]
            yield own(file.id), own(component.id), file.full, made.size, made.version, made.language, VITAL, numbers[file.id]


def _registry(module: MergeModule, own: _Names) -> Iterator[Row]:
    for component in module.components:
        if component.publisher:
            value = f"#x{component.publisher.blob}"
            yield own(component.value), LOCAL_MACHINE, component.publisher.key, VALUE, value, own(component.id)


def _actions(*groups: tuple[tuple[str, int], ...]) -> list[Row]:
    return [(action, number, None, None, None) for group in groups for action, number in group]
