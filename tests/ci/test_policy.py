from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from tests.ci.files import ACTIONS, ROOT, WORKFLOWS, Script, github_scripts, gitlab_scripts, loaded, name_of, steps

SCRIPTS = [*github_scripts(), *gitlab_scripts()]
PINNED = re.compile(r"[\w-]+/[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+")
SIGN = "sign"


def jobs() -> list[Any]:
    return [
        pytest.param(name, job, id=f"{name_of(file)}: {name}") for file in WORKFLOWS for name, job in loaded(file)["jobs"].items()
    ]


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda each: each.where)
def test_a_script_holds_no_expression(script: Script) -> None:
    assert "${{" not in script.text


@pytest.mark.parametrize("file", [*WORKFLOWS, *ACTIONS], ids=name_of)
def test_an_action_of_others_is_pinned_by_commit_and_names_its_version(file: Path) -> None:
    for line in re.findall(r"^\s*-? *uses: (.+)$", file.read_text("utf-8"), re.MULTILINE):
        assert line.startswith("./") or PINNED.fullmatch(line), line


def test_the_same_action_is_pinned_the_same_everywhere() -> None:
    pins: dict[str, set[str]] = {}
    for file in (*WORKFLOWS, *ACTIONS):
        for name, pin in re.findall(r"uses: ([\w-]+/[\w-]+)[\w/-]*@(.+)$", file.read_text("utf-8"), re.MULTILINE):
            pins.setdefault(name, set()).add(pin)
    assert pins
    assert {name: found for name, found in pins.items() if len(found) > 1} == {}


@pytest.mark.parametrize("file", WORKFLOWS, ids=name_of)
def test_a_workflow_may_only_read(file: Path) -> None:
    assert loaded(file)["permissions"] == {"contents": "read"}


def test_only_the_upload_of_findings_may_write_and_only_those() -> None:
    more = {
        (name_of(file), name): job["permissions"]
        for file in WORKFLOWS
        for name, job in loaded(file)["jobs"].items()
        if "permissions" in job
    }
    findings = {"contents": "read", "security-events": "write"}
    assert more == {
        (".github/workflows/code-scanning.yml", "upload"): findings,
        (".github/workflows/wintun.yml", "findings"): findings,
    }


@pytest.mark.parametrize("file", WORKFLOWS, ids=name_of)
def test_the_job_that_may_write_runs_no_script_and_none_of_our_code(file: Path) -> None:
    for job in loaded(file)["jobs"].values():
        if "write" in job.get("permissions", {}).values():
            assert all("run" not in step and not step["uses"].startswith("./") for step in job.get("steps", ()))


@pytest.mark.parametrize(("name", "job"), jobs())
def test_a_job_ends_in_time_or_is_another_workflows(name: str, job: dict[str, Any]) -> None:
    assert "uses" in job or 0 < job["timeout-minutes"] <= 120


@pytest.mark.parametrize("file", [*WORKFLOWS, *ACTIONS], ids=name_of)
def test_a_checkout_leaves_no_token_behind(file: Path) -> None:
    for _, step in steps(file):
        if str(step.get("uses", "")).startswith("actions/checkout@"):
            assert step["with"]["persist-credentials"] is False


def test_secrets_are_read_by_the_signing_job_alone() -> None:
    for file in WORKFLOWS:
        for name, job in loaded(file)["jobs"].items():
            reads = "secrets." in str(job) or job.get("secrets") == "inherit"
            assert reads == (name == SIGN), (file, name)


def test_the_signing_job_is_of_a_protected_environment_and_of_no_pull_request() -> None:
    job = loaded(ROOT / ".github" / "workflows" / "driver.yml")["jobs"][SIGN]
    assert job["environment"] == "${{ inputs.signing-environment }}"
    for event in ("pull_request", "pull_request_target"):
        assert f"github.event_name != '{event}'" in job["if"]


def test_no_driver_runs_beside_the_key() -> None:
    job = loaded(ROOT / ".github" / "workflows" / "driver.yml")["jobs"][SIGN]
    repositories = [step["with"].get("repository") for step in job["steps"] if "actions/checkout@" in step["uses"]]
    assert repositories == ["${{ job.workflow_repository }}"]


@pytest.mark.parametrize("file", WORKFLOWS, ids=name_of)
def test_a_workflow_is_never_run_for_strangers_with_our_token(file: Path) -> None:
    assert "pull_request_target" not in loaded(file)["on"]


@pytest.mark.parametrize("action", ACTIONS, ids=name_of)
def test_every_input_of_an_action_reaches_something(action: Path) -> None:
    text = action.read_text("utf-8")
    for name in loaded(action)["inputs"]:
        assert f"inputs.{name}" in text, name


def test_every_input_of_the_workflow_reaches_something() -> None:
    file = ROOT / ".github" / "workflows" / "driver.yml"
    text = file.read_text("utf-8")
    for name in loaded(file)["on"]["workflow_call"]["inputs"]:
        assert re.search(rf"inputs\.{name}\b(?!-)", text), name


def test_what_the_workflow_hands_to_our_actions_they_take() -> None:
    for file in WORKFLOWS:
        for where, step in steps(file):
            uses = step.get("uses", "")
            if uses.startswith("./.pyndis-source/"):
                taken = loaded(ROOT / uses.removeprefix("./.pyndis-source/") / "action.yml")["inputs"]
                given = set(step.get("with", {}))
                assert given <= set(taken), where
                assert {name for name, each in taken.items() if each.get("required")} <= given, where


def test_artifacts_of_two_calls_do_not_meet() -> None:
    for file in (ROOT / ".github" / "workflows" / name for name in ("driver.yml", "code-scanning.yml")):
        for where, step in steps(file):
            if "-artifact@" in step.get("uses", ""):
                assert step["with"]["name"].startswith("${{ inputs.artifact }}"), where
