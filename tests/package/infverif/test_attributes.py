from __future__ import annotations

import pytest

from pyndis.package.infverif.attributes import differing
from pyndis.package.manifest import Manifest

CONSTANTS = {"NdisMediumIP": 19, "NdisMedium802_3": 0, "NdisPhysicalMediumUnspecified": 0, "NdisPhysicalMedium802_3": 14}
WINTUNS = {"if_type": 53, "medium": "NdisMediumIP", "physical_medium": "NdisPhysicalMediumUnspecified"}


def test_wintun_tells_setup_what_it_tells_ndis(wintun: Manifest) -> None:
    assert list(differing(WINTUNS, wintun, CONSTANTS.get)) == []


@pytest.mark.parametrize(
    ("attribute", "value", "key", "mend"),
    [
        ("if_type", 6, "if-type", "write if-type = 6,"),
        ("medium", "NdisMedium802_3", "media-type", "write media-type = 0,"),
        ("physical_medium", "NdisPhysicalMedium802_3", "physical-media-type", "write physical-media-type = 14,"),
    ],
)
def test_an_attribute_that_differs_is_shown_in_driver_toml(
    wintun: Manifest, attribute: str, value: object, key: str, mend: str
) -> None:
    (found,) = differing({**WINTUNS, attribute: value}, wintun, CONSTANTS.get)
    assert (found.code, found.message.split()[0]) == ("PYN-V91", key)
    assert found.labels[0].span.file == wintun.folder / "driver.toml"
    assert found.help.startswith(mend)
