"""The workflows, actions and GitLab file of this repository, as data."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

ROOT = Path(__file__).parents[2]
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
ACTIONS = sorted((ROOT / ".github" / "actions").glob("*/action.yml"))
GITLAB = ROOT / ".gitlab" / "driver.gitlab-ci.yml"
GUIDE = ROOT / "docs" / "ci.md"


@dataclass(frozen=True)
class Script:
    """A `run:` or `script:`, with where it is; `shell` is bash or pwsh."""

    where: str
    shell: str
    text: str
    environment: dict[str, str]


def loaded(file: Path) -> dict[str, Any]:
    """A YAML file, by the rules of YAML 1.2: `on` is no truth value."""
    value = YAML(typ="safe", pure=True).load(file.read_text("utf-8"))
    assert isinstance(value, dict)
    return value


def name_of(file: Path) -> str:
    return file.relative_to(ROOT).as_posix()


def steps(file: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    """Each step of a workflow or action, with where it is."""
    value = loaded(file)
    if "runs" in value:
        yield from ((f"{name_of(file)}: {_title(each)}", each) for each in value["runs"]["steps"])
    for job, content in value.get("jobs", {}).items():
        yield from ((f"{name_of(file)}: {job}: {_title(each)}", each) for each in content.get("steps", ()))


def _title(step: dict[str, Any]) -> str:
    return str(step.get("name") or step["uses"])


def github_scripts() -> Iterator[Script]:
    for file in (*WORKFLOWS, *ACTIONS):
        for where, step in steps(file):
            if "run" in step:
                yield Script(where, step.get("shell", "bash"), step["run"], step.get("env", {}))


def gitlab_scripts() -> Iterator[Script]:
    """What each job of the GitLab file runs; a Windows runner's shell is PowerShell."""
    value = loaded(GITLAB)
    for name, job in value.items():
        if "script" in job:
            lines = [*job.get("before_script", ()), *job["script"]]
            variables = {**value["variables"], **job.get("variables", {})}
            yield Script(f"{name_of(GITLAB)}: {name}", "pwsh" if "windows" in name else "bash", "\n".join(lines), variables)
