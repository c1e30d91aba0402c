"""Where the files lie that are not Python: `templates/` and `toolchain/`.

In a wheel they are inside the package; in a checkout (and an editable install) they are at the repository's root.
"""

from pathlib import Path

ENTRY_PROJECT = "wintun.proj.j2"
"""The template of the project that `msbuild` is given; it lies in the root, where people look for it."""

_PACKAGE = Path(__file__).resolve().parent


def _root() -> Path:
    installed = _PACKAGE / "_resources"
    return installed if installed.is_dir() else _PACKAGE.parent


def root() -> Path:
    """The folder that holds both, and the template of the entry project."""
    return _root()


def templates() -> Path:
    """The folder of the Jinja2 templates."""
    return _root() / "templates"


def toolchain() -> Path:
    """The folder of the C toolchain's inputs: headers, import lists, image runtime."""
    return _root() / "toolchain"
