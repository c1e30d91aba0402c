"""Holds a rendered unit against the program that it was rendered from, after the preprocessor and before a compiler.

Every function, struct and constant that the IR means must be there, with its types and names; nothing may be missing, extra
or called without a declaration. A difference is a fault of pyndis (PYN-B03), never of the driver.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator

from pyndis.backend.faults import bad_rendering
from pyndis.backend.parsed import BEGIN, ParsedFunction, ParsedUnit, constant_value, parse
from pyndis.backend.unread import pruned
from pyndis.backend.walk import called
from pyndis.ir.nodes import Const, ConstantDecl, Function, Program
from pyndis.ir.types import Array, CType, Pointer, Void

_TYPE, _CONSTANT = "PYNDIS_TYPE_", "PYNDIS_CONSTANT_"


def verify_unit(program: Program, text: str, preprocess: Callable[[str], str], own: Collection[str] = ()) -> None:
    """Check a unit that `render` made. `own`: the functions that its template defines besides the program's.

    `preprocess` gives C after the preprocessor, headers included, PYNDIS_PARSE defined. Raises InternalFault (PYN-B03).
    """
    verify(program, preprocess(prepared(program, text)), own)


def prepared(program: Program, text: str) -> str:
    """The unit with a mark after its includes, and at its end probes that bring macros through the preprocessor."""
    lines = text.split("\n")
    includes = [number for number, line in enumerate(lines) if line.startswith("#include")]
    lines.insert(includes[-1] + 1 if includes else 0, f"typedef int {BEGIN};")
    probes = [f"typedef {name} {_TYPE}{name};" for name in sorted(_type_names(program))]
    constants = [f"enum {{ {_CONSTANT}{each.name} = {each.name} }};" for each in program.constants]
    return "\n".join([*lines, *probes, *constants, ""])


def verify(program: Program, preprocessed: str, own: Collection[str] = ()) -> None:
    """Check preprocessed text that `prepared` made."""
    unit = parse(preprocessed, program.name)
    differences = [*_functions(program, unit, own), *_structs(program, unit), *_constants(program, unit)]
    if differences:
        raise bad_rendering(*differences)


def _functions(program: Program, unit: ParsedUnit, own: Collection[str]) -> Iterator[str]:
    meant = {each.name: each for each in program.functions}
    for name in unit.repeated:
        yield f"function {name}: the C defines it twice"
    for name in unit.functions:
        if name not in meant and name not in own:
            yield f"function {name}: the C defines it, the IR and the template do not"
    for name in (*meant, *own):
        if name not in unit.functions:
            yield f"function {name}: {'the IR' if name in meant else 'the template'} means it, the C does not define it"
    for name, parsed in unit.functions.items():
        for missing in dict.fromkeys(parsed.undeclared):
            yield f"function {name}: it calls {missing}, which nothing above it declares"
        if name in meant:
            yield from _function(meant[name], parsed, unit, meant)


def _function(function: Function, parsed: ParsedFunction, unit: ParsedUnit, all: dict[str, Function]) -> Iterator[str]:
    result = type_in_c(function.result, unit)
    if parsed.result != result:
        yield f"function {function.name}: the IR means it to return {result}, the C returns {parsed.result}"
    params = [(each.symbol.name, type_in_c(each.symbol.type, unit)) for each in function.params]
    if parsed.params != params:
        yield f"function {function.name}: the IR means parameters {_listed(params)}, the C has {_listed(parsed.params)}"
    if function.role and unit.roles.get(function.name) != function.role:
        yield f"function {function.name}: the IR means the role {function.role}, the C declares {unit.roles.get(function.name)}"
    calls = {each.name for each in called(pruned(function.body))}
    found = {each for each in parsed.calls if each in all}
    if calls != found:
        yield f"function {function.name}: the IR calls {_named(calls - found)}, the C instead {_named(found - calls)}"


def _structs(program: Program, unit: ParsedUnit) -> Iterator[str]:
    meant = {f"_{each.name}": each for each in program.structs}
    for tag, fields in unit.structs.items():
        if tag not in meant:
            continue  # a template's own
        wanted = [(each.name, type_in_c(each.type, unit)) for each in meant[tag].fields]
        if fields != wanted:
            yield f"struct {meant[tag].name}: the IR means {_listed(wanted)}, the C has {_listed(fields)}"
    for tag, declaration in meant.items():
        if tag not in unit.structs or unit.aliases.get(declaration.name) != f"struct {tag}":
            yield f"struct {declaration.name}: the IR means it, the C does not define it"


def _constants(program: Program, unit: ParsedUnit) -> Iterator[str]:
    for each in program.constants:
        parsed = unit.enumerators.get(f"{_CONSTANT}{each.name}")
        if parsed is None or getattr(parsed, "name", "") == each.name:  # the probe's word was no macro
            yield f"constant {each.name}: the IR means it, the C does not define it"
        elif not _same_value(each, value := constant_value(parsed)):
            meant = each.value.value if isinstance(each.value, Const) else each.value
            yield f"constant {each.name}: the IR means {meant}, the C has {value}"


def _same_value(declaration: ConstantDecl, value: int | None) -> bool:
    if value is None or not isinstance(declaration.value, Const):
        return True  # a size or another name's value: the compiler's to know
    return value == declaration.value.value or value - (1 << 32) == declaration.value.value  # a status, written as unsigned


def type_in_c(type: CType, unit: ParsedUnit) -> str:
    """An IR type in the words that `parsed.type_words` has for C's, with macros among the names resolved."""
    match type:
        case Pointer():
            marks = ("const " if type.const else "") + ("volatile " if type.volatile else "")
            target = type_in_c(type.target, unit)
            return f"pointer to {marks}{target}"
        case Array():
            return f"array {type.count} of {type_in_c(type.element, unit)}"
        case Void():
            return "void"
        case _:
            return unit.aliases.get(f"{_TYPE}{type}", str(type))


def _type_names(program: Program) -> set[str]:
    types = [each.symbol.type for function in program.functions for each in function.params]
    types += [function.result for function in program.functions]
    types += [each.type for struct in program.structs for each in struct.fields]
    return {str(base) for each in types if not isinstance(base := _base(each), Void)}


def _base(type: CType) -> CType:
    while isinstance(type, Pointer | Array):
        type = type.target if isinstance(type, Pointer) else type.element
    return type


def _listed(pairs: list[tuple[str, str]]) -> str:
    return "(" + ", ".join(f"{name}: {type}" for name, type in pairs) + ")"


def _named(names: set[str]) -> str:
    return ", ".join(sorted(names)) or "nothing"
