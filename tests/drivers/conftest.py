"""Marks that the tests of drivers carry."""

from __future__ import annotations

import pytest


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", 'spec("W-20", …): the numbers of the driver\'s specification that the test proves')
    config.addinivalue_line("markers", "not_on(arch, because=…): the test makes no sense on that architecture")
