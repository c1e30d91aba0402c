"""`pyndis submit`: the way of a driver package to Microsoft's signature and back."""

from __future__ import annotations

from importlib import import_module

import click

SUBCOMMANDS = {
    "make": "make the cabinets that Microsoft's hardware portal takes",
    "take": "check what the portal gave back, and lay it where installers take it from",
}


class Subcommands(click.Group):
    """Subcommands by module: `pyndis.cli.submit.make` has the click command `make`."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """In the order of SUBCOMMANDS."""
        return list(SUBCOMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import the module of one subcommand."""
        if cmd_name not in SUBCOMMANDS:
            return None
        command: click.Command = getattr(import_module(f"pyndis.cli.submit.{cmd_name}"), "command")  # noqa: B009
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the subcommands without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl(list(SUBCOMMANDS.items()))


@click.group("submit", cls=Subcommands)
def command() -> None:
    """Send a driver package to Microsoft's hardware portal, and take back what it signed."""
