from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.ci.files import ACTIONS, GITLAB, GUIDE, ROOT, WORKFLOWS, Script, github_scripts, gitlab_scripts, name_of
from tests.ci.powershell import syntax_errors

BASH = [each for each in (*github_scripts(), *gitlab_scripts()) if each.shell == "bash"]
POWERSHELL = [each for each in (*github_scripts(), *gitlab_scripts()) if each.shell == "pwsh"]
SCRIPTS = [ROOT / ".ci" / "run"]
RUNNERS = {"CI_COMMIT_TIMESTAMP", "GITHUB_ACTION_PATH", "GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY", "PATH", "PWD", "RUNNER_TEMP"}


def complaints(*argv: str | Path, given: str | None = None) -> str:
    """What a linter says against something, "" if nothing. It is of the tests' own packages, or Debian's."""
    place = shutil.which(argv[0], path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
    if place is None:
        pytest.skip(f"{argv[0]} is not installed")
    done = subprocess.run([place, *argv[1:]], cwd=ROOT, input=given, capture_output=True, text=True)
    return "" if done.returncode == 0 else done.stdout + done.stderr or str(done.returncode)


@pytest.mark.parametrize("file", WORKFLOWS, ids=name_of)
def test_actionlint_has_nothing_against_a_workflow(file: Path) -> None:
    assert not complaints("actionlint", file)


def test_actionlint_does_see_what_is_wrong(tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.yml"
    wrong.write_text(
        "on: push\njobs:\n  one:\n    runs-on: ubuntu-24.04\n    steps:\n"
        "      - run: echo ${{ github.event.issue.title }} ${{ inputs.absent }}\n"
    )
    said = complaints("actionlint", wrong)
    assert "potentially untrusted" in said
    assert "absent" in said


@pytest.mark.parametrize("file", [*WORKFLOWS, *ACTIONS], ids=name_of)
def test_zizmor_has_nothing_against_the_security_of_a_file(file: Path) -> None:
    assert not complaints("zizmor", "--offline", "--quiet", "--min-severity", "medium", file)


@pytest.mark.parametrize(
    ("schema", "file"),
    [
        *(("vendor.github-workflows", each) for each in WORKFLOWS),
        *(("custom.github-workflows-require-timeout", each) for each in WORKFLOWS),
        *(("vendor.github-actions", each) for each in ACTIONS),
        ("vendor.gitlab-ci", GITLAB),
    ],
    ids=lambda each: each if isinstance(each, str) else name_of(each),
)
def test_a_file_keeps_the_schema_of_its_kind(schema: str, file: Path) -> None:
    assert not complaints("check-jsonschema", "--builtin-schema", schema, file)


def test_the_guides_whole_examples_are_workflows(tmp_path: Path) -> None:
    found = re.findall(r"^```yaml\n(on:.*?)^```$", GUIDE.read_text("utf-8"), re.MULTILINE | re.DOTALL)
    assert len(found) >= 3
    for number, text in enumerate(found):
        example = tmp_path / f"example-{number}.yml"
        example.write_text(text.replace("OWNER", "owner").replace("COMMIT", "0" * 40))
        assert not complaints("actionlint", example)
        assert not complaints("check-jsonschema", "--builtin-schema", "vendor.github-workflows", example)


@pytest.mark.parametrize("script", BASH, ids=lambda each: each.where)
def test_shellcheck_has_nothing_against_a_step(script: Script) -> None:
    assert not complaints("shellcheck", "--shell=bash", "--enable=avoid-nullary-conditions", "-", given=_declared(script))


def _declared(script: Script) -> str:
    """With what a runner sets, so that no variable is used which nobody sets."""
    return "\n".join(["set -euo pipefail", f"export {' '.join(sorted({*script.environment, *RUNNERS}))}", script.text])


@pytest.mark.parametrize("file", SCRIPTS, ids=name_of)
def test_shellcheck_has_nothing_against_a_script(file: Path) -> None:
    assert not complaints("shellcheck", "--shell=bash", file)


@pytest.mark.parametrize("script", BASH, ids=lambda each: each.where)
def test_a_step_uses_no_variable_that_nobody_sets(script: Script) -> None:
    used = set(re.findall(r"\$\{?([A-Z][A-Z_]+)", script.text))
    set_here = set(re.findall(r"(?:^|\s)([A-Z][A-Z_]+)=", script.text))
    assert used <= set(script.environment) | set_here | RUNNERS


@pytest.mark.parametrize("script", POWERSHELL, ids=lambda each: each.where)
def test_powershell_can_be_parsed(script: Script) -> None:
    assert syntax_errors(script.text) == []


@pytest.mark.parametrize("wrong", ["if ($x) { foo", "$a = @(1, 2", 'Write-Host "abc $(foo"', "foreach ($x in $y) { } }"])
def test_powershell_that_cannot_be_parsed_is_seen(wrong: str) -> None:
    assert syntax_errors(wrong)
