from pyndis.ir import text
from pyndis.ir.nodes import Case, Cast, Comment, Continue, Declare, Loop, Switch, Text, Wrap, Zeroed
from pyndis.ir.types import CHAR, NUMBER, UCHAR, ULONG, Array, Pointer, Struct
from tests.backend.ir import assign, binary, call, field, num, var
from tests.backend.sample import sample


def test_a_program_as_text(golden):
    golden("sample.ir", text.program(sample()).encode())


def test_two_copies_of_a_program_print_alike():
    assert text.program(sample()) == text.program(sample())


def test_places_in_the_source_do_not_show():
    moved = sample()
    for each in moved.functions:
        each.span = None
        each.body[0].span = None
    assert text.program(moved) == text.program(sample())


def test_types_show_what_values_they_allow():
    assert text.type_text(ULONG) == "ULONG"
    assert text.type_text(ULONG.within(0, 65535)) == "ULONG[0..65535]"
    assert text.type_text(Pointer(Array(UCHAR.within(1, 2), 3), const=True)) == "const UCHAR[1..2][3] *"


def test_forms_that_only_earlier_passes_know():
    a = var("a", NUMBER)
    assert text.expression(Wrap(ULONG, "saturate", binary(a, "//", num(2)))) == "saturate<ULONG>((a // 2:ULONG))"
    assert text.body([Declare(a.symbol, num(5))]) == ["  let a: number = 5:ULONG"]


def test_calls_with_effect_are_marked():
    assert text.expression(call("READ_OF", var("Irp"), pure=True)) == "READ_OF(Irp)"
    assert text.expression(call("IoCompleteRequest", var("Irp"))) == "IoCompleteRequest!(Irp)"


def test_other_statements_and_expressions():
    tun = var("Tun", Struct("TUN"))
    body = [
        Declare(tun.symbol, Zeroed(tun.type)),
        Comment("why\n  this"),
        Switch(var("a"), [Case([num(1), num(2)], [Continue()]), Case([], [assign(field(tun, "Mtu"), num(7, ULONG, "MTU"))])]),
        Loop(None, [], None),
        assign(var("Text"), Cast(Pointer(CHAR), Text(Pointer(CHAR), 'a"é', wide=True))),
    ]
    assert text.body(body) == [
        "  let Tun: TUN = zeroed",
        "  # why this",
        "  switch a",
        "  case 1:ULONG, 2:ULONG",
        "    continue",
        "  default",
        "    Tun.Mtu = MTU",
        "  loop",
        "  Text = cast<CHAR *>(L'a\"\\xe9')",
    ]
