"""Our own INF verifier: each module judges one family of rules, from the parsed INF to diagnostics.

The codes are PYN-V…; where Microsoft's InfVerif has a public code for the same, `pyndis explain` names it. Facts about
INFs that rules go by are in `facts.toml`.
"""

from __future__ import annotations

from pyndis.diagnostics import Diagnostic
from pyndis.package.infverif import (
    declared,
    driver_store,
    files,
    isolation,
    keywords,
    models,
    needs,
    network,
    registry,
    sections,
    services,
    strings,
    syntax,
    version,
    windows_driver,
)
from pyndis.package.infverif.subject import Subject

_FAMILIES = (
    syntax.findings,
    strings.findings,
    version.findings,
    models.findings,
    sections.findings,
    needs.findings,
    files.findings,
    driver_store.findings,
    registry.findings,
    services.findings,
    network.findings,
    keywords.findings,
    isolation.findings,
    windows_driver.findings,
    declared.findings,
)


def verify(subject: Subject) -> list[Diagnostic]:
    """What is wrong with an INF, errors and warnings, in the order of its lines. Empty: nothing."""
    found = [each for family in _FAMILIES for each in family(subject)]
    return sorted(dict.fromkeys(found), key=lambda each: (each.labels[0].span.line, each.code))
