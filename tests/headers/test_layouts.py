import re

import pytest

from pyndis.ddi import Facts, facts
from pyndis.ddi.headers.guards import NDIS_VERSIONS
from tests.headers.assertions import UMBRELLA, constants, layouts, scalars
from tests.headers.conftest import TARGETS, Clang


@pytest.mark.parametrize("arch", TARGETS)
@pytest.mark.parametrize("ndis", NDIS_VERSIONS)
def test_every_struct_has_the_kernels_layout(clang: Clang, arch: str, ndis: str) -> None:
    lines = list(layouts(facts(), arch, ndis))
    assert len(lines) > 4000
    result = clang(arch, "-fsyntax-only", source=UMBRELLA + "\n".join(lines), ndis=ndis)
    assert result.returncode == 0, result.stderr


@pytest.mark.parametrize("arch", TARGETS)
@pytest.mark.parametrize("ndis", ["620", "630", "680"])
def test_every_constant_and_integer_type_has_the_kernels_value(clang: Clang, arch: str, ndis: str) -> None:
    lines = [*constants(facts(), arch, ndis), *scalars(facts(), arch)]
    assert len(lines) > 6000
    result = clang(arch, "-fsyntax-only", source=UMBRELLA + "\n".join(lines), ndis=ndis)
    assert result.returncode == 0, result.stderr


@pytest.mark.parametrize("arch", TARGETS)
@pytest.mark.parametrize("ndis", ["620", "680"])
def test_every_bit_field_lies_where_the_kernels_does(clang: Clang, arch: str, ndis: str) -> None:
    names = [name for name in facts().layouts.names if _bits(facts(), name, arch, ndis)]
    uses = "\n".join(f"char use_{name}[sizeof({name})];" for name in names)
    result = clang(arch, "-fsyntax-only", "-Xclang", "-fdump-record-layouts", source=UMBRELLA + uses, ndis=ndis)
    assert result.returncode == 0, result.stderr
    dumped = _dumped_bits(result.stdout)
    assert len(names) > 20
    for name in names:
        struct = facts().struct(name, arch, ndis)
        assert struct is not None
        assert _bits(facts(), name, arch, ndis) == dumped[struct.tag or f"_{name}"], name


def _bits(facts: Facts, name: str, arch: str, ndis: str) -> set[tuple[str, int, int]]:
    struct = facts.struct(name, arch, ndis)
    if struct is None:
        return set()
    return {(path.rpartition(".")[2], struct.fields[path][0] * 8 + bit, width) for path, (bit, width) in struct.bits.items()}


def _dumped_bits(text: str) -> dict[str, set[tuple[str, int, int]]]:
    """Struct tag -> (member, first bit, width) of its own bit-fields, from clang's record layouts."""
    found: dict[str, set[tuple[str, int, int]]] = {}
    for record in text.split("*** Dumping AST Record Layout")[1:]:
        head = re.search(r"0 \| (?:struct|union) (\w+)", record)
        if head is None:
            continue
        members = re.findall(r"^\s*(\d+):(\d+)-(\d+) \| .* (\w+)$", record, re.M)
        own = {(name, int(byte) * 8 + int(first), int(last) - int(first) + 1) for byte, first, last, name in members}
        found[head[1]] = own
    return found
