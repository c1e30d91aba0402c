"""C literals: integers that have the type that is meant, and strings that end where they should."""

from __future__ import annotations

INT_MIN, INT_MAX, UINT_MAX = -(1 << 31), (1 << 31) - 1, (1 << 32) - 1
_ESCAPES = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t", "\0": "\\000"}


def integer(value: int, *, suffix: str = "", bits: bool = False) -> str:
    """A literal of this value. `bits`: it is an operand of a bitwise operator, so that people read it in hexadecimal.

    Without a suffix it has the smallest type of at least `int` that holds it: int, unsigned, 64 bits.
    """
    if value < 0:
        return _negative(value, suffix)
    return (f"0x{value:X}" if _reads_as_hex(value, bits) else str(value)) + (suffix or _own_suffix(value))


def _negative(value: int, suffix: str) -> str:
    own = suffix or ("LL" if value < INT_MIN else "")
    if value in (INT_MIN, -(1 << 63)):  # C has no negative literals, and the positive one would not fit its type
        return f"(-{-value - 1}{own} - 1)"
    return f"-{-value}{own}"


def _own_suffix(value: int) -> str:
    if value > UINT_MAX:
        return "ULL" if value >= 1 << 63 else "LL"
    return "U" if value > INT_MAX else ""


def _reads_as_hex(value: int, bits: bool) -> bool:
    mask, power = value & (value + 1) == 0, value & (value - 1) == 0
    return value > 9 and (bits or value > INT_MAX or (mask and value >= 0xFF) or (power and value >= 0x10000))


def string(text: str, *, wide: bool = False) -> str:
    """A string literal. Narrow ones are UTF-8, wide ones UTF-16; the terminating zero is C's own."""
    body = "".join(_wide_character(each) if wide else _narrow_character(each) for each in text)
    while "??" in body:  # no trigraphs
        body = body.replace("??", "?\\?")
    return f'L"{body}"' if wide else f'"{body}"'


def _narrow_character(character: str) -> str:
    if character in _ESCAPES or " " <= character <= "~":
        return _ESCAPES.get(character, character)
    return "".join(f"\\{byte:03o}" for byte in character.encode("utf-8", "surrogatepass"))


def _wide_character(character: str) -> str:
    code = ord(character)
    if character in _ESCAPES or " " <= character <= "~":
        return _ESCAPES.get(character, character)
    if code < 0o1000:
        return f"\\{code:03o}"  # three digits at most, so that what follows is not eaten
    if 0xD800 <= code <= 0xDFFF:
        return f'\\x{code:04X}" L"'
    return f"\\u{code:04X}" if code <= 0xFFFF else f"\\U{code:08X}"
