from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from drivers.wintun.wintun import Tun
from pyndis import host as hosts
from pyndis import model as models
from pyndis.host import Host
from pyndis.model import Model
from tests.drivers.wintun.conftest import INDEX, path_of
from tests.drivers.wintun.counters import counted
from tests.drivers.wintun.images import DRIVER, built
from tests.kept import kept
from tests.model.operations import Side

STEPS = 60
NDIS_NAMES = {
    "in_discards": "ifInDiscards",
    "in_errors": "ifInErrors",
    "out_discards": "ifOutDiscards",
    "out_errors": "ifOutErrors",
    "in_octets": "ifHCInOctets",
    "in_packets": "ifHCInUcastPkts",
    "out_octets": "ifHCOutOctets",
    "out_packets": "ifHCOutUcastPkts",
}

Image = Callable[[str], Path]


@pytest.fixture(scope="module")
def image() -> Image:
    """The driver built here, by its receive strategy."""
    return lambda receive: built(DRIVER, kept("wintun", f"{receive}-Release"), receive=receive)


def on_model(receive: str, seed: int) -> tuple[list[str], dict[str, int]]:
    with Model(receive=receive) as model:
        adapter = model.add_adapter(Tun)
        side = Side(adapter, adapter.open, adapter.pause, model.advance, models.Nb, models.Nbl)
        side.apply(seed, STEPS)
        return side.seen, {NDIS_NAMES[name]: value for name, value in adapter.counters.items()}


def on_image(path: Path, seed: int) -> tuple[list[str], dict[str, int]]:
    with Host(path) as host:
        adapter = host.add_adapter(luid_index=INDEX)
        side = Side(
            adapter, lambda: host.open(path_of(INDEX)), lambda: adapter.pause(wait=False), host.advance, hosts.Nb, hosts.Nbl
        )
        side.apply(seed, STEPS)
        found = {name: value for name, value in counted(adapter).items() if name in NDIS_NAMES.values()}
        adapter.return_held()
        return side.seen, found


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("receive", ["pend", "copy"])
def test_the_image_does_what_its_python_does(image: Image, receive: str, seed: int) -> None:
    model_saw, model_counted = on_model(receive, seed)
    image_saw, image_counted = on_image(image(receive), seed)
    for model_step, image_step in zip(model_saw, image_saw, strict=True):
        assert model_step == image_step
    assert model_counted == image_counted


def test_the_random_work_reaches_each_outcome() -> None:
    seen = " ".join(on_model("pend", seed)[0][-1] for seed in range(5))
    statuses = set(re.findall(r"\((\d+), \d+", seen))
    assert len(statuses) >= 3
    assert {"True", "connected"} & set(re.findall(r"\w+", seen))
