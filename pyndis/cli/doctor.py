"""`pyndis doctor`: which tools this machine has."""

from __future__ import annotations

import json
from dataclasses import asdict

import click

from pyndis.cli import ending
from pyndis.toolchains import doctor


@click.command("doctor")
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
@click.pass_context
def command(context: click.Context, as_json: bool) -> None:
    """Tell which tools there are, what each is for, and how to get what is missing. Exit code 3 if a build would fail."""
    tools = doctor.report()
    if as_json:
        click.echo(json.dumps([asdict(tool) for tool in tools], indent=2, ensure_ascii=False))
    else:
        click.echo("\n".join(_line(tool) for tool in tools))
    if any(tool.needed and not tool.found for tool in tools):
        context.exit(ending.TOOL)


def _line(tool: doctor.Tool) -> str:
    mark = "ok     " if tool.found else "MISSING" if tool.needed else "absent "
    how = "" if tool.found else f"\n{' ' * 8}to get it: {tool.install}"
    return f"{mark} {tool.name}: {tool.where}\n{' ' * 8}{tool.purpose}{how}"
