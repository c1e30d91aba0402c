"""%tokens% and the strings behind them."""

from __future__ import annotations

import re
from collections.abc import Iterator

from pyndis.diagnostics import Diagnostic
from pyndis.package.inf_reader import Line
from pyndis.package.infverif.subject import FACTS, Subject, number

_TOKEN = re.compile("%([^%]*)%")


def findings(subject: Subject) -> Iterator[Diagnostic]:
    """PYN-V05 (no such string), PYN-V07 (no such folder), PYN-V09 (not in each language)."""
    yield from _languages(subject)
    defined = _defined(subject)
    for line, token in _tokens(subject):
        if (folder := number(token)) is not None:
            if not is_folder(folder):
                message = f"%{token}% is no folder that Windows has a number for"
                yield subject.error("PYN-V07", message, line, "12 is the drivers' folder, 11 is system32, 13 the driver store")
        elif token.lower() not in defined:
            message = f"%{token}% is not in [Strings]"
            yield subject.error(
                "PYN-V05", message, line, f'add {token} = "…" to [Strings], or write %%{token}%% to have it as it is'
            )


def _languages(subject: Subject) -> Iterator[Diagnostic]:
    """Each language has all strings, or a reader of another sees names of strings."""
    wanted = {line.key.lower() for line in subject.inf.lines("strings")}
    for section, lines in subject.inf.sections.items():
        if section.startswith("strings.") and (missing := wanted - {line.key.lower() for line in lines}):
            message = f"[{subject.name(section)}] lacks {', '.join(sorted(missing)[:3])} of [Strings]"
            yield subject.warning("PYN-V09", message, subject.header(section), "give each language every string")


def _defined(subject: Subject) -> set[str]:
    return {line.key.lower() for name, found in subject.inf.sections.items() if is_strings(name) for line in found if line.key}


def is_strings(section: str) -> bool:
    """[Strings], or those of one language as [Strings.0407]."""
    return section == "strings" or section.startswith("strings.")


def _tokens(subject: Subject) -> Iterator[tuple[Line, str]]:
    for name, lines in subject.inf.sections.items():
        for line in lines if not is_strings(name) else ():
            for text in (line.key, *line.values):
                yield from ((line, each) for each in _TOKEN.findall(text) if each)


def is_folder(dirid: int) -> bool:
    """Whether Windows has a folder for this number, or lets setup programs have one."""
    known = FACTS["dirids"]
    shell = known["first_shell"] <= dirid <= known["last_shell"]
    return shell or dirid in (*known["system"], *known["elsewhere"], -1) or dirid >= known["first_own"]
