"""What all tests share: files of expected output, and how they are made again."""

from __future__ import annotations

import os
from collections.abc import Callable, Generator
from pathlib import Path

import pytest

Golden = Callable[[str, bytes], None]

# Skips that nothing to install would end.
BY_NATURE = (
    "root may write everywhere",
    "Windows on ARM64 begins with version 10",
    "hostile memory needs single steps, which ARM64 has for debuggers only",
)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--regenerate-golden", action="store_true", help="write the expected files anew from what the code gives now"
    )


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "breaks(rule, feature=''): shows that the host catches a driver that breaks this rule")
    config.addinivalue_line("markers", "keeps(rule, feature=''): shows that the host lets a driver pass that keeps it")


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Golden:
    """Compare bytes with the file of that name in `golden/` beside the test; `pytest --regenerate-golden` writes it."""
    folder = Path(request.path).parent / "golden"

    def check(name: str, found: bytes) -> None:
        file = folder / name
        if request.config.getoption("--regenerate-golden"):
            file.parent.mkdir(exist_ok=True)
            file.write_bytes(found)
        assert file.is_file(), f"{file} is missing: run pytest --regenerate-golden, and read what it wrote"
        assert found == file.read_bytes(), f"differs from {file}; if the change is wanted: pytest --regenerate-golden"

    return check


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Under CI all tools are there: a test that is skipped for want of one fails."""
    report = yield
    if os.environ.get("CI") and report.skipped and isinstance(report.longrepr, tuple):
        reason = report.longrepr[2].removeprefix("Skipped: ")
        if reason not in BY_NATURE:
            report.outcome = "failed"
            report.longrepr = f"{item.nodeid} must not be skipped under CI: {reason}"
    return report
