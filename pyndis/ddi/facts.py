"""One way in to the DDI facts in `data/`: typed lookups, each file read when first asked for.

The data are names, numbers and signatures of the Windows Driver Kit 10.0.16299 headers for NDIS 6.20 to 6.80, plus our own
`supplement.json` and `irql.json`. An architecture is `amd64`, `x86` or `arm64`; an NDIS version `620` ... `680`.
"""

from __future__ import annotations

import json
from functools import cache, cached_property
from pathlib import Path
from typing import Any, cast

from pyndis.ddi.irql import IrqlTable
from pyndis.ddi.layouts import Layouts
from pyndis.ddi.model import Callback, Convention, Function, Param, Struct

DATA = Path(__file__).resolve().parent / "data"
TARGETS = {"amd64": "x86_64", "x86": "i386", "arm64": "aarch64"}
"""Our names of the architectures -> the compiler's, which the data use."""
NEWEST = "680"


def read(name: str) -> dict[str, Any]:
    """One file of `data/`, parsed."""
    return cast("dict[str, Any]", json.loads((DATA / f"{name}.json").read_bytes()))


@cache
def facts() -> Facts:
    """The facts, shared by the whole process."""
    return Facts()


class Facts:
    """Lookups by the names that the Windows headers use. An unknown name gives None, never an error."""

    def __init__(self) -> None:
        self._functions: dict[tuple[str, str], Function | None] = {}
        self._callbacks: dict[tuple[str, str], Callback | None] = {}

    def function(self, name: str, arch: str = "amd64") -> Function | None:
        """The call `name` as `arch` has it; None when it is unknown or that architecture lacks it."""
        key = name, arch
        if key not in self._functions:
            self._functions[key] = self._make_function(name, arch)
        return self._functions[key]

    def callback(self, name: str, arch: str = "amd64") -> Callback | None:
        """The function type `name`; a pointer type (`PDRIVER_CANCEL`) gives what it points to."""
        key = name, arch
        if key not in self._callbacks:
            self._callbacks[key] = self._make_callback(name, arch)
        return self._callbacks[key]

    def struct(self, name: str, arch: str = "amd64", ndis: str = NEWEST) -> Struct | None:
        """The layout of a struct or union by its typedef name (or another one for the same type)."""
        return self.layouts.struct(name, TARGETS[arch], ndis)

    def constant(self, name: str, arch: str = "amd64", ndis: str = NEWEST) -> int | None:
        """A macro constant or enumerator as C gives it (NTSTATUS errors are negative); None if that version lacks it."""
        if name in self.supplement["constants"]:
            return int(self.supplement["constants"][name])
        value = self.constants["constants"].get(name)
        if value is None or TARGETS[arch] not in self.constants["only"].get(name, TARGETS.values()):
            return None
        if ndis < self.constants["since"].get(name, "620"):
            return None
        if isinstance(value, dict) and TARGETS[arch] in value:
            value = value[TARGETS[arch]]
        if isinstance(value, dict):
            value = value[max(each for each in value if each <= ndis)]
        return int(value)

    def enum_members(self, name: str, arch: str = "amd64", ndis: str = NEWEST) -> dict[str, int] | None:
        """Enumerator -> value, of an enum by typedef name or tag."""
        scalar = self.scalar(name, arch)
        tag = scalar[0].removeprefix("enum ") if scalar is not None else name
        members = self.constants["enums"].get(tag.lstrip("_"))
        if members is None:
            return None
        values = {member: self.constant(member, arch, ndis) for member in members}
        return {member: value for member, value in values.items() if value is not None}

    def scalar(self, name: str, arch: str = "amd64") -> tuple[str, int, int] | None:
        """(C type, size, alignment) of a typedef that is an integer or an enum."""
        entry = self.layouts.scalars.get(name) or self.supplement["scalars"].get(name)
        if isinstance(entry, dict):
            entry = entry.get(TARGETS[arch])
        return None if entry is None else (entry[0], entry[1], entry[2])

    def guid(self, name: str) -> str | None:
        """A GUID by the name of its constant, as text in lower case without braces."""
        text = self.constants["guids"].get(name)
        return None if text is None else str(text)

    def irql(self, name: str, arch: str = "amd64") -> int | None:
        """The number of an IRQL by name; HIGH_LEVEL is 15, on x86 31."""
        value = self.constants["irql"][TARGETS[arch]].get(name)
        return None if value is None else int(value)

    def imports(self, arch: str) -> dict[str, frozenset[str]]:
        """Module -> exported names, undecorated.

        ARM64 has no list of its own: it is the x64 names that it does not lack. The lists are of Windows 7; a call that
        the headers declare for a later one counts as the kernel's (or NDIS's).
        """
        table = read("imports")["i386" if arch == "x86" else "x86_64"]
        names = {module: {undecorated(name) for name in exported} for module, exported in table.items()}
        known = set().union(*names.values())
        target = TARGETS[arch]
        for name, entry in {**self.functions["functions"], **self.supplement["functions"]}.items():
            if self._lacks(entry, target) and (arch == "arm64" or name not in known):
                for exported in names.values():
                    exported.discard(name)
            elif name not in known and not entry.get("macro") and self._is_newer(entry, arch):
                names["ndis.sys" if entry["header"] == "ndis.h" else "ntoskrnl.exe"].add(name)
        return {module: frozenset(exported) for module, exported in names.items()}

    def linker_name(self, name: str) -> str | None:
        """The name that x86 code refers to an import by, without the leading underscore: `Name@8`, `@Name@8` or `Name`."""
        function = self.function(name, "x86")
        if function is None or function.macro:
            return None
        if function.cc386 == "cdecl":
            return name
        types = [param.type.replace("[]", "*") for param in function.params]
        bytes_passed = sum(-(-self.layouts.measure(each, "i386")[0] // 4) * 4 for each in types)
        return f"{'@' if function.cc386 == 'fastcall' else ''}{name}@{bytes_passed}"

    @cached_property
    def functions(self) -> dict[str, Any]:
        """The raw sections of functions.json: functions, callbacks, macros, data."""
        return read("functions")

    @cached_property
    def constants(self) -> dict[str, Any]:
        """The raw sections of constants.json: constants, enums, irql, since, only, strings, guids."""
        return read("constants")

    @cached_property
    def supplement(self) -> dict[str, Any]:
        """The raw sections of supplement.json."""
        return read("supplement")

    @cached_property
    def layouts(self) -> Layouts:
        """The structs, from structs.json and the supplement."""
        return Layouts(read("structs"), self.supplement)

    @cached_property
    def data_imports(self) -> dict[str, str]:
        """Exported variable -> its C type."""
        return {name: entry["t"] for name, entry in self.functions["data"].items()}

    @cache  # noqa: B019 (Facts lives as long as the process)
    def _irqls(self, arch: str) -> IrqlTable:
        return IrqlTable(read("irql"), self.constants["irql"][TARGETS[arch]])

    @staticmethod
    def _lacks(entry: dict[str, Any], target: str) -> bool:
        inline = entry.get("inline", ())
        return target not in entry.get("arch", (target,)) or inline is True or target in inline

    @staticmethod
    def _is_newer(entry: dict[str, Any], arch: str) -> bool:
        only_here = arch == "arm64" and "aarch64" in entry.get("arch", ()) and "x86_64" not in entry["arch"]
        return "ntddi" in entry or "ndis" in entry or only_here

    def raw_function(self, name: str) -> dict[str, Any] | None:
        """The entry of the supplement, which wins, or of the data file; a macro that only renames a call has that call's."""
        entry = self.supplement["functions"].get(name) or self.functions["functions"].get(name)
        if entry is None and name in self.functions["macros"]:
            renamed = self.functions["functions"].get(self.functions["macros"][name].get("alias"))
            entry = None if renamed is None else {**renamed, "macro": True}
        return cast("dict[str, Any] | None", entry)

    def _make_function(self, name: str, arch: str) -> Function | None:
        entry = self.raw_function(name)
        target = TARGETS[arch]
        if entry is None or target not in entry.get("arch", (target,)):
            return None
        table = self._irqls(arch)
        irqls = table.of(name, entry.get("irql", []))
        inline = entry.get("inline", ())
        params = entry["params_i386"] if arch == "x86" and "params_i386" in entry else entry["params"]
        return Function(
            name=name,
            ret=entry["ret"],
            params=tuple(map(_param, params)),
            header=entry["header"],
            irql_min=irqls.minimum,
            irql_max=irqls.maximum,
            irql_requires=irqls.requires,
            irql_when=irqls.when,
            raises_irql=irqls.raises,
            restores_irql=irqls.restores,
            calls_out=name in table.calls_out,
            module=self._module(name, entry, arch),
            cc386=cast(Convention, entry.get("cc386", "stdcall")),
            inline=inline is True or target in inline,
            macro=bool(entry.get("macro")),
            variadic=bool(entry.get("variadic")),
            must_inspect=bool(entry.get("must_inspect") or entry.get("check_return")),
            min_ntddi=entry.get("ntddi"),
            min_ndis=entry.get("ndis"),
        )

    def _module(self, name: str, entry: dict[str, Any], arch: str) -> str | None:
        if entry.get("macro"):
            return None
        exporters = [module for module, names in self._exports(arch).items() if name in names]
        # hal.dll repeats names that the kernel has (forwarders), except on x86, where IRQL and spin locks live in it.
        preferred = "hal.dll" if arch == "x86" and "hal.dll" in exporters else entry.get("module")
        return preferred if preferred in exporters else (exporters[0] if exporters else entry.get("module"))

    @cache  # noqa: B019 (Facts lives as long as the process)
    def _exports(self, arch: str) -> dict[str, frozenset[str]]:
        return self.imports(arch)

    def _make_callback(self, name: str, arch: str) -> Callback | None:
        entry = self.functions["callbacks"].get(name)
        if entry is None:
            return None
        if "of" in entry and "params" not in entry:
            return self.callback(entry["of"], arch)
        irqls = self._irqls(arch).of(name, entry.get("irql", []))
        return Callback(
            name=name,
            ret=entry["ret"],
            params=tuple(map(_param, entry["params"])),
            header=entry["header"],
            role=entry.get("role"),
            irql_min=irqls.minimum,
            irql_max=irqls.maximum,
            irql_requires=irqls.requires,
            cc386=cast(Convention, entry.get("cc386", "stdcall")),
        )


def undecorated(name: str) -> str:
    """`_Name@8` and `@Name@8`, as x86 import lists have them, without the decoration."""
    stem, at, size = name.rpartition("@")
    if at and stem and size.isdigit():
        return stem[1:] if stem[0] in "_@" else stem
    return name


def _param(entry: dict[str, Any]) -> Param:
    return Param(
        name=entry.get("n", ""),
        type=entry["t"],
        direction=entry.get("dir", "in"),
        optional=bool(entry.get("opt")),
        reserved=bool(entry.get("reserved")),
        size=entry.get("size"),
        unit=entry.get("unit"),
    )
