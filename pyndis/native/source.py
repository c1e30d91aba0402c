"""The C of some functions for this machine's own ABI, and the declarations of it that cffi reads."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from pyndis.backend import declarations, order
from pyndis.backend.accepts import accept
from pyndis.backend.declarators import declare
from pyndis.backend.output import Line
from pyndis.backend.walk import of_body
from pyndis.ir.nodes import Call, Cast, Const, Declare, Expr, Function, Param, Program, SizeOf, StructDecl
from pyndis.ir.types import Array, Bool, CType, Int, Named, Pointer, Struct
from pyndis.native.closure import closure

EXPORT = "pyndis_run_"


@dataclass(frozen=True)
class Source:
    """`code` needs the prelude before it; `interface` is for `FFI.cdef`."""

    code: str
    interface: str


def source(program: Program, names: Sequence[str]) -> Source:
    """The C of the named functions. Each is exported as pyndis_run_<name>."""
    accept(program)
    copies = _plain(closure(program, names))
    structs = order.by_need(_needed_structs(program, copies))
    types = "".join(_typedefs(_types(program, copies, structs), structs))
    bodies = [line for each in structs for line in declarations.struct(each, announced=True)]
    interface = f"{types}{_text(bodies)}"
    exports = [_export(each) for each in copies if each.name in names]
    code = [_constants(program, copies), _text(line for each in copies for line in declarations.prototype(each, inspected=False))]
    code += [_text(declarations.definition(each, declared=True, inspected=False)) for each in copies]
    code = ["#define _Use_decl_annotations_\n", interface, *code, *(f"{head};\n{head}\n{body}" for head, body in exports)]
    return Source("\n".join(code), interface + "".join(f"{head};\n" for head, _ in exports))


def _plain(functions: Sequence[Function]) -> list[Function]:
    """Copies without what only the kernel's analysis reads."""
    return [_copy(each) for each in functions]


def _copy(function: Function) -> Function:
    params = [Param(each.symbol, "") for each in function.params]
    return replace(
        function, params=params, role="", locked="", annotations=[], irql_max=None, entry_irql=None, inline=False, doc=""
    )


def _export(function: Function) -> tuple[str, str]:
    params = ", ".join(declare(each.symbol.type, each.symbol.name) for each in function.params) or "void"
    arguments = ", ".join(each.symbol.name for each in function.params)
    return (
        f"{declare(function.result, '')} {EXPORT}{function.name}({params})",
        f"{{\n    return {function.name}({arguments});\n}}\n",
    )


def _text(lines: Iterable[Line]) -> str:
    return "".join(f"{each.text}\n" for each in lines)


def _constants(program: Program, functions: Sequence[Function]) -> str:
    """Constants of the program, and those of the kernel by the values that the IR has for them."""
    own = {each.name for each in program.constants}
    used = {each.name: each for function in functions for each in _expressions(function) if isinstance(each, Const) and each.name}
    outer = [f"#define {name} (({each.type})({each.value}))\n" for name, each in sorted(used.items()) if name not in own]
    mine = [each for each in program.constants if each.name in used]
    return "".join(outer) + _text(line for each in mine for line in declarations.constant(replace(each, doc="")))


def _expressions(function: Function) -> Iterator[Expr]:
    return (node for node in of_body(function.body) if isinstance(node, Expr))


def _needed_structs(program: Program, functions: Sequence[Function]) -> list[StructDecl]:
    named = {each.name: each for each in program.structs}
    wanted: set[str] = set()
    waiting = [name for each in functions for type in _function_types(each) if (name := _base(type)) in named]
    while waiting:
        name = waiting.pop()
        if name not in wanted:
            wanted.add(name)
            waiting += [inner for each in named[name].fields if (inner := _base(each.type)) in named]
    return [each for each in program.structs if each.name in wanted]


def _types(program: Program, functions: Sequence[Function], structs: Sequence[StructDecl]) -> dict[str, CType]:
    types = [type for each in functions for type in _function_types(each)]
    types += [each.type for struct in structs for each in struct.fields]
    types += [each.value.type for each in program.constants]
    found = {str(base): base for base in map(_base_type, types)}
    return dict(sorted(found.items()))


def _function_types(function: Function) -> Iterator[CType]:
    yield function.result
    yield from (each.symbol.type for each in function.params)
    for node in of_body(function.body):
        if isinstance(node, Declare):
            yield node.symbol.type
        elif isinstance(node, Cast | Const | Call):
            yield node.type
        elif isinstance(node, SizeOf):
            yield node.measured
            yield node.type


def _typedefs(types: dict[str, CType], structs: Sequence[StructDecl]) -> Iterator[str]:
    for name, type in types.items():
        match type:
            case Int():
                kind = (
                    ("intptr_t" if type.signed else "uintptr_t")
                    if type.bits == 0
                    else f"{'' if type.signed else 'u'}int{type.bits}_t"
                )
                yield f"typedef {kind} {name};\n"
            case Bool():
                yield f"typedef uint8_t {name};\n"
            case Named():
                yield f"typedef void *{name};\n"
            case Struct():
                yield f"typedef struct _{name} {name};\n"
            case _:
                pass
    yield from (f"typedef struct _{each.name} {each.name};\n" for each in structs if each.name not in types)


def _base(type: CType) -> str:
    return str(_base_type(type))


def _base_type(type: CType) -> CType:
    while isinstance(type, Pointer | Array):
        type = type.target if isinstance(type, Pointer) else type.element
    return type
