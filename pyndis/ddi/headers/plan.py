"""Which declaration goes into which file of `toolchain/include/ddi/`, in an order in which all of it compiles."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from pyndis.ddi.facts import Facts
from pyndis.ddi.headers.declarators import words
from pyndis.ddi.headers.enums import define_constant, define_enum, define_guid, define_scalar
from pyndis.ddi.headers.functions import callback, guard, prototype, type_texts
from pyndis.ddi.headers.guards import TARGETS
from pyndis.ddi.headers.structs import StructWriter, tag_of

Block = list[str]
"""The lines of one declaration."""

HEADERS = ("wdm", "ntddk", "ntifs", "ndis")
"""Our header families, each built on the ones before it."""
_FAMILY = {"wdm.h": "wdm", "ntdef.h": "wdm", "guiddef.h": "wdm", "devpropdef.h": "wdm", "evntprov.h": "wdm",
           "ntddk.h": "ntddk", "ntifs.h": "ntifs", "ktmtypes.h": "wdm"}  # fmt: skip
IS_OF_NDIS = re.compile(
    r"^(f?NDIS|P?NDIS|Ndis|OID_|NET_|Net[IDB]|IF_|MAX_IF|MIN_IF|OFFLOAD|ETH|TUNNEL|UDP|PMTUD|COMPARTMENT|MaxNet|MaxPer"
    r"|TcpIpChecksum|TcpLarge|TcpSend|TcpRecv|Ieee8021|Shutdown|NdisReq|IP_|AF_|SCOPE|Scope|MaximumNet|UNSPECIFIED)"
)
_BY_HAND = re.compile(
    r"^(NTDDI_|NDIS_SUPPORT_NDIS|NDIS_MINIPORT_(MINIMUM_)?(MAJOR|MINOR)_VERSION$|MM_CURRENT_PROCESS_PARTITION_OBJECT$)"
)
"""Constants that sdkddkver.h and net/version.h derive from what the driver asks for, or that are no plain number."""


class Plan:
    """Sorted declarations, by header family and by kind."""

    def __init__(self, facts: Facts) -> None:
        self.facts = facts
        self.structs = StructWriter(facts.layouts)
        self._exports = {
            target: {name for names in facts.imports(arch).values() for name in names}
            for target, arch in (("x86_64", "amd64"), ("i386", "x86"), ("aarch64", "arm64"))
        }
        self.callbacks: dict[str, Any] = facts.functions["callbacks"]
        self.typedefs: dict[str, str] = facts.supplement["typedefs"]
        self.scalars: dict[str, Any] = {**facts.layouts.scalars, **facts.supplement["scalars"]}
        self.enums = {tag for tag in map(self._enum_tag, self.scalars) if tag is not None}
        # What no header of the kit declares is declared by the C that uses it.
        supplement = facts.supplement["structs"]
        self.undocumented = {name for name, entry in supplement.items() if entry["header"] == "undocumented"}
        self.declared = {*self.callbacks, *self.typedefs, *self.scalars, *facts.layouts.aliases, *facts.layouts.names}

    def family_of_struct(self, name: str) -> str:
        """Where a type is declared."""
        for target in ("x86_64", "i386", "aarch64"):
            raw = self.facts.layouts.raw(name, target, "680")
            if raw is not None and name in self.undocumented:
                return "undocumented"
            if raw is not None:
                return _FAMILY.get(raw["header"], "ndis")
        raise ValueError(f"{name} has no layout")

    def scalar_blocks(self) -> Iterator[Block]:
        """Integer typedefs; enums have their own file."""
        for name in sorted(self.scalars):
            tag = self._enum_tag(name)
            if tag is not None and tag.lstrip("_") not in self.facts.constants["enums"]:
                yield [f"typedef int {name};"]
            elif tag is None and not name.startswith("__"):
                yield define_scalar(self.scalars[name], name, self._pointer(name))
        for name, target in sorted(self.typedefs.items(), key=self._typedef_order):
            if not self._mentions_struct(target):
                yield [f"typedef {target.replace('void', 'VOID')}{'' if target.endswith('*') else ' '}{name};"]

    def enum_blocks(self, family: str) -> Iterator[Block]:
        """Enums and their typedefs."""
        for tag in sorted(self.enums):
            members = self.facts.constants["enums"].get(tag.lstrip("_"))
            names = [name for name in sorted(self.scalars) if self._enum_tag(name) == tag]
            ndis = all(IS_OF_NDIS.match(name) for name in names)
            if members is None or ("ndis" if ndis else "wdm") != family:
                continue
            own = [name for name in names if not name.startswith("P") or name[1:] not in names]
            typedefs = [f"typedef enum {tag} {each}{self._pointer_suffix(each)};" for each in own]
            typedefs += [f"typedef enum {tag} {each};" for each in names if each not in own]
            yield define_enum(self.facts, tag, members, typedefs, ndis)

    def name_blocks(self, family: str) -> Iterator[Block]:
        """Forward typedefs of the family's structs, so that everything else can point to them."""
        aliases: dict[str, list[str]] = {}
        for alias, name in self.facts.layouts.aliases.items():
            aliases.setdefault(name, []).append(alias)
        for name in (each for each in self.facts.layouts.names if each not in self.undocumented):
            if self._family_of_name(name) != family:
                continue
            forward = f"typedef {self._kind(name)} {tag_of(self.facts.layouts, name)} {name}{self._pointer_suffix(name)};"
            if name in self.facts.layouts.aliases:
                other = f"typedef {self.facts.layouts.aliases[name]} {name}{self._pointer_suffix(name)};"
                yield ["#ifdef _WIN64", forward, "#else", other, "#endif"]
                continue
            others = sorted(set(aliases.get(name, ())) - set(self.facts.layouts.names))
            yield [forward, *(f"typedef {name} {each}{self._pointer_suffix(each)};" for each in others)]
        for name, target in sorted(self.typedefs.items()):
            mentioned = self._mentions_struct(target)
            if mentioned and self._family_of_name(mentioned) == family:
                yield [f"typedef {target}{'' if target.endswith('*') else ' '}{name};"]

    def inferred_blocks(self, used: Iterable[str]) -> Iterator[Block]:
        """Pointer names that only their use shows: const and alternative spellings, and types that stay opaque."""
        for name in sorted(set(used) - self.declared - self._implied_pointers()):
            for prefix, form in (("PC", "const {} *"), ("PRK", "K{} *"), ("P", "{} *")):
                base = ("K" if prefix == "PRK" else "") + name.removeprefix(prefix)
                if name.startswith(prefix) and base in self.declared:
                    yield [f"typedef {form.format(name.removeprefix(prefix))}{name};"]
                    break
            else:
                if name.startswith("P"):
                    yield [f"typedef struct _{name[1:]} *{name};"]

    def callback_blocks(self, family: str) -> Iterator[Block]:
        """Function types, those that others mention first."""
        mine = {n: e for n, e in self.callbacks.items() if self._callback_family(e) == family}

        def needs(name: str) -> set[str]:
            entry = mine[name]
            return {word for text in type_texts(entry) for word in words(text)} | ({entry["of"]} if "of" in entry else set())

        yield from (callback(name, mine[name]) for name in _ordered(mine, needs))

    def struct_blocks(self, family: str) -> Iterator[Block]:
        """Definitions, members' types first."""
        mine = [name for name in self.facts.layouts.names if self.family_of_struct(name) == family]
        for name in _ordered(mine, self.structs.needs):
            yield self.structs.define(name, family == "ndis")

    def constant_blocks(self, pick: Callable[[str], bool]) -> Iterator[Block]:
        """Macro constants (enumerators are in their enums), sorted by name."""
        in_enums = {member for tag in self.facts.constants["enums"].values() for member in tag}
        names = {*self.facts.constants["constants"], *self.facts.supplement["constants"]} - in_enums
        for name in sorted(names):
            if pick(name) and not _BY_HAND.match(name):
                yield define_constant(self.facts, name, bool(IS_OF_NDIS.match(name)))

    def guid_blocks(self, ndis: bool) -> Iterator[Block]:
        """The GUIDs of NDIS, or of the kernel."""
        for name, text in sorted(self.facts.constants["guids"].items()):
            if name.startswith("GUID_NDIS_") == ndis:
                yield define_guid(name, text)

    def function_blocks(
        self, family: str, functions_by_hand: set[str], macros_by_hand: set[str]
    ) -> Iterator[tuple[str, str | None, Block]]:
        """(group, `#if` condition, prototype) of every import of the family that no header defines itself.

        What is written by hand for the targets that lack an import stands in there, and the import stays elsewhere.
        """
        entries = {**self.facts.functions["functions"], **self.facts.supplement["functions"]}
        for name in sorted(entries):
            entry = entries[name]
            header = "ndis" if entry["header"] == "ndis.h" else _FAMILY.get(entry["header"], "")
            targets = self._import_targets(name, entry)
            everywhere = len(targets) == len(TARGETS)
            by_hand = everywhere and (name in functions_by_hand or name in macros_by_hand)
            if header != family or not targets or entry.get("macro") or by_hand or name.startswith("_"):
                continue
            limited = entry if everywhere else {**entry, "arch": targets}
            yield _group(name), guard(limited), prototype(name, entry)

    def _import_targets(self, name: str, entry: dict[str, Any]) -> list[str]:
        """Where the call is an import: where no header has it inline, or an export stands beside the inline one."""
        inline = entry.get("inline", ())
        if inline is True:
            return []
        declared = entry.get("arch", TARGETS)
        return [t for t in TARGETS if t in declared and (t not in inline or name in self._exports[t])]

    def used_words(self) -> set[str]:
        """Every type name that some declaration mentions."""
        texts = [text for entry in self.callbacks.values() for text in type_texts(entry)]
        for section in (self.facts.functions, self.facts.supplement):
            texts += [text for entry in section["functions"].values() for text in type_texts(entry)]
        for name in self.facts.layouts.names:
            for target in ("x86_64", "i386", "aarch64"):
                raws = [self.facts.layouts.raw(name, target, "680"), *self.facts.layouts.variants(name, target)]
                texts += [
                    entry[3] for raw in raws if raw for entry in raw["fields"] if entry[3].split()[0] not in ("struct", "union")
                ]
        return {word for text in texts for word in words(text) if not word.startswith("_")}

    def _family_of_name(self, name: str) -> str:
        """Names of kernel structs all come first: wdm.h points to types that only ntifs.h defines."""
        return "ndis" if self.family_of_struct(name) == "ndis" else "wdm"

    def _kind(self, name: str) -> str:
        found = [self.facts.layouts.raw(name, target, "680") for target in ("x86_64", "i386", "aarch64")]
        return str(next(raw["kind"] for raw in found if raw is not None))

    def _enum_tag(self, name: str) -> str | None:
        entry = self.scalars[name]
        text = (next(iter(entry.values())) if isinstance(entry, dict) else entry)[0]
        return str(text).removeprefix("enum ") if str(text).startswith("enum ") else None

    def _pointer(self, name: str) -> str | None:
        pointer = f"P{name}"
        return None if pointer in self.declared or name == "size_t" or not name[0].isupper() else pointer

    def _pointer_suffix(self, name: str) -> str:
        pointer = self._pointer(name)
        return f", *{pointer}" if pointer else ""

    def _implied_pointers(self) -> set[str]:
        named = {*self.facts.layouts.names, *self.facts.layouts.aliases, *self.scalars}
        return {pointer for pointer in map(self._pointer, named) if pointer}

    def _mentions_struct(self, target: str) -> str | None:
        for word in words(target):
            word = self.facts.layouts.aliases.get(word, word)
            if word in self.facts.layouts.names:
                return word
        return None

    def _typedef_order(self, item: tuple[str, str]) -> tuple[int, str]:
        return sum(word in self.typedefs for word in words(item[1])), item[0]

    @staticmethod
    def _callback_family(entry: dict[str, Any]) -> str:
        return _FAMILY.get(entry["header"], "ndis")


def _group(name: str) -> str:
    """The family of calls, as the kernel names its components: Io, Ke, Mm ..."""
    match = re.match(r"(Ex|Io|Ke|Mm|Ob|Po|Ps|Rtl|Se|Zw|NdisM)", name)
    return match[1].lower() if match else "other"


def _ordered(names: Iterable[str], needs: Callable[[str], set[str]]) -> list[str]:
    """The names sorted, but each after those that it needs."""
    wanted = sorted(names)
    known, done = set(wanted), dict[str, None]()

    def visit(name: str) -> None:
        if name in done:
            return
        for other in sorted(needs(name) & known - {name}):
            visit(other)
        done[name] = None

    for name in wanted:
        visit(name)
    return list(done)
