"""The errors of this pass, with the chain from the entry to the call at fault."""

from __future__ import annotations

from pyndis.checks.facts import level
from pyndis.checks.irql.levels import rule
from pyndis.checks.irql.summary import Chain, Limit
from pyndis.diagnostics import Diagnostic, Label, Span
from pyndis.ir import nodes as ir


def name(function: ir.Function) -> str:
    """The author's name of a function."""
    return function.source or function.name


def path(chain: Chain) -> str:
    """`entry → … → DDI`."""
    return " → ".join([*(f"`{name(site.caller)}`" for site in chain), f"`{chain[-1].callee}`"])


def _labels(chain: Chain, *first: Label | None) -> tuple[Label, ...]:
    own = [Label(chain[-1].span, f"`{chain[-1].callee}` is called here")] if chain[-1].span else []
    ways = [Label(site.span, f"which `{name(site.caller)}` gets to here") for site in reversed(chain[:-1]) if site.span]
    return (*own, *(each for each in first if each is not None), *ways)


def too_high(found: int, limit: Limit, because: Label | None, reached_from: str) -> Diagnostic:
    """PYN-I01: a call that is not legal at an IRQL that its caller can have."""
    ddi = limit.chain[-1].callee
    only = f"only at {level(0)}" if limit.level == 0 else f"up to {level(limit.level)}"
    mend = "give the lock back first" if because else "do it where the IRQL is low: in a request's hook, or in a work item"
    return Diagnostic(
        "PYN-I01",
        f"`{ddi}` is called at {level(found)}, and is allowed {only}",
        _labels(limit.chain, because),
        (f"way: {path(limit.chain)}", *([reached_from] if reached_from else []), f"rule {rule(ddi)}, code analysis 28121"),
        mend,
    )


def too_low(found: int, limit: Limit) -> Diagnostic:
    """PYN-I02: a call that needs a higher IRQL than its caller is sure to have."""
    ddi = limit.chain[-1].callee
    return Diagnostic(
        "PYN-I02",
        f"`{ddi}` is called at {level(found)}, and needs {level(limit.level)}",
        _labels(limit.chain),
        (f"way: {path(limit.chain)}", f"rule {rule(ddi)}, code analysis 28120"),
        "take the lock that it belongs to, or use the call that raises the IRQL itself",
    )


def asks_irql(entry: ir.Function, chain: Chain) -> Diagnostic:
    """PYN-I03: KeGetCurrentIrql where a flag says it."""
    return Diagnostic(
        "PYN-I03",
        f"`{chain[-1].callee}` is called from `{name(entry)}`, whose flags say whether the IRQL is DISPATCH_LEVEL",
        _labels(chain),
        (f"way: {path(chain)}", "rule Flags_Irql"),
        "use the flag",
    )


def calls_out(chain: Chain, lock: str, taken: Span | None) -> Diagnostic:
    """PYN-M01: a call out of the driver while a spin lock is held."""
    return Diagnostic(
        "PYN-M01",
        f"`{chain[-1].callee}` runs code outside of this driver while `{lock}` is held",
        _labels(chain, Label(taken, f"`{lock}` is taken here") if taken else None),
        (
            f"way: {path(chain)}",
            "That code may call the driver back, which then waits for the lock for ever.",
            "rule SpinLockSafe",
        ),
        "collect under the lock, and complete after it: `with self.completing() as done, self.…:`",
    )


def taken_again(chain: Chain, lock: str, taken: Span | None, rule_name: str) -> Diagnostic:
    """PYN-M02: a lock that is held is taken again."""
    return Diagnostic(
        "PYN-M02",
        f"`{lock}` is taken while it is held: the processor waits for itself",
        _labels(chain, Label(taken, "it is held since here") if taken else None),
        (f"way: {path(chain)}", f"rule {rule_name}"),
        "take it once, and pass what it guards on",
    )


def opposite_orders(ways: list[tuple[str, str, Chain, Span | None]]) -> Diagnostic:
    """PYN-M03: locks that are taken in different orders. `ways`: (held, then taken, how, where the first was taken)."""
    labels: list[Label] = []
    for held, taken, chain, span in ways:
        if chain[-1].span:
            labels.append(Label(chain[-1].span, f"`{taken}` is taken here"))
        if span:
            labels.append(Label(span, f"while `{held}` is held since here"))
    locks = " and ".join(f"`{held}`" for held, *_ in ways)
    return Diagnostic(
        "PYN-M03",
        f"{locks} are taken in different orders: two processors can wait for each other for ever",
        tuple(labels),
        tuple(f"`{held}`, then `{taken}`: {path(chain)}" for held, taken, chain, _ in ways),
        "take them in one order everywhere, or one after the other",
    )


def unbalanced(function: ir.Function, what: str, span: Span | None, rule_name: str) -> Diagnostic:
    """PYN-M04: taking and giving back do not match."""
    place = span or function.span
    return Diagnostic(
        "PYN-M04",
        f"`{name(function)}` {what}",
        (Label(place, "here"),) if place else (),
        (f"rule {rule_name}",),
        "use `with`, which gives a lock back on every way; without an `unsafe` block this is a fault of pyndis: report it",
    )
