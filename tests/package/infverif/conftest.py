from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from pyndis.diagnostics import Diagnostic
from pyndis.package.inf import encode_inf, render_inf
from pyndis.package.inf_reader import read_inf
from pyndis.package.infverif import verify
from pyndis.package.infverif.subject import Subject
from pyndis.package.manifest import Manifest

STAMP = 1_700_000_000  # 14 November 2023, UTC
TODAY = date(2023, 11, 14)

Judge = Callable[..., list[Diagnostic]]


@pytest.fixture
def judge(wintun: Manifest) -> Judge:
    """Verify Wintun's INF for amd64 with texts replaced; against driver.toml, or as a Windows Driver, where that is asked for."""
    text = render_inf(wintun, "amd64", STAMP).decode().replace("\r\n", "\n")

    def verified(*replacements: tuple[str, str], declared: bool = False, windows_driver: bool = False) -> list[Diagnostic]:
        changed = text
        for old, new in replacements:
            assert old in changed, old
            changed = changed.replace(old, new)
        against = ("amd64", wintun) if declared else ()
        inf = read_inf(encode_inf(changed))
        return verify(Subject(inf, Path("wintun.inf"), TODAY, *against, windows_driver=windows_driver))

    return verified
