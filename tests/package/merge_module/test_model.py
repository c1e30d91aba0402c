from __future__ import annotations

from dataclasses import replace

import pytest

from pyndis.package.manifest import Manifest, rebrand
from pyndis.package.merge_module import PLACEHOLDER, MergeModule, Publisher, merge_module, merge_modules
from pyndis.package.rules import SystemVersion
from tests.package.merge_module.conftest import CERTIFICATE

LATER = "VersionNT >= 603 AND NOT (CURRENTBUILD < 10240)"
EARLIER = "VersionNT >= 601 AND (VersionNT < 603 OR CURRENTBUILD < 10240)"


def module(manifest: Manifest, arch: str = "amd64") -> MergeModule:
    return merge_module(manifest, arch, PLACEHOLDER)


def conditions(made: MergeModule) -> dict[str, str]:
    return {component.id: component.condition for component in made.components}


def claiming(manifest: Manifest, oldest: SystemVersion) -> Manifest:
    return replace(manifest, windows=replace(manifest.windows, amd64=oldest))


def test_windows_10_gets_what_microsoft_signed_and_others_what_we_signed(manifest: Manifest) -> None:
    assert conditions(module(manifest)) == {"Whql": LATER, "SelfSigned": EARLIER, "Publisher": EARLIER}


def test_a_driver_for_x86_is_of_no_use_on_64_bit_windows(manifest: Manifest) -> None:
    made = conditions(module(manifest, "x86"))
    assert made["Whql"] == f"{LATER} AND NOT VersionNT64"
    assert made["SelfSigned"] == made["Publisher"] == f"{EARLIER} AND NOT VersionNT64"


def test_windows_that_the_driver_does_not_claim_gets_nothing(manifest: Manifest) -> None:
    assert conditions(module(claiming(manifest, (6, 2))))["SelfSigned"] == EARLIER.replace("601", "602")


def test_a_driver_for_windows_10_alone_trusts_nobody(manifest: Manifest) -> None:
    made = module(claiming(manifest, (10, 0)))
    assert list(conditions(made)) == ["Whql"]
    assert not made.trusts_publisher


def test_the_packages_lie_in_folders_of_their_own(manifest: Manifest) -> None:
    assert [folder.name for folder in module(manifest).folders] == ["whql", "selfsigned"]


def test_modules_are_made_for_installers_of_amd64_and_x86(manifest: Manifest) -> None:
    results = [str(made.result) for made in merge_modules(manifest, PLACEHOLDER)]
    assert results == ["dist/wintun-amd64-0.1.0.0.msm", "dist/wintun-x86-0.1.0.0.msm"]


def test_identifiers_stay_from_version_to_version(manifest: Manifest) -> None:
    later = replace(manifest, driver=replace(manifest.driver, version=(9, 9, 9, 9)))
    publisher = Publisher.of(CERTIFICATE, "amd64")
    one, other = (merge_module(each, "amd64", publisher) for each in (manifest, later))
    assert one.guid == other.guid
    assert [each.guid for each in one.components] == [each.guid for each in other.components]


def test_no_two_things_have_one_identifier(manifest: Manifest) -> None:
    made = [merge_module(each, arch, PLACEHOLDER) for each in (manifest, rebrand(manifest, "Mytun")) for arch in ("amd64", "x86")]
    guids = [guid for each in made for guid in (each.guid, *(part.guid for part in each.components if part.files))]
    assert len(set(guids)) == len(guids)


@pytest.mark.parametrize(
    ("brand", "name"),
    [("Wintun", "wintun.sys"), ("Tunnel12", "tunnel12.sys"), ("Tunnel123", "TUNNEL~1.SYS|tunnel123.sys")],
)
def test_a_long_name_has_a_short_one(manifest: Manifest, brand: str, name: str) -> None:
    assert module(rebrand(manifest, brand)).files[0].full == name


def test_the_identifier_of_a_module_is_an_identifier(manifest: Manifest) -> None:
    named = replace(manifest, driver=replace(manifest.driver, file="my-tunnel"))
    assert module(named).id == "my_tunnel"
    assert str(module(named).result) == "dist/my-tunnel-amd64-0.1.0.0.msm"
