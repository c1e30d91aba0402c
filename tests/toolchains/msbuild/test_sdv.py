from __future__ import annotations

import pytest

from pyndis.toolchains.msbuild.sdv import defects

# https://learn.microsoft.com/windows-hardware/drivers/devtest/command-line-output shows the line with one defect.
# That a clean run writes the same line with 0: unconfirmed.


@pytest.mark.parametrize(
    ("output", "count"),
    [
        ("  [INFO] 1 defects found.\n  [INFO] Found 1 bugs!\n", 1),
        ("  [INFO] 0 defects found.\n", 0),
        ("  [INFO] 2 defects found.\nsdv:\n1>  [INFO] 3 defects found.\n", 5),
        ("  [INFO] Verifying rules...\n", None),
    ],
)
def test_the_defects_of_a_run(output: str, count: int | None) -> None:
    assert defects(output) == count
