"""A loop's frame, and one turn of its body."""

from __future__ import annotations

import ast

from pyndis.frontend.function import Lowering
from pyndis.frontend.records import check_turn
from pyndis.frontend.state import LoopFrame
from pyndis.frontend.usage import assigned_in


def new_frame(fx: Lowering) -> LoopFrame:
    """A loop that begins here."""
    return LoopFrame(fx.label("Leave"), fx.label("Next"), list(fx.live.live), list(fx.locals.values()), fx.live.used)


def forget_assigned(fx: Lowering, body: list[ast.stmt]) -> None:
    """At the head of a loop nothing is known of locals that it assigns."""
    names = assigned_in(body)
    for local in [each for each in fx.live.narrow if each.name in names]:
        del fx.live.narrow[local]


def lower_turn(fx: Lowering, frame: LoopFrame, body: list[ast.stmt], node: ast.AST) -> None:
    """The body of a loop: what it acquired is gone at its end."""
    fx.loops.append(frame)
    fx.lower_block(body)
    fx.loops.pop()
    if fx.state is not None:
        fx.release_since(frame.base, node)
    states = [each for each in (fx.state, *frame.continue_states) if each is not None]
    for state in states:
        check_turn(fx, frame, state, node)
        if any(each not in state.live for each in frame.base):
            raise fx.refuse(
                "PYN-O09",
                "a turn of the loop consumes what was owned before it",
                node,
                help="consume it behind the loop, or leave the loop there",
            )
