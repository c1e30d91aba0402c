"""Compile the driver of a request; errors end the command."""

from __future__ import annotations

from pyndis.cli import compile as compiler
from pyndis.cli.building.request import Request
from pyndis.cli.compile import Compiled
from pyndis.diagnostics import DriverFailure


def compiled_driver(request: Request) -> Compiled:
    """The driver in C. Raises DriverFailure with every error."""
    manifest = request.manifest
    directives = request.line_directives
    compiled = compiler.compile_driver(manifest.folder, manifest, request.config, line_directives=directives)
    if compiled.diagnostics:
        raise DriverFailure(*compiled.diagnostics)
    return compiled
