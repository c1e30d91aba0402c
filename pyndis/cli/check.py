"""`pyndis check`: the compile-time rules, with nothing built."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from pathlib import Path

import click

from pyndis.cli import compile as compiler
from pyndis.cli import ending
from pyndis.cli.options import driver_options
from pyndis.diagnostics import Diagnostic, DriverFailure, Span
from pyndis.package.manifest import Manifest

FORMS = ("json", "sarif", "codequality")
"""For programs; each is a function of pyndis.diagnostics.formats."""


@click.command("check")
@driver_options
@click.option("--format", "form", type=click.Choice(["text", *FORMS]), default="text", show_default=True)
@click.option("--unsafe", is_flag=True, help="List the unsafe blocks of the driver, with their reasons.")
@click.pass_context
def command(
    context: click.Context, driver: Path, form: str, unsafe: bool, overrides: tuple[tuple[str, str], ...], brand: str | None
) -> None:
    """Apply the compile-time rules to DRIVER, a folder with a driver.toml."""
    found = _diagnostics(driver, overrides, brand)
    if form != "text":
        click.echo(_formatted(form, found))
        context.exit(ending.DRIVER if found else ending.DONE)
    if found:
        raise DriverFailure(*found)
    if unsafe:
        _list_unsafe(driver)
    else:
        click.echo(f"no errors in {driver}")


def _diagnostics(driver: Path, overrides: tuple[tuple[str, str], ...], brand: str | None) -> Sequence[Diagnostic]:
    try:
        manifest = Manifest.load(driver, overrides, brand)
        return compiler.compile_driver(manifest.folder, manifest, "Release").diagnostics
    except DriverFailure as failure:
        return failure.diagnostics


def _formatted(form: str, diagnostics: Sequence[Diagnostic]) -> str:
    from pyndis.diagnostics import formats

    written: str = getattr(formats, f"as_{form}")(diagnostics, Path.cwd())
    return written


def _list_unsafe(driver: Path) -> None:
    folder = driver if driver.is_dir() else driver.parent
    blocks = sorted(block for file in folder.rglob("*.py") for block in unsafe_blocks(file))
    for span, reason in blocks:
        click.echo(f"{span}: {reason}")
    click.echo(f"{len(blocks)} unsafe blocks in {driver}")


def unsafe_blocks(file: Path) -> Iterator[tuple[Span, str]]:
    """Where a module says `with unsafe("why"):`, and why."""
    for node in ast.walk(ast.parse(file.read_text("utf-8"))):
        for item in node.items if isinstance(node, ast.With) else ():
            match item.context_expr:
                case ast.Call(func=ast.Name(id="unsafe"), args=[ast.Constant(value=str(reason))]) as call:
                    yield Span(file, call.lineno, call.col_offset, call.end_lineno or 0, call.end_col_offset or 0), reason
