"""What a rendered unit declares, as pycparser reads it: independent of the printers, to be held against the IR."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from pycparser import c_ast, c_parser

from pyndis.backend.faults import bad_rendering
from pyndis.backend.headers import header_names

BEGIN = "pyndis_unit_begins"
_IDENTIFIER = re.compile(r"\b[A-Za-z_]\w*")
_WORDS = {
    **dict.fromkeys(("__inline__", "__inline", "__forceinline"), "inline"),
    **dict.fromkeys(("__volatile__", "__volatile"), "volatile"),
    **dict.fromkeys(("__extension__", "__cdecl", "__stdcall", "__fastcall", "__restrict", "__unaligned", "__ptr64"), ""),
    "__int64": "long long",
}
_REPLACED = re.compile(r"\b(?:" + "|".join(_WORDS) + r")\b")
_ATTRIBUTE = re.compile(r"\b(?:__attribute__|__attribute|__declspec)\s*\((?:[^()]|\((?:[^()]|\([^()]*\))*\))*\)")


@dataclass
class ParsedFunction:
    """A function definition: types in the words of `type_words`, calls in order, calls of what nothing above declares."""

    result: str
    params: list[tuple[str, str]]
    calls: list[str] = field(default_factory=list)
    undeclared: list[str] = field(default_factory=list)


@dataclass
class ParsedUnit:
    """The unit's own declarations; what headers declare is not among them."""

    functions: dict[str, ParsedFunction] = field(default_factory=dict)
    repeated: list[str] = field(default_factory=list)
    roles: dict[str, str] = field(default_factory=dict)
    structs: dict[str, list[tuple[str, str]]] = field(default_factory=dict)
    aliases: dict[str, str] = field(default_factory=dict)
    enumerators: dict[str, c_ast.Node] = field(default_factory=dict)


def parse(preprocessed: str, name: str) -> ParsedUnit:
    """A unit after the preprocessor, headers included, with `typedef int pyndis_unit_begins;` between them and the unit.

    Raises InternalFault (PYN-B03) where pycparser cannot read it.
    """
    headers, found, unit = preprocessed.partition(BEGIN)
    if not found:
        raise bad_rendering(f"{name}: the preprocessed text has no {BEGIN}; prepare it by verify.prepared")
    unit = _REPLACED.sub(lambda match: _WORDS[match.group()], _ATTRIBUTE.sub("", unit.partition(";")[2]))
    known = header_names(headers, frozenset(_IDENTIFIER.findall(unit)))
    stubs = "".join(f"typedef int {each};\n" for each in sorted(known.types))
    try:
        tree = c_parser.CParser().parse(f"{stubs}#line 1\n{unit}", name)
    except c_parser.ParseError as error:
        raise bad_rendering(f"{error} in the C as preprocessed: {_quoted(unit, str(error))}") from error
    return _Reader(set(known.functions)).read(tree, skip=len(known.types))


def _quoted(unit: str, message: str) -> str:
    found = re.search(r":(\d+):\d+", message)
    lines = unit.splitlines()
    number = int(found.group(1)) if found else 0
    return repr(lines[number - 1].strip()) if 0 < number <= len(lines) else "at its end"


class _Reader:
    def __init__(self, declared: set[str]) -> None:
        self._declared = declared
        self._unit = ParsedUnit()

    def read(self, tree: c_ast.FileAST, skip: int) -> ParsedUnit:
        for node in tree.ext[skip:]:
            match node:
                case c_ast.FuncDef():
                    self._function(node)
                case c_ast.Typedef():
                    self._typedef(node)
                case c_ast.Decl():
                    self._declaration(node)
                case _:
                    pass  # a pragma, a static assertion
        return self._unit

    def _typedef(self, node: c_ast.Typedef) -> None:
        self._struct(node.type)
        self._unit.aliases[node.name] = type_words(node.type)

    def _declaration(self, node: c_ast.Decl) -> None:
        if isinstance(node.type, c_ast.Enum):
            for each in node.type.values.enumerators if node.type.values else ():
                self._unit.enumerators[each.name] = each.value
        elif isinstance(node.type, c_ast.Struct):
            self._struct(node.type)
        elif isinstance(node.type, c_ast.FuncDecl):
            self._declared.add(node.name)
        elif isinstance(node.type, c_ast.TypeDecl) and node.init is None:
            self._declared.add(node.name)
            self._unit.roles[node.name] = type_words(node.type)

    def _struct(self, node: c_ast.Node) -> None:
        kind = node.type if isinstance(node, c_ast.TypeDecl) else node
        if isinstance(kind, c_ast.Struct) and kind.decls is not None:
            self._unit.structs[kind.name] = [(each.name, type_words(each.type)) for each in kind.decls]

    def _function(self, node: c_ast.FuncDef) -> None:
        name, kind = node.decl.name, node.decl.type
        listed = kind.args.params if kind.args else []
        params = [(each.name, type_words(each.type)) for each in listed if type_words(each.type) != "void"]
        if name in self._unit.functions:
            self._unit.repeated.append(name)
        self._declared.add(name)
        calls = _Calls({each for each, _ in params}, self._declared)
        calls.visit(node.body)
        self._unit.functions[name] = ParsedFunction(type_words(kind.type), params, calls.names, calls.undeclared)


class _Calls(c_ast.NodeVisitor):  # type: ignore[misc]
    def __init__(self, local: set[str], declared: set[str]) -> None:
        self._local, self._declared = local, declared
        self.names: list[str] = []
        self.undeclared: list[str] = []

    def visit_Decl(self, node: c_ast.Decl) -> None:
        self._local.add(node.name)
        self.generic_visit(node)

    def visit_FuncCall(self, node: c_ast.FuncCall) -> None:
        if isinstance(node.name, c_ast.ID):
            self.names.append(node.name.name)
            if not self._known(node.name.name):
                self.undeclared.append(node.name.name)
        self.generic_visit(node)

    def _known(self, name: str) -> bool:
        return name in self._declared or name in self._local or name.startswith("__builtin_") or name == "offsetof"  # an operator


def type_words(node: c_ast.Node) -> str:
    """A type as words from the outside in: `pointer to const IRP`, `array 4 of UCHAR`."""
    match node:
        case c_ast.PtrDecl():
            return f"{_marks(node.quals)}pointer to {type_words(node.type)}"
        case c_ast.ArrayDecl():
            return f"array {constant_value(node.dim)} of {type_words(node.type)}"
        case c_ast.TypeDecl():
            return f"{_marks(node.quals)}{type_words(node.type)}"
        case c_ast.Typename():
            return type_words(node.type)
        case c_ast.IdentifierType():
            words = " ".join(node.names)
            return "void" if words == "VOID" else words
        case c_ast.Struct():
            return f"struct {node.name}"
        case c_ast.FuncDecl():
            return "function"
        case _:
            return type(node).__name__


def _marks(quals: list[str]) -> str:
    return "".join(f"{word} " for word in ("const", "volatile") if word in quals)


_OPERATIONS = {
    "+": lambda a, b: a + b,
    "-": lambda a, b: a - b,
    "*": lambda a, b: a * b,
    "/": lambda a, b: a // b,
    "%": lambda a, b: a % b,
    "<<": lambda a, b: a << b,
    ">>": lambda a, b: a >> b,
    "&": lambda a, b: a & b,
    "|": lambda a, b: a | b,
    "^": lambda a, b: a ^ b,
}


def constant_value(node: c_ast.Node | None) -> int | None:
    """The value of an integer constant expression; None if it needs what only a compiler knows (sizes, enumerators)."""
    match node:
        case c_ast.Constant(type=kind) if kind not in ("string", "char", "float", "double"):
            return int(node.value.rstrip("uUlL"), 0)
        case c_ast.Cast():
            return constant_value(node.expr)
        case c_ast.UnaryOp(op="-" | "+" | "~"):
            inner = constant_value(node.expr)
            return None if inner is None else {"-": -inner, "+": inner, "~": ~inner}[node.op]
        case c_ast.BinaryOp() if node.op in _OPERATIONS:
            left, right = constant_value(node.left), constant_value(node.right)
            return None if left is None or right is None else int(_OPERATIONS[node.op](left, right))
        case _:
            return None
