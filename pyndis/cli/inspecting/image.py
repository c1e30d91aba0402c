"""What is in an image: headers, sections, imports, hardening, debug record, version resource, signature."""

from __future__ import annotations

from typing import Any

import pefile

from pyndis.diagnostics import Diagnostic, DriverFailure
from pyndis.signing import inspect_signature

Report = dict[str, Any]

_MACHINES = {0x8664: "amd64", 0x14C: "x86", 0xAA64: "arm64"}
_DEBUG_KINDS = {2: "CODEVIEW", 16: "REPRO"}


def report(data: bytes) -> Report:
    """An image as nested values. Raises DriverFailure (PYN-A07, PYN-G10, PYN-G11, PYN-G31)."""
    try:
        with pefile.PE(data=data) as image:
            return {**_headers(image), **_contents(image), **inspect_signature(data)}
    except (pefile.PEFormatError, AttributeError, UnicodeDecodeError) as error:
        said = str(error).strip("'\"")  # pefile quotes what it says
        help = "give a .sys file that is whole"
        raise DriverFailure(Diagnostic("PYN-A07", f"this image cannot be read: {said}", help=help)) from error


def _headers(image: pefile.PE) -> Report:
    header = image.OPTIONAL_HEADER
    return {
        "format": "PE image",
        "architecture": _MACHINES.get(image.FILE_HEADER.Machine, hex(image.FILE_HEADER.Machine)),
        "subsystem": pefile.SUBSYSTEM_TYPE.get(header.Subsystem, header.Subsystem),
        "subsystem_version": f"{header.MajorSubsystemVersion}.{header.MinorSubsystemVersion:02}",
        "system_version": f"{header.MajorOperatingSystemVersion}.{header.MinorOperatingSystemVersion}",
        "image_base": hex(header.ImageBase),
        "entry_point": hex(header.AddressOfEntryPoint),
        "hardening": _characteristics(header),
    }


def _characteristics(header: Any) -> list[str]:
    prefix = "IMAGE_DLLCHARACTERISTICS_"
    flags = pefile.retrieve_flags(pefile.DLL_CHARACTERISTICS, prefix)
    return sorted(name.removeprefix(prefix) for name, bit in flags if header.DllCharacteristics & bit)


def _contents(image: pefile.PE) -> Report:
    return {
        "load_configuration": _load_configuration(image),
        "sections": [_section(each) for each in image.sections],
        "imports": {entry.dll.decode(): _names(entry) for entry in getattr(image, "DIRECTORY_ENTRY_IMPORT", [])},
        "debug": [_debug(each) for each in getattr(image, "DIRECTORY_ENTRY_DEBUG", [])],
        "version": _version(image),
    }


def _names(entry: Any) -> list[str]:
    return sorted(each.name.decode() if each.name else f"#{each.ordinal}" for each in entry.imports)


def _load_configuration(image: pefile.PE) -> Report | None:
    found = getattr(image, "DIRECTORY_ENTRY_LOAD_CONFIG", None)
    if found is None:
        return None
    fields = found.struct
    return {
        "size": fields.Size,
        "security_cookie": bool(fields.SecurityCookie),
        "guard_check": bool(fields.GuardCFCheckFunctionPointer),
        "guard_functions": fields.GuardCFFunctionCount,
        "guard_flags": hex(fields.GuardFlags),
    }


def _section(section: Any) -> Report:
    bits = {"discardable": 0x02000000, "not_paged": 0x08000000, "execute": 0x20000000, "read": 0x40000000, "write": 0x80000000}
    return {
        "name": section.Name.rstrip(b"\0").decode("latin-1"),
        "address": hex(section.VirtualAddress),
        "size": section.Misc_VirtualSize,
        "flags": [name for name, bit in bits.items() if section.Characteristics & bit],
    }


def _debug(entry: Any) -> Report:
    kind = _DEBUG_KINDS.get(entry.struct.Type, entry.struct.Type)
    name = getattr(entry.entry, "PdbFileName", b"").rstrip(b"\0").decode("utf-8", "replace")
    return {"kind": kind, **({"pdb": name} if name else {})}


def _version(image: pefile.PE) -> Report | None:
    fixed = getattr(image, "VS_FIXEDFILEINFO", None)
    if not fixed:
        return None
    words = (fixed[0].FileVersionMS, fixed[0].FileVersionLS)
    numbers = ".".join(str(part) for word in words for part in (word >> 16, word & 0xFFFF))
    return {"file_version": numbers, "type": fixed[0].FileType, "subtype": fixed[0].FileSubtype, "texts": _texts(image)}


def _texts(image: pefile.PE) -> dict[str, str]:
    found: dict[str, str] = {}
    for entry in (each for group in getattr(image, "FileInfo", []) for each in group):
        for table in getattr(entry, "StringTable", []):
            found |= {key.decode("utf-8", "replace"): value.decode("utf-8", "replace") for key, value in table.entries.items()}
    return found
