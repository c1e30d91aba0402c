from __future__ import annotations

import os
from pathlib import Path

import pytest

from pyndis.cli.building import inputs
from pyndis.cli.compile import Compiled
from pyndis.diagnostics import Diagnostic
from tests.cli.conftest import REPOSITORY, Run
from tests.package.project.tree import TREE

pytestmark = pytest.mark.usefixtures("driver", "compiled")

OWN_FILES = inputs.own_files  # before the fixtures replace it

RESULTS = {
    *TREE,
    "amd64/Release/wintun.cer",
    "amd64/Release/wintun.pdb",
    "amd64/Release/wintun/wintun.cat",
    "amd64/Release/wintun/wintun.inf",
    "amd64/Release/wintun/wintun.sys",
}


def files(out: Path) -> dict[str, bytes]:
    """The results below a folder, without what is pyndis' own."""
    found = {path.relative_to(out): path for path in out.rglob("*") if path.is_file()}
    return {path.as_posix(): file.read_bytes() for path, file in found.items() if path.parts[0] != ".pyndis"}


def test_a_build_writes_the_tree_and_the_package(built: Path) -> None:
    assert set(files(built)) == RESULTS


def test_it_tells_the_image(pyndis: Run) -> None:
    ended = pyndis("build", "example")
    assert ended.out == f"{Path('build/wintun/amd64/Release/wintun/wintun.sys').resolve()}\n"


def test_the_package_verifies(built: Path, pyndis: Run) -> None:
    package = built / "amd64" / "Release"
    listed = sorted((package / "wintun").glob("*.[sc]*"))
    ended = pyndis("verify", *listed, "--trust", package / "wintun.cer")
    assert (ended.code, len(ended.out.splitlines())) == (0, 2), ended.err


def test_a_second_build_does_nothing_and_says_so(built: Path, pyndis: Run) -> None:
    before = {path: path.stat().st_mtime_ns for path in built.rglob("*")}
    ended = pyndis("build", "example")
    assert (ended.code, ended.err) == (0, "")
    assert ended.out.startswith("nothing to do")
    assert {path: path.stat().st_mtime_ns for path in built.rglob("*")} == before


def edit(path: str) -> None:
    Path(path).write_bytes(Path(path).read_bytes() + b"\n")


CHANGES = [
    (lambda: edit("example/example.py"), [], "has changed|options"),
    (lambda: edit("example/driver.toml"), [], "has changed|options"),
    (lambda: Path("example/more.py").touch(), [], "more.py is new|options"),
    (lambda: edit("build/wintun/wintun.c"), [], "wintun.c is not what was built"),
    (lambda: Path("build/wintun/amd64/Release/wintun.pdb").unlink(), [], "wintun.pdb is not what was built"),
    (lambda: Path("build/wintun/.pyndis/amd64-Release.json").write_text("{}"), [], "not been built"),
    (lambda: Path("build/wintun/.pyndis/amd64-Release.json").write_text("[1]"), [], "not been built"),
    (lambda: None, ["--set", "receive=copy"], "options"),
    (lambda: None, ["--sign", "none"], "options"),
    (lambda: None, ["--config", "Debug"], "not been built"),
    (lambda: edit("../config/test-certificate/certificate.cer"), [], "certificate.cer has changed"),
]


@pytest.mark.parametrize(("change", "options", "reason"), CHANGES)
def test_a_change_is_seen_and_named(built: Path, pyndis: Run, change: object, options: list[str], reason: str) -> None:
    assert callable(change)
    change()
    ended = pyndis("build", "example", *options)
    assert any(part in ended.err for part in reason.split("|")), ended.err
    assert not ended.out.startswith("nothing")


def test_a_file_that_is_written_again_with_the_same_bytes_is_no_change(
    pyndis: Run, driver: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1700000000")
    assert pyndis("build", driver).code == 0
    (driver / "example.py").write_bytes((driver / "example.py").read_bytes())
    assert pyndis("build", driver).out.startswith("nothing to do")


def test_the_same_input_gives_the_same_bytes(pyndis: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1700000000")
    for out in ("one", "two/deeper"):
        assert pyndis("build", "example", "--out", tmp_path / out).code == 0
    assert files(tmp_path / "one") == files(tmp_path / "two" / "deeper")


def test_without_the_variable_the_newest_input_is_the_time(pyndis: Run, driver: Path) -> None:
    for file in driver.iterdir():
        os.utime(file, (86400 * 365, 86400 * 365))
    assert pyndis("build", driver).code == 0
    assert b"DriverVer   = 01/01/1971,0.1.0.0" in Path("build/wintun/amd64/Release/wintun/wintun.inf").read_bytes()


def test_results_inside_the_drivers_folder_are_no_input(pyndis: Run, driver: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(driver)
    assert pyndis("build", ".").code == 0
    assert pyndis("build", ".").out.startswith("nothing to do")


def test_a_brand_has_its_own_folder_and_names(pyndis: Run) -> None:
    assert pyndis("build", "example", "--brand", "ExampleTun").code == 0
    found = files(Path("build/exampletun"))
    assert {name.replace("exampletun", "wintun") for name in found} == RESULTS
    assert b"install" in found["amd64/Release/exampletun/exampletun.inf"].lower()
    assert all(b"wintun.sys" not in data for data in found.values())


def test_nothing_is_signed_for_nobody(pyndis: Run) -> None:
    assert pyndis("build", "example", "--sign", "none").code == 0
    assert set(files(Path("build/wintun"))) == RESULTS - {"amd64/Release/wintun.cer"}
    assert "PYN-G30" in pyndis("verify", "build/wintun/amd64/Release/wintun/wintun.sys").err


def test_what_an_earlier_build_left_and_this_one_does_not_make_goes(built: Path, pyndis: Run) -> None:
    assert pyndis("build", "example", "--sign", "none").code == 0
    assert "amd64/Release/wintun.cer" not in files(built)


def test_clean_removes_what_was_built_and_nothing_else(built: Path, pyndis: Run) -> None:
    mine = built / "amd64" / "mine.txt"
    mine.write_text("mine")
    ended = pyndis("build", "example", "--target", "Clean")
    assert (ended.code, ended.out) == (0, f"removed {len(RESULTS)} files from {built}\n")
    assert [path for path in built.rglob("*") if path.is_file()] == [mine]


def test_clean_leaves_no_empty_folder(built: Path, pyndis: Run) -> None:
    pyndis("build", "example", "--target", "Clean")
    assert not built.exists()
    assert pyndis("build", "example", "--target", "Clean").out.startswith("removed 0 files")


def test_clean_keeps_what_another_configuration_is_made_from(built: Path, pyndis: Run) -> None:
    pyndis("build", "example", "--config", "Debug")
    pyndis("build", "example", "--target", "Clean")
    left = set(files(built))
    assert left > TREE
    assert {name.split("/")[1] for name in left - TREE} == {"Debug"}
    assert pyndis("build", "example", "--config", "Debug").out.startswith("nothing to do")


def test_rebuild_builds_what_is_up_to_date(built: Path, pyndis: Run) -> None:
    ended = pyndis("build", "example", "--target", "Rebuild")
    assert (ended.code, set(files(built))) == (0, RESULTS)
    assert "has not been built" in ended.err


def test_an_architecture_that_is_up_to_date_is_not_built_again(pyndis: Run, driver: Path) -> None:
    both = ("--set", "architectures=amd64,arm64")
    assert pyndis("build", driver, *both, "--arch", "amd64").code == 0
    ended = pyndis("build", driver, *both)
    assert "amd64" not in ended.err
    assert ended.out.count("arm64") == ended.out.count("\n") == 1


def test_generate_writes_c_and_project_and_nothing_else(pyndis: Run) -> None:
    ended = pyndis("build", "example", "--target", "Generate")
    assert ended.code == 0
    assert set(files(Path("build/wintun"))) == TREE
    assert {Path(line).relative_to(Path("build/wintun").resolve()).as_posix() for line in ended.out.splitlines()} == TREE


@pytest.mark.parametrize(("form", "text"), [("ast", "the ast\n"), ("ir", "the ir\n"), ("c", "DriverEntry(void *object")])
def test_emit_prints_a_form_and_builds_nothing(pyndis: Run, form: str, text: str) -> None:
    ended = pyndis("build", "example", "--emit", form)
    assert ended.code == 0
    assert text in ended.out
    assert not Path("build").exists()


def test_emit_plan_prints_files_and_commands(pyndis: Run) -> None:
    ended = pyndis("build", "example", "--emit", "plan")
    assert ended.code == 0
    assert "# write wintun.c, " in ended.out
    assert " lld-link " in ended.out
    assert " -DNDIS_MINIPORT_DRIVER=1 -DNDIS620_MINIPORT=1 -DNDIS630_MINIPORT=1 " in ended.out
    assert str(Path("build/wintun/wintun.c").resolve()) in ended.out
    assert "/tmp/pyndis-" not in ended.out


def test_errors_of_the_driver_end_with_1(pyndis: Run, compiled: list[Compiled]) -> None:
    compiled[0] = Compiled("", {}, (Diagnostic("PYN-X01", "it leaks"),))
    ended = pyndis("build", "example")
    assert (ended.code, ended.out, ended.is_tidy) == (1, "", True)
    assert "error[PYN-X01]: it leaks" in ended.err


def test_a_broken_manifest_ends_with_1(pyndis: Run, driver: Path) -> None:
    (driver / "driver.toml").write_text("[driver]\nversion = 1")
    ended = pyndis("build", "example")
    assert (ended.code, ended.is_tidy) == (1, True)
    assert "example/driver.toml:2:11" in ended.err


def test_pyndis_itself_is_an_input() -> None:
    names = {path.relative_to(REPOSITORY).as_posix() for path in OWN_FILES()}
    assert {"pyndis/package/inf.py", "templates/package/driver.inf.j2", "toolchain/runtime/entry.c"} <= names
    assert not any("__pycache__" in name for name in names)
