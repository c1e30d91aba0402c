"""IR to C: a dumb printer, strict templates, and a parser that holds the result against what was meant."""

from pyndis.backend.source_map import SourceMap
from pyndis.backend.templates import C
from pyndis.backend.unit import Unit, render, render_unit
from pyndis.backend.verify import verify_unit

__all__ = ["C", "SourceMap", "Unit", "render", "render_unit", "verify_unit"]
