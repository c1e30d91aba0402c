import re

import pytest
from pycparser import c_ast, c_generator, c_parser

from pyndis.ddi import Function, facts
from pyndis.ddi.facts import read, undecorated
from tests.headers.assertions import UMBRELLA
from tests.headers.conftest import TARGETS, Clang


def declared(clang: Clang, arch: str, ndis: str, imports_only: bool = False) -> dict[str, c_ast.FuncDecl]:
    result = clang(arch, "-E", "-P", "-DPYNDIS_PARSE", source=UMBRELLA + "#include <wdmsec.h>\n", ndis=ndis)
    assert result.returncode == 0, result.stderr
    unit = c_parser.CParser().parse(result.stdout, "umbrella")
    nodes = [node.decl if isinstance(node, c_ast.FuncDef) else node for node in unit.ext]
    nodes = [node for node in nodes if "inline" not in getattr(node, "funcspec", ())] if imports_only else nodes
    return {node.name: node.type for node in nodes if isinstance(getattr(node, "type", None), c_ast.FuncDecl)}


def in_c(node: c_ast.Node) -> str:
    """A type as C text with no name in it."""
    if isinstance(node, c_ast.TypeDecl):
        node.declname = None
    for _, child in node.children():
        if isinstance(child, c_ast.TypeDecl | c_ast.PtrDecl | c_ast.ArrayDecl | c_ast.FuncDecl):
            in_c(child)
    return str(c_generator.CGenerator().visit(node))


def plain(text: str) -> str:
    """Spelling that carries no meaning, taken out; an array parameter is a pointer."""
    text = re.sub(r"\b(__unaligned|VOID)\b", lambda m: "void" if m[0] == "VOID" else "", text)
    text = text.replace("[]", "*")
    words = sorted(re.findall(r"const|volatile", text.partition("*")[0]))
    base = re.sub(r"\b(const|volatile)\b", "", text.partition("*")[0])
    return re.sub(r"\s+", "", "".join(words) + base + text[len(text.partition("*")[0]) :])


def parameters(declaration: c_ast.FuncDecl) -> list[str]:
    params = [] if declaration.args is None else [p for p in declaration.args.params if not isinstance(p, c_ast.EllipsisParam)]
    return [plain(in_c(param.type)) for param in params if plain(in_c(param.type)) != "void"]


def functions(arch: str) -> list[Function]:
    names = [*facts().functions["functions"], *facts().supplement["functions"]]
    found = [facts().function(name, arch) for name in names]
    return [function for function in found if function is not None and not function.macro]


@pytest.mark.parametrize("arch", TARGETS)
def test_every_prototype_is_the_kernels(clang: Clang, arch: str) -> None:
    ours = declared(clang, arch, "680")
    compared = 0
    for function in functions(arch):
        if function.name not in ours or function.name.startswith("_Interlocked"):
            continue
        declaration = ours[function.name]
        assert plain(in_c(declaration.type)) == plain(function.ret), function.name
        assert parameters(declaration) == [plain(param.type) for param in function.params], function.name
        compared += 1
    assert compared > 1000


@pytest.mark.parametrize("arch", TARGETS)
def test_every_import_is_declared(clang: Clang, arch: str) -> None:
    ours = declared(clang, arch, "680")
    imported = {name for names in facts().imports(arch).values() for name in names}
    kits = [each for each in functions(arch) if each.header != "undocumented"]
    known = [each for each in kits if not each.inline and each.min_ntddi != NEWER_THAN_THE_FACTS]
    missing = [each.name for each in known if each.name in imported and each.name not in ours]
    assert [name for name in missing if name not in MACROS] == []


NEWER_THAN_THE_FACTS = "NTDDI_WIN10_VB"

# Calls that are macros in the headers, by the same name.
MACROS = {"KeLowerIrql", "KeAcquireSpinLockAtDpcLevel", "KeReleaseSpinLock", "KeReleaseSpinLockFromDpcLevel"}


@pytest.mark.parametrize("ndis", ["620", "630"])
def test_calls_of_later_windows_are_not_declared(clang: Clang, ndis: str) -> None:
    ours = declared(clang, "amd64", ndis, imports_only=True)
    assert "NdisAllocateNetBufferList" in ours
    later = [each.name for each in functions("amd64") if each.min_ntddi is not None and not each.inline]
    assert len(later) > 50
    assert [name for name in later if name in ours and name not in facts().supplement["functions"]] == []
    assert ("NdisMIdleNotificationComplete" in ours) == (ndis != "620")


def test_x86_imports_carry_the_kernels_decoration(clang: Clang) -> None:
    ours = declared(clang, "x86", "620", imports_only=True)
    exported = {name for names in facts().imports("x86").values() for name in names}
    names = sorted(name for name in ours if name in exported and not _by_hand(name))
    assert len(names) > 900
    uses = "".join(f"void *use_{name}(void) {{ return (void *){name}; }}\n" for name in names)
    result = clang("x86", "-S", "-o", "-", source=UMBRELLA + uses, ndis="620")
    assert result.returncode == 0, result.stderr
    decorated = {name.removeprefix("_") for name in re.findall(r"__imp_([_@]\w+(?:@\d+)?)", result.stdout)}
    assert {undecorated(name) for name in decorated} == set(names)
    assert sorted(decorated) == sorted(facts().linker_name(name) or "" for name in names)
    listed = {undecorated(name): name for exported in read("imports")["i386"].values() for name in exported}
    assert [name for name in decorated if listed.get(undecorated(name), name) != name] == []


def _by_hand(name: str) -> bool:
    function = facts().function(name, "x86")
    return function is None or function.inline or name in {"memcpy", "memmove", "memset", "memcmp"}
