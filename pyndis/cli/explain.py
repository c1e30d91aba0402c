"""`pyndis explain`: one diagnostic at length, or the list of all."""

from __future__ import annotations

import textwrap

import click

from pyndis.diagnostics.codes import Explanation, explanation, explanations


@click.command("explain")
@click.argument("code", required=False)
def command(code: str | None) -> None:
    """Explain the diagnostic CODE, as PYN-P05; without CODE, list them all."""
    click.echo(_at_length(explanation(code)) if code else _list())


def _list() -> str:
    return "\n".join(f"{each.code}  {each.title}" for each in explanations().values())


def _at_length(entry: Explanation) -> str:
    parts = [f"{entry.code}: {entry.title}", _filled(entry.explanation)]
    if entry.example:
        parts.append("For example:\n\n" + textwrap.indent(entry.example, "    "))
    if entry.mend:
        parts.append("The mend:\n\n" + textwrap.indent(entry.mend, "    "))
    return "\n\n".join(parts)


def _filled(text: str) -> str:
    """Paragraphs of at most 100 characters a line."""
    return "\n\n".join(textwrap.fill(paragraph, 100) for paragraph in text.split("\n\n"))
