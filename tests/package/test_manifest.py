from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from pyndis.diagnostics import Diagnostic, DriverFailure, Failure, Span, UsageFailure
from pyndis.diagnostics.render import render_all
from pyndis.package.manifest import Manifest

Make = Callable[..., Path]


def failure(load: Callable[[], Manifest], kind: type[Failure] = DriverFailure) -> tuple[Diagnostic, ...]:
    with pytest.raises(kind) as caught:
        load()
    return caught.value.diagnostics


def source_text(span: Span) -> str:
    line = span.file.read_bytes().splitlines()[span.line - 1]
    return line[span.column : span.end_column].decode()


def test_wintun_says_what_the_specification_says(wintun: Manifest) -> None:
    assert wintun.driver.hardware_id == "Wintun"
    assert (wintun.driver.service, wintun.driver.file, wintun.driver.device) == ("wintun", "wintun", "WINTUN")
    assert wintun.text.provider == wintun.text.manufacturer == "WireGuard LLC"
    assert wintun.text.device == "Wintun Userspace Tunnel"
    assert (wintun.setup.if_type, wintun.setup.media_type, wintun.setup.physical_media_type) == (53, 19, 0)
    assert wintun.windows.oldest("amd64") == wintun.windows.oldest("x86") == (6, 1)
    assert wintun.windows.oldest("arm64") == (10, 0)
    assert wintun.options == {"receive": "pend"}


def test_the_file_itself_names_the_driver_too(driver: Make) -> None:
    folder = driver()
    assert Manifest.load(folder / "driver.toml") == Manifest.load(folder)


BROKEN = [
    ('file = "wintun"', 'file = "win tun"', "PYN-P05", '"win tun"'),
    ('file = "wintun"', 'file = "a/../b"', "PYN-P05", '"a/../b"'),
    ('service = "wintun"', "service = 7", "PYN-P05", "7"),
    ('device = "WINTUN"', 'device = "WIN\\\\TUN"', "PYN-P05", '"WIN\\\\TUN"'),
    ('hardware-id = "Wintun"', 'hardware-id = "Win,tun"', "PYN-P05", '"Win,tun"'),
    ('version = "0.1.0.0"', 'version = "1.2"', "PYN-P05", '"1.2"'),
    ('version = "0.1.0.0"', 'version = "1.2.3.65536"', "PYN-P05", '"1.2.3.65536"'),
    ('version = "0.1.0.0"', "version = 1.2", "PYN-P05", "1.2"),
    ('version = "0.1.0.0"', 'version = "1.2.3.٤"', "PYN-P05", '"1.2.3.٤"'),
    ('pool-tag = "Wntn"', 'pool-tag = "Wintun"', "PYN-P05", '"Wintun"'),
    ('["amd64", "x86", "arm64"]', "[]", "PYN-P05", "[]"),
    ('["amd64", "x86", "arm64"]', '["amd64", "amd64"]', "PYN-P05", '["amd64", "amd64"]'),
    ('["amd64", "x86", "arm64"]', '["amd64", "mips"]', "PYN-P05", '["amd64", "mips"]'),
    ('["amd64", "x86", "arm64"]', '["amd64", ["x86"]]', "PYN-P05", '["amd64", ["x86"]'),
    ('provider = "WireGuard LLC"', 'provider = ""', "PYN-P05", '""'),
    ('manufacturer = "WireGuard LLC"', 'manufacturer = "a\\nb"', "PYN-P05", '"a\\nb"'),
    ('description = "Wintun Driver"', 'description = "a\\u202eb"', "PYN-P05", '"a\\u202eb"'),
    ('product = "Wintun Driver"', "product = []", "PYN-P05", "[]"),
    ("characteristics = 0x1", "characteristics = -1", "PYN-P05", "-1"),
    ("characteristics = 0x1", "characteristics = true", "PYN-P05", "true"),
    ("if-type = 53", "if-type = 65536", "PYN-P05", "65536"),
    ("media-type = 19", 'media-type = "19"', "PYN-P05", '"19"'),
    ("enable-dhcp = false", "enable-dhcp = 0", "PYN-P05", "0"),
    ('upper-range = "ndis5"', 'upper-range = "ndis5,"', "PYN-P05", '"ndis5,"'),
    ('["6.20", "6.30"]', '["5.1"]', "PYN-P05", '["5.1"]'),
    ('["6.20", "6.30"]', '["6.31"]', "PYN-P05", '["6.31"]'),
    ('amd64 = "6.1"', 'amd64 = "6.0"', "PYN-P05", '"6.0"'),
    ('receive = "pend"', 'receive = "drop"', "PYN-P06", '"drop"'),
    ('receive = "pend"', "receive = 1", "PYN-P06", "1"),
    ("characteristics = 0x1", "characteristics = 0x5", "PYN-P09", "0x5"),
    ("characteristics = 0x1", "characteristics = 0x8", "PYN-P09", "0x8"),
    ("characteristics = 0x1", "characteristics = 0x11", "PYN-P09", "0x11"),
    ('arm64 = "10.0"', 'arm64 = "6.3"', "PYN-P09", '"6.3"'),
    ("[test]", '[package]\ncatalogs = "two"\n[test]', "PYN-P05", '"two"'),
]


@pytest.mark.parametrize(("old", "new", "code", "shown"), BROKEN, ids=[new for _, new, *_ in BROKEN])
def test_a_wrong_value_is_shown_in_its_place(driver: Make, old: str, new: str, code: str, shown: str) -> None:
    folder = driver((old, new))
    (found,) = failure(lambda: Manifest.load(folder))
    assert found.code == code
    assert source_text(found.labels[0].span) == shown
    assert "wanted" in found.message or code == "PYN-P09"
    assert found.help


REQUIRED = ["file", "service", "device", "hardware-id", "version", "pool-tag", "architectures", "provider", "copyright"]


@pytest.mark.parametrize("key", REQUIRED)
def test_a_missing_key_is_named_with_its_table(driver: Make, key: str) -> None:
    folder = driver(without=key)
    found = failure(lambda: Manifest.load(folder))
    assert {each.code for each in found} == {"PYN-P04"}
    assert f"has no {key}" in found[0].message
    assert found[0].help.startswith(f"add: {key} = ")


def test_an_unknown_key_is_refused_with_the_nearest_known_one(driver: Make) -> None:
    folder = driver(("media-type = 19", "meda-type = 19"))
    (found,) = failure(lambda: Manifest.load(folder))
    assert (found.code, source_text(found.labels[0].span)) == ("PYN-P03", "meda-type")
    assert found.help == "did you mean 'media-type'?"


def test_an_unknown_table_is_refused(driver: Make) -> None:
    folder = driver(("[ndis]", "[ndus]"))
    (found,) = failure(lambda: Manifest.load(folder))
    assert (found.code, source_text(found.labels[0].span)) == ("PYN-P03", "ndus")
    assert found.help == "did you mean 'ndis'?"


def test_a_value_where_a_table_belongs_is_refused(driver: Make) -> None:
    folder = driver(("[ndis]", ""), ("[driver]", "ndis = 6\n[driver]"), ('versions = ["6.20", "6.30"]', "#"))
    found = failure(lambda: Manifest.load(folder))
    assert "ndis is a value; wanted: a table" in [each.message for each in found]


def test_all_errors_of_a_file_are_shown_at_once(driver: Make) -> None:
    folder = driver(("if-type = 53", 'if-type = "x"'), ('pool-tag = "Wntn"', "pool-tag = 1"), ('amd64 = "6.1"', "amd64 = 6"))
    assert [each.message.split()[0] for each in failure(lambda: Manifest.load(folder))] == ["pool-tag", "if-type", "amd64"]


def test_an_option_that_no_module_declares_is_refused(driver: Make) -> None:
    folder = driver(("receive =", "recieve ="))
    (found,) = failure(lambda: Manifest.load(folder))
    assert (found.code, found.help) == ("PYN-P03", "did you mean 'receive'?")


def test_an_option_that_is_not_chosen_has_its_default(driver: Make) -> None:
    assert Manifest.load(driver(('receive = "pend"', ""))).options == {"receive": "pend"}


def test_a_conflict_shows_both_places(driver: Make) -> None:
    folder = driver(('["6.20", "6.30"]', '["6.40"]'))
    found = failure(lambda: Manifest.load(folder))
    assert [source_text(label.span) for label in found[0].labels] == ['["6.40"]', '"6.1"']


@pytest.mark.parametrize("text", ["[driver\n", "a = \n", "a = 1\na = 2\n", 'a = "', "\x00"])
def test_text_that_is_not_toml_is_shown_where_it_breaks(tmp_path: Path, text: str) -> None:
    (tmp_path / "driver.toml").write_text(text)
    (found,) = failure(lambda: Manifest.load(tmp_path))
    assert found.code == "PYN-P02"
    assert found.labels[0].span.line >= 1


def test_bytes_that_are_not_utf8_are_shown_by_line(tmp_path: Path) -> None:
    (tmp_path / "driver.toml").write_bytes(b"[driver]\nfile = '\xff'\n")
    (found,) = failure(lambda: Manifest.load(tmp_path))
    assert (found.code, found.labels[0].span.line) == ("PYN-P02", 2)


@pytest.mark.parametrize("name", ["nowhere", "empty"])
def test_a_folder_without_driver_toml_is_wrong_usage(tmp_path: Path, name: str) -> None:
    (tmp_path / "empty").mkdir()
    (found,) = failure(lambda: Manifest.load(tmp_path / name), UsageFailure)
    assert found.code == "PYN-P01"


def test_set_changes_any_key(driver: Make) -> None:
    overrides = [
        ("receive", "copy"),
        ("version", "1.2.3.4"),
        ("architectures", "amd64,arm64"),
        ("if-type", "131"),
        ("setup.characteristics", "0x9"),
        ("text.device", "Another Tunnel"),
        ("enable-dhcp", "true"),
        ("ndis.versions", '["6.20"]'),
    ]
    manifest = Manifest.load(driver(), overrides)
    assert manifest.options == {"receive": "copy"}
    assert manifest.version_text == "1.2.3.4"
    assert manifest.driver.architectures == ("amd64", "arm64")
    assert (manifest.setup.if_type, manifest.setup.characteristics, manifest.setup.enable_dhcp) == (131, 9, True)
    assert manifest.text.device == "Another Tunnel"
    assert manifest.ndis.versions == ((6, 20),)


WRONG_SETS = [
    (("recieve", "copy"), "did you mean 'receive'?"),
    (("receive", "drop"), ""),
    (("device", "X"), "name the table too"),
    (("version", "1"), ""),
    (("if-type", "x"), ""),
    (("zzzz", "x"), "take it out, or write one of driver.file"),
]


@pytest.mark.parametrize(("override", "help"), WRONG_SETS)
def test_a_wrong_set_is_wrong_usage(driver: Make, override: tuple[str, str], help: str) -> None:
    folder = driver()
    (found,) = failure(lambda: Manifest.load(folder, [override]), UsageFailure)
    assert found.code == "PYN-P07"
    assert found.help.startswith(help)


def test_a_brand_renames_service_file_device_and_hardware_id(driver: Make) -> None:
    folder = driver()
    plain, branded = Manifest.load(folder), Manifest.load(folder, brand="ExampleTun")
    names = branded.driver
    assert (names.hardware_id, names.service, names.file, names.device) == (
        "ExampleTun",
        "exampletun",
        "exampletun",
        "EXAMPLETUN",
    )
    assert (branded.text, branded.setup) == (plain.text, plain.setup)


def test_its_own_name_as_brand_changes_nothing(driver: Make) -> None:
    folder = driver()
    assert Manifest.load(folder, brand="Wintun") == Manifest.load(folder)


@pytest.mark.parametrize("brand", ["", "a b", "../x", "1x", "x" * 33, "ü"])
def test_a_brand_that_is_no_name_is_wrong_usage(driver: Make, brand: str) -> None:
    folder = driver()
    if brand:
        (found,) = failure(lambda: Manifest.load(folder, brand=brand), UsageFailure)
        assert found.code == "PYN-P08"
    else:
        assert Manifest.load(folder, brand=brand) == Manifest.load(folder)


def test_whole_reports_of_a_broken_file(driver: Make, golden: Callable[[str, bytes], None]) -> None:
    folder = driver(
        ('version = "0.1.0.0"', 'version = "1.2"'),
        ("media-type = 19", "meda-type = 19"),
        ('receive = "pend"', 'receive = "drop"'),
        ('provider = "WireGuard LLC"', "provider = 7"),
        without="pool-tag",
    )
    found = failure(lambda: Manifest.load(folder))
    golden("broken-driver.txt", (render_all(found, root=folder.parent) + "\n").encode())
