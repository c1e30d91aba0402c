"""A composite action's own steps, run by bash as GitHub's runner does. Steps that use other actions are left out."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.ci.files import ROOT, loaded

_EXPRESSION = re.compile(r"\$\{\{ (.+?) \}\}")
_CONDITION = re.compile(r"(?P<name>[\w.-]+) (?P<operator>[!=]=) '(?P<value>[^']*)'")
_BASH = ("bash", "--noprofile", "--norc", "-e", "-o", "pipefail")

# What `python -m venv` and its pip would bring is there already: this interpreter, with this pyndis.
_VENV = """\
if [ "$1 $2" = "-m venv" ]; then
    mkdir -p "$3/bin"
    cat >"$3/bin/pip" <<'END'
#!/bin/bash
if [ "$1" = install ]; then echo "${@: -1}" >"$RUNNER_TEMP/installed"; fi
if [ "$1" = list ]; then printf 'click==8.0\\npyndis==0.1.0\\nziglang==0.15.1\\n'; fi
END
    printf '#!/bin/bash\\nexec %q -c "from pyndis.cli import main; main()" "$@"\\n' "$PYTHON" >"$3/bin/pyndis"
    chmod +x "$3/bin/pip" "$3/bin/pyndis"
    exit
fi
exec "$PYTHON" "$@"
"""


@dataclass
class Ran:
    """What an action's run left. `ended` are the steps that were run, in order, with their exit codes."""

    ended: dict[str, int] = field(default_factory=dict)
    outputs: dict[str, str] = field(default_factory=dict)
    summary: str = ""
    log: str = ""

    @property
    def passed(self) -> bool:
        return not any(self.ended.values())


class Runner:
    """A runner's machine: `workspace` has the checked-out repository, `temporary` is its RUNNER_TEMP."""

    def __init__(self, folder: Path) -> None:
        self.workspace = folder / "workspace"
        self.temporary = folder / "temp"
        self._tools = folder / "tools"
        for each in (self.workspace, self.temporary, self._tools):
            each.mkdir(parents=True)
        python = self._tools / "python"
        python.write_text(f"#!/bin/bash\n{_VENV}")
        python.chmod(0o755)

    def run(self, action: Path, **given: str) -> Ran:
        """Run an action with inputs, their names with `_` for `-`. A step that fails ends it."""
        value = loaded(action)
        inputs = {name: str(each.get("default", "")) for name, each in value["inputs"].items()}
        values = {f"inputs.{name}": text for name, text in inputs.items()}
        for name, text in given.items():
            assert name.replace("_", "-") in inputs
            values[f"inputs.{name.replace('_', '-')}"] = text
        ran = Ran()
        for step in value["runs"]["steps"]:
            if "run" in step and _holds(step.get("if"), values) and ran.passed:
                self._step(step, action, values, ran)
        ran.outputs = {name: _filled(each["value"], values) for name, each in value.get("outputs", {}).items()}
        return ran

    def script(self, text: str, environment: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
        """Run lines by bash, in the workspace."""
        script = self.temporary / "script"
        script.write_text(text)
        return subprocess.run(
            [*_BASH, script],
            cwd=self.workspace,
            env={
                **os.environ,
                "PATH": f"{self._tools}:{os.environ['PATH']}",
                "PYTHON": sys.executable,
                "PYTHONPATH": str(ROOT),
                "RUNNER_TEMP": str(self.temporary),
                **environment,
            },
            capture_output=True,
            text=True,
            stdin=subprocess.DEVNULL,
        )

    def _step(self, step: dict[str, Any], action: Path, values: dict[str, str], ran: Ran) -> None:
        output, summary = (self.temporary / name for name in ("output", "summary"))
        output.write_text("")
        summary.touch()
        environment = {
            "GITHUB_ACTION_PATH": str(action.parent),
            "GITHUB_OUTPUT": str(output),
            "GITHUB_STEP_SUMMARY": str(summary),
            **{name: _filled(str(text), values) for name, text in step.get("env", {}).items()},
        }
        done = self.script(step["run"], environment)
        ran.ended[step["name"]] = done.returncode
        ran.log += done.stdout + done.stderr
        ran.summary = summary.read_text()
        values.update({f"steps.{step.get('id')}.outputs.{name}": text for name, text in _written(output.read_text()).items()})


def _filled(text: str, values: dict[str, str]) -> str:
    return _EXPRESSION.sub(lambda found: values.get(found[1], ""), text)


def _holds(condition: str | None, values: dict[str, str]) -> bool:
    if condition is None:
        return True
    found = _CONDITION.fullmatch(condition)
    assert found, f"the emulation does not know this condition: {condition}"
    return (values.get(found["name"], "") == found["value"]) == (found["operator"] == "==")


def _written(text: str) -> dict[str, str]:
    """What a step wrote to GITHUB_OUTPUT: `name=value`, or `name<<END`, lines, `END`."""
    written = {}
    lines = iter(text.splitlines())
    for line in lines:
        name, equals, value = line.partition("=")
        if not equals or "<<" in name:
            name, _, end = line.partition("<<")
            value = "\n".join(iter(lambda: next(lines), end))
        written[name] = value
    return written
