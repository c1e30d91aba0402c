from __future__ import annotations

from pathlib import Path

import pytest

from pyndis.host.pdb import NotAPdb, read_pdb
from pyndis.host.symbols import symbols_of

MAP = """ small

 Timestamp is 0 (Thu Jan  1 00:00:00 1970)

 Preferred load address is 0000000140000000

 Start         Length     Name                   Class
 0001:00000000 00000030H  .text                  CODE

  Address         Publics by Value              Rva+Base               Lib:Object

 0001:00000000       DriverEntry                0000000140001000     driver.obj
 0001:00000020       Alias                      0000000140001020     driver.obj
 0001:00000020       TunSend                    0000000140001020     driver.obj
"""


@pytest.fixture
def mapped(tmp_path: Path) -> Path:
    (tmp_path / "small.map").write_text(MAP)
    return tmp_path / "small.sys"


def test_a_map_names_the_function_that_an_address_lies_in(mapped: Path) -> None:
    found = symbols_of(mapped).find(0x101F)
    assert found is not None
    assert (found.name, found.rva) == ("DriverEntry", 0x1000)


def test_the_first_of_two_names_for_one_place_stands(mapped: Path) -> None:
    found = symbols_of(mapped).find(0x1020)
    assert found is not None
    assert found.name == "Alias"


def test_an_address_before_all_functions_has_no_name(mapped: Path) -> None:
    assert symbols_of(mapped).find(0xFFF) is None


def test_an_image_alone_has_no_symbols(tmp_path: Path) -> None:
    assert not symbols_of(tmp_path / "small.sys")


def test_a_damaged_pdb_leaves_the_map(mapped: Path) -> None:
    mapped.with_suffix(".pdb").write_bytes(b"Microsoft C/C++ MSF 7.00\r\n\x1aDS\0\0\0" + b"\xff" * 100)
    assert symbols_of(mapped).start_of("DriverEntry") == 0x1000


@pytest.mark.parametrize("data", [b"", b"Microsoft C/C++ MSF 7.00\r\n\x1aDS\0\0\0", b"MZ" + bytes(1000)])
def test_what_is_no_pdb_is_said_to_be_none(data: bytes) -> None:
    with pytest.raises(NotAPdb):
        read_pdb(data)


def test_a_pdb_and_a_map_of_one_build_agree(tun_image: Path, tmp_path: Path) -> None:
    (tmp_path / "tun.map").write_bytes(tun_image.with_suffix(".map").read_bytes())
    by_map = symbols_of(tmp_path / "tun.sys")
    by_pdb = symbols_of(tun_image)
    assert by_pdb.start_of("TunSend") == by_map.start_of("TunSend") is not None


def test_a_pdb_knows_source_lines(tun_image: Path) -> None:
    symbols = symbols_of(tun_image)
    start = symbols.start_of("DriverEntry")
    assert start is not None
    found = symbols.find(start + 8)
    assert found is not None
    assert found.place.startswith("driver.c:")
