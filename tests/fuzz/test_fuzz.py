from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.fuzz.build import TARGETS, generated, program
from tests.fuzz.mistakes import MISTAKES
from tests.fuzz.run import run
from tests.fuzz.seeds import CORPUS, name_of, seeds

SECONDS = int(os.environ.get("PYNDIS_FUZZ_SECONDS", "20"))
"""For each target; the environment may give more."""
PATIENCE = 120
"""Seconds within which a planted mistake is found: many times what it takes."""

pytestmark = pytest.mark.slow
each_target = pytest.mark.parametrize("target", TARGETS)


@each_target
def test_the_corpus_holds_the_seeds(target: str) -> None:
    kept = {file.name for file in (CORPUS / target).iterdir()}
    assert {name_of(data) for data in seeds(target)} <= kept, "run python -m tests.fuzz.seeds"
    assert all(name_of(file.read_bytes()) == file.name for file in (CORPUS / target).iterdir())


@pytest.mark.parametrize("receive", ["pend", "copy"])
@each_target
def test_no_input_of_the_corpus_shows_a_mistake(target: str, receive: str, tmp_path: Path) -> None:
    result = run(program(target, generated(receive)), [CORPUS / target], tmp_path / "found", "-runs=0", seconds=120)
    assert result.code == 0, result.report(target)


@each_target
def test_fuzzing_finds_nothing(target: str, tmp_path: Path) -> None:
    (tmp_path / "new").mkdir()
    limit = f"-max_total_time={SECONDS}"
    result = run(program(target, generated()), [tmp_path / "new", CORPUS / target], tmp_path / "found", limit, seconds=SECONDS)
    assert result.code == 0, result.report(target)


@pytest.mark.parametrize("name", MISTAKES)
def test_a_planted_mistake_is_found(name: str, tmp_path: Path) -> None:
    mistake = MISTAKES[name]
    wrong = program(mistake.target, mistake.planted(generated()))
    for each in ("seeds", "new"):
        (tmp_path / each).mkdir()
    # From a few of the seeds only: what the corpus knows already is no find of its own.
    for data in seeds(mistake.target)[: mistake.seeds]:
        (tmp_path / "seeds" / name_of(data)).write_bytes(data)
    limit = f"-max_total_time={PATIENCE}"
    result = run(wrong, [tmp_path / "new", tmp_path / "seeds"], tmp_path / "found", limit, seconds=PATIENCE)
    assert result.found, result.said[-2000:]
    assert mistake.says in result.said
