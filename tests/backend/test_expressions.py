import pytest

from pyndis.backend.expressions import condition, opposite, value
from pyndis.backend.faults import InternalFault
from pyndis.ir.nodes import FALSE, TRUE, AddressOf, Cast, Choose, Deref, Expr, Index, Logic, SizeOf, Text, Unary, Wrap
from pyndis.ir.types import (
    BOOL,
    CHAR,
    LONG,
    LONG64,
    NTSTATUS,
    SIZE_T,
    UCHAR,
    ULONG,
    ULONG64,
    ULONG_PTR,
    USHORT,
    Array,
    Pointer,
    Struct,
)
from tests.backend.ir import IRP, binary, call, compare, field, null, num, var

a, b, c = var("a"), var("b"), var("c")
short, long, wide = var("Short", USHORT), var("Long", LONG), var("Wide", ULONG64)
irp, lost = var("Irp", IRP), var("Lost", BOOL)


def both(left: Expr, op: str, right: Expr) -> Logic:
    return Logic(BOOL, op, left, right)


def negated(operand: Expr) -> Unary:
    return Unary(operand.type, "-", operand)


@pytest.mark.parametrize(
    ("expr", "text"),
    [
        (binary(binary(a, "+", b), "+", c), "a + b + c"),
        (binary(a, "+", binary(b, "+", c)), "a + (b + c)"),
        (binary(a, "-", binary(b, "-", c)), "a - (b - c)"),
        (binary(binary(a, "*", b), "+", c), "a * b + c"),
        (binary(binary(a, "+", b), "*", c), "(a + b) * c"),
        (binary(binary(a, "//", b), "*", c), "(a / b) * c"),
        (binary(a, "//", b), "a / b"),
        (binary(binary(a, "%", b), "-", c), "a % b - c"),
        (binary(a, "<<", binary(b, "+", num(1))), "a << (b + 1)"),
        (binary(binary(a, ">>", num(4)), "&", num(15)), "(a >> 4) & 0xF"),
        (binary(binary(a, "|", b), "&", c), "(a | b) & c"),
        (binary(binary(a, "|", b), "|", num(64)), "a | b | 0x40"),
        (binary(binary(a, "&", b), "|", c), "(a & b) | c"),
    ],
)
def test_operators_take_only_the_parentheses_that_a_reader_needs(expr, text):
    assert value(expr) == text


def test_a_mask_that_is_compared_is_in_parentheses():
    assert value(compare(binary(a, "&", b), "==", c)) == "(a & b) == c"
    assert value(binary(a, "&", Cast(ULONG, compare(b, "==", c)))) == "a & (ULONG)(b == c)"


def test_a_shift_that_is_compared_is_not():
    assert value(compare(binary(a, ">>", num(4)), "==", num(6))) == "a >> 4 == 6"


def test_comparisons_do_not_chain():
    assert value(compare(compare(a, "<", b), "==", lost)) == "(a < b) == Lost"


def test_nested_signs_do_not_become_a_decrement():
    assert value(negated(negated(long))) == "-(-Long)"
    assert value(binary(long, "-", negated(long))) == "Long - (-Long)"
    assert value(binary(long, "-", num(-1, LONG))) == "Long - (-1)"
    assert value(negated(num(-5, LONG))) == "-(-5)"
    assert value(Unary(ULONG, "~", Unary(ULONG, "~", a))) == "~~a"


def test_a_cast_of_a_negative_does_not_read_as_a_subtraction():
    assert value(Cast(CHAR, num(-1, LONG))) == "(CHAR)(-1)"


@pytest.mark.parametrize(
    ("literal", "text"),
    [
        (num(0), "0"),
        (num(1500), "1500"),
        (num(0xFFFF), "0xFFFF"),
        (num(0x7FFFFFFF), "0x7FFFFFFF"),
        (num(0x80000000), "0x80000000U"),
        (num(0xFFFFFFFF), "0xFFFFFFFFU"),
        (num(-(1 << 31), LONG), "(-2147483647 - 1)"),
        (num((1 << 63) - 1, LONG64), "0x7FFFFFFFFFFFFFFFLL"),
        (num(-(1 << 63), LONG64), "(-9223372036854775807LL - 1)"),
        (num(-(1 << 33), LONG64), "-8589934592LL"),
        (num((1 << 64) - 1, ULONG64), "0xFFFFFFFFFFFFFFFFULL"),
        (num(-5, LONG), "-5"),
        (num(65535, ULONG, "MTU"), "MTU"),
        (num(0xC000000D - (1 << 32), NTSTATUS), "(NTSTATUS)0xC000000DU"),
        (TRUE, "TRUE"),
        (FALSE, "FALSE"),
    ],
)
def test_literals_have_their_value_in_any_context(literal, text):
    assert value(literal) == text


@pytest.mark.parametrize(
    ("expr", "text"),
    [
        (binary(num(1), "<<", a), "1U << a"),
        (binary(num(1, ULONG64), "<<", a), "1ULL << a"),
        (binary(num(1, SIZE_T), "<<", a), "(SIZE_T)1 << a"),
        (binary(short, "*", num(40000), ULONG), "Short * 40000U"),
        (binary(short, "*", num(65535, ULONG, "MTU"), ULONG), "Short * (ULONG)MTU"),
        (binary(short, "+", num(1, USHORT), LONG), "Short + 1"),
        (binary(a, "*", num(40000)), "a * 40000"),
        (binary(a, "*", num(40000, ULONG64), ULONG64), "a * 40000ULL"),
        (binary(wide, "+", num(1, ULONG64)), "Wide + 1"),
        (binary(num(2), "*", num(3)), "2U * 3"),
        (binary(Choose(ULONG, lost, num(1), num(2)), "<<", a), "(Lost ? 1U : 2) << a"),
        (compare(short, "<", num(40000)), "Short < 40000"),
    ],
)
def test_a_literal_has_a_type_only_where_c_would_compute_in_another(expr, text):
    assert value(expr) == text


def test_a_literal_beyond_int_is_compared_in_the_width_that_is_meant():
    assert value(compare(long, "<", num(0x80000000, LONG64))) == "Long < 0x80000000LL"
    assert value(compare(a, "<", num(0x80000000))) == "a < 0x80000000U"
    choice = Choose(LONG64, lost, num(0x80000000, LONG64), num(-5, LONG64))
    assert value(choice) == "Lost ? 0x80000000LL : -5"


def test_pointers_are_tested_without_null_and_passed_with_it():
    assert condition(compare(irp, "==", null())) == "!Irp"
    assert condition(compare(irp, "!=", null())) == "Irp"
    assert value(compare(irp, "!=", null())) == "Irp != NULL"
    assert condition(Unary(BOOL, "!", compare(irp, "==", null()))) == "Irp"


def test_integers_are_tested_against_zero():
    assert condition(a) == "a != 0"
    assert condition(Unary(BOOL, "!", a)) == "a == 0"
    assert condition(Unary(BOOL, "!", binary(a, "&", num(1)))) == "(a & 1) == 0"
    assert condition(both(a, "&&", lost)) == "a != 0 && Lost"


def test_the_opposite_of_a_comparison_is_a_comparison():
    assert opposite(compare(a, "<", b)) == "a >= b"
    assert opposite(both(a, "&&", lost)) == "!(a != 0 && Lost)"
    assert opposite(call("NT_SUCCESS", a, type=BOOL, pure=True)) == "!NT_SUCCESS(a)"


def test_and_within_or_is_in_parentheses():
    inner = both(compare(a, "==", b), "&&", lost)
    assert condition(both(inner, "||", compare(irp, "==", null()))) == "(a == b && Lost) || !Irp"
    assert condition(both(both(lost, "&&", lost), "&&", lost)) == "Lost && Lost && Lost"


def test_a_choice_between_literals_has_a_type_only_inside_an_expression():
    choice = Choose(ULONG, lost, num(4), num(6))
    assert value(choice) == "Lost ? 4 : 6"
    assert value(Unary(ULONG, "~", choice)) == "~(Lost ? 4U : 6)"


def test_choices_nest_in_parentheses():
    inner = Choose(ULONG, lost, a, b)
    assert value(Choose(ULONG, compare(a, "<", b), inner, c)) == "a < b ? (Lost ? a : b) : c"
    assert value(binary(inner, "+", c)) == "(Lost ? a : b) + c"


def test_places():
    status = var("Status", Pointer(NTSTATUS))
    tun = var("Tun", Struct("TUN"))
    assert value(field(irp, "Tail.Overlay.Count")) == "Irp->Tail.Overlay.Count"
    assert value(field(tun, "Flow")) == "Tun.Flow"
    assert value(field(Deref(Struct("IRP"), irp), "Size")) == "Irp->Size"
    assert value(field(AddressOf(Pointer(Struct("TUN")), tun), "Flow")) == "Tun.Flow"
    assert value(AddressOf(IRP, Index(Struct("IRP"), irp, binary(a, "+", num(1))))) == "&Irp[a + 1]"
    assert value(Deref(NTSTATUS, binary(status, "+", num(1)))) == "*(Status + 1)"
    assert value(field(Cast(IRP, a), "Size")) == "((IRP *)a)->Size"
    assert value(SizeOf(SIZE_T, Array(UCHAR, 16))) == "sizeof(UCHAR [16])"
    assert value(Cast(ULONG_PTR, AddressOf(IRP, a))) == "(ULONG_PTR)&a"


def test_strings_end_where_they_should():
    char = Pointer(CHAR, const=True)
    assert value(Text(char, 'a"b\\c\n??=')) == '"a\\"b\\\\c\\n?\\?="'
    assert value(Text(char, "é1")) == '"\\303\\2511"'
    assert value(Text(char, "\\Device\\WINTUN", wide=True)) == 'L"\\\\Device\\\\WINTUN"'
    assert value(Text(char, "\x01" + "1é→a", wide=True)) == 'L"\\0011\\351\\u2192a"'


def test_what_ranges_should_have_removed_is_a_fault_that_names_it():
    with pytest.raises(InternalFault, match=r"checks\.ranges left a Wrap"):
        value(Wrap(ULONG, "wrap", a))
