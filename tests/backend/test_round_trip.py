"""What the printer writes means what the IR meant: to a parser, and to a compiler that takes no warning."""

import ctypes
import subprocess
import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from pycparser import c_ast, c_parser

from pyndis.backend.declarators import declare
from pyndis.backend.expressions import operator, value
from pyndis.ir.nodes import Binary, Cast, Choose, Compare, Const, Expr, Logic, Unary, Var
from pyndis.toolchains import find
from pyndis.toolchains.zig import Zig
from tests.backend.evaluation import Values, known, truth, variables

_TYPEDEFS = {
    "UCHAR": "unsigned char",
    "CHAR": "signed char",
    "USHORT": "unsigned short",
    "SHORT": "short",
    "ULONG": "unsigned int",
    "LONG": "int",
    "ULONG64": "unsigned long long",
    "LONG64": "long long",
    "BOOLEAN": "unsigned char",
}
_HEAD = "".join(f"typedef {c} {name};\n" for name, c in _TYPEDEFS.items())
_FLAGS = (
    "-std=c11",
    "-Wall",
    "-Wextra",
    "-Wconversion",
    "-Werror",
    "-Wno-tautological-compare",
    "-Wno-type-limits",
    "-O0",
    "-fno-sanitize=all",
)
_CTYPES = {8: ctypes.c_uint8, 16: ctypes.c_uint16, 32: ctypes.c_uint32, 64: ctypes.c_uint64}
_OPPOSITE = {"==": "!=", "!=": "==", "<": ">=", ">=": "<", ">": "<=", "<=": ">"}


@given(st.data())
@settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
def test_a_parser_finds_the_tree_that_was_printed(data):
    values = data.draw(variables())
    expr = data.draw(st.one_of(known(values), truth(values, 3))).expr
    tree = c_parser.CParser().parse(f"{_HEAD}int f(void) {{ return {value(expr)}; }}")
    assert shape_of_c(tree.ext[-1].body.block_items[0].expr) == shape(expr)


@pytest.fixture(scope="module")
def zig() -> Zig:
    return find()


@pytest.mark.slow
@given(st.data())
@settings(max_examples=10, deadline=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck))
def test_a_compiler_computes_the_value_and_has_nothing_to_say(zig, data):
    values = data.draw(variables())
    all = data.draw(st.lists(st.one_of(known(values), truth(values, 3)), min_size=60, max_size=60))
    found = computed(zig, values, [each.expr for each in all])
    assert [each.value & (1 << 64) - 1 for each in all] == found


def computed(zig: Zig, values: Values, exprs: list[Expr]) -> list[int]:
    """The values of the expressions as compiled, each reduced to 64 bits."""
    variables = "".join(
        f"extern volatile {declare(var.type, var.symbol.name)};\n{var.type} volatile {var.symbol.name};\n" for var in values
    )
    functions = "".join(f"static {each.type} f{n}(void)\n{{\n    return {value(each)};\n}}\n" for n, each in enumerate(exprs))
    calls = "".join(f"    out[{n}] = (ULONG64)f{n}();\n" for n in range(len(exprs)))
    source = f"{_HEAD}{variables}{functions}void all(ULONG64 *out);\nvoid all(ULONG64 *out)\n{{\n{calls}}}\n"
    with tempfile.TemporaryDirectory() as folder:
        file, library = Path(folder) / "all.c", Path(folder) / "all.so"
        file.write_text(source)
        command = [*zig.tool("cc"), *_FLAGS, "-fPIC", "-shared", "-nostdlib", str(file), "-o", str(library)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr[:3000]
        loaded = ctypes.CDLL(str(library))
        for var, known_value in values.items():
            _CTYPES[var.type.bits].in_dll(loaded, var.symbol.name).value = known_value
        out = (ctypes.c_uint64 * len(exprs))()
        loaded.all(out)
        return list(out)


def chain(op: str, *sides: object) -> object:
    """`a && (b && c)` is `a && b && c`."""
    parts = [side[1:] if isinstance(side, tuple) and side[0] == op else (side,) for side in sides]
    return (op, *parts[0], *parts[1])


def shape(expr: Expr, *, turned: bool = False) -> object:
    """The tree as nested tuples, with what the printer may rewrite (`!`) in one form."""
    match expr:
        case Unary(op="!"):
            return shape(expr.operand, turned=not turned)
        case Compare():
            return (_OPPOSITE[expr.op] if turned else expr.op, shape(expr.left), shape(expr.right))
        case _ if turned:
            return ("!", shape(expr))
        case Const():
            return expr.value
        case Var():
            return expr.symbol.name
        case Logic():
            return chain(expr.op, shape(expr.left), shape(expr.right))
        case Binary():
            return (operator(expr.op), shape(expr.left), shape(expr.right))
        case Unary():
            inner = shape(expr.operand)
            return -inner if expr.op == "-" and isinstance(inner, int) else (expr.op, inner)
        case Cast():
            return ("cast", str(expr.type), shape(expr.operand))
        case Choose():
            return ("?", shape(expr.test), shape(expr.then), shape(expr.orelse))
    raise AssertionError(expr)


def shape_of_c(node: c_ast.Node) -> object:
    """The same of a parsed tree, without the casts that only give a literal its type."""
    match node:
        case c_ast.Constant():
            return int(node.value.rstrip("UL"), 0)
        case c_ast.ID():
            return node.name
        case c_ast.UnaryOp(op="-"):
            inner = shape_of_c(node.expr)
            return -inner if isinstance(inner, int) else ("-", inner)
        case c_ast.UnaryOp():
            return (node.op, shape_of_c(node.expr))
        case c_ast.BinaryOp(op="-", left=c_ast.UnaryOp(op="-", expr=c_ast.Constant()), right=c_ast.Constant(value="1")):
            least = shape_of_c(node.left)
            assert isinstance(least, int)
            return least - 1 if least in (-(1 << 31) + 1, -(1 << 63) + 1) else ("-", least, 1)
        case c_ast.BinaryOp(op="&&" | "||"):
            return chain(node.op, shape_of_c(node.left), shape_of_c(node.right))
        case c_ast.BinaryOp():
            return (node.op, shape_of_c(node.left), shape_of_c(node.right))
        case c_ast.Cast():
            return ("cast", node.to_type.type.type.names[0], shape_of_c(node.expr))
        case c_ast.TernaryOp():
            return ("?", shape_of_c(node.cond), shape_of_c(node.iftrue), shape_of_c(node.iffalse))
    raise AssertionError(node)
