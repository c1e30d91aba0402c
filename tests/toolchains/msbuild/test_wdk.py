from __future__ import annotations

from pyndis.toolchains.msbuild.wdk import find_kits
from tests.toolchains.msbuild.conftest import KITS, FakeWindows


def versions(world: FakeWindows, said: str | None = None) -> tuple[str, list[str]]:
    kits, _ = find_kits(world, said)
    assert kits
    return kits.found_by, [str(version) for version in kits.versions]


def test_the_registry_tells_of_the_kits_newest_first(windows: FakeWindows) -> None:
    windows.with_kit(9999, 22621, 26100)
    assert versions(windows) == ("KitsRoot10 in the 32-bit registry", ["10.0.26100.0", "10.0.22621.0", "10.0.9999.0"])


def test_either_view_of_the_registry_will_do(windows: FakeWindows) -> None:
    windows.values = {("KitsRoot10", 64): KITS}
    assert versions(windows.with_kit(22621)) == ("KitsRoot10 in the 64-bit registry", ["10.0.22621.0"])


def test_an_sdk_is_no_kit(windows: FakeWindows) -> None:
    windows.directories |= {rf"{KITS}\Include\10.0.26100.0", rf"{KITS}\Include\10.0.26100.0\um", rf"{KITS}\Include\wdf"}
    kits, tried = find_kits(windows)
    assert kits is None
    assert tried == (
        "WDKContentRoot: not set",
        rf"KitsRoot10 in the 32-bit registry: {KITS} has no Include\10.0.*\km",
        "KitsRoot10 in the 64-bit registry: not set",
    )


def test_what_is_said_comes_before_variables_and_those_before_the_registry(windows: FakeWindows) -> None:
    windows.with_kit(26100).with_kit(22621, root=r"D:\wdk").with_kit(19041, root=r"E:\wdk").with_kit(22000, root=r"F:\wdk")
    windows.environment = {"WDKCONTENTROOT": "D:\\wdk\\", "PYNDIS_WDK": r"E:\wdk"}
    assert versions(windows, r"F:\wdk") == ("--wdk", ["10.0.22000.0"])
    assert versions(windows) == ("PYNDIS_WDK", ["10.0.19041.0"])
    windows.environment = {"WDKCONTENTROOT": "D:\\wdk\\"}
    assert versions(windows) == ("WDKContentRoot", ["10.0.22621.0"])


def test_a_folder_that_is_named_and_has_no_kit_is_not_passed_over(windows: FakeWindows) -> None:
    windows.with_kit(26100)
    assert find_kits(windows, r"D:\none") == (None, (r"--wdk: D:\none has no Include\10.0.*\km",))
    windows.environment = {"PYNDIS_WDK": r"D:\none"}
    assert find_kits(windows) == (None, (r"PYNDIS_WDK: D:\none has no Include\10.0.*\km",))


def test_the_enterprise_kit_is_not_mixed_with_an_installed_one(windows: FakeWindows) -> None:
    windows.with_kit(26100)
    windows.environment = {"ENTERPRISEWDK": "true"}
    assert find_kits(windows) == (None, ("WDKContentRoot: not set",))


def test_one_version_of_several_can_be_named(windows: FakeWindows) -> None:
    kits, _ = find_kits(windows.with_kit(22621, 26100), rf"{KITS}\include\10.0.22621.0")
    assert kits
    assert (kits.root, [str(version) for version in kits.versions]) == (KITS, ["10.0.22621.0"])
