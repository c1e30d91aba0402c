from __future__ import annotations

from pathlib import Path

import pytest

from pyndis.checks import ranges
from pyndis.diagnostics import Span
from pyndis.ir import nodes as ir
from pyndis.ir.types import BOOL, LONG, LONG64, NTSTATUS, SIZE_T, UCHAR, ULONG, ULONG64, USHORT, VOID, Pointer, Struct
from tests.checks.build import (
    SPAN_POINTER,
    FakeDdi,
    FakeFacts,
    FakeParam,
    address,
    at,
    both,
    call,
    codes,
    declare,
    do,
    either,
    function,
    give,
    local,
    n,
    op,
    program,
    put,
    test,
    u,
    v,
    when,
)

FACTS = FakeFacts(
    FakeDdi("KeAcquireSpinLock", raises_irql=2),
    FakeDdi("Count", [FakeParam("Small", "USHORT")]),
    FakeDdi("MmDo"),
    FakeDdi("IoDo", calls_out=True),
)


def prove(*functions: ir.Function) -> list[str]:
    return codes(ranges.check(program(*functions), FACTS))


def result_of(body: list[ir.Stmt], *params: ir.Symbol) -> tuple[int, int] | None:
    """The interval that the function's result is proven to be in."""
    whole = function("F", list(params), body, LONG64)
    assert prove(whole) == []
    return whole.returns


def test_a_sum_of_two_ulongs_is_computed_in_64_bits():
    a, b, total = local("A", ULONG), local("B", ULONG), local("Total")
    body = [declare(total, op(a, "+", b)), give(total)]
    assert result_of(body, a, b) == (0, 2**33 - 2)
    assert total.type == ULONG64
    value = body[0].value
    assert isinstance(value, ir.Binary) and value.type == ULONG64
    assert isinstance(value.left, ir.Cast) and value.left.type == ULONG64
    assert isinstance(value.right, ir.Var)


def test_a_sum_that_may_exceed_its_place_is_an_error_that_names_both():
    a, b, total = local("A", ULONG), local("B", ULONG), local("Total", ULONG)
    (error,) = ranges.check(program(function("F", [a, b], [declare(total, op(a, "+", b))])), FACTS)
    assert error.code == "PYN-R01"
    assert error.message == "`a + b` can be 0 … 8589934590, and `total` takes 0 … 2**32 - 1"
    assert "wrapping_" in error.help


def test_a_difference_after_a_comparison_is_not_negative():
    left, stride = local("Left", ULONG), local("Stride", ULONG)
    body = [when(test(stride, ">", left), give(0)), give(op(left, "-", stride))]
    assert result_of(body, left, stride) == (0, 2**32 - 1)


def test_a_difference_without_comparison_needs_a_sign():
    left, stride, rest = local("Left", ULONG), local("Stride", ULONG), local("Rest", ULONG)
    assert prove(function("F", [left, stride], [declare(rest, op(left, "-", stride))])) == ["PYN-R01"]


def test_a_counter_that_is_compared_with_its_limit_stays_within_it():
    count, go = local("Count"), local("Go", BOOL)
    loop = ir.Loop(v(go), [when(test(count, "==", 256), give(0)), put(count, op(count, "+", 1))])
    assert result_of([declare(count, 0), loop, give(count)], go) == (0, 256)
    assert count.type == ULONG


def test_a_position_that_moves_by_what_is_left_stays_within_the_size():
    size, at_, stride, go = local("Size", u(32, 0, 1000)), local("At"), local("Stride", ULONG), local("Go", BOOL)
    loop = ir.Loop(
        test(at_, "<", size),
        [
            when(test(op(size, "-", at_), "<", 16), give(0)),
            when(test(stride, ">", op(size, "-", at_)), give(0)),
            put(at_, op(at_, "+", stride)),
        ],
    )
    assert result_of([declare(at_, 0), loop, give(op(size, "-", at_))], size, stride, go) == (0, 0)


def test_a_sum_over_a_loop_without_limit_gets_64_bits():
    octets, length, go = local("Octets"), local("Length", ULONG), local("Go", BOOL)
    loop = ir.Loop(v(go), [put(octets, op(octets, "+", length))])
    assert prove(function("F", [length, go], [declare(octets, 0), loop])) == []
    assert octets.type == ULONG64


def test_a_sum_over_nested_loops_is_bounded_once():
    octets, length, go = local("Octets"), local("Length", ULONG), local("Go", BOOL)
    inner = ir.Loop(v(go), [put(octets, op(octets, "+", length))])
    assert prove(function("F", [length, go], [declare(octets, 0), ir.Loop(v(go), [inner])])) == []
    assert octets.type == ULONG64


def test_a_sum_that_grows_by_itself_is_an_error():
    x, go = local("X"), local("Go", BOOL)
    loop = ir.Loop(v(go), [put(x, op(x, "+", x))])
    assert "PYN-R05" in prove(function("F", [go], [declare(x, 1), loop]))


def test_a_for_loop_indexes_within_its_range():
    i, count = local("I"), local("Count", u(32, 0, 8))
    table = local("Table", ir_array := _array(ULONG, 8))
    use = put(ir.Index(ULONG, ir.Var(ir_array, table), v(i)), 1)
    loop = ir.Loop(test(i, "<", count), [use], step=put(i, op(i, "+", 1)))
    assert prove(function("F", [count], [declare(table), declare(i, 0), loop])) == []


def test_a_loop_that_ends_at_inequality_stays_below_its_end():
    i, count, sink = local("I"), local("Count", u(32, 0, 100)), local("Sink", u(32, 0, 99))
    loop = ir.Loop(test(i, "!=", count), [put(sink, i)], step=put(i, op(i, "+", 1)))
    assert prove(function("F", [count], [declare(sink, 0), declare(i, 0), loop])) == []


def test_an_index_past_the_end_is_an_error():
    i, table = local("I", u(32, 0, 8)), local("Table", array := _array(ULONG, 8))
    assert prove(function("F", [i], [declare(table), put(ir.Index(ULONG, ir.Var(array, table), v(i)), 1)])) == ["PYN-R04"]


def _array(element, count):
    from pyndis.ir.types import Array

    return Array(element, count)


@pytest.mark.parametrize(
    ("operator", "divisor", "expected"), [("//", (0, 5), "PYN-R02"), ("%", (0, 5), "PYN-R02"), ("<<", (0, 64), "PYN-R03")]
)
def test_operators_have_conditions(operator, divisor, expected):
    a, b = local("A", u(32, 0, 1)), local("B", u(32, *divisor))
    assert expected in prove(function("F", [a, b], [give(op(a, operator, b))], LONG64))


def test_a_divisor_that_was_compared_with_zero_is_fine():
    a, b = local("A", ULONG), local("B", ULONG)
    body = [when(both(test(b, "!=", 0), test(op(a, "//", b), ">", 3)), give(1)), give(0)]
    assert result_of(body, a, b) == (0, 1)


def test_a_negative_dividend_is_an_error():
    a = local("A", LONG)
    assert prove(function("F", [a], [give(op(a, "//", 2))], LONG64)) == ["PYN-R06"]


def test_alignment_keeps_what_it_was_made_of():
    size = local("Size", u(32, 0, 100))
    stride = function("Stride", [size], [give(op(op(op(16, "+", size), "+", 15), "&", ~15))], ULONG)
    given, step = local("Given", u(32, 0, 100)), local("Step", ULONG)
    body = [declare(step, call(stride, given)), give(op(op(step, "-", 16), "-", given))]
    caller = function("F", [given], body, LONG64)
    assert prove(stride, caller) == []
    assert stride.returns == (16, 128)
    assert caller.returns == (0, 15)


def test_alignment_by_division_keeps_it_too():
    size = local("Size", u(32, 0, 100))
    aligned = op(op(op(size, "+", 15), "//", 16), "*", 16)
    assert result_of([give(op(aligned, "-", size))], size) == (0, 15)


def test_what_a_shift_was_equal_to_says_what_was_shifted():
    version = local("Version", UCHAR)
    body = [when(test(op(version, ">>", 4), "==", 4), give(version)), give(64)]
    assert result_of(body, version) == (64, 79)


def test_either_of_two_conditions_joins_what_they_say():
    a = local("A", ULONG)
    body = [when(either(test(a, "<", 4), test(a, "==", 9)), give(a)), give(0)]
    assert result_of(body, a) == (0, 9)


def test_min_is_at_most_both():
    a, b = local("A", ULONG), local("B", ULONG)
    least = ir.Choose(_number(), test(a, "<", b), v(a), v(b))
    m = local("M")
    assert result_of([declare(m, least), give(op(b, "-", m))], a, b) == (0, 2**32 - 1)


def _number():
    from pyndis.ir.types import NUMBER

    return NUMBER


def test_a_field_keeps_its_comparison_until_it_is_written():
    span, part = local("Span", SPAN_POINTER), local("Part", ULONG)
    guard = when(test(part, ">", at(span, "Size")), give(0))
    rest = give(op(at(span, "Size"), "-", part))
    assert result_of([guard, rest], span, part) == (0, 2**32 - 1)
    other = local("Other", SPAN_POINTER)
    write = put(at(other, "Size"), 0)
    assert result_of([guard, write, rest], span, part, other) == (-(2**32 - 1), 2**32 - 1)


def test_a_field_keeps_its_comparison_over_calls_that_cannot_write_it():
    span, part = local("Span", SPAN_POINTER), local("Part", ULONG)
    guard = when(test(part, ">", at(span, "Size")), give(0))
    rest = give(op(at(span, "Size"), "-", part))
    assert result_of([guard, do("MmDo"), rest], span, part) == (0, 2**32 - 1)
    assert result_of([guard, do("IoDo"), rest], span, part) == (-(2**32 - 1), 2**32 - 1)
    assert result_of([guard, do("KeAcquireSpinLock"), rest], span, part) == (-(2**32 - 1), 2**32 - 1)


def test_a_field_loses_its_comparison_to_a_function_that_writes_it():
    target = local("Target", SPAN_POINTER)
    writer = function("Writer", [target], [put(at(target, "Size"), 0)])
    reader = function("Reader", [local("Target", SPAN_POINTER)], [])
    span, part = local("Span", SPAN_POINTER), local("Part", ULONG)
    guard = when(test(part, ">", at(span, "Size")), give(0))
    rest = give(op(at(span, "Size"), "-", part))
    assert result_of([guard, do(reader, span), rest], span, part) == (0, 2**32 - 1)
    assert result_of([guard, do(writer, span), rest], span, part) == (-(2**32 - 1), 2**32 - 1)


def test_a_volatile_field_is_never_the_same_twice():
    head = local("Head", Pointer(Struct("SPAN"), const=True, volatile=True))
    guard = when(test(at(head, "Size"), ">", 100), give(0))
    assert result_of([guard, give(at(head, "Size"))], head) == (0, 2**32 - 1)


def test_a_local_whose_address_a_call_gets_is_forgotten():
    x = local("X", ULONG)
    assert result_of([declare(x, 5), give(x)]) == (5, 5)
    assert result_of([declare(x, 5), do("MmDo", address(x)), give(x)]) == (0, 2**32 - 1)


def test_a_local_struct_survives_calls_that_do_not_get_it():
    sink, other = local("Sink", Struct("SPAN")), local("Other", Struct("SPAN"))
    body = [declare(sink), declare(other), put(at(sink, "Size"), 7), do("IoDo", address(other)), give(at(sink, "Size"))]
    assert result_of(body) == (7, 7)


def test_gotos_join_at_their_label():
    a = local("A", ULONG)
    x = local("X")
    body = [
        declare(x, 1),
        when(test(a, ">", 10), put(x, 2), ir.Goto("Out")),
        put(x, 3),
        ir.Label("Out"),
        give(x),
    ]
    assert result_of(body, a) == (2, 3)


def test_a_switch_narrows_its_subject():
    a, x = local("A", u(32, 0, 9)), local("X")
    cases = [ir.Case([n(1), n(2)], [put(x, a)]), ir.Case([n(0)], [put(x, 1)]), ir.Case([], [put(x, op(a, "-", 3))])]
    assert result_of([declare(x, 0), ir.Switch(v(a), cases), give(x)], a) == (0, 6)


def test_what_is_passed_must_fit_the_parameter():
    takes = function("Takes", [local("Small", u(16, 0, 100))], [])
    a = local("A", u(32, 0, 101))
    (error,) = ranges.check(program(takes, function("F", [a], [do(takes, a)])), FACTS)
    assert (error.code, error.message) == ("PYN-R01", "`a` can be 0 … 101, and `small` of `takes` takes 0 … 100")


def test_what_is_passed_inside_an_expression_must_fit_too():
    takes = function("Takes", [local("Small", u(16, 0, 100))], [give(1)], ULONG)
    a, x = local("A", u(32, 0, 101)), local("X", ULONG)
    inner = call(takes, a, pure=True)
    inner.span = Span(Path("a.py"), 7)
    found = ranges.check(program(takes, function("F", [a], [declare(x, op(inner, "+", 1))])), FACTS)
    assert codes(found) == ["PYN-R01"]
    assert found[0].labels[0].span.line == 7
    assert prove(takes, function("G", [a], [when(test(inner, "==", 1), give())])) == ["PYN-R01"]


def test_what_a_ddi_gets_must_fit_its_type():
    a = local("A", u(32, 0, 65536))
    assert prove(function("F", [a], [do("Count", a)])) == ["PYN-R01"]


def test_a_proven_value_is_cast_where_it_gets_narrower():
    a, small = local("A", u(32, 0, 100)), local("Small", USHORT)
    declaration = declare(small, a)
    assert prove(function("F", [a], [declaration])) == []
    assert isinstance(declaration.value, ir.Cast) and declaration.value.type == USHORT


def test_a_number_that_needs_64_bits_does_not_fit_a_pointer_size_type():
    big, size = local("Big", ULONG64), local("Size", SIZE_T)
    assert prove(function("F", [big], [declare(size, big)])) == ["PYN-R01"]


def test_a_pointer_size_value_fits_and_so_does_what_is_less():
    size, part, rest = local("Size", SIZE_T), local("Part", ULONG), local("Rest", SIZE_T)
    body = [declare(rest, size), when(test(part, "<=", size), put(rest, op(size, "-", part)))]
    assert prove(function("F", [size, part], body)) == []


def test_an_unsigned_and_a_signed_number_are_compared_as_numbers():
    a, b = local("A", ULONG), local("B", LONG)
    condition = test(a, "<", b)
    branch = when(condition, give(1))
    assert prove(function("F", [a, b], [branch, give(0)], LONG64)) == []
    compared = branch.test
    assert isinstance(compared, ir.Compare) and {str(compared.left.type), str(compared.right.type)} & {"LONG64"}


def test_the_largest_types_are_compared_by_sign_first():
    a, b = local("A", ULONG64), local("B", LONG64)
    branch = when(test(a, "<", b), give(1))
    assert prove(function("F", [a, b], [branch, give(0)], LONG64)) == []
    assert isinstance(branch.test, ir.Logic)


def test_a_wrap_becomes_unsigned_arithmetic():
    a, b, since = local("A", ULONG), local("B", ULONG), local("Since", ULONG)
    declaration = declare(since, ir.Wrap(ULONG, "wrap", op(a, "-", b)))
    assert prove(function("F", [a, b], [declaration])) == []
    assert isinstance(declaration.value, ir.Binary) and declaration.value.type == ULONG


def test_a_saturated_sum_becomes_a_choice():
    a, b, total = local("A", ULONG64), local("B", ULONG64), local("Total", ULONG64)
    declaration = declare(total, ir.Wrap(ULONG64, "saturate", op(a, "+", b)))
    assert prove(function("F", [a, b], [declaration])) == []
    assert isinstance(declaration.value, ir.Choose)


def test_a_status_keeps_its_type():
    status = local("Status", NTSTATUS)
    body = [declare(status, ir.Const(NTSTATUS, -1073741811, "STATUS_INVALID_PARAMETER")), give(status)]
    whole = function("F", [], body, NTSTATUS)
    assert prove(whole) == []
    assert whole.returns == (-1073741811, -1073741811)


def test_an_unreachable_statement_is_lowered_too():
    a, x = local("A", u(32, 0, 5)), local("X")
    assert prove(function("F", [a], [when(test(a, ">", 9), declare(x, op(a, "-", 6)), put(x, 3))])) == []
    assert x.type == ULONG


def test_an_ulong_result_is_void_of_numbers_for_callers():
    inner = function("Inner", [local("A", UCHAR)], [give(op(local("A", UCHAR), "+", 1))], _number())
    a, x = local("A", UCHAR), local("X", u(32, 1, 256))
    assert prove(inner, function("F", [a], [declare(x, call(inner, a))])) == []
    assert inner.result == ULONG


def test_void_functions_have_no_result_interval():
    whole = function("F", [], [do("MmDo")], VOID)
    assert prove(whole) == []
    assert whole.returns is None
