from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from pyndis import cli
from pyndis.cli import compile as compiler
from pyndis.cli.building import inputs
from pyndis.cli.compile import Compiled
from pyndis.package.manifest import Manifest

REPOSITORY = Path(__file__).parents[2]

# The least that links as a driver: what these tests are about comes after the compiler.
SOURCE = """\
long __stdcall DriverEntry(void *object, void *path);
long __stdcall DriverEntry(void *object, void *path)
{
    return object == path;
}
"""


@dataclass(frozen=True)
class Ended:
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def is_tidy(self) -> bool:
        """Whether no traceback was shown."""
        return "Traceback" not in self.out + self.err


Run = Callable[..., Ended]


@pytest.fixture
def pyndis(capsys: pytest.CaptureFixture[str]) -> Iterator[Run]:
    """Run the command line in this process."""
    terminated = signal.getsignal(signal.SIGTERM)

    def run(*arguments: str | Path) -> Ended:
        capsys.readouterr()
        with pytest.raises(SystemExit) as leaving:
            cli.main([str(each) for each in arguments])
        code = leaving.value.code
        assert isinstance(code, int)
        said = capsys.readouterr()
        return Ended(code, said.out, said.err)

    yield run
    signal.signal(signal.SIGTERM, terminated)


@pytest.fixture
def compiled(monkeypatch: pytest.MonkeyPatch) -> list[Compiled]:
    """Stands in for the compiler: what it gives is the first of this list."""
    results = [Compiled(SOURCE, {"ast": "the ast\n", "ir": "the ir\n"})]

    def compile_driver(folder: Path, manifest: Manifest, config: str, *, line_directives: bool = False) -> Compiled:
        return results[0]

    monkeypatch.setattr(compiler, "compile_driver", compile_driver)
    return results


@pytest.fixture
def driver(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A driver's folder, in an empty working folder; one architecture, so that builds are short."""
    monkeypatch.setattr(inputs, "own_files", lambda: iter([Path(cli.__file__)]))  # they may be edited while the tests run
    for variable in ("SOURCE_DATE_EPOCH", "NO_COLOR", "PYNDIS_TRACEBACK"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv("PYNDIS_CONFIG_DIR", str(tmp_path / "config"))
    text = (REPOSITORY / "drivers" / "wintun" / "driver.toml").read_text("utf-8")
    folder = tmp_path / "work" / "example"
    folder.mkdir(parents=True)
    (folder / "driver.toml").write_text(text.replace('["amd64", "x86", "arm64"]', '["amd64"]'))
    (folder / "example.py").write_text('RECEIVE = option("receive", "pend", "copy")\n')
    monkeypatch.chdir(folder.parent)
    return folder


@pytest.fixture
def built(pyndis: Run, driver: Path, compiled: list[Compiled]) -> Path:
    """The output of a build of `driver`."""
    ended = pyndis("build", driver)
    assert ended.code == 0, ended.err
    return Path("build/wintun").resolve()
