from __future__ import annotations

import datetime
from pathlib import Path

import pefile
import pytest

from pyndis.host import Host
from pyndis.package.inf import render_inf
from pyndis.package.inf_reader import Inf, read_inf
from pyndis.package.manifest import Manifest
from tests.drivers.wintun.images import DRIVER
from tests.drivers.wintun.packages import pyndis, results
from tests.host.packets import SMALLEST_READ, bundle, ipv4, unbundle
from tests.package.project.tree import TREE

STAMP = 1_700_000_000  # 14 November 2023, UTC
DAY = "11/14/2023"
MODELS = {"amd64": "NTamd64", "x86": "NTx86", "arm64": "NTarm64"}
MACHINES = {"amd64": "AMD64", "x86": "I386", "arm64": "ARM64"}
PACKAGE = {"wintun/wintun.sys", "wintun/wintun.inf", "wintun/wintun.cat", "wintun.cer", "wintun.pdb"}


@pytest.fixture(scope="module", params=MODELS)
def arch(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def inf(arch: str) -> Inf:
    return read_inf(render_inf(Manifest.load(DRIVER), arch, STAMP))


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Both configurations for every architecture."""
    out = tmp_path_factory.mktemp("wintun")
    pyndis("build", DRIVER, "--out", out, epoch=STAMP)
    pyndis("build", DRIVER, "--out", out, "--config", "Debug", epoch=STAMP)
    return out


def values(inf: Inf, section: str) -> list[tuple[str, ...]]:
    """The lines of a section without keys, strings put in."""
    return [tuple(inf.expanded(each) for each in line.values) for line in inf.lines(section)]


@pytest.mark.spec("W-90")
def test_class_provider_catalog_and_version(inf: Inf) -> None:
    wanted = {
        "Class": "Net",
        "ClassGUID": "{4D36E972-E325-11CE-BFC1-08002BE10318}",
        "Provider": "WireGuard LLC",
        "CatalogFile": "wintun.cat",
        "DriverVer": f"{DAY},0.1.0.0",
    }
    assert {key: inf.value("Version", key) for key in wanted} == wanted


@pytest.mark.spec("W-90")
def test_manufacturer_and_models_of_the_architecture(inf: Inf, arch: str) -> None:
    (manufacturer,) = inf.lines("Manufacturer")
    assert inf.expanded(manufacturer.key) == "WireGuard LLC"
    models, decoration = manufacturer.values
    assert decoration == MODELS[arch]
    (model,) = inf.lines(f"{models}.{decoration}")
    assert inf.expanded(model.key) == "Wintun Userspace Tunnel"
    assert model.values == ("Install", "Wintun")


@pytest.mark.spec("W-90")
def test_the_driver_file_goes_to_directory_12(inf: Inf) -> None:
    assert inf.value("DestinationDirs", "DefaultDestDir") == "12"
    assert inf.value("Install", "CopyFiles") == "Install.Files"
    ((name, source, _, flags),) = values(inf, "Install.Files")
    assert (name, source, int(flags, 16)) == ("wintun.sys", "", 0x4002)


@pytest.mark.spec("W-90")
@pytest.mark.parametrize(
    ("key", "value"),
    [("Characteristics", 1), ("*IfType", 53), ("*MediaType", 19), ("*PhysicalMediaType", 0), ("EnableDhcp", 0)],
)
def test_install_value(inf: Inf, key: str, value: int) -> None:
    text = inf.value("Install", key)
    assert text is not None
    assert int(text, 0) == value


@pytest.mark.spec("W-90")
def test_the_service(inf: Inf) -> None:
    name, flags, service, log = inf.lines("Install.Services")[0].values
    assert (name, int(flags, 16)) == ("wintun", 2)
    wanted = {"ServiceType": "1", "StartType": "3", "ErrorControl": "1", "LoadOrderGroup": "NDIS"}
    assert {key: inf.value(service, key) for key in wanted} == wanted
    assert inf.value(service, "ServiceBinary") == r"%12%\wintun.sys"
    registry = inf.value(log, "AddReg")  # an event log's section has directives, not values
    assert registry is not None
    entries = {line[2]: line[4] for line in values(inf, registry)}
    assert entries == {"EventMessageFile": r"%11%\IoLogMsg.dll;%12%\wintun.sys", "TypesSupported": "7"}


@pytest.mark.spec("W-90")
def test_bindings(inf: Inf) -> None:
    registry = {(line[1], line[2]): line[4] for line in values(inf, "Install.Registry")}
    assert registry == {
        ("Ndi", "Service"): "wintun",
        (r"Ndi\Interfaces", "UpperRange"): "ndis5",
        (r"Ndi\Interfaces", "LowerRange"): "nolower",
    }


@pytest.mark.spec("W-90")
@pytest.mark.slow
def test_an_unchanged_tree_builds_unchanged(tmp_path: Path) -> None:
    for name in ("one", "two/deeper"):
        pyndis("build", DRIVER, "--arch", "amd64", "--sign", "none", "--out", tmp_path / name)
    assert results(tmp_path / "one") == results(tmp_path / "two" / "deeper")


@pytest.mark.spec("W-90")
@pytest.mark.slow
def test_the_day_of_an_inf_is_that_of_the_newest_input_or_of_the_epoch(tree: Path, tmp_path: Path) -> None:
    for arch in MODELS:
        inf = read_inf((tree / arch / "Release" / "wintun" / "wintun.inf").read_bytes())
        assert inf.value("Version", "DriverVer") == f"{DAY},0.1.0.0"
    pyndis("build", DRIVER, "--arch", "amd64", "--out", tmp_path)
    newest = max(file.stat().st_mtime for file in DRIVER.glob("*.*"))
    day = datetime.datetime.fromtimestamp(newest, datetime.UTC).strftime("%m/%d/%Y")
    built = read_inf((tmp_path / "amd64" / "Release" / "wintun" / "wintun.inf").read_bytes())
    assert built.value("Version", "DriverVer") == f"{day},0.1.0.0"


@pytest.mark.spec("W-91")
@pytest.mark.slow
def test_a_brand_is_the_same_driver_under_other_names(tmp_path: Path) -> None:
    pyndis("build", DRIVER, "--arch", "amd64", "--brand", "ExampleTun", "--out", tmp_path)
    folder = tmp_path / "amd64" / "Release" / "exampletun"
    assert {each.name for each in folder.iterdir()} == {"exampletun.sys", "exampletun.inf", "exampletun.cat"}
    inf = read_inf((folder / "exampletun.inf").read_bytes())
    assert inf.lines("Models.NTamd64")[0].values == ("Install", "ExampleTun")
    assert inf.lines("Install.Services")[0].values[0] == "exampletun"
    image = folder / "exampletun.sys"
    assert "WINTUN".encode("utf-16-le") not in image.read_bytes()
    with Host(image) as host:
        adapter = host.add_adapter(luid_index=7)
        with pytest.raises(FileNotFoundError):
            host.open(r"\\.\WINTUN7")
        handle = host.open(r"\\.\EXAMPLETUN7")
        handle.write(bundle(ipv4(41)))
        adapter.send([ipv4(42)])
        assert unbundle(handle.read(SMALLEST_READ).data) == [ipv4(42)]
        assert [each.data for each in adapter.received] == [ipv4(41)]


@pytest.mark.spec("W-91")
def test_driver_toml_can_rename_the_driver_too() -> None:
    names = {"file": "exampletun", "service": "exampletun", "device": "EXAMPLETUN", "hardware-id": "ExampleTun"}
    manifest = Manifest.load(DRIVER, [(f"driver.{key}", value) for key, value in names.items()])
    assert manifest.driver == Manifest.load(DRIVER, (), "ExampleTun").driver
    assert b"wintun" not in render_inf(manifest, "amd64", STAMP).replace(b"Wintun ", b"").lower()


@pytest.mark.spec("W-92")
def test_the_version_resource_of_the_image(wintun_sys: Path) -> None:
    image = pefile.PE(str(wintun_sys))
    fixed = image.VS_FIXEDFILEINFO[0]
    assert (fixed.FileType, fixed.FileSubtype, fixed.FileOS) == (3, 6, 0x40004)  # driver, network, Windows NT
    tables = [table for info in image.FileInfo[0] if hasattr(info, "StringTable") for table in info.StringTable]
    texts = {key.decode(): value.decode() for table in tables for key, value in table.entries.items()}
    wanted = {
        "FileDescription": "Wintun Driver",
        "InternalName": "wintun.sys",
        "OriginalFilename": "wintun.sys",
        "ProductName": "Wintun Driver",
    }
    assert {key: texts[key] for key in wanted} == wanted


@pytest.mark.spec("W-95")
@pytest.mark.slow
def test_each_architecture_and_configuration_has_its_folders(tree: Path) -> None:
    folders = {f"{arch}/{config}/{name}" for arch in MODELS for config in ("Release", "Debug") for name in PACKAGE}
    assert set(results(tree)) == TREE | folders


@pytest.mark.spec("W-95")
@pytest.mark.slow
@pytest.mark.parametrize("config", ["Release", "Debug"])
def test_each_package_is_of_its_architecture_and_verifies(tree: Path, arch: str, config: str) -> None:
    folder = tree / arch / config
    package = folder / "wintun"
    image = pefile.PE(str(package / "wintun.sys"), fast_load=True)
    assert pefile.MACHINE_TYPE[image.FILE_HEADER.Machine] == f"IMAGE_FILE_MACHINE_{MACHINES[arch]}"
    assert image.OPTIONAL_HEADER.Subsystem == pefile.SUBSYSTEM_TYPE["IMAGE_SUBSYSTEM_NATIVE"]
    assert (package / "wintun.inf").read_bytes() == render_inf(Manifest.load(DRIVER), arch, STAMP)
    said = pyndis("verify", package / "wintun.sys", package / "wintun.cat", "--trust", folder / "wintun.cer")
    assert len(said.splitlines()) == 2


@pytest.mark.spec("W-94", "W-95")
@pytest.mark.slow
def test_build_is_the_default_and_clean_and_rebuild_are_its_targets(tmp_path: Path) -> None:
    out = tmp_path / "out"
    one: list[str | Path] = ["build", DRIVER, "--arch", "amd64", "--out", out]
    pyndis(*one, epoch=STAMP)
    built = results(out)
    assert set(built) == TREE | {f"amd64/Release/{name}" for name in PACKAGE}
    assert pyndis(*one, "--target", "Build", epoch=STAMP).startswith("nothing to do")
    (out / "notes.txt").write_text("not ours")
    pyndis(*one, "--target", "Rebuild", epoch=STAMP)
    assert results(out)["wintun.c"] == built["wintun.c"]
    assert set(results(out)) == {*built, "notes.txt"}
    pyndis(*one, "--target", "Clean", epoch=STAMP)
    assert set(results(out)) == {"notes.txt"}
