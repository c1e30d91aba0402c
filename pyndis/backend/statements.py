"""Statements as C. Takes a body after `checks`; leaves its lines, with locals at the top of their blocks and no local unread."""

from __future__ import annotations

from collections.abc import Sequence

from pyndis.backend.blocks import Counted, arrange
from pyndis.backend.comments import comment
from pyndis.backend.declarators import declare
from pyndis.backend.expressions import condition, operator, value
from pyndis.backend.faults import bad_ir
from pyndis.backend.output import Line, Writer
from pyndis.backend.unread import only_asserted, pruned, unread_parameters
from pyndis.backend.walk import symbols
from pyndis.ir.nodes import (
    Assert,
    Assign,
    Binary,
    Break,
    Case,
    Cast,
    Comment,
    Const,
    Continue,
    Declare,
    Do,
    Expr,
    Function,
    Goto,
    If,
    Label,
    Loop,
    Return,
    Stmt,
    Switch,
    Symbol,
    Zeroed,
)
from pyndis.ir.text import expression as identity
from pyndis.ir.types import Bool, CType, Int, Pointer

_SIMPLE = (Assign, Do, Break, Continue, Goto, Return)
_LOW_BITS = ("+", "-", "&", "|", "^")
_LEAVES = (Break, Continue, Goto, Return)


def function_body(function: Function) -> list[Line]:
    """The body between its braces."""
    body = pruned(_without_last_return(function.body))
    printer = _Printer(only_asserted(body))
    out = printer.out
    with out.at(function.span), out.braces():
        printer.block(body, unread_parameters(function))
    return out.lines


def _without_last_return(body: list[Stmt]) -> list[Stmt]:
    last = body[-1] if body else None
    return body[:-1] if isinstance(last, Return) and last.value is None else body


def simple(statement: Stmt) -> str:
    """A statement that needs no block, without its semicolon."""
    match statement:
        case Assign():
            return _assign(statement)
        case Do():
            return value(statement.call)
        case Break():
            return "break"
        case Continue():
            return "continue"
        case Goto():
            return f"goto {statement.label}"
        case Return():
            return f"return {value(statement.value)}" if statement.value else "return"
        case _:
            raise bad_ir(f"the printer knows no statement {type(statement).__name__} here", statement.span)


def _assign(statement: Assign) -> str:
    target, new = value(statement.target), _combined(statement)
    if new is None:
        return f"{target} = {value(statement.value)}"
    if isinstance(new.right, Const) and not new.right.name and new.right.value == 1 and new.op in ("+", "-"):
        return f"{new.op}{new.op}{target}"
    return f"{target} {operator(new.op)}= {value(new.right)}"


def _combined(statement: Assign) -> Binary | None:
    """The operation if the statement is `target = target op right`, where C converts back to the target's type by itself."""
    target, new = statement.target, statement.value
    narrowed = isinstance(new, Cast) and str(new.type) == str(target.type)
    new = new.operand if narrowed and isinstance(new, Cast) else new
    if not isinstance(new, Binary) or isinstance(new.type, Pointer):
        return None
    left = new.left
    if narrowed and new.op in _LOW_BITS and isinstance(left, Cast) and isinstance(target.type, Int) and not target.type.signed:
        left = left.operand  # the low bits are the same in any width
    return new if identity(left) == identity(target) else None


class _Printer:
    def __init__(self, asserted: set[Symbol]) -> None:
        self.out = Writer()
        self._asserted = asserted
        self._in_case = False

    def block(self, body: Sequence[Stmt], unread: Sequence[Symbol] = ()) -> None:
        """Declarations, then statements; `unread` parameters are marked between them."""
        arranged = arrange(body)
        for each in arranged.declarations:
            with self.out.at(each.span):
                self.out.line(_declaration(each))
        if arranged.declarations:
            self.out.blank()
        for symbol in unread:
            self.out.line(f"UNREFERENCED_PARAMETER({symbol.name});")
        if unread:
            self.out.blank()
        self._statements(arranged.statements)
        if not arranged.statements and not self.out.lines[-1].text:
            self.out.lines.pop()

    def _statements(self, statements: Sequence[Stmt]) -> None:
        before: Stmt | None = None
        for each in statements:
            if before and _apart(before, each):
                self.out.blank()
            with self.out.at(each.span):
                self._statement(each, last=each is statements[-1])
            before = each

    def _statement(self, statement: Stmt, *, last: bool) -> None:
        match statement:
            case If():
                self._if(statement)
            case Counted():
                self._loop(statement.loop, _assign(statement.start))
            case Loop():
                self._loop(statement, "")
            case Switch():
                self._switch(statement)
            case Label():
                self.out.line(f"{statement.name}:", outdent=1)
                if last:
                    self.out.line(";")
            case Comment():
                for line in comment(statement.text):
                    self.out.remark(line)
            case Assert():
                self._assert(statement)
            case Break() if self._in_case:
                raise bad_ir("the frontend put a Break into a Switch; it leaves the loop around it by a Goto", statement.span)
            case _:
                self.out.line(f"{simple(statement)};")

    def _assert(self, statement: Assert) -> None:
        self.out.line(f"NT_ASSERT({condition(statement.test)});")
        for symbol in dict.fromkeys(symbols(statement.test)):
            if symbol in self._asserted:  # read in Debug builds only
                self.out.line(f"UNREFERENCED_PARAMETER({symbol.name});")

    def _if(self, statement: If) -> None:
        chain, orelse = _chain(statement)
        braces = not all(_one_line(body) for body in (*(each.then for each in chain), orelse or [Break()]))
        for position, each in enumerate(chain):
            with self.out.at(each.span):
                self.out.line(f"{'else ' if position else ''}if ({condition(each.test)})")
            self._branch(each.then, braces)
        if orelse:
            self.out.line("else")
            self._branch(orelse, braces)

    def _branch(self, body: Sequence[Stmt], braces: bool) -> None:
        if braces:
            with self.out.braces():
                self.block(body)
        else:
            with self.out.indented(), self.out.at(body[0].span):
                self._statement(body[0], last=True)

    def _loop(self, loop: Loop, start: str) -> None:
        outside, self._in_case = self._in_case, False
        self.out.line(_loop_head(loop, start))
        self._branch(loop.body, not _one_line(loop.body))
        self._in_case = outside

    def _switch(self, statement: Switch) -> None:
        outside, self._in_case = self._in_case, True
        self.out.line(f"switch ({value(statement.subject)})")
        self.out.line("{")
        for case in statement.cases:
            self._case(case)
        self.out.line("}")
        self._in_case = outside

    def _case(self, case: Case) -> None:
        for each in case.values:
            self.out.line(f"case {value(each)}:")
        if not case.values:
            self.out.line("default:")
        falls = not (case.body and isinstance(case.body[-1], _LEAVES))
        declares = any(isinstance(each, Declare) for each in case.body)
        if declares:
            self.out.line("{")
        with self.out.indented():
            self.block(case.body)
            if falls:
                self.out.line("break;")
        if declares:
            self.out.line("}")


def _declaration(statement: Declare) -> str:
    text = declare(statement.symbol.type, statement.symbol.name)
    match statement.value:
        case None:
            return f"{text};"
        case Zeroed():
            return f"{text} = {_zero(statement.symbol.type)};"
        case given:
            return f"{text} = {value(given)};"


def _zero(type: CType) -> str:
    match type:
        case Int():
            return "0"
        case Bool():
            return "FALSE"
        case Pointer():
            return "NULL"
        case _:
            return "{ 0 }"


def _loop_head(loop: Loop, start: str) -> str:
    endless = loop.test is None or _always(loop.test)
    if loop.step is None and not start:
        return "for (;;)" if endless else f"while ({condition(_present(loop.test))})"
    test = "" if endless else f" {condition(_present(loop.test))}"
    return f"for ({start};{test};{f' {simple(loop.step)}' if loop.step else ''})"


def _present(test: Expr | None) -> Expr:
    assert test is not None, "an endless loop has no test to print"
    return test


def _always(test: Expr) -> bool:
    return isinstance(test, Const) and bool(test.value)


def _chain(statement: If) -> tuple[list[If], list[Stmt]]:
    """`if … else if …` and what stands in the last `else`."""
    chain = [statement]
    while len(chain[-1].orelse) == 1 and isinstance(chain[-1].orelse[0], If):
        chain.append(chain[-1].orelse[0])
    return chain, chain[-1].orelse


def _one_line(body: Sequence[Stmt]) -> bool:
    return len(body) == 1 and isinstance(body[0], _SIMPLE)


def _apart(before: Stmt, after: Stmt) -> bool:
    """Whether an empty line stands between: the author left one, or a label ends what was before."""
    if isinstance(after, Label):
        return not isinstance(before, Label)
    if not before.span or not after.span or before.span.file != after.span.file:
        return False
    return after.span.line - max(before.span.end_line, before.span.line) > 1 and not isinstance(before, Label | Comment)
