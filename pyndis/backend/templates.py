"""Strict Jinja2 for C: undefined names fail, only C gets into C, and an error names the template and its line.

Text that is not C yet goes through a filter: `comment` (a comment of its own), `text` and `wide` (string literals), `name`
(an identifier), `number`. The filters of Jinja2 that would make text are not there.
"""

from __future__ import annotations

import re
import traceback
from collections.abc import Mapping
from pathlib import Path

import jinja2
from markupsafe import Markup

from pyndis import resources
from pyndis.backend import comments, literals
from pyndis.backend.faults import bad_template

_KEPT_FILTERS = (
    "length",
    "list",
    "map",
    "selectattr",
    "rejectattr",
    "select",
    "reject",
    "sort",
    "first",
    "last",
    "groupby",
    "unique",
)
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*(?:\.[A-Za-z_][A-Za-z0-9_]*)*\Z")


class C(str):
    """A fragment of C. Making one says that it is C; plain text must pass a filter."""

    __slots__ = ()

    def __html__(self) -> str:  # what tells Jinja2 not to escape it again
        return str(self)


def render_template(template: str, context: Mapping[str, object], folder: Path | None = None) -> str:
    """A template of `templates/c` (or `folder`) with its context. Raises InternalFault (PYN-B02)."""
    folder = folder or resources.templates() / "c"
    try:
        return _environment(folder).get_template(template).render(context)
    except jinja2.TemplateSyntaxError as error:
        raise bad_template(f"template {error.name or template}, line {error.lineno}: {error.message}") from error
    except jinja2.TemplateNotFound as error:
        raise bad_template(f"template {error.name}: there is no such file in templates/c") from error
    except (jinja2.TemplateError, TypeError, ValueError, AttributeError, LookupError) as error:
        raise bad_template(f"template {_place(error, folder, template)}: {error}") from error


def _environment(folder: Path) -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(folder),
        undefined=jinja2.StrictUndefined,
        autoescape=True,
        finalize=_only_c,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters = {name: environment.filters[name] for name in _KEPT_FILTERS} | {
        "comment": lambda text: C("\n".join(comments.comment(text))),
        "rule": lambda text: C(comments.rule(text)),
        "text": lambda text: C(literals.string(text)),
        "wide": lambda text: C(literals.string(text, wide=True)),
        "name": _name,
        "number": lambda value: C(literals.integer(value)),
        "hex": lambda value: C(literals.integer(value, bits=True)),
        "join": _joined,
        "beside": lambda code, text: C("\n".join(comments.beside(str(_only_c(code)), text))),
    }
    return environment


def _only_c(value: object) -> object:
    if isinstance(value, jinja2.Undefined):
        return str(value)  # raises, and says which name
    if isinstance(value, C | Markup) or (isinstance(value, int) and not isinstance(value, bool)):
        return value
    raise TypeError(f"{type(value).__name__} {value!r} is not C; pass it through a filter (comment, text, wide, name, number)")


def _name(value: object) -> C:
    if not isinstance(value, str) or not _NAME.match(value):
        raise ValueError(f"{value!r} is no name in C")
    return C(value)


def _joined(values: list[object], between: str = "") -> C:
    return C(between.join(str(_only_c(each)) for each in values))


def _place(error: Exception, folder: Path, template: str) -> str:
    for frame in reversed(traceback.extract_tb(error.__traceback__)):
        if Path(frame.filename).is_relative_to(folder):
            return f"{Path(frame.filename).relative_to(folder).as_posix()}, line {frame.lineno}"
    return template
