from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from pyndis.diagnostics import DriverFailure
from pyndis.package.inf import render_inf
from pyndis.package.inf_reader import Inf, Line, read_inf
from pyndis.package.manifest import Manifest
from pyndis.package.rules import ARCHITECTURES

STAMP = 1_700_000_000  # 14 November 2023, UTC

Golden = Callable[[str, bytes], None]


@pytest.fixture(params=ARCHITECTURES)
def arch(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def inf(wintun: Manifest, arch: str) -> Inf:
    return read_inf(render_inf(wintun, arch, STAMP))


def test_wintun_inf(wintun: Manifest, arch: str, golden: Golden) -> None:
    golden(f"wintun-{arch}.inf", render_inf(wintun, arch, STAMP))


def test_every_line_ends_in_crlf(wintun: Manifest, arch: str) -> None:
    data = render_inf(wintun, arch, STAMP)
    assert data.count(b"\n") == data.count(b"\r\n") == data.count(b"\r")


def test_every_section_is_reached(inf: Inf) -> None:
    install = inf.lines(f"Models.{inf.lines('Manufacturer')[0].values[1]}")[0].values[0]
    service = inf.lines(f"{install}.Services")[0].values
    directives = {line.key.lower(): line.values for line in inf.lines(install)}
    reached = {"version", "manufacturer", "strings", "sourcedisksnames", "sourcedisksfiles", "destinationdirs"}
    reached |= {f"models.{inf.lines('Manufacturer')[0].values[1].lower()}", install.lower(), f"{install}.services".lower()}
    reached |= {section.lower() for key in ("copyfiles", "addreg") for section in directives[key]}
    reached |= {section.lower() for section in service[2:]}
    reached |= {line.values[0].lower() for line in inf.lines(service[3]) if line.key == "AddReg"}
    assert reached == set(inf.sections)


def test_every_string_is_used_and_there(inf: Inf) -> None:
    used = set()
    for section, lines in inf.sections.items():
        for line in lines if section != "strings" else ():
            for text in (line.key, *line.values):
                used |= {name.lower() for name in text.split("%")[1::2] if not name.isdigit()}
    assert used == {line.key.lower() for line in inf.lines("Strings")}


def test_every_copied_file_has_a_disk_and_a_folder(inf: Inf) -> None:
    copied = [line.values for line in inf.lines("Install.Files")]
    assert copied == [("wintun.sys", "", "", "0x00004002")]
    assert inf.value("SourceDisksFiles", "wintun.sys") in [line.key for line in inf.lines("SourceDisksNames")]
    assert inf.value("DestinationDirs", "DefaultDestDir") == "12"


def test_the_models_section_is_the_architectures_own(inf: Inf, arch: str) -> None:
    (maker,) = inf.lines("Manufacturer")
    assert maker.values == ("Models", ARCHITECTURES[arch])
    (model,) = inf.lines(f"Models.{ARCHITECTURES[arch]}")
    assert (inf.expanded(model.key), model.values[1]) == ("Wintun Userspace Tunnel", "Wintun")


def test_version_section(inf: Inf) -> None:
    expected = {
        "Signature": "$Windows NT$",
        "Class": "Net",
        "ClassGUID": "{4D36E972-E325-11CE-BFC1-08002BE10318}",
        "Provider": "WireGuard LLC",
        "CatalogFile": "wintun.cat",
        "DriverVer": "11/14/2023,0.1.0.0",
        "PnpLockdown": "1",
    }
    assert {key: inf.value("Version", key) for key in expected} == expected


def test_network_keys_of_the_install_section(inf: Inf) -> None:
    expected = {"Characteristics": "0x1", "*IfType": "53", "*MediaType": "19", "*PhysicalMediaType": "0", "EnableDhcp": "0"}
    assert {key: inf.value("Install", key) for key in expected} == expected


def test_bindings(inf: Inf) -> None:
    assert [line.values for line in inf.lines("Install.Registry")] == [
        ("HKR", "Ndi", "Service", "0x00000000", "wintun"),
        ("HKR", r"Ndi\Interfaces", "UpperRange", "0x00000000", "ndis5"),
        ("HKR", r"Ndi\Interfaces", "LowerRange", "0x00000000", "nolower"),
    ]


def test_service(inf: Inf) -> None:
    assert inf.lines("Install.Services")[0].values[:2] == ("wintun", "0x00000002")
    expected = {
        "ServiceType": "1",
        "StartType": "3",
        "ErrorControl": "1",
        "ServiceBinary": r"%12%\wintun.sys",
        "LoadOrderGroup": "NDIS",
    }
    assert {key: inf.value("Service", key) for key in expected} == expected


def test_event_log(inf: Inf) -> None:
    assert inf.lines("EventLog") == [Line("AddReg", ("EventLog.Registry",))]
    assert [line.values for line in inf.lines("EventLog.Registry")] == [
        ("HKR", "", "EventMessageFile", "0x00020000", r"%11%\IoLogMsg.dll;%12%\wintun.sys"),
        ("HKR", "", "TypesSupported", "0x00010001", "7"),
    ]


def test_texts_of_any_kind_come_back_as_they_were(driver: Callable[..., Path]) -> None:
    text = 'Ünit "5%; a,b = [c]" ✓'
    manifest = Manifest.load(driver(), [("provider", text), ("text.device", text)])
    inf = read_inf(render_inf(manifest, "amd64", STAMP))
    assert inf.value("Version", "Provider") == text


def test_an_inf_beyond_ascii_is_utf16_with_its_mark(driver: Callable[..., Path]) -> None:
    manifest = Manifest.load(driver(), [("provider", "Ünit")])
    data = render_inf(manifest, "x86", STAMP)
    assert data.startswith(b"\xff\xfe;\0")
    assert "Ünit" in data.decode("utf-16")


def test_a_brand_leaves_no_old_name_but_in_texts(driver: Callable[..., Path]) -> None:
    inf = read_inf(render_inf(Manifest.load(driver(), brand="ExampleTun"), "amd64", STAMP))
    left = [
        line for section, lines in inf.sections.items() if section != "strings" for line in lines if "wintun" in str(line).lower()
    ]
    assert left == []


def test_the_day_of_the_version_is_utcs(wintun: Manifest) -> None:
    days = [read_inf(render_inf(wintun, "x86", stamp)).value("Version", "DriverVer") for stamp in (86399, 86400)]
    assert days == ["01/01/1970,0.1.0.0", "01/02/1970,0.1.0.0"]


@pytest.mark.parametrize(
    "data", [b"", b"MZ\x90\0\xff", b"a = b\r\n", b"[Other]\r\na = b\r\n", b"\xff\xfe\0", b"\xff\xfea\0\0\xd8"]
)
def test_what_is_no_inf_is_refused(data: bytes) -> None:
    with pytest.raises(DriverFailure, match="PYN-P12"):
        read_inf(data)


def test_values_are_read_as_they_are_written() -> None:
    text = '[Version]\n; x\nA = "b ""c"", d", e ,, f ; g\n"h=i",j\n[version]\nk=%L%%%\n[Strings]\nL = "m; n"\n'
    inf = read_inf(text.encode())
    assert inf.lines("VERSION") == [
        Line("A", ('b "c", d', "e", "", "f")),
        Line("", ("h=i", "j")),
        Line("k", ("%L%%%",)),
    ]
    assert inf.value("version", "K") == "m; n%"


def test_a_backslash_at_the_end_goes_on_in_the_next_line() -> None:
    inf = read_inf(b"[Version]\na = b, \\ ; more\n  c\nd = e\n")
    assert [(line.key, line.values, line.number) for line in inf.lines("Version")] == [("a", ("b", "c"), 2), ("d", ("e",), 4)]
