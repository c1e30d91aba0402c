"""Compile the driver of a request; errors end the command."""

from __future__ import annotations

from pyndis.cli import compile as compiler
from pyndis.cli.building.request import Request
from pyndis.cli.compile import Compiled
from pyndis.diagnostics import DriverFailure


def compiled_driver(request: Request) -> Compiled:
    """The driver in C. Raises DriverFailure with every error."""
    compiled = compiler.compile_driver(request.manifest.folder, request.manifest, request.config)
    if compiled.diagnostics:
        raise DriverFailure(*compiled.diagnostics)
    return compiled
