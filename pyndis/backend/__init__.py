"""IR to C: a dumb printer, strict templates, and a parser that holds the result against what was meant."""

from pyndis.backend.lines import LineMap
from pyndis.backend.templates import C
from pyndis.backend.unit import Unit, render, render_unit
from pyndis.backend.verify import verify_unit

__all__ = ["C", "LineMap", "Unit", "render", "render_unit", "verify_unit"]
