from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from pyndis.package.manifest import Manifest

REPOSITORY = Path(__file__).parents[2]
WINTUN = REPOSITORY / "drivers" / "wintun"

OPTION = 'RECEIVE = option("receive", "pend", "copy")\n'


@pytest.fixture
def wintun() -> Manifest:
    return Manifest.load(WINTUN)


@pytest.fixture
def driver(tmp_path: Path) -> Callable[..., Path]:
    """Make a driver folder whose driver.toml is Wintun's with texts replaced, and without the key `without`."""

    def make(*replacements: tuple[str, str], without: str = "") -> Path:
        text = (WINTUN / "driver.toml").read_text("utf-8")
        for old, new in replacements:
            assert old in text, old
            text = text.replace(old, new, 1)
        if without:
            text = "".join(line for line in text.splitlines(keepends=True) if not line.startswith(f"{without} ="))
        folder = tmp_path / "example"
        folder.mkdir()
        (folder / "driver.toml").write_bytes(text.encode("utf-8"))
        (folder / "example.py").write_text(OPTION)
        return folder

    return make
