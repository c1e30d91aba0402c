"""How a command ends: every outcome becomes a message and an exit code, and none becomes a traceback."""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Callable

import click

from pyndis.cli import terminal
from pyndis.diagnostics import Diagnostic, Failure, ToolFailure

DONE, DRIVER, USAGE, TOOL = 0, 1, 2, 3
INTERRUPTED = 130  # as shells have it: 128 and SIGINT
TRACEBACK_VARIABLE = "PYNDIS_TRACEBACK"


def of(command: Callable[[], object]) -> int:
    """Run a command; its exit code. What went wrong is on stderr."""
    try:
        result = command()
        sys.stdout.flush()
        return result if isinstance(result, int) else DONE
    except Failure as failure:
        return _failed(failure)
    except click.exceptions.Exit as leaving:
        return leaving.exit_code
    except click.UsageError as error:
        error.show()
        return USAGE
    except click.ClickException as error:
        error.show()
        return USAGE
    except (KeyboardInterrupt, click.Abort):
        print("pyndis: interrupted; nothing was left half done", file=sys.stderr)
        return INTERRUPTED
    except BrokenPipeError:
        return _reader_gone()
    except OSError as error:
        return _failed(ToolFailure(_refused(error)))
    except Exception as error:
        return _fault_of_pyndis(error)


def _failed(failure: Failure) -> int:
    terminal.report(failure.diagnostics)
    _trace()
    return failure.exit_code


def _reader_gone() -> int:
    """Whoever read our output has left, as `head` does: no message, and none from Python when it flushes at its end."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return DONE


def _refused(error: OSError) -> Diagnostic:
    where = f" ({error.filename})" if error.filename else ""
    reason = (error.strerror or str(error)).lower()
    return Diagnostic("PYN-F02", f"the system refused: {reason}{where}", help="mend this and run the command again")


def _fault_of_pyndis(error: Exception) -> int:
    said = f": {error}" if str(error) else ""
    print(
        f"This is a fault of pyndis, not of your driver: {type(error).__name__}{said[:500]}. "
        f"Please report it with the command that you gave; set {TRACEBACK_VARIABLE}=1 to see where it happened.",
        file=sys.stderr,
    )
    _trace()
    return TOOL


def _trace() -> None:
    if os.environ.get(TRACEBACK_VARIABLE):
        traceback.print_exc()
