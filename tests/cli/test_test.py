from __future__ import annotations

import importlib
import json
import os
import re
import shlex
from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree

import pytest

from pyndis import contract
from pyndis.contract.output import json_report
from tests.cli.conftest import Run
from tests.contract.conftest import CLIENT, broken, broken_image, tun_arch, wintun_sys
from tests.drivers.wintun.images import DRIVER
from tests.host.conftest import Broken

__all__ = ["broken", "broken_image", "tun_arch", "wintun_sys"]

FEW = ("--case", "oids", "--case", "life.cycles", "--case", "receives.inline", "--cycles", "3")
SECONDS = re.compile(r"\d+\.\d+ s")


@pytest.fixture
def report(pyndis: Run, wintun_sys: Path) -> Callable[..., dict[str, object]]:
    """The JSON that the command prints for some options, held against its schema."""
    jsonschema = importlib.import_module("jsonschema") if os.environ.get("CI") else pytest.importorskip("jsonschema")

    def run(image: Path, *options: str | Path, code: int = 0) -> dict[str, object]:
        ended = pyndis("test", image, "--json", *options)
        assert ended.code == code, ended.err
        value = json.loads(ended.out)
        jsonschema.validate(value, json.loads(json_report.SCHEMA.read_bytes()))
        assert isinstance(value, dict)
        return value

    return run


def test_every_case_is_listed_with_what_it_demands(pyndis: Run) -> None:
    ended = pyndis("test", DRIVER, "--list")
    names = [line.split()[0] for line in ended.out.splitlines()]
    assert names == [each.name for each in contract.cases()]
    assert all("(NM-" in line for line in ended.out.splitlines())


def test_a_sound_driver_passes_and_the_summary_counts(pyndis: Run, wintun_sys: Path) -> None:
    ended = pyndis("test", wintun_sys, "--traffic", CLIENT, *FEW)
    assert ended.code == 0
    assert SECONDS.sub("N s", ended.out).splitlines()[1:] == [
        "",
        "  life cycle                         1 passed (3 cycles)",
        "  OID conformance                    10 passed (12 answers, 16 listed, 128 refusals, 1 unknown filter bits taken)",
        "  who owns a receive                 1 passed",
        "",
        "12 cases: 12 passed, 0 failed, 0 not exercised; 0 findings; N s",
    ]


def test_an_image_alone_is_tested_and_what_needs_a_client_is_said(pyndis: Run, wintun_sys: Path) -> None:
    ended = pyndis("test", wintun_sys, *FEW)
    assert ended.code == 0
    told = "    not exercised: how a client makes the driver indicate or take packets is not known; give a traffic file ([test])"
    assert f"{told}\n      receives.inline\n" in ended.out
    assert "11 passed, 0 failed, 1 not exercised" in ended.out


def test_a_folder_is_built_and_its_traffic_file_used(pyndis: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    ended = pyndis("test", DRIVER, "--case", "receives.inline", "--set", "receive=copy")
    assert ended.code == 0, ended.err
    assert "1 passed" in ended.out
    assert (tmp_path / "build" / "wintun" / "amd64" / "Release" / "wintun" / "wintun.sys").is_file()


def test_progress_goes_to_stderr_a_line_per_case(pyndis: Run, wintun_sys: Path) -> None:
    ended = pyndis("test", wintun_sys, "--case", "oids.mandatory", "--json")
    assert json.loads(ended.out)["passed"]
    assert re.fullmatch(r"ok +oids\.mandatory \(\d+\.\d\d s\)", ended.err.splitlines()[-1])


def test_a_broken_rule_ends_with_one_and_says_how_to_see_it_again(pyndis: Run, broken: Broken) -> None:
    image = broken("OID_WRONG_NEED")
    ended = pyndis("test", image, "--case", "oid-lengths.query")
    assert ended.code == 1
    assert ended.is_tidy
    assert "FAILED oid-lengths.query" in ended.out
    assert "  NM-61: OID_GEN_MAXIMUM_TOTAL_SIZE with room for 0 of 4 bytes says that it needs 3" in ended.out
    assert f"    again: pyndis test {image} --case oid-lengths.query" in ended.out


def test_the_json_keeps_to_its_schema(report: Callable[..., dict[str, object]], wintun_sys: Path, broken: Broken) -> None:
    sound = report(wintun_sys, *FEW)
    assert (sound["passed"], sound["totals"]) == (True, {"passed": 11, "failed": 0, "not_exercised": 1})
    faulty = report(broken("OID_WRONG_NEED"), "--case", "oid-lengths.query", code=1)
    (case,) = faulty["cases"]  # type: ignore[misc]
    assert case["verdict"] == "failed"
    assert {each["rule"] for each in case["findings"]} == {"NM-61", "OidBytes"}


def test_faults_are_counted_by_path(report: Callable[..., dict[str, object]], wintun_sys: Path) -> None:
    counted = report(wintun_sys, "--case", "faults.entry", "--case", "faults.initialize")["faults"]
    assert isinstance(counted, dict)
    assert counted["entry"] >= 2
    assert counted["initialize"] >= 20


def test_the_summary_counts_the_failing_calls_of_each_path(pyndis: Run, wintun_sys: Path) -> None:
    ended = pyndis("test", wintun_sys, "--case", "faults.entry", "--case", "faults.send")
    assert re.search(r"^    tried: entry \d+, send 0$", ended.out, re.MULTILINE)


def test_faults_can_be_left_out(pyndis: Run) -> None:
    assert "faults." not in pyndis("test", DRIVER, "--list", "--no-faults").out


def test_the_junit_file_has_a_suite_per_area_and_a_failure_per_finding(pyndis: Run, broken: Broken, tmp_path: Path) -> None:
    file = tmp_path / "out" / "report.xml"
    options = ("--case", "oid-lengths.query", "--case", "receives.inline", "--case", "oids.mandatory", "--junit", file)
    assert pyndis("test", broken("OID_WRONG_NEED"), *options).code == 1
    root = ElementTree.parse(file).getroot()
    assert (root.get("tests"), root.get("failures"), root.get("skipped")) == ("3", "1", "1")
    assert [each.get("name") for each in root.iter("testsuite")] == ["oids", "oid-lengths", "receives"]
    failed = list(root.iter("failure"))
    assert {each.get("type") for each in failed} == {"NM-61", "OidBytes"}
    assert all("again: pyndis test" in (each.text or "") for each in failed)
    (skipped,) = root.iter("skipped")
    assert "traffic file" in (skipped.get("message") or "")


def test_an_exploration_tells_what_it_covered_and_how_to_see_a_finding_again(pyndis: Run, broken: Broken) -> None:
    image = broken("PAUSE_LOST")
    options = (
        "--traffic",
        CLIENT,
        "--explore",
        "--minutes",
        "1",
        "--case",
        "scenarios.return+pause",
        "--case",
        "scenarios.oid+oid",
    )
    ended = pyndis("test", image, *options)
    assert (ended.code, ended.is_tidy) == (1, True)
    assert "  explored up to 2 preemptions" in ended.out
    assert re.search(r"^    oid\+oid +\d+ +\d+ +\d+ +\d+  2$", ended.out, re.MULTILINE)
    assert re.search(r"^    return\+pause .* stopped at a finding$", ended.out, re.MULTILINE)
    again = re.search(r"again: pyndis (test .* --replay .*)$", ended.out, re.MULTILINE)
    assert again is not None
    replayed = pyndis(*shlex.split(again[1]))
    assert replayed.code == 1
    assert "PauseNeverCompletes" in replayed.out


def test_the_json_has_the_coverage_of_each_scenario(report: Callable[..., dict[str, object]], wintun_sys: Path) -> None:
    value = report(wintun_sys, "--explore", "--preemptions", "1", "--case", "scenarios.pause+halt", "--case", "life.once")
    assert value["preemptions"] == 1
    plain, explored = value["cases"]  # type: ignore[misc]
    assert plain["coverage"] is None
    assert (explored["coverage"]["bound"], explored["coverage"]["complete"]) == (1, True)
    assert explored["coverage"]["schedules"] >= 2


USAGE = [
    (("--explore", "--seed", "1"), "--explore tries every order"),
    (("--replay", "sync@"), "PYN-J05"),
    (("--case", "scenarios.pause+halt", "--replay", "nonsense"), "PYN-H13"),
    (("--case", "nonsense.*"), "PYN-J01"),
    (("--traffic", "nowhere.py"), "PYN-J02"),
    (("--set", "receive=copy"), "an image is built already"),
    (("--arch", "x86"), "an image is built already"),
    (("--seed", "-1"), "Invalid value for '--seed'"),
]


@pytest.mark.parametrize(("options", "said"), USAGE)
def test_wrong_usage_ends_with_two(pyndis: Run, wintun_sys: Path, options: tuple[str, ...], said: str) -> None:
    ended = pyndis("test", wintun_sys, *options)
    assert (ended.code, ended.is_tidy) == (2, True)
    assert said in ended.err


def test_an_image_that_is_not_there_is_wrong_usage(pyndis: Run, tmp_path: Path) -> None:
    ended = pyndis("test", tmp_path / "none.sys")
    assert (ended.code, "PYN-J03" in ended.err) == (2, True)


def test_an_architecture_that_the_driver_is_not_made_for_is_wrong_usage(pyndis: Run) -> None:
    ended = pyndis("test", DRIVER, "--arch", "ia64")
    assert (ended.code, "PYN-J04" in ended.err) == (2, True)


@pytest.mark.parametrize("text", ["raise ValueError('x')", "def connect(process, adapter): ...", "def (", "take = taken = 1"])
def test_a_traffic_file_that_does_not_fit_is_wrong_usage(pyndis: Run, wintun_sys: Path, tmp_path: Path, text: str) -> None:
    file = tmp_path / "traffic.py"
    file.write_text(text)
    ended = pyndis("test", wintun_sys, "--traffic", file)
    assert (ended.code, ended.is_tidy, "PYN-J02" in ended.err) == (2, True, True)


def test_what_is_no_image_is_the_drivers_fault(pyndis: Run, tmp_path: Path) -> None:
    image = tmp_path / "noise.sys"
    image.write_bytes(b"no image at all")
    ended = pyndis("test", image, "--case", "life.load")
    assert (ended.code, ended.is_tidy, ended.out) == (1, True, "")
    assert "PYN-H01" in ended.err
