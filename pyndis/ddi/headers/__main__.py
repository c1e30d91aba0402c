"""Rewrite the generated headers in place."""

from __future__ import annotations

import re
from pathlib import Path

from pyndis.ddi import facts
from pyndis.ddi.headers.files import Files, render
from pyndis.ddi.headers.plan import Plan
from pyndis.files import write_whole
from pyndis.resources import toolchain


def defined_by_hand(include: Path) -> tuple[set[str], set[str]]:
    """(functions, macros) that the headers outside `ddi/` define: nothing is generated for them."""
    texts = [path.read_text("utf-8") for path in sorted(include.rglob("*.h")) if "ddi" not in path.parts[-2:-1]]
    inline = re.compile(r"^(?:FORCEINLINE|NTSTRSAFEDDI|static inline)\b[^;{]*?\b(\w+)\s*\([^;]*?\)\s*\{", re.M)
    macros = re.compile(r"^#\s*define\s+(\w+)", re.M)
    return {n for text in texts for n in inline.findall(text)}, {n for text in texts for n in macros.findall(text)}


def generate() -> Files:
    """File name below `toolchain/include/ddi/` -> text."""
    return render(Plan(facts()), *defined_by_hand(toolchain() / "include"))


def main() -> None:
    """Write what changed, delete what is no longer generated."""
    folder = toolchain() / "include" / "ddi"
    files = generate()
    for name, text in files.items():
        path = folder / name
        if not path.is_file() or path.read_text("utf-8") != text:
            write_whole(path, text.encode())
    for path in folder.glob("*.h"):
        if path.name not in files:
            path.unlink()


if __name__ == "__main__":
    main()
