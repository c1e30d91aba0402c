"""What people see while cases run: a moving line on a terminal, a line per case in a log. All of it on stderr."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from pyndis.cli.terminal import is_terminal
from pyndis.contract import Case, Outcome
from pyndis.contract.output import text

_COLOURS = {"passed": "green", "failed": "red", "not exercised": "yellow"}


class Watch:
    """Plain lines, one for each case when it has ended."""

    def begins(self, case: Case, done: int, total: int) -> None:
        """A case is about to run."""

    def goes_on(self, case: Case, done: int, total: int, said: str) -> None:
        """How far a case is that takes its time; a log needs no more than its end."""

    def ended(self, outcome: Outcome) -> None:
        """A case has run."""
        print(text.line(outcome), file=sys.stderr, flush=True)


class LiveWatch(Watch):
    """A line that shows the case at work, and lasting lines for those that did not pass."""

    def __init__(self, update: Callable[[str], None], show: Callable[[str], None]) -> None:
        self._update = update
        self._show = show

    def begins(self, case: Case, done: int, total: int) -> None:
        self._update(f"{done}/{total} {case.name}: {case.claim}")

    def goes_on(self, case: Case, done: int, total: int, said: str) -> None:
        self._update(f"{done}/{total} {case.name}: {said}")

    def ended(self, outcome: Outcome) -> None:
        if outcome.verdict != "passed":
            from rich.markup import escape

            colour = _COLOURS[outcome.verdict]
            self._show(f"[{colour}]{escape(text.line(outcome))}[/{colour}]")


@contextmanager
def watching() -> Iterator[Watch]:
    """The form that suits stderr."""
    if not is_terminal(sys.stderr):
        yield Watch()
        return
    from rich.console import Console
    from rich.markup import escape

    console = Console(stderr=True, highlight=False, emoji=False)
    with console.status("") as line:
        yield LiveWatch(lambda said: line.update(escape(said)), console.print)
