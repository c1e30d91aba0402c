from __future__ import annotations

from pyndis.toolchains.msbuild.doctor import report
from pyndis.toolchains.msbuild.world import Done
from tests.toolchains.msbuild.conftest import VS2022, VSWHERE, FakeWindows


def test_nothing_is_told_where_it_cannot_run() -> None:
    assert list(report(FakeWindows(system="linux"))) == []


def test_on_windows_it_tells_of_visual_studio_and_what_each_kit_makes(windows: FakeWindows) -> None:
    windows.with_kit(22621, 26100).answers["-latest"] = Done(0, f'["{VS2022}"]'.replace("\\", "\\\\"))
    found = {name: (there, where) for name, there, where, _, _ in report(windows)}
    assert found["vswhere"] == (True, VSWHERE)
    assert found["msbuild"] == (True, f"{VS2022} (by vswhere)")
    assert found["wdk"][0]
    assert "10.0.26100.0 (amd64, arm64 from Windows 10 on, no SDV)" in found["wdk"][1]
    assert "10.0.22621.0 (amd64, arm64, x86 from Windows 10 on, SDV)" in found["wdk"][1]


def test_what_is_missing_is_told_with_where_it_was_looked_for() -> None:
    assert [(name, there) for name, there, *_ in report(FakeWindows())] == [
        ("vswhere", False),
        ("msbuild", False),
        ("wdk", False),
    ]
    assert "WDKContentRoot: not set" in list(report(FakeWindows()))[2][2]
