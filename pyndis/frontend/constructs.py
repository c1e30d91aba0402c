"""What Python's constructs are called, and what to write instead of those that the language does not have."""

from __future__ import annotations

import ast

_NAMES: dict[type[ast.AST], str] = {
    ast.Lambda: "a lambda",
    ast.ListComp: "a comprehension",
    ast.DictComp: "a comprehension",
    ast.SetComp: "a comprehension",
    ast.GeneratorExp: "a generator expression",
    ast.List: "a list",
    ast.Dict: "a dict",
    ast.Set: "a set",
    ast.Tuple: "a tuple",
    ast.JoinedStr: "a format string here",
    ast.NamedExpr: "`:=`",
    ast.Await: "`await`",
    ast.Starred: "`*`",
    ast.AsyncFunctionDef: "`async`",
    ast.AsyncFor: "`async`",
    ast.AsyncWith: "`async`",
    ast.Global: "`global`",
    ast.Nonlocal: "`nonlocal`",
    ast.Delete: "`del`",
    ast.FunctionDef: "a function inside a function",
    ast.ClassDef: "a class inside a function",
    ast.Import: "an import inside a function",
    ast.ImportFrom: "an import inside a function",
    ast.TryStar: "`except*`",
    ast.Yield: "`yield` outside of a statement of its own",
    ast.YieldFrom: "`yield from` here",
    ast.Slice: "a slice",
    ast.In: "`in`",
    ast.NotIn: "`not in`",
}
_VALUES = {float: "a fraction", complex: "a complex number", bytes: "a string of bytes", type(...): "`...`"}
_LOOP = "write a `for` loop; a kernel has no memory to spare for lists"
_MENDS: dict[type[ast.AST], str] = {
    ast.Lambda: "write the loop that would have called it",
    ast.ListComp: _LOOP,
    ast.DictComp: _LOOP,
    ast.SetComp: _LOOP,
    ast.GeneratorExp: _LOOP,
    ast.List: "declare an Array field, or a Chain of objects",
    ast.Set: "declare an Array field, or a Chain of objects",
    ast.Dict: "use `match`",
    ast.Tuple: "give each value a name of its own",
    ast.NamedExpr: "assign in a statement before",
    ast.AsyncFunctionDef: "hang a method on a hook: the framework calls it when something has happened",
    ast.AsyncWith: "write `with`",
    ast.AsyncFor: "write `for`",
    ast.Global: "make it a field of the adapter",
    ast.Delete: "leave it out: a local is gone at the end of its function",
    ast.FunctionDef: "move it out of the function, and pass what it needs",
    ast.ClassDef: "move it out of the function",
    ast.Import: "move it to the head of the module",
    ast.ImportFrom: "move it to the head of the module",
    ast.TryStar: "write `except`",
    ast.Slice: "write a loop over the items",
    ast.In: "compare with each, joined by `or`, or write the loop",
    ast.NotIn: "compare with each, joined by `and`, or write the loop",
    ast.JoinedStr: "text is for declarations only; a counter tells more than a message",
}
_BUILTINS = {
    "print": "a kernel has no console: count what happens in a Counter, or give it a Status",
    "min": "write `a if a < b else b`, or saturating_sub() and its like",
    "max": "write `a if a > b else b`, or saturating_add() and its like",
    "abs": "write `a if a >= 0 else -a`",
    "sum": "write the loop",
    "any": "write the loop",
    "all": "write the loop",
    "sorted": "write the loop; what waits is kept in order in a Chain",
    "range": "range() stands behind `for … in`",
    "enumerate": "count in a local of your own",
    "zip": "write `for number in range(…)`, and index both",
    "isinstance": "the type of everything is known: leave the question out",
    "getattr": "name the field",
    "setattr": "name the field",
    "super": "call the method by its name: classes replace nothing",
    "int": "numbers have no size of their own: leave it out",
    "list": "declare an Array field, or a Chain of objects",
    "dict": "use `match`",
    "bytes": "declare a field of type `Annotated[Array[u8], …]`",
    "open": "a driver has no files of its own",
}


def describe(node: ast.AST) -> str:
    """What a construct is called."""
    if isinstance(node, ast.Constant):
        return _VALUES.get(type(node.value), repr(node.value))
    return _NAMES.get(type(node), type(node).__name__)


def instead(node: ast.AST) -> str:
    """What to write instead, or nothing."""
    return _MENDS.get(type(node), "")


def instead_of_builtin(name: str) -> str:
    """What to write instead of one of Python's own functions."""
    return _BUILTINS.get(name, "import it, or mend the name")
