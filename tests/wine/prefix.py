"""A Windows of Wine's own in a folder: headless, with the driver and the test's ndis.sys in it."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

SERVICE = "wintun"
_CLIENT = "pyndis-client.exe"
_START = 180  # seconds, for a prefix to be made, or for an installer
_RUN = 60  # seconds, for one script
# ours instead of Wine's ndis.sys; no .NET, no browser engine, no desktop menus, which all want to be installed
_OVERRIDES = "ndis.sys=n;mscoree,mshtml=;winemenubuilder.exe="


def wine() -> str | None:
    """The program that starts Windows programs, if it is installed."""
    return shutil.which("wine64") or shutil.which("wine")


class Prefix:
    """Made once, because that takes ten seconds. `close` ends everything that runs in it."""

    def __init__(self, program: str, folder: Path) -> None:
        self._program = program
        self._folder = folder
        self._environment = {name: value for name, value in os.environ.items() if name not in ("DISPLAY", "WAYLAND_DISPLAY")}
        self._environment |= {
            "WINEPREFIX": str(folder / "prefix"),
            "WINEARCH": "win64",
            "WINEDLLOVERRIDES": _OVERRIDES,
            "WINEDEBUG": "-all",
        }
        self._runs = 0
        self._start("wineboot", "-i", timeout=_START)
        self.revive()

    @property
    def system(self) -> Path:
        """The folder system32."""
        return self._folder / "prefix" / "drive_c" / "windows" / "system32"

    @property
    def drive(self) -> Path:
        """The folder that is C:."""
        return self._folder / "prefix" / "drive_c"

    @property
    def driver(self) -> Path:
        """Where the service's image is."""
        return self.system / "drivers" / f"{SERVICE}.sys"

    def install(self, package: Path, ndis: Path, client: Path) -> None:
        """Let Windows' setup functions install the driver from its INF; put our ndis.sys and the client where Windows looks."""
        shutil.copyfile(ndis, self.system / "drivers" / "ndis.sys")
        shutil.copyfile(client, self.system / _CLIENT)
        inf = self.path_of(package / f"{SERVICE}.inf")
        results = self.run_script([f"package {inf} {self.path_of(package)} Install Install.Services"])
        assert results == ['{"operation": "package", "files": 0, "services": 0}'], results

    def use(self, driver: Path) -> None:
        """Put this image where the service's is. It must not run."""
        shutil.copyfile(driver, self.driver)

    def run_script(self, lines: list[str]) -> list[str]:
        """What the client wrote, by lines. AssertionError with its lines if it does not end."""
        self._runs += 1
        script, results = (self._folder / f"{self._runs}.{kind}" for kind in ("script", "results"))
        script.write_text("".join(f"{line}\n" for line in lines))
        try:
            self._start(_CLIENT, self.path_of(script), self.path_of(results), timeout=_RUN)
        except subprocess.TimeoutExpired:
            self.revive()
            written = results.read_text() if results.is_file() else ""
            raise AssertionError(f"the client does not end; it wrote:\n{written}") from None
        return results.read_text().splitlines()

    def run(self, *argv: str) -> str:
        """What a program of Wine's own said; it ends when the program does."""
        self._start(*argv, timeout=_START)
        return (self._folder / "output").read_text(errors="replace").replace("\r", "")

    def store(self, name: str, data: bytes) -> str:
        """Keep bytes in a file; its path for the client."""
        file = self._folder / name
        file.write_bytes(data)
        return self.path_of(file)

    @staticmethod
    def path_of(path: Path) -> str:
        """As a Windows program sees the file."""
        return "Z:" + str(path).replace("/", "\\")

    def _start(self, *argv: str, timeout: int) -> None:
        # Into files: a pipe would stay open in the services that Wine starts meanwhile, and be waited for.
        with (self._folder / "output").open("wb") as output:
            subprocess.run(
                [self._program, *argv],
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                timeout=timeout,
                check=False,
            )

    def _server(self, flag: str) -> None:
        server = shutil.which("wineserver", path=os.environ.get("PATH", "") + ":/usr/lib/wine") or "wineserver"
        null = subprocess.DEVNULL
        command = [server, flag]
        subprocess.run(command, env=self._environment, stdin=null, stdout=null, stderr=null, timeout=30, check=False)

    def revive(self) -> None:
        """End what runs, and keep the server from going away two seconds after the last program, and the devices with it."""
        self._server("-k")
        self._server("-w")
        self._server("-p")

    def close(self) -> None:
        """End everything, and remove the folder: it holds some 700 MB."""
        self._server("-k")
        self._server("-w")
        shutil.rmtree(self._folder / "prefix", ignore_errors=True)
