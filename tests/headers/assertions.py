"""C that holds our headers against the facts: what must be equal is a static assertion."""

from collections.abc import Iterator

from pyndis.ddi import Facts

UMBRELLA = "#include <ntifs.h>\n#include <ndis.h>\n"

# A pointer in C, not a number.
NOT_DECLARED = {"MM_CURRENT_PROCESS_PARTITION_OBJECT"}


def layouts(facts: Facts, arch: str, ndis: str) -> Iterator[str]:
    undocumented = {name for name, entry in facts.supplement["structs"].items() if entry["header"] == "undocumented"}
    for name in (each for each in facts.layouts.names if each not in undocumented):
        struct = facts.struct(name, arch, ndis)
        if struct is None:
            continue
        yield f'_Static_assert(sizeof({name}) == {struct.size}, "size");'
        yield f'_Static_assert(_Alignof({name}) == {struct.align}, "alignment");'
        for path, (offset, size, _) in struct.fields.items():
            if path in struct.bits:
                continue
            yield f'_Static_assert(__builtin_offsetof({name}, {path}) == {offset}, "{path}");'
            if size:
                yield f'_Static_assert(sizeof((({name} *)0)->{path}) == {size}, "{path}");'


def constants(facts: Facts, arch: str, ndis: str) -> Iterator[str]:
    for name in facts.constants["constants"]:
        if name in NOT_DECLARED:
            continue
        value = facts.constant(name, arch, ndis)
        if value is None:
            yield f"#ifdef {name}\n#error {name} is newer than {ndis}\n#endif"
        else:
            same = f"(unsigned long long)(long long)({name}) == {value & 0xFFFFFFFFFFFFFFFF}ULL"
            yield f'_Static_assert({same}, "{name}");'


def scalars(facts: Facts, arch: str) -> Iterator[str]:
    for name in facts.layouts.scalars:
        scalar = facts.scalar(name, arch)
        if scalar is not None and not name.startswith("__"):
            yield f'_Static_assert(sizeof({name}) == {scalar[1]} && _Alignof({name}) == {scalar[2]}, "{name}");'
