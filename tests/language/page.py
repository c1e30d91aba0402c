"""docs/language.md as data: its programs, what each becomes, and the page with the C that the compiler gives now."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

PAGE = Path(__file__).parents[2] / "docs" / "language.md"
_PYTHON = re.compile(r"^```python(?: (?P<info>[\w-]+))?\n(?P<program>.*?)^```$", re.M | re.S)
_C = re.compile(r"^<!-- the C of (?P<names>[\w ]+) -->\n```c\n(?P<c>.*?)```$", re.M | re.S)
_ANNOTATION = re.compile(r"^(?:_IRQL_|_Must_inspect_|_Use_decl_|_Requires_|_Function_|_When_).*\n", re.M)


@dataclass(frozen=True)
class Example:
    """A program of the page. `code`: the error that it is about; `functions`: those whose C the page shows, with that C."""

    title: str
    program: str
    code: str = ""
    functions: tuple[str, ...] = ()
    c: str = ""


def examples() -> list[Example]:
    """In the order of the page. A program is shown with what is imported for all."""
    text = PAGE.read_text("utf-8")
    imports = next(each["program"] for each in _PYTHON.finditer(text) if each["info"] == "imports")
    found = []
    for block in _PYTHON.finditer(text):
        if block["info"] == "imports":
            continue
        title = re.findall(r"^## (.*)$", text[: block.start()], re.M)[-1]
        shown = _C.match(text, block.end() + 2)
        names = tuple(shown["names"].split()) if shown else ()
        program = f"{imports}\n\n{block['program']}"
        found.append(Example(title, program, block["info"] or "", names, shown["c"] if shown else ""))
    return found


def shown(unit: str, functions: tuple[str, ...]) -> str:
    """The C of some functions, as the page shows it."""
    return "\n".join(_function(unit, name) for name in functions)


def _function(unit: str, name: str) -> str:
    found = re.search(rf"(?:^/\*(?:(?!\*/).)*\*/\n)?(?:^\w.*\n)+^{name}\((?:.*\n)*?^}}\n", unit, re.M)
    assert found is not None, f"the C has no function {name}"
    return _ANNOTATION.sub("", found.group())
