"""Things that a call changes so that some calls may not follow: readers, places in a chain, chains that a loop walks."""

from __future__ import annotations

import ast

from pyndis.frontend import types as t
from pyndis.frontend.borrows import root_of
from pyndis.frontend.function import Lowering
from pyndis.frontend.state import Local, LoopFrame, State

_CHANGING = ("append", "adopt", "push_front", "prepend", "pop", "drain")


def follow_records(fx: Lowering, type: t.ClassType, name: str, local: Local | None, node: ast.AST) -> None:
    """`load` looks once at a record, until `take` moves past it: a second look might see other bytes. A place is taken once."""
    if local is None or not type.decl.module.library:
        return
    if (type.decl.name, name) == ("Reader", "load"):
        if local in fx.live.used:
            raise fx.refuse(
                "PYN-O15",
                "this record has been loaded already",
                node,
                "user mode may have changed it since",
                help="keep what was loaded; `take` moves on to the next record",
            )
        fx.live.used = fx.live.used | {local}
    elif (type.decl.name, name) == ("Reader", "take"):
        fx.live.used = fx.live.used - {local}
    elif (type.decl.name, name) == ("Place", "take"):
        if local in fx.live.used:
            raise fx.refuse("PYN-O16", "this place has been taken already", node, help="take each place once")
        fx.live.used = fx.live.used | {local}


def check_turn(fx: Lowering, frame: LoopFrame, end: State, node: ast.AST) -> None:
    """The next turn of a loop begins as the first did."""
    more = [each for each in frame.known if each in end.used - frame.used]
    if more:
        raise fx.refuse(
            "PYN-O15" if "Reader" in str(more[0].type) else "PYN-O16",
            f"a turn of the loop leaves {more[0].name} used, and the next one would use it again",
            node,
            help="take the record before the turn ends" if "Reader" in str(more[0].type) else "take each place once",
        )


def frozen(fx: Lowering, node: ast.For) -> tuple[str, Local | None] | None:
    """The chain that a loop walks, by how it is written; None where the loop takes it apart."""
    walked: ast.expr | None = node.iter
    if isinstance(walked, ast.Call):
        function = walked.func
        walked = function.value if isinstance(function, ast.Attribute) and function.attr == "places" else None
    return (ast.unparse(walked), root_of(fx, walked)) if walked is not None else None


def refuse_changing(fx: Lowering, type: t.ClassType, name: str, node: ast.Call) -> None:
    """Raises PYN-O14 for a call that changes a chain while a loop walks it."""
    if type.decl.name != "Chain" or name not in _CHANGING or not isinstance(node.func, ast.Attribute):
        return
    if (ast.unparse(node.func.value), root_of(fx, node.func.value)) in fx.walked:
        raise fx.refuse(
            "PYN-O14",
            f"{ast.unparse(node.func.value)} is changed while a loop walks it",
            node,
            help="walk it with `.places()` and take out places, or take it apart with `.drain()`",
        )
