"""A merge module as the parts of a Windows Installer database: tables as archive files, and the cabinet's stream."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from pyndis.package.cabinet import write_cabinet
from pyndis.package.merge_module.model import MergeModule
from pyndis.package.merge_module.payload import Payload
from pyndis.package.merge_module.rows import rows
from pyndis.package.merge_module.schema import idt
from pyndis.package.merge_module.summary import TABLE, summary

APPLICATION = "pyndis"
CABINET = "MergeModule.CABinet"  # the stream that every merge module's files are in


@dataclass(frozen=True)
class Parts:
    """What a tool makes a database of, by name."""

    tables: Mapping[str, bytes]
    streams: Mapping[str, bytes]


def parts(module: MergeModule, contents: Mapping[str, bytes], payloads: Mapping[str, Payload], stamp: int) -> Parts:
    """The parts of a module. `contents` and `payloads` by the files' identifiers; `stamp`: seconds since 1970."""
    made = rows(module, payloads)
    stored = {str(row[0]): contents[file.id] for row, file in zip(made["File"], module.files, strict=True)}
    tables = {name: idt(name, listed) for name, listed in made.items()}
    return Parts({TABLE: summary(module, stamp, APPLICATION), **tables}, {CABINET: write_cabinet(stored, stamp)})
