from __future__ import annotations

import re
import shutil
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from pyndis.diagnostics import DriverFailure
from pyndis.files import write_whole
from pyndis.host import Host, Violation
from tests.drivers.wintun.conftest import INDEX, path_of
from tests.drivers.wintun.images import DRIVER, built
from tests.host.packets import bundle, ipv4
from tests.kept import kept

PACKETS = 3
IMPORT = "from pyndis.kernel import *\n"
HOOK = "    def returned(self, chain: Owned[Chain[PoolNbl]]) -> None:\n"
LOOP = "        for nbl in chain:\n"
MISTAKE = """\
            with unsafe("a mistake, made on purpose: the stack may still have other packets of this write"):
                raw.IoCompleteRequest(cast(raw.PIRP, nbl.source), 0)
"""


@pytest.fixture(scope="module")
def broken() -> Path:
    """The driver, but each NBL that comes back completes its write."""
    return broken_driver(kept("wintun", "broken"))


def broken_driver(folder: Path, **options: Any) -> Path:
    copy = folder / "wintun"
    module = copy / "wintun.py"
    shutil.copytree(DRIVER, copy, ignore=shutil.ignore_patterns("__pycache__", "build", module.name), dirs_exist_ok=True)
    original = DRIVER / module.name
    write_whole(module, with_mistake(original.read_text("utf-8")).encode())
    shutil.copystat(original, module)  # an unchanged driver is not built again
    return built(copy, folder / "out", **options)


def with_mistake(source: str) -> str:
    before, hook, after = source.partition(HOOK)
    assert IMPORT in before and hook and LOOP in after
    return before.replace(IMPORT, IMPORT + IMPORT.replace("*", "raw"), 1) + hook + after.replace(LOOP, LOOP + MISTAKE, 1)


@pytest.fixture
def violations(broken: Path) -> list[Violation]:
    return found(broken)


def found(broken: Path) -> list[Violation]:
    """What the host says when the first of some packets comes back."""
    host = Host(broken)
    with suppress(DriverFailure), host:
        adapter = host.add_adapter(luid_index=INDEX)
        adapter.hold_returns()
        write = host.open(path_of(INDEX)).write(bundle(*[ipv4()] * PACKETS))
        adapter.return_held(adapter.held[:1])
        assert write.done
    return host.violations


@pytest.mark.spec("W-45")
def test_a_driver_that_completes_a_write_at_the_first_return_is_caught(violations: list[Violation]) -> None:
    violation = next(each for each in violations if each.rule == "CompletionWhileLent")
    assert str(PACKETS - 1) in violation.message
    assert any("IRP_MJ_WRITE" in line for line in violation.history)


@pytest.mark.spec("W-45")
def test_the_report_names_the_call_that_completed_it_too_early(violations: list[Violation]) -> None:
    violation = next(each for each in violations if each.rule == "CompletionWhileLent")
    assert any("ReturnNetBufferLists" in each.text for each in violation.stack)


def test_the_report_shows_lines_of_python_where_the_image_was_built_for_it() -> None:
    folder = kept("wintun", "broken-python")
    image = broken_driver(folder, line_directives=True)
    report = next(each for each in found(image) if each.rule == "CompletionWhileLent").report()
    line = re.findall(
        r"MiniportReturnNetBufferLists\+0x[0-9a-f]+ at wintun\.c:[0-9]+, .* \(wintun/wintun\.py:([0-9]+)\)", report
    )[0]
    source = (folder / "wintun" / "wintun.py").read_text("utf-8").splitlines()
    assert "IoCompleteRequest" in source[int(line) - 1]
