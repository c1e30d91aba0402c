"""What a long command says while it works: a moving line on a terminal, plain lines in a log. All of it on stderr."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from pyndis.cli.terminal import is_terminal

Said = Callable[[int, int, str], None]


class Progress:
    """Steps as plain lines, each when it begins."""

    @contextmanager
    def step(self, what: str) -> Iterator[Said]:
        """Announce a step. The body may call what it gets with (parts done, parts in all or 0, the part just done)."""
        print(what, file=sys.stderr, flush=True)
        yield lambda done, total, note: None


class LiveProgress(Progress):
    """A line that shows the step at work; it is gone when the step is."""

    def __init__(self) -> None:
        from rich.console import Console

        self.console = Console(stderr=True, highlight=False, emoji=False)

    @contextmanager
    def step(self, what: str) -> Iterator[Said]:
        from rich.markup import escape

        with self.console.status(escape(what)) as line:
            yield lambda done, total, note: line.update(escape(f"{what}: {done}/{total}, {note}" if total else f"{what}: {note}"))
        self.console.print(f"[green]done[/green] {escape(what)}")


def progress() -> Progress:
    """The form that suits stderr."""
    return LiveProgress() if is_terminal(sys.stderr) else Progress()
