from __future__ import annotations

import os
from pathlib import Path

import pytest

from pyndis.diagnostics import UsageFailure
from pyndis.package.timestamp import build_time


def test_source_date_epoch_wins(tmp_path: Path) -> None:
    assert build_time([tmp_path], {"SOURCE_DATE_EPOCH": "1700000000"}) == 1700000000


def test_else_the_newest_input_says(tmp_path: Path) -> None:
    for name, time in (("a", 1000), ("b", 3000), ("c", 2000)):
        (tmp_path / name).touch()
        os.utime(tmp_path / name, (time, time))
    assert build_time(sorted(tmp_path.iterdir()), {}) == 3000


@pytest.mark.parametrize("said", ["", "-1", "now", "1.5", str(2**32), "٤"])
def test_a_variable_that_is_no_time_is_wrong_usage(said: str) -> None:
    with pytest.raises(UsageFailure, match="PYN-P11"):
        build_time([], {"SOURCE_DATE_EPOCH": said})
