"""The actions' own scripts and GitLab's, run as a runner runs them: on Wintun for amd64."""

from __future__ import annotations

import base64
import hashlib
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from unittest import mock
from xml.etree import ElementTree

import pytest
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, pkcs12
from cryptography.x509.oid import ExtendedKeyUsageOID

from pyndis import signing
from pyndis.toolchains import cache
from tests.ci.emulation import Ran, Runner
from tests.ci.files import ACTIONS, ROOT, gitlab_scripts
from tests.signing.conftest import Authority, issue

__all__ = ["issue"]

PYNDIS, SIGN = (next(each for each in ACTIONS if each.parent.name == name) for name in ("pyndis", "sign"))
PASSWORD = "only for this test"
COMMITTED = "2026-11-05T12:00:00+00:00"
CACHE = str(cache.folder())

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def runner(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Runner]:
    folder = tmp_path_factory.mktemp("runner")
    made = Runner(folder)
    shutil.copytree(ROOT / "drivers" / "wintun", made.workspace / "drivers" / "wintun")
    _commit(made.workspace)
    with mock.patch.dict(os.environ, {"PYNDIS_CONFIG_DIR": str(folder / "config")}):
        yield made


def _commit(folder: Path) -> None:
    who = ("-c", "user.name=a", "-c", "user.email=a@example.org")
    changed = {"GIT_COMMITTER_DATE": COMMITTED, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
    for words in (("init", "-q"), ("add", "."), (*who, "commit", "-q", "-m", "a driver")):
        subprocess.run(["git", *words], cwd=folder, env={**os.environ, **changed}, check=True)


@pytest.fixture(scope="module")
def ran(runner: Runner) -> Ran:
    return runner.run(PYNDIS, driver="drivers/wintun", architectures="amd64")


def test_every_step_of_the_action_passes(ran: Ran) -> None:
    assert ran.passed, ran.log
    assert [*ran.ended] == [
        "Install pyndis",
        "Take the time of the commit",
        "Check the rules",
        "Build",
        "Build again, and compare",
        "Test",
        "Make what else was asked for",
        "Verify signatures, catalogs, INFs and logs",
        "Tell what was built",
    ]
    assert "0 failed" in ran.log


def test_outputs_lead_to_what_was_made(ran: Ran, runner: Runner) -> None:
    assert ran.outputs == {
        "folder": "build/driver",
        "name": "wintun",
        "images": "build/driver/amd64/Release/wintun/wintun.sys",
        "report": "build/report",
    }
    tree = runner.workspace / "build" / "driver"
    for name in ("wintun.proj", "wintun.c", "amd64/Release/wintun.cer", "amd64/Release/wintun/wintun.cat"):
        assert (tree / name).is_file()


def test_the_time_is_that_of_the_commit(ran: Ran, runner: Runner) -> None:
    assert ran.passed
    inf = (runner.workspace / "build" / "driver" / "amd64" / "Release" / "wintun" / "wintun.inf").read_text("utf-8")
    assert re.search("^DriverVer *= *11/05/2026,", inf, re.MULTILINE)


def test_the_report_has_findings_tests_and_hashes(ran: Ran, runner: Runner) -> None:
    assert ran.passed
    report = runner.workspace / "build" / "report"
    assert '"version": "2.1.0"' in (report / "check.sarif").read_text()
    assert '"version": "2.1.0"' in (report / "verification.sarif").read_text()
    suites = ElementTree.parse(report / "test-amd64.xml").getroot()
    assert len([*suites.iter("testcase")]) > 100
    image = runner.workspace / "build" / "driver" / "amd64" / "Release" / "wintun" / "wintun.sys"
    line = f"{hashlib.sha256(image.read_bytes()).hexdigest()}  ./amd64/Release/wintun/wintun.sys"
    assert line in (report / "SHA256SUMS").read_text().splitlines()
    assert f"| {line.split()[0]} | amd64/Release/wintun/wintun.sys |" in ran.summary


def test_the_action_installs_the_pyndis_that_it_belongs_to(ran: Ran, runner: Runner) -> None:
    assert ran.passed
    assert Path((runner.temporary / "installed").read_text().strip()).resolve() == ROOT


@pytest.fixture
def small(tmp_path: Path) -> Iterator[Runner]:
    made = Runner(tmp_path / "runner")
    shutil.copytree(ROOT / "drivers" / "wintun", made.workspace / "drivers" / "wintun")
    with mock.patch.dict(os.environ, {"PYNDIS_CONFIG_DIR": str(tmp_path / "config")}):
        yield made


def test_a_broken_rule_ends_the_job_with_its_finding_in_the_report(small: Runner) -> None:
    module = small.workspace / "drivers" / "wintun" / "wintun.py"
    text = module.read_text("utf-8")
    assert " or size > MTU" in text
    module.write_text(text.replace(" or size > MTU", ""), "utf-8")
    ran = small.run(PYNDIS, driver="drivers/wintun", architectures="amd64")
    assert ran.ended == {"Install pyndis": 0, "Take the time of the commit": 0, "Check the rules": 1}
    assert "error[PYN-R01]" in ran.log
    assert "PYN-R01" in (small.workspace / "build" / "report" / "check.sarif").read_text()


def test_inputs_are_words_and_never_commands(small: Runner) -> None:
    ran = small.run(PYNDIS, driver='$(touch "$RUNNER_TEMP/taken");touch${IFS}taken', architectures="amd64")
    assert not ran.passed
    assert not (small.temporary / "taken").exists()
    assert not (small.workspace / "taken").exists()


@pytest.fixture
def publisher(issue: Authority) -> signing.Identity:
    return issue("Publisher", usages=[ExtendedKeyUsageOID.CODE_SIGNING])


@pytest.fixture
def pfx(publisher: signing.Identity) -> str:
    lock = BestAvailableEncryption(PASSWORD.encode())
    data = pkcs12.serialize_key_and_certificates(b"release", publisher.private_key, publisher.certificate, None, lock)  # type: ignore[arg-type]
    return base64.b64encode(data).decode()


def test_signing_takes_the_pfx_and_leaves_no_key(
    ran: Ran, runner: Runner, pfx: str, publisher: signing.Identity, tmp_path: Path
) -> None:
    folder = runner.workspace / "signed"
    shutil.copytree(runner.workspace / "build" / "driver", folder)
    signed = runner.run(SIGN, folder="signed", pfx=pfx, password=PASSWORD, submission="true")
    assert signed.passed, signed.log
    assert signed.log.count("signed signed/") == 2
    assert not [*folder.rglob("*.cer")]
    assert not (runner.temporary / "signing.pfx").exists()
    assert PASSWORD not in signed.log
    assert pfx[:64] not in signed.log
    certificate = tmp_path / "publisher.pem"
    certificate.write_bytes(publisher.certificate.public_bytes(Encoding.PEM))
    package = folder / "amd64" / "Release" / "wintun"
    verify = (sys.executable, "-c", "from pyndis.cli import main; main()", "verify", "--trust", certificate)
    done = subprocess.run([*verify, package / "wintun.sys", package / "wintun.cat"], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert [each.suffix for each in (folder / "dist").iterdir()] == [".cab"]


def test_signing_without_the_secret_says_so(ran: Ran, runner: Runner) -> None:
    signed = runner.run(SIGN, folder="build/driver", pfx="")
    assert signed.ended == {"Install pyndis": 0, "Sign": 1}
    assert "::error::there is no PFX" in signed.log


def test_the_job_of_gitlab_passes_and_leaves_its_reports(small: Runner) -> None:
    job = next(each for each in gitlab_scripts() if each.where.endswith(": driver"))
    less = {"DRIVER": "drivers/wintun", "DRIVER_ARCHITECTURES": "amd64", "DRIVER_TEST": "", "DRIVER_TARGETS": ""}
    done = small.script(job.text, {**job.environment, **less, "CI_COMMIT_TIMESTAMP": COMMITTED, "PYNDIS_CACHE": CACHE})
    assert done.returncode == 0, done.stdout + done.stderr
    report = small.workspace / "build" / "report"
    assert (report / "codequality.json").read_text().strip() == "[]"
    assert (small.workspace / "build" / "driver" / "amd64" / "Release" / "wintun" / "wintun.sys").is_file()
