"""`match` on numbers and enums -> IR."""

from __future__ import annotations

import ast

from pyndis.frontend.comparing import comparable
from pyndis.frontend.constants import NotConstant
from pyndis.frontend.expressions import lower, truth
from pyndis.frontend.function import Lowering
from pyndis.frontend.known import constant_value
from pyndis.frontend.state import Value
from pyndis.ir import nodes as ir
from pyndis.ir import types as c


def lower_match(fx: Lowering, node: ast.Match) -> None:
    """`match` on a number or enum: a chain of `if`s; guards are part of the tests."""
    subject = lower(fx, node.subject)
    if not isinstance(subject.expr, (ir.Var, ir.Const)):
        subject = fx.temporary("subject", subject.expr, subject.type, node.subject)
    before = fx.live.copy()
    out, ends, covered = fx.out, [], False
    chain: list[ir.Stmt] = []
    current = chain
    for case in node.cases:
        fx.out = current
        fx.state = before.copy()
        test = _case_test(fx, subject, case)
        fx.depth += 1
        with fx.block() as body:
            fx.lower_block(case.body)
        fx.depth -= 1
        ends.append(fx.state)
        if test is None:
            current.extend(body)
            covered = True
            break
        following: list[ir.Stmt] = []
        current.append(ir.If(test, body, following, span=fx.span(case.pattern)))
        current = following
    fx.out = out
    fx.out.extend(chain)
    fx.state = fx.join(node, *ends, None if covered else before)


def _case_test(fx: Lowering, subject: Value, case: ast.match_case) -> ir.Expr | None:
    test = _pattern_test(fx, subject, case.pattern)
    if case.guard is None:
        return test
    guard = truth(fx, case.guard)
    return guard if test is None else ir.Logic(c.BOOL, "&&", test, guard)


def _pattern_test(fx: Lowering, subject: Value, pattern: ast.pattern) -> ir.Expr | None:
    match pattern:
        case ast.MatchAs(pattern=None, name=None):
            return None
        case ast.MatchValue(value=value):
            found = fx.context.constants.maybe(fx.module, value)
            if isinstance(found, NotConstant):
                raise fx.refuse("PYN-C02", "a case is a constant", value)
            wanted = constant_value(fx, found, value)
            if not comparable(subject.type, wanted.type):
                raise fx.refuse(
                    "PYN-K14", f"{subject.type} is never equal to {wanted.type}", value, help="compare things of one type"
                )
            return ir.Compare(c.BOOL, "==", subject.expr, wanted.expr, span=fx.span(value))
        case ast.MatchOr(patterns=patterns):
            tests = [_pattern_test(fx, subject, each) for each in patterns]
            known = [each for each in tests if each is not None]
            if len(known) != len(tests):
                return None
            result = known[0]
            for each in known[1:]:
                result = ir.Logic(c.BOOL, "||", result, each)
            return result
    raise fx.refuse("PYN-L20", "a case is a number, a member of an enum, or `_`", pattern)
