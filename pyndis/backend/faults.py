"""What the backend raises when the stages before it, a template or its own printer are at fault: never the driver."""

from __future__ import annotations

from pyndis.diagnostics import Diagnostic, Label, Span, ToolFailure

_HELP = "this is a fault of pyndis, not of the driver: please report it with the driver's source"


class InternalFault(ToolFailure):
    """The compiler contradicts itself. Codes: PYN-B01 the IR, PYN-B02 a template, PYN-B03 the rendered C."""


def bad_ir(message: str, span: Span | None = None) -> InternalFault:
    """The IR holds what an earlier pass should have removed or settled; the message names that pass."""
    return _fault("PYN-B01", message, span)


def bad_template(message: str) -> InternalFault:
    """A template cannot be rendered; the message names it and the line."""
    return _fault("PYN-B02", message, None)


def bad_rendering(*messages: str) -> InternalFault:
    """The C that was rendered does not say what the IR means; one message for each difference."""
    return InternalFault(*(Diagnostic("PYN-B03", message, help=_HELP) for message in messages))


def _fault(code: str, message: str, span: Span | None) -> InternalFault:
    labels = (Label(span),) if span else ()
    return InternalFault(Diagnostic(code, message, labels, help=_HELP))
