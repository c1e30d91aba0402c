"""The Jinja2 environments that all stages render with: strict about names, and about what gets out (see `escape.py`)."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path
from types import TracebackType

from jinja2 import Environment, FileSystemLoader, StrictUndefined, TemplateError, TemplateSyntaxError, pass_context
from jinja2.runtime import Context, Undefined

from pyndis import resources
from pyndis.diagnostics import Diagnostic, Label, Span, ToolFailure
from pyndis.package.escape import FILTERS, Escaped, Unprintable, printed

__all__ = ["Escaped", "environment", "render"]

# Jinja's own ways around an escaper, or to another language's.
_UNSAFE_FILTERS = ("safe", "escape", "e", "forceescape", "urlize", "xmlattr", "tojson", "pprint", "striptags")


@cache
def environment(language: str) -> Environment:
    """The environment for templates whose output is `language`, one of `escape.FILTERS`. The root is `templates/`, and for the
    entry project the folder that it lies in."""
    made = Environment(
        loader=FileSystemLoader((resources.templates(), resources.root()), encoding="utf-8"),
        undefined=StrictUndefined,
        autoescape=True,  # so that what macros return counts as escaped; `finalize` has escaped everything before
        finalize=_finalizer(language),
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        extensions=["jinja2.ext.do"],
    )
    for name in _UNSAFE_FILTERS:
        made.filters.pop(name, None)
    made.filters.update(FILTERS[language])
    return made


def _finalizer(language: str) -> Callable[[Context, object], object]:
    # A function of the context keeps Jinja from folding constants, which it would escape as HTML.
    @pass_context
    def finalize(_: Context, value: object) -> object:
        return value if isinstance(value, Undefined) else printed(language, value)

    return finalize


def render(language: str, template: str, **values: object) -> str:
    """The text of `template`, a path below `templates/`, or the entry project's name.

    Raises ToolFailure (PYN-P10) that names the template and its line.
    """
    made = environment(language)
    try:
        return made.get_template(template).render(**values)
    except (TemplateError, Unprintable, TypeError, AttributeError) as error:
        raise _failure(template, error) from error


def _failure(template: str, error: Exception) -> ToolFailure:
    name, line = _place(template, error)
    label = Label(Span(_file(name), line), "while rendering this line")
    message = f"template {name}, line {line}: {error}"
    help = "if you did not change the templates, this is a fault of pyndis: report it"
    return ToolFailure(Diagnostic("PYN-P10", message, (label,), help=help))


def _file(template: str) -> Path:
    below = resources.templates() / template
    return below if below.exists() else resources.root() / template


def _place(template: str, error: Exception) -> tuple[str, int]:
    if isinstance(error, TemplateSyntaxError):
        return error.name or template, error.lineno
    found = (template, 1)
    trace: TracebackType | None = error.__traceback__
    while trace is not None:  # Jinja puts the templates' own lines into the traceback
        file = Path(trace.tb_frame.f_code.co_filename)
        for root in (resources.templates(), resources.root()):
            if file.suffix == ".j2" and file.is_relative_to(root):
                found = (file.relative_to(root).as_posix(), trace.tb_lineno)
                break
        trace = trace.tb_next
    return found
