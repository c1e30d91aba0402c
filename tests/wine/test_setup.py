"""The driver's package under Wine's setup functions, which read the INF and install from it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.wine.prefix import SERVICE, Prefix

pytestmark = pytest.mark.slow


def _run(prefix: Prefix, line: str) -> dict[str, Any]:
    (result,) = prefix.run_script([line])
    return dict(json.loads(result))


def _text(value: str) -> str:
    return bytes.fromhex(value).decode("ascii")


def _section(prefix: Prefix, inf: Path, name: str) -> list[str]:
    result = _run(prefix, f"section {prefix.path_of(inf)} {name}")
    return [_text(result[str(number)]) for number in range(result["lines"])]


@pytest.fixture
def inf(wintun_sys: Path) -> Path:
    return wintun_sys.with_suffix(".inf")


def test_setup_finds_the_models_of_the_architecture(prefix: Prefix, inf: Path) -> None:
    assert _section(prefix, inf, "Manufacturer") == ["WireGuard LLC|Models|NTamd64"]
    assert _section(prefix, inf, "Models.NTamd64") == ["Wintun Userspace Tunnel|Install|Wintun"]


def test_setup_reads_the_version_section(prefix: Prefix, inf: Path) -> None:
    version = dict(line.split("|", 1) for line in _section(prefix, inf, "Version"))
    assert version["Signature"] == "$Windows NT$"
    assert version["ClassGUID"] == "{4D36E972-E325-11CE-BFC1-08002BE10318}"
    assert version["CatalogFile"] == "wintun.cat"
    assert len(version["DriverVer"].split("|")) == 2


def test_setup_reads_the_install_section(prefix: Prefix, inf: Path) -> None:
    install = dict(line.split("|", 1) for line in _section(prefix, inf, "Install"))
    assert install["Characteristics"] == "0x1"
    assert [install[name] for name in ("*IfType", "*MediaType", "*PhysicalMediaType")] == ["53", "19", "0"]
    files = _section(prefix, inf, install["CopyFiles"])
    assert files == ["|wintun.sys|||0x00004002"]


def test_setup_copied_the_image(prefix: Prefix, wintun_sys: Path) -> None:
    assert prefix.driver.read_bytes() == wintun_sys.read_bytes()


def test_setup_made_the_service(prefix: Prefix) -> None:
    service = _run(prefix, f"query {SERVICE}")
    assert (service["type"], service["start"], service["error_control"]) == (1, 3, 1)
    assert _text(service["path"]).lower() == r"c:\windows\system32\drivers\wintun.sys"
    assert _text(service["group"]) == "NDIS"
    assert _text(service["name"]) == "Wintun Driver"
