"""Broken rules and faults as values: what, where in the driver, and the history of the object (PROTOCOL.md, section 7)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from textwrap import dedent

from pyndis.diagnostics import Diagnostic, DriverFailure
from pyndis.host.symbols import Symbols
from pyndis.host.wire import Frame

FAULT = "Fault"


@dataclass(frozen=True)
class StackFrame:
    """One step of a call stack, innermost first.

    `kind` is `frame` (code of the driver, at `rva` of its image), `call` (the driver calls the kernel) or `callback` (the
    kernel calls the driver). `place` is the line in the source; `around` are those of the calls that it is inlined by, the
    outermost first.
    """

    kind: str
    text: str
    rva: int = 0
    place: str = ""
    around: tuple[str, ...] = ()

    def __str__(self) -> str:
        if self.kind == "frame":
            text = f"{self.text} at {', '.join(self.around)}" if self.around else self.text
            return f"{text} ({self.place})" if self.place else text
        return f"[{self.kind} {self.text}]"


@dataclass(frozen=True)
class Violation:
    """A rule that the driver broke, by its official name; for a crash the rule is `Fault` and `kind` says which."""

    rule: str
    message: str
    stack: tuple[StackFrame, ...] = ()
    history: tuple[str, ...] = ()
    allocated: tuple[StackFrame, ...] = ()
    freed: tuple[StackFrame, ...] = ()
    first: tuple[StackFrame, ...] = ()
    registers: tuple[str, ...] = ()
    subject: str = ""
    kind: str = ""
    irql: int = 0
    seed: int | None = None
    schedule: str = ""
    dv: str = ""
    replay: str = ""

    def report(self) -> str:
        """All of it, as text of several lines."""
        return "\n".join([f"{self.rule}: {self.message}", *self.details()])

    def details(self) -> list[str]:
        """What is known besides the rule and the message, in lines."""
        parts = [f"  Driver Verifier reports this as bug check 0xC4, parameter 1 = {self.dv}"] if self.dv else []
        parts += _section("called from", [str(each) for each in self.stack])
        parts += _section("the object", self.subject.split("; ") if self.subject else [])
        parts += _section("allocated at", [str(each) for each in self.allocated])
        parts += _section("freed at", [str(each) for each in self.freed])
        parts += _section("first done at", [str(each) for each in self.first])
        parts += _section("history", list(self.history))
        if self.seed is not None:
            parts.append(f"  seed {self.seed}")
        elif self.schedule:
            parts.append(f"  schedule {self.schedule}")
        if self.replay:
            parts.append(f"  replay with {self.replay} and the same calls")
        return parts


def _section(title: str, lines: list[str]) -> list[str]:
    return [f"  {title}:", *(f"    {line}" for line in lines)] if lines else []


class RuleBroken(DriverFailure, AssertionError):
    """The driver broke rules that the test did not announce with `expect`, or kept one that it announced."""

    def __init__(self, violations: tuple[Violation, ...], missing: tuple[str, ...] = ()) -> None:
        times = Counter((each.rule, each.message, each.stack) for each in violations)
        first = {(each.rule, each.message, each.stack): each for each in reversed(violations)}
        found = [_broken(first[same], count) for same, count in times.items()]
        kept = [Diagnostic("PYN-H21", f"{rule} was expected and did not happen") for rule in missing]
        super().__init__(*found, *kept)
        self.violations = violations
        self.missing = missing

    def __str__(self) -> str:
        return "\n".join(
            [*(each.report() for each in self.violations), *(f"{each}: expected, did not happen" for each in self.missing)]
        )


def _broken(violation: Violation, times: int) -> Diagnostic:
    often = f" ({times:,} times at this place)" if times > 1 else ""
    known = dedent("\n".join(violation.details()))
    return Diagnostic("PYN-H20", f"{violation.rule}: {violation.message}{often}", notes=(known,) if known else ())


def violation_of(
    event: Frame, symbols: Callable[[str], Symbols], seed: int | None = None, schedule: str = "", *, replay: str = ""
) -> Violation:
    """From a `violation`, `note` or `fault` event."""
    sections = _read_report(event.lines(), symbols)
    fault = event.word == "fault"
    return Violation(
        rule=FAULT if fault else event.text("rule"),
        message=event.text("text"),
        stack=tuple(sections.stack),
        history=tuple(sections.history),
        allocated=tuple(sections.allocated),
        freed=tuple(sections.freed),
        first=tuple(sections.first),
        registers=tuple(sections.registers),
        subject="; ".join(sections.objects) or _address(event.text("subject")),
        kind=event.text("kind"),
        irql=event.number("irql"),
        seed=seed,
        schedule=schedule,
        dv=event.text("dv"),
        replay=replay,
    )


def _address(subject: str) -> str:
    """`subject` as the host writes it, unless it is NULL."""
    return "" if subject in ("(nil)", "0", "0x0") else subject


class _Sections:
    """The parts of a report while it is read; `frames` is where the next stack line belongs."""

    def __init__(self) -> None:
        self.stack: list[StackFrame] = []
        self.allocated: list[StackFrame] = []
        self.freed: list[StackFrame] = []
        self.first: list[StackFrame] = []
        self.history: list[str] = []
        self.objects: list[str] = []
        self.registers: list[str] = []
        self.frames = self.stack


def _read_report(lines: list[str], symbols: Callable[[str], Symbols]) -> _Sections:
    sections = _Sections()
    for line in lines:
        word, _, rest = line.partition(" ")
        match word:
            case "frame":
                innermost = sections.frames is sections.stack and not sections.stack
                sections.frames.append(_frame(rest, symbols, 0 if innermost else 1))
            case "call" | "callback":
                sections.frames.append(StackFrame(word, rest))
            case "allocated":
                sections.frames = sections.allocated
            case "freed":
                sections.frames = sections.freed
            case "first":
                sections.frames = sections.first
            case "history":
                sections.history.append(_with_place(rest, symbols))
            case "object":
                sections.objects.append(_with_variable(rest, symbols))
            case "register":
                sections.registers.append(rest)
    return sections


def _with_place(line: str, symbols: Callable[[str], Symbols]) -> str:
    """A line of history that ends with `at IMAGE+0x12a4`, with function and source line instead."""
    before, at, place = line.rpartition(" at ")
    return f"{before} at {_frame(place, symbols, 1)}" if at and "+0x" in place else line


def _with_variable(line: str, symbols: Callable[[str], Symbols]) -> str:
    """`data IMAGE+0x3040`, with the variable that lies there."""
    word, _, place = line.partition(" ")
    if word != "data":
        return line
    image, _, offset = place.rpartition("+")
    name = symbols(image).variable(int(offset, 0))
    return f"{name} in {image}" if name else line


def _frame(text: str, symbols: Callable[[str], Symbols], back: int) -> StackFrame:
    """`IMAGE+0x12a4`. A return address is looked up one byte back, where its call is; the place of a fault where it is."""
    image, _, offset = text.rpartition("+")
    if not image:
        return StackFrame("frame", text)
    rva = int(offset.split()[0], 0)
    found = symbols(image).find(rva - back)
    if found is None:
        return StackFrame("frame", text, rva)
    return StackFrame("frame", f"{image}!{found.name}+{rva - found.rva:#x}", rva, found.place, found.around)
