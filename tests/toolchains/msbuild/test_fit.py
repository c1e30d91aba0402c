from __future__ import annotations

from itertools import pairwise

import pytest

from pyndis.diagnostics import ToolFailure
from pyndis.toolchains.msbuild.fit import fits, lacking
from pyndis.toolchains.msbuild.offers import has_static_driver_verifier, newest_for, offer_of, offers
from pyndis.toolchains.msbuild.wdk import Kits, Version

WINTUN = {"amd64": (6, 1), "x86": (6, 1), "arm64": (10, 0)}
MODERN = dict.fromkeys(WINTUN, (10, 0))


def kits(*builds: int) -> Kits:
    return Kits("K", tuple(Version(build, f"10.0.{build}.0") for build in builds), "--wdk")


def test_a_kit_that_makes_everything_is_taken_though_there_is_a_newer_one() -> None:
    first, *_ = fits(kits(26100, 19041), WINTUN)
    assert (first.version.build, first.is_whole, first.oldest) == (19041, True, None)
    assert lacking(first, WINTUN, explicit=False) == ()


def test_of_two_that_make_the_same_the_newer_is_taken() -> None:
    assert [fit.version.build for fit in fits(kits(19041, 22000), WINTUN)] == [22000, 19041]
    assert fits(kits(28000, 26100), {"arm64": (10, 0)})[0].version.build == 28000


def test_the_newest_kit_alone_leaves_out_x86_and_raises_windows() -> None:
    (fit,) = fits(kits(26100), WINTUN)
    assert (fit.architectures, fit.missing, dict(fit.raised), fit.oldest) == (
        ("amd64", "arm64"),
        ("x86",),
        {"amd64": (6, 1)},
        (10, 0),
    )
    left_out, raised = lacking(fit, WINTUN, explicit=False)
    assert left_out.code == raised.code == "PYN-T24"
    assert not left_out.is_error and not raised.is_error
    assert left_out.message == "x86 is left out: the WDK 10.0.26100.0 makes no drivers for it"
    assert left_out.notes == ("x86 from Windows 7 on needs the WDK for Windows 11, version 21H2",)
    assert raised.message == "built for Windows 10 and later only, not for Windows 7 (amd64): the WDK 10.0.26100.0 has dropped it"


def test_x86_for_windows_10_is_left_to_the_kit_of_22h2() -> None:
    (fit,) = fits(kits(22621), MODERN)
    assert fit.is_whole
    (newest,) = fits(kits(26100), MODERN)
    (warning,) = lacking(newest, MODERN, explicit=False)
    (note,) = warning.notes
    assert note.startswith("x86 from Windows 10 on needs the WDK for Windows 11, version 22H2 (10.0.22621.5193)")


def test_x86_asked_for_by_name_is_an_error() -> None:
    with pytest.raises(ToolFailure) as caught:
        lacking(fits(kits(26100), WINTUN)[0], WINTUN, explicit=True)
    (error,) = caught.value.diagnostics
    assert (error.code, error.message) == ("PYN-T23", "the WDK 10.0.26100.0 makes no drivers for x86")


@pytest.mark.parametrize("build", [26100, 10240])
def test_a_kit_that_makes_none_of_it_is_an_error(build: int) -> None:
    with pytest.raises(ToolFailure) as caught:
        fits(kits(build), {"x86": (6, 1)})
    (error,) = caught.value.diagnostics
    assert error.code == "PYN-T23"
    assert error.message == f"the WDK in K (10.0.{build}.0) makes drivers for none of x86"


def test_the_offers_rise_and_only_ever_lose_architectures() -> None:
    listed = offers()
    assert [each.build for each in listed] == sorted({each.build for each in listed})
    for earlier, later in pairwise(listed):
        assert later.architectures <= earlier.architectures
        assert later.oldest >= earlier.oldest


def test_a_kit_between_two_that_are_known_is_as_the_earlier() -> None:
    assert offer_of(22631) == offer_of(22621)
    assert offer_of(99999) == offers()[-1]
    assert offer_of(7600) is None


def test_no_kit_makes_what_none_made() -> None:
    assert newest_for("ia64", (6, 1)) is None


@pytest.mark.parametrize(("build", "there"), [(22621, True), (26017, True), (26018, False), (26100, False)])
def test_static_driver_verifier_went_after_build_26017(build: int, there: bool) -> None:
    assert has_static_driver_verifier(build) is there
