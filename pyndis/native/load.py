"""Compiling functions for this machine, loading them into this process, and calling them."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from cffi import FFI

from pyndis.ir.nodes import Function, Program
from pyndis.native.closure import PRELUDE
from pyndis.native.source import EXPORT, Source, source
from pyndis.toolchains import compile_native, find

_FRAME = "typedef void VOID;\n"
_STATES = "extern const char *pyndis_failed_assertion;\nextern const char *pyndis_undefined_behaviour;\n"


class NativeFault(AssertionError):
    """A call that failed an assertion of the driver, or met what C does not define."""


class Native:
    """Functions of a driver as attributes: `native.Checksum(b"abc", 3)`.

    Integers and truth values are passed as int, `bytes` as pointers to bytes, None as NULL; other pointers are made by `new`.
    """

    def __init__(self, library: Any, ffi: FFI, functions: Sequence[str]) -> None:
        self._library, self.ffi = library, ffi
        self.functions = tuple(functions)

    def __getattr__(self, name: str) -> Callable[..., Any]:
        if name not in self.functions:
            raise AttributeError(f"{name} is not among the functions that were loaded: {', '.join(self.functions)}")
        return lambda *arguments: self._call(name, arguments)

    def new(self, type: str, value: Any = None) -> Any:
        """Memory for a C value: `native.new("ULONG *")`, `native.new("QUEUE *", {"Count": 3})`; it lives as long as that."""
        return self.ffi.new(type, value)

    def _call(self, name: str, arguments: Sequence[Any]) -> Any:
        passed = [self.ffi.NULL if each is None else each for each in arguments]
        self._library.pyndis_failed_assertion = self.ffi.NULL
        self._library.pyndis_undefined_behaviour = self.ffi.NULL
        result = getattr(self._library, EXPORT + name)(*passed)
        self._check(name, arguments, "failed the assertion", self._library.pyndis_failed_assertion)
        self._check(name, arguments, "met what C does not define:", self._library.pyndis_undefined_behaviour)
        return result

    def _check(self, name: str, arguments: Sequence[Any], what: str, state: Any) -> None:
        if state != self.ffi.NULL:
            said = self.ffi.string(state).decode()
            raise NativeFault(f"{name}({', '.join(map(repr, arguments))}) {what} {said}")


def load(program: Program, functions: Sequence[str | Function]) -> Native:
    """Compile functions of a program, with what they call, and load them. They may use no kernel but its words for memory.

    Raises UsageFailure (PYN-Q01, PYN-Q02) for what cannot run here, ToolFailure (PYN-T…) when the compiler is missing or refuses.
    """
    names = tuple(each if isinstance(each, str) else each.name for each in functions)
    made = source(program, names)
    return Native(*_loaded(made), names)


@cache
def _loaded(made: Source) -> tuple[Any, FFI]:
    ffi = FFI()
    ffi.cdef(_FRAME + made.interface + _STATES)
    with tempfile.TemporaryDirectory(prefix="pyndis-", ignore_cleanup_errors=True) as folder:
        file = Path(folder) / "native.c"
        file.write_text(PRELUDE.read_text("utf-8") + made.code, "utf-8")
        library = compile_native(find(), [file], Path(folder) / "native.so", sanitize=True)
        return ffi.dlopen(str(library)), ffi
