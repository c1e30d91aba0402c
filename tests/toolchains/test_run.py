from __future__ import annotations

import sys
import threading
from pathlib import Path

import pytest

from pyndis.diagnostics import ToolFailure
from pyndis.toolchains import Plan, Step, run_plan
from pyndis.toolchains.run import condense


def python(code: str, inputs: tuple[str, ...] = (), outputs: tuple[str, ...] = (), note: str = "work") -> Step:
    return Step((sys.executable, "-c", code), inputs, outputs, note)


def copy(source: str, target: str) -> Step:
    return python(f"open({target!r}, 'w').write(open({source!r}).read() + '>{target}')", (source,), (target,), f"make {target}")


def plan(out: Path, *steps: Step, results: tuple[str, ...] = ("c.sys",), digest: str = "1") -> Plan:
    return Plan("test", (("a", b"a"),), steps, results, out, digest)


def chain(out: Path, digest: str = "1") -> Plan:
    return plan(out, copy("b", "c.sys"), copy("a", "b"), digest=digest)


def test_steps_wait_for_what_they_read(tmp_path: Path) -> None:
    assert run_plan(chain(tmp_path / "new" / "out"), jobs=2)
    assert (tmp_path / "new" / "out" / "c.sys").read_text() == "a>b>c.sys"


def test_only_results_are_delivered(tmp_path: Path) -> None:
    run_plan(chain(tmp_path))
    assert [path.name for path in tmp_path.iterdir() if not path.name.startswith(".")] == ["c.sys"]


def test_steps_that_do_not_need_each_other_run_at_the_same_time(tmp_path: Path) -> None:
    meet = (
        "import pathlib, sys\n"
        "mine, other = map(pathlib.Path, {0!r})\n"
        "mine.write_text('x')\n"
        "while not other.exists(): pass\n"
        "pathlib.Path(mine.name + '.sys').write_text('met')"
    )
    here, there = str(tmp_path / "here"), str(tmp_path / "there")
    steps = [python(meet.format(pair), outputs=(f"{Path(pair[0]).name}.sys",)) for pair in ((here, there), (there, here))]
    run_plan(plan(tmp_path / "out", *steps, results=("here.sys", "there.sys")), jobs=2)
    assert (tmp_path / "out" / "here.sys").read_text() == "met"


def test_progress_counts_the_steps(tmp_path: Path) -> None:
    told: list[tuple[int, int, str]] = []
    run_plan(chain(tmp_path), progress=lambda done, total, note: told.append((done, total, note)))
    assert told == [(1, 2, "make b"), (2, 2, "make c.sys")]


def test_progress_is_told_in_the_thread_of_the_caller(tmp_path: Path) -> None:
    threads = []
    run_plan(chain(tmp_path), progress=lambda *_: threads.append(threading.current_thread()))
    assert set(threads) == {threading.current_thread()}


def test_a_second_run_does_nothing(tmp_path: Path) -> None:
    assert run_plan(chain(tmp_path))
    assert not run_plan(chain(tmp_path))


def test_another_digest_builds_again(tmp_path: Path) -> None:
    run_plan(chain(tmp_path))
    assert run_plan(chain(tmp_path, digest="2"))


@pytest.mark.parametrize("damage", [lambda path: path.unlink(), lambda path: path.write_text("touched")])
def test_a_result_that_was_changed_is_built_again(tmp_path: Path, damage: object) -> None:
    run_plan(chain(tmp_path))
    damage(tmp_path / "c.sys")  # type: ignore[operator]
    assert run_plan(chain(tmp_path))
    assert (tmp_path / "c.sys").read_text() == "a>b>c.sys"


def test_a_failing_tool_is_quoted(tmp_path: Path) -> None:
    step = python(
        "import sys; print('driver.c:3: error: no', file=sys.stderr); sys.exit(7)", outputs=("c.sys",), note="compile driver.c"
    )
    with pytest.raises(ToolFailure) as caught:
        run_plan(plan(tmp_path, step))
    (diagnostic,) = caught.value.diagnostics
    assert diagnostic.code == "PYN-T04"
    assert diagnostic.message == "compile driver.c: -c ended with status 7"
    assert diagnostic.notes == ("driver.c:3: error: no",)


def test_a_failing_tool_leaves_the_results_as_they_were(tmp_path: Path) -> None:
    run_plan(chain(tmp_path))
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    failing = plan(tmp_path, copy("a", "b"), python("open('c.sys', 'w').write('half'); exit(1)", ("b",), ("c.sys",)), digest="2")
    with pytest.raises(ToolFailure):
        run_plan(failing)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_no_step_is_started_after_a_failure(tmp_path: Path) -> None:
    witness = tmp_path / "started"
    late = python(f"open({str(witness)!r}, 'w').close()", outputs=("c.sys",))
    with pytest.raises(ToolFailure):
        run_plan(plan(tmp_path / "out", python("exit(1)", outputs=("b",)), late), jobs=1)
    assert not witness.exists()


def test_a_tool_that_writes_nothing_has_failed(tmp_path: Path) -> None:
    with pytest.raises(ToolFailure) as caught:
        run_plan(plan(tmp_path, python("pass", outputs=("c.sys",), note="link")))
    assert caught.value.diagnostics[0].message == "link: -c did not write c.sys"


def test_a_tool_that_cannot_be_started_is_named(tmp_path: Path) -> None:
    with pytest.raises(ToolFailure) as caught:
        run_plan(plan(tmp_path, Step(("/nowhere/clang", "-c"), (), ("c.sys",), "compile")))
    assert "/nowhere/clang" in caught.value.diagnostics[0].message


def test_a_result_that_cannot_be_written_is_a_failure_of_the_machine(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("in the way")
    with pytest.raises(ToolFailure) as caught:
        run_plan(chain(tmp_path / "out"))
    assert caught.value.diagnostics[0].code == "PYN-F01"


def test_long_complaints_are_cut() -> None:
    shown = condense("\n".join(f"line {number}\n" for number in range(100)))
    assert len(shown) == 21
    assert shown[0] == "line 0"
    assert shown[-1] == "... and 80 more lines"
