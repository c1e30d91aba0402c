from __future__ import annotations

from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import pytest
from lxml import etree

from pyndis.diagnostics import DriverFailure
from pyndis.signing import authenticode_digest
from pyndis.verification.held import differing
from pyndis.verification.log import Digest, Log
from pyndis.verification.log_xml import NAMESPACE, SCHEMA, document
from pyndis.verification.results import Defect, RuleResult
from tests.verification.conftest import rule, verification

NAMES = {"v": NAMESPACE}


def digest(path: str, file: Path, **of_image: str) -> Digest:
    return Digest(path, sha256(file.read_bytes()).hexdigest(), **of_image)


@pytest.fixture
def out(tmp_path: Path, probe_image: Path) -> Path:
    """An output folder beside a driver's, with all that a log lists."""
    driver, folder = tmp_path / "driver", tmp_path / "out"
    (driver / "client").mkdir(parents=True)
    folder.mkdir()
    for file in (
        driver / "tun.py",
        driver / "client" / "traffic.py",
        driver / "driver.toml",
        folder / "tun.c",
        folder / "tun.inf",
    ):
        file.write_text(f"# {file.name}\n")
    (folder / "tun.sys").write_bytes(probe_image.read_bytes())
    return folder


@pytest.fixture
def log(out: Path) -> Log:
    driver = out.parent / "driver"
    defect = Defect("it is \x00 <late> & wrong", place="tun.c:4", case="sends.open")
    image = out / "tun.sys"
    return Log(
        driver="tun",
        version="1.2.3.4",
        driver_ver="11/22/2026,1.2.3.4",
        architectures=("amd64", "arm64"),
        created=1_700_000_000,
        source_folder="../driver",
        sources=tuple(digest(each, driver / each) for each in ("client/traffic.py", "driver.toml", "tun.py")),
        generated=tuple(digest(each, out / each) for each in ("tun.c", "tun.inf")),
        images=(digest("tun.sys", image, arch="amd64", authenticode=authenticode_digest(image.read_bytes()).hex()),),
        verification=verification(
            [
                RuleResult(rule("CancelTimerObject"), "Pass", evidence=("called NdisSetTimerObject: 2 times in 1 cases",)),
                RuleResult(rule("WlanAssert"), "NotApplicable", "no wireless"),
                RuleResult(rule("NdisTimedDataSend"), "Defect", defects=(defect,)),
            ]
        ),
        tools={"pyndis": "0.1.0"},
    )


@pytest.fixture(scope="module")
def schema() -> etree.XMLSchema:
    return etree.XMLSchema(etree.parse(SCHEMA))


def test_a_log_fits_its_schema(log: Log, schema: etree.XMLSchema) -> None:
    schema.assertValid(etree.fromstring(document(log)))
    explored = replace(log, verification=replace(log.verification, schedules=900, preemptions=2, unsafe=("tun.py:3",)))
    schema.assertValid(etree.fromstring(document(explored)))


WRONG = [
    (b'result="Pass"', b'result="Good"'),
    (b"amd64", b"ia64"),
    (b"11/22/2026,", b"today,"),
    (b"notice>", b"note>"),
]


@pytest.mark.parametrize(("found", "instead"), WRONG)
def test_the_schema_refuses_what_is_no_log(log: Log, schema: etree.XMLSchema, found: bytes, instead: bytes) -> None:
    data = document(log)
    assert found in data
    assert not schema.validate(etree.fromstring(data.replace(found, instead)))


def test_a_log_says_that_it_is_not_microsofts(log: Log) -> None:
    root = etree.fromstring(document(log))
    said = root.findtext("v:notice", namespaces=NAMES)
    assert said is not None
    assert "not a driver verification log of Microsoft's" in said
    assert "cannot be submitted to the Windows Hardware Lab Kit" in said


def test_a_log_has_the_rules_with_results_and_defects(log: Log) -> None:
    root = etree.fromstring(document(log))
    results = {each.get("name"): each.get("result") for each in root.iterfind(".//v:rule", NAMES)}
    assert results == {"CancelTimerObject": "Pass", "WlanAssert": "NotApplicable", "NdisTimedDataSend": "Defect"}
    (number,) = root.xpath("//v:rule[@name='NdisTimedDataSend']/@driverVerifier", namespaces=NAMES)
    assert number == "0x9200D"
    assert root.findtext(".//v:defect", namespaces=NAMES) == "it is \N{REPLACEMENT CHARACTER} <late> & wrong"
    assert root.find("v:verification", NAMES).get("passed") == "false"


def test_a_log_is_of_the_time_it_was_told(log: Log) -> None:
    assert etree.fromstring(document(log)).findtext("v:created", namespaces=NAMES) == "2023-11-14T22:13:20Z"
    assert document(log) == document(log)


def codes(log: Log, out: Path) -> dict[str, str]:
    return {each.message.split()[0]: each.code for each in differing(document(log), out)}


def test_what_is_as_the_log_says_has_no_difference(log: Log, out: Path) -> None:
    assert codes(log, out) == {}


def test_each_file_that_has_changed_gone_or_come_is_named(log: Log, out: Path) -> None:
    driver = out.parent / "driver"
    (driver / "tun.py").write_text("other")
    (driver / "client" / "traffic.py").unlink()
    (driver / "more.py").write_text("new")
    (driver / ".hidden.py").write_text("new")
    (out / "tun.inf").write_text("other")
    assert codes(log, out) == {"tun.py": "PYN-Y05", "client/traffic.py": "PYN-Y06", "more.py": "PYN-Y05", "tun.inf": "PYN-Y05"}


def test_an_image_that_is_signed_anew_is_only_warned_of(log: Log, out: Path) -> None:
    from pyndis.signing import sign_image, test_identity

    image = out / "tun.sys"
    image.write_bytes(sign_image(image.read_bytes(), test_identity(), description="anew"))
    (found,) = differing(document(log), out)
    assert (found.code, found.is_error) == ("PYN-Y08", False)


def test_an_image_whose_code_has_changed_is_an_error(log: Log, out: Path) -> None:
    data = bytearray((out / "tun.sys").read_bytes())
    data[0x600] ^= 1
    (out / "tun.sys").write_bytes(data)
    assert codes(log, out) == {"tun.sys": "PYN-Y05"}


def test_sources_that_are_elsewhere_are_warned_of(log: Log, out: Path) -> None:
    (out.parent / "driver").rename(out.parent / "moved")
    (found,) = differing(document(log), out)
    assert (found.code, found.is_error) == ("PYN-Y07", False)


@pytest.mark.parametrize("data", [b"", b"<a/>", b"text", b'<verificationLog xmlns="urn:pyndis:verification-log:1"/>'])
def test_what_is_no_log_is_refused(data: bytes, tmp_path: Path) -> None:
    with pytest.raises(DriverFailure) as refused:
        differing(data, tmp_path)
    assert refused.value.diagnostics[0].code == "PYN-Y04"
