"""The one place where a plan is run: steps in parallel as their inputs allow, results delivered whole or not at all."""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
from collections.abc import Callable, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from hashlib import sha256
from pathlib import Path

from pyndis.diagnostics import Diagnostic, ToolFailure
from pyndis.files import unwritable, write_whole
from pyndis.toolchains.plan import Plan, Step

Progress = Callable[[int, int, str], None]
"""Called with (steps done, steps in all, note of the step just done)."""

_LINES_SHOWN = 20


def run_plan(plan: Plan, *, jobs: int | None = None, progress: Progress | None = None) -> bool:
    """Make the plan's results. False when they were there already, made by a plan with the same digest and not touched since.

    Steps run in a temporary folder, `jobs` at a time (default: one per CPU). Raises ToolFailure: PYN-T04 when a tool fails,
    with the tool's own words as notes; PYN-F01 when a result cannot be written.
    """
    if _is_done(plan):
        return False
    try:
        with tempfile.TemporaryDirectory(prefix="pyndis-", ignore_cleanup_errors=True) as folder:
            work = Path(folder)
            for name, content in plan.files:
                (work / name).write_bytes(content)
            _run_steps(plan, work, jobs or os.cpu_count() or 1, progress or _silent)
            results = {name: (work / name).read_bytes() for name in plan.results}
    except OSError as error:
        raise unwritable(Path(error.filename or tempfile.gettempdir()), error) from error
    for name, content in results.items():
        write_whole(plan.out / name, content)
    write_whole(_stamp(plan), json.dumps(_record(plan, results), indent=1).encode())
    return True


def _run_steps(plan: Plan, work: Path, jobs: int, progress: Progress) -> None:
    made = {name for name, _ in plan.files}
    waiting = list(plan.steps)
    running: dict[Future[None], Step] = {}
    with ThreadPoolExecutor(jobs) as pool:
        try:
            while waiting or running:
                # No more than can start at once: what is queued would still run after another step has failed.
                ready = [step for step in waiting if _is_ready(step, made)][: jobs - len(running)]
                waiting = [step for step in waiting if step not in ready]
                running |= {pool.submit(_run_step, step, work): step for step in ready}
                assert running, f"steps wait for what none makes: {[step.note for step in waiting]}"
                for future in wait(running, return_when=FIRST_COMPLETED).done:
                    step = running.pop(future)
                    future.result()
                    made.update(step.outputs)
                    progress(len(plan.steps) - len(waiting) - len(running), len(plan.steps), step.note)
        except BaseException:
            pool.shutdown(wait=True, cancel_futures=True)
            raise


def _is_ready(step: Step, made: set[str]) -> bool:
    return all(name in made or Path(name).is_absolute() for name in step.inputs)


def _run_step(step: Step, work: Path) -> None:
    environment = os.environ | dict(step.environment) | dict(step.caches)
    try:
        done = subprocess.run(step.argv, cwd=work, env=environment, capture_output=True, text=True, errors="replace", check=False)
    except OSError as error:
        what = f"{step.note}: cannot start {step.argv[0]}: {error.strerror}"
        raise ToolFailure(Diagnostic("PYN-T04", what, help="run `pyndis doctor` to see which tools are usable")) from error
    missing = [name for name in step.outputs if not (work / name).is_file()]
    if done.returncode != 0 or missing:
        raise _failed(step, done, missing)


def _failed(step: Step, done: subprocess.CompletedProcess[str], missing: list[str]) -> ToolFailure:
    ended = f"ended with status {done.returncode}" if done.returncode else f"did not write {', '.join(missing)}"
    notes = condense(done.stderr or done.stdout)
    help = "the tool's own words are above; `pyndis build --emit plan` shows the whole command"
    return ToolFailure(Diagnostic("PYN-T04", f"{step.note}: {step.argv[1]} {ended}", notes=notes, help=help))


def condense(output: str) -> tuple[str, ...]:
    """What a tool said, without empty lines, cut after the first 20: later errors mostly follow from the first."""
    lines = [line.rstrip() for line in output.splitlines() if line.strip()]
    more = len(lines) - _LINES_SHOWN
    return (*lines[:_LINES_SHOWN], *([f"... and {more} more lines"] if more > 0 else []))


def _stamp(plan: Plan) -> Path:
    return plan.out / f".{Path(plan.results[0]).stem}.build"


def _record(plan: Plan, results: Mapping[str, bytes]) -> dict[str, str]:
    return {"plan": plan.digest} | {name: sha256(content).hexdigest() for name, content in results.items()}


def _is_done(plan: Plan) -> bool:
    try:
        stamp = json.loads(_stamp(plan).read_bytes())
        return bool(stamp == _record(plan, {name: (plan.out / name).read_bytes() for name in plan.results}))
    except (OSError, ValueError):
        return False


def _silent(done: int, total: int, note: str) -> None:
    pass
