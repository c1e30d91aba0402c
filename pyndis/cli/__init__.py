"""The command line. Each command is a module here, imported when it is called: a build with nothing to do is fast."""

from __future__ import annotations

import signal
import sys
from collections.abc import Sequence
from importlib import import_module
from types import FrameType
from typing import NoReturn

import click

from pyndis import __version__
from pyndis.cli import ending

COMMANDS = {
    "build": "compile a driver, and sign and package the result",
    "check": "apply the compile-time rules to a driver",
    "test": "try every contract of a miniport on a driver",
    "run": "carry real traffic through a driver, on Linux",
    "sign": "sign images, catalogs and cabinets",
    "verify": "check the signatures of images, catalogs and cabinets",
    "inspect": "show what is in an image, a catalog, an INF or a cabinet",
    "submit": "make what Microsoft's hardware portal signs, and take back what it signed",
    "explain": "explain a diagnostic, with an example",
    "doctor": "tell which toolchains and tools there are, and what is missing",
}


class Commands(click.Group):
    """Commands by module: `pyndis.cli.build` has the click command `build`."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """In the order of COMMANDS."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import the module of one command."""
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = getattr(import_module(f"pyndis.cli.{cmd_name}"), "command")  # noqa: B009
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="pyndis")
def pyndis() -> None:
    """Write Windows NDIS miniport drivers in Python."""


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run the command line and leave the process: 0 done, 1 the driver is at fault, 2 wrong usage, 3 a tool failed."""
    _prepare_streams()
    signal.signal(signal.SIGTERM, _terminated)
    sys.exit(ending.of(lambda: _command(sys.argv[1:] if arguments is None else arguments)))


def _command(arguments: Sequence[str]) -> object:
    """Call the command without click's own handling of errors, whose exit codes are not ours."""
    with pyndis.make_context("pyndis", list(arguments)) as context:
        return pyndis.invoke(context)


def _prepare_streams() -> None:
    """What a terminal's character set does not have is spelled out; it must not end a command."""
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="backslashreplace")


def _terminated(signum: int, frame: FrameType | None) -> NoReturn:
    """Leave by way of every `finally`, as Ctrl-C does."""
    raise SystemExit(128 + signum)
