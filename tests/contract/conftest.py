"""Runs of the suite on Wintun, on the sound test driver, and on the ones with mistakes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from pyndis.contract import Outcome, Subject, cases, chosen, run_one
from pyndis.contract.traffic import Traffic, load
from tests.drivers.wintun.images import DRIVER, built
from tests.host.conftest import broken, broken_image, tun_arch, tun_image
from tests.kept import kept

__all__ = ["broken", "broken_image", "tun_arch", "tun_image"]

CLIENT = DRIVER / "client" / "traffic.py"

Try = Callable[..., Outcome]


@pytest.fixture(scope="session")
def wintun_sys() -> Path:
    return built(DRIVER, kept("wintun", "pend-Release"))


@pytest.fixture(scope="session")
def traffic() -> Traffic:
    """Wintun's clients and the test driver's speak alike."""
    return load(CLIENT)


@pytest.fixture
def tried(traffic: Traffic) -> Try:
    """Run one case on an image; its outcome."""

    def run(image: Path, case: str, *, client: bool = True, cycles: int = 100, seed: int | None = None) -> Outcome:
        (only,) = chosen(cases(), [case])
        subject = Subject(image, "amd64", traffic if client else None, seed, cycles)
        return run_one(only, subject, image.name)

    return run
