from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from pyndis.package.manifest import Manifest
from pyndis.package.version_resource import render_version_resource


def compiled(script: bytes, folder: Path) -> bytes:
    """What the resource compiler makes of a script, with no include folder."""
    pytest.importorskip("ziglang")
    source, result = folder / "x.rc", folder / "x.res"
    source.write_bytes(script)
    command = [sys.executable, "-m", "ziglang", "rc", "/:no-preprocess", "/fo", str(result), "--", str(source)]
    subprocess.run(command, check=True, timeout=60)
    return result.read_bytes()


def wide(text: str) -> bytes:
    return text.encode("utf-16-le")


def test_wintun_rc(wintun: Manifest, golden: Callable[[str, bytes], None]) -> None:
    golden("wintun.rc", render_version_resource(wintun))


def test_the_compiled_resource_says_what_the_manifest_says(wintun: Manifest, tmp_path: Path) -> None:
    data = compiled(render_version_resource(wintun), tmp_path)
    for name, value in {
        "CompanyName": "WireGuard LLC",
        "FileDescription": "Wintun Driver",
        "InternalName": "wintun.sys",
        "OriginalFilename": "wintun.sys",
        "ProductName": "Wintun Driver",
        "FileVersion": "0.1.0.0",
    }.items():
        assert wide(f"{name}\0") in data
        assert wide(f"{value}\0") in data


def test_the_fixed_part_says_network_driver(driver: Callable[..., Path], tmp_path: Path) -> None:
    manifest = Manifest.load(driver(), [("version", "1.2.3.65535")])
    data = compiled(render_version_resource(manifest), tmp_path)
    at = data.index(0xFEEF04BD.to_bytes(4, "little"))
    words = [int.from_bytes(data[at + 4 * index : at + 4 * index + 4], "little") for index in range(13)]
    assert words[2:6] == [0x00010002, 0x0003FFFF, 0x00010002, 0x0003FFFF]  # file and product version
    assert words[8:11] == [0x40004, 3, 6]  # Windows NT, driver, network


def test_texts_beyond_ascii_reach_the_resource(driver: Callable[..., Path], tmp_path: Path) -> None:
    text = 'Ünit "5\\" 1é1 😀'
    manifest = Manifest.load(driver(), [("product", text)])
    assert wide(f"{text}\0") in compiled(render_version_resource(manifest), tmp_path)


def test_a_brand_is_in_the_file_names(driver: Callable[..., Path]) -> None:
    script = render_version_resource(Manifest.load(driver(), brand="ExampleTun"))
    assert script.count(b'L"exampletun.sys"') == 2
    assert b"wintun.sys" not in script
