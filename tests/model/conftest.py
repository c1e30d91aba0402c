"""Wintun's adapter on plain objects."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from drivers.wintun.wintun import Tun
from pyndis.model import Handle, Model, ModelAdapter


@pytest.fixture
def options() -> dict[str, str]:
    """Choices of driver.toml; a test that is parametrized over `options` runs with each."""
    return {}


@pytest.fixture
def model(options: dict[str, str]) -> Iterator[Model]:
    with Model(**options) as model:
        yield model


@pytest.fixture
def adapter(model: Model) -> ModelAdapter:
    return model.add_adapter(Tun)


@pytest.fixture
def handle(adapter: ModelAdapter) -> Handle:
    return adapter.open()
