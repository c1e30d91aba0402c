from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from pyndis import contract
from pyndis.contract import chosen
from tests.cli.conftest import REPOSITORY, Ended, Run

TIMER = "            waiting.timed = False\n"
SLEEP = """\
            with unsafe("planted: a timer's function runs at DISPATCH_LEVEL"):
                raw.NdisMSleep(1000)
"""
FEW = ("life.once", "oids.mandatory", "sends.open")
HOOK = '        """Nothing depends on it; the length has been checked against the type."""\n'
WATCH = "        due = waiting.expire(uptime_ms(), done)\n"
PLANTED = """\
        with unsafe("planted: longer than the 50 microseconds that are allowed"):
            raw.KeStallExecutionProcessor(60)
"""


@pytest.fixture
def few_cases(monkeypatch: pytest.MonkeyPatch) -> None:
    """The suite's cases that these tests need."""
    every = list(contract.cases())
    monkeypatch.setattr(contract, "cases", lambda: iter(chosen(every, FEW)))


@pytest.fixture
def wintun(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, few_cases: None) -> Path:
    """A copy of Wintun that tests change, in a working folder of its own."""
    folder = tmp_path / "wintun"
    shutil.copytree(REPOSITORY / "drivers" / "wintun", folder)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYNDIS_CONFIG_DIR", str(tmp_path / "config"))
    return folder


def change(folder: Path, old: str, new: str) -> None:
    file = folder / "wintun.py"
    text = file.read_text("utf-8")
    assert text.count(old) == 1
    file.write_text(text.replace(old, new), "utf-8")


def sdv(pyndis: Run, *options: str) -> Ended:
    return pyndis("build", "wintun", "--target", "SDV", "--sign", "none", *options)


def results() -> dict[str, dict[str, object]]:
    data = json.loads(Path("build/wintun/sdv/wintun.json").read_text("utf-8"))
    return {each["rule"]: each for each in data["rules"]}


@pytest.mark.slow
def test_wintun_has_no_defect_and_a_second_call_does_nothing_and_clean_removes_it(wintun: Path, pyndis: Run) -> None:
    first = sdv(pyndis)
    assert (first.code, "It is not Microsoft's Static Driver Verifier" in " ".join(first.out.split())) == (0, True)
    assert results()["NdisOidComplete"]["result"] == "Pass"
    log = json.loads(Path("build/wintun/wintun.sarif").read_text("utf-8"))
    assert log["runs"][0]["results"] == []
    again = sdv(pyndis)
    assert again.code == 0
    assert again.out.splitlines()[-1].startswith("nothing to do: ")
    assert again.out.startswith(first.out), "the results are told again"
    assert pyndis("build", "wintun", "--target", "Clean", "--arch", "amd64", "--sign", "none").code == 0
    assert not Path("build/wintun").exists()


@pytest.mark.slow
def test_a_planted_fault_is_a_defect_with_exit_1_also_the_second_time(wintun: Path, pyndis: Run) -> None:
    change(wintun, "from pyndis.kernel import *\n", "from pyndis.kernel import *\nfrom pyndis.kernel import raw\n")
    change(wintun, WATCH, PLANTED + WATCH)
    ended = sdv(pyndis)
    assert ended.code == 1
    assert "Defect NdisStallExecution_Delay: A stall takes 50 microseconds at most." in ended.out
    broken = results()["NdisStallExecution_Delay"]
    assert broken["result"] == "Defect"
    place = (wintun / "wintun.py").read_text("utf-8").splitlines().index(PLANTED.splitlines()[1]) + 1
    assert f"wintun.py:{place}, wintun.sys!" in json.dumps(broken["defects"])
    assert (
        "again: pyndis test build/wintun/amd64/Release/wintun/wintun.sys --traffic wintun/client/traffic.py --case" in ended.out
    )
    assert str(wintun.parent) not in Path("build/wintun/sdv/wintun.json").read_text("utf-8")
    assert sdv(pyndis).code == 1


def test_a_driver_that_does_not_compile_is_a_defect_of_its_rule(wintun: Path, pyndis: Run) -> None:
    change(wintun, "from pyndis.kernel import *\n", "from pyndis.kernel import *\nfrom pyndis.kernel import raw\n")
    change(wintun, TIMER, TIMER + SLEEP)
    ended = sdv(pyndis)
    assert ended.code == 1
    assert results()["Irql_Miniport_Driver_Function"]["result"] == "Defect"
    assert results()["DoubleCompletion"]["reason"] == "the driver does not compile, so nothing of it ran"
    assert "wintun/wintun.py:" in ended.out


def test_rules_can_be_chosen(wintun: Path, pyndis: Run) -> None:
    change(wintun, HOOK, HOOK + "        return 1\n")
    assert sdv(pyndis, "--rules", "NdisOidComplete, CancelTimerObject").code == 1
    assert list(results())[:2] == ["CancelTimerObject", "NdisOidComplete"]
    assert all(each["family"] == "other" for each in list(results().values())[2:])


@pytest.mark.parametrize(
    ("options", "code"),
    [
        (("--target", "SDV", "--rules", "Nonsense"), "PYN-Y01"),
        (("--target", "SDV", "--config", "Debug"), "PYN-Y02"),
        (("--target", "SDV", "--arch", "x86"), "PYN-Y02"),
        (("--rules", "DoubleCompletion"), "PYN-Y03"),
        (("--target", "Clean", "--explore"), "PYN-Y03"),
    ],
)
def test_wrong_usage_is_told_before_anything_is_built(wintun: Path, pyndis: Run, options: tuple[str, ...], code: str) -> None:
    ended = pyndis("build", "wintun", *options)
    assert (ended.code, code in ended.err) == (2, True)
    assert not Path("build").exists()


def dvl(pyndis: Run, *options: str) -> Ended:
    return pyndis("build", "wintun", "--target", "DVL", "--arch", "amd64", "--sign", "none", *options)


@pytest.mark.slow
def test_a_log_is_written_after_a_verification_and_again_only_when_something_changed(wintun: Path, pyndis: Run) -> None:
    first = dvl(pyndis)
    log = Path("build/wintun/wintun.DVL.XML").resolve()
    assert (first.code, first.out.splitlines()[-1]) == (0, str(log))
    assert Path("build/wintun/sdv/wintun.json").is_file()
    assert pyndis("verify", log).code == 0

    written = log.read_bytes()
    assert "nothing to do: " in dvl(pyndis).out
    assert log.read_bytes() == written

    change(wintun, HOOK, HOOK.replace("Nothing", "Next to nothing"))
    changed = pyndis("verify", log)
    assert (changed.code, "PYN-Y05" in changed.err, "wintun.py has changed" in changed.err) == (1, True, True)
    assert pyndis("build", "wintun", "--target", "Clean", "--arch", "amd64", "--sign", "none").code == 0
    assert not Path("build/wintun").exists()


def test_a_log_of_a_driver_that_does_not_compile_is_not_written(wintun: Path, pyndis: Run) -> None:
    change(wintun, HOOK, HOOK + "        return 1\n")
    assert dvl(pyndis).code == 1
    assert not Path("build/wintun/wintun.DVL.XML").exists()


def test_a_log_cannot_be_of_some_rules(wintun: Path, pyndis: Run) -> None:
    ended = dvl(pyndis, "--rules", "DoubleCompletion")
    assert (ended.code, "PYN-Y03" in ended.err) == (2, True)
