from __future__ import annotations

from pathlib import Path, PurePosixPath

import pytest

from pyndis.cli.building.products import Products
from pyndis.cli.building.request import Request
from pyndis.cli.building.stamp import traces
from pyndis.diagnostics import ToolFailure
from pyndis.package.manifest import Manifest
from tests.cli.conftest import Run

pytestmark = pytest.mark.usefixtures("driver", "compiled")

FILE = PurePosixPath("dist/wintun.msm")


@pytest.fixture
def products(built: Path) -> Products:
    request = Request(
        manifest=Manifest.load(Path("example")),
        architectures=("amd64",),
        out=built,
        time=1_700_000_000,
    )
    return Products(request, "MSM", "amd64")


@pytest.fixture
def source(tmp_path: Path) -> Path:
    file = tmp_path / "source"
    file.write_bytes(b"1")
    return file


def test_what_was_made_is_up_to_date(products: Products, source: Path) -> None:
    assert products.outdated([source]) == "it has not been made yet"
    assert products.publish({FILE: b"module"}, traces([source])) == [products.request.out / FILE]
    assert (products.request.out / FILE).read_bytes() == b"module"
    assert products.outdated([source]) is None


def test_a_changed_source_and_a_changed_result_are_seen(products: Products, source: Path) -> None:
    products.publish({FILE: b"module"}, traces([source]))
    source.write_bytes(b"2")
    assert products.outdated([source]) == "source has changed"
    products.publish({FILE: b"module"}, traces([source]))
    (products.request.out / FILE).write_bytes(b"other")
    assert products.outdated([source]) == "dist/wintun.msm is not what was built"


def test_other_options_are_seen(products: Products, source: Path) -> None:
    products.publish({FILE: b"module"}, traces([source]))
    assert Products(products.request, "MSM", "amd64", {"rules": ["A"]}).outdated([source]) == "the options have changed"


def test_what_the_last_time_made_and_this_time_does_not_goes(products: Products, source: Path) -> None:
    products.publish({FILE: b"module"}, traces([source]))
    products.publish({PurePosixPath("dist/new.msm"): b"module"}, traces([source]))
    assert [file.name for file in (products.request.out / "dist").iterdir()] == ["new.msm"]


def test_clean_removes_products_with_the_build(products: Products, source: Path, pyndis: Run) -> None:
    products.publish({FILE: b"module"}, traces([source]))
    assert pyndis("build", "example", "--target", "Clean").code == 0
    assert not (products.request.out).exists()


def test_clean_of_another_configuration_leaves_products(products: Products, source: Path, pyndis: Run) -> None:
    products.publish({FILE: b"module"}, traces([source]))
    assert pyndis("build", "example", "--target", "Clean", "--config", "Debug").code == 0
    assert products.outdated([source]) is None


def test_what_cannot_be_written_leaves_the_last_products(products: Products, source: Path) -> None:
    products.publish({FILE: b"module"}, traces([source]))
    (products.request.out / "blocked").write_bytes(b"")
    with pytest.raises(ToolFailure):
        products.publish({PurePosixPath("blocked/file"): b"", FILE: b"new"}, traces([source]))
    assert (products.request.out / FILE).read_bytes() == b"module"
