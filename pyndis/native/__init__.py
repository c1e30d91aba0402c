"""Single driver functions as native code of this machine, to be held against the same functions run by CPython."""

from pyndis.native.load import Native, NativeFault, load

__all__ = ["Native", "NativeFault", "load"]
