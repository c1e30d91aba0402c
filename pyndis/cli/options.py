"""Options and arguments that several commands have."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

F = TypeVar("F", bound=Callable[..., Any])


def _overrides(context: click.Context, parameter: click.Parameter, values: tuple[str, ...]) -> tuple[tuple[str, str], ...]:
    """Take each `key=value` of `--set` apart."""
    pairs = []
    for value in values:
        key, equals, text = value.partition("=")
        if not equals or not key.strip():
            raise click.BadParameter(f"{value!r} is not of the form key=value, as in --set receive=copy", context, parameter)
        pairs.append((key.strip(), text))
    return tuple(pairs)


def password(path: Path) -> str:
    """Ask a person for a PFX file's password."""
    answer: str = click.prompt(f"Password of {path}", hide_input=True, err=True)
    return answer


def driver_options(command: F) -> F:
    """The argument and options that say which driver, and what of driver.toml to change."""
    for each in (
        click.option("--brand", metavar="NAME", help="Build under another service, file, device and hardware id."),
        click.option(
            "--set", "overrides", metavar="KEY=VALUE", multiple=True, callback=_overrides, help="Change a key of driver.toml."
        ),
        click.argument("driver", type=click.Path(path_type=Path)),
    ):
        command = each(command)
    return command
