import pytest

from pyndis.backend.declarations import definition
from pyndis.backend.faults import InternalFault
from pyndis.ir.nodes import (
    Assert,
    Break,
    Case,
    Cast,
    Comment,
    Continue,
    Do,
    Goto,
    If,
    Label,
    Loop,
    Return,
    Stmt,
    Switch,
    Unary,
    Zeroed,
)
from pyndis.ir.types import BOOL, LONG, LONG64, NTSTATUS, UCHAR, ULONG, Struct
from tests.backend.ir import IRP, add, assign, binary, call, compare, field, function, let, null, num, var

irp, size, index, status = var("Irp", IRP), var("Size"), var("Index"), var("Status", NTSTATUS)


def printed(*body: Stmt, result=NTSTATUS) -> str:
    whole = function("F", irp, size, body=list(body), result=result)
    lines = [line.text for line in definition(whole, declared=True, inspected=False)]
    return "\n".join(line[4:] if line.startswith("    ") else line for line in lines[lines.index("{") + 1 : -1])


def use(*values) -> Do:
    return Do(call("Use", irp, size, *values))


def test_a_status_is_declared_first_and_assigned_where_the_call_is():
    body = [let(status, call("Begin", type=NTSTATUS)), use(), Return(status)]
    assert printed(*body) == "NTSTATUS Status;\n\nStatus = Begin();\nUse(Irp, Size);\nreturn Status;"


def test_values_that_are_known_at_the_top_stay_there():
    other = var("Other", IRP)
    body = [let(size2 := var("Size2"), num(0)), let(other, call("Next", type=IRP)), use(size2, other)]
    assert printed(*body) == "ULONG Size2 = 0;\nIRP *Other = Next();\n\nUse(Irp, Size, Size2, Other);"


def test_later_declarations_move_to_the_top_of_their_block():
    body = [use(), let(index, num(3)), use(index)]
    assert printed(*body) == "ULONG Index;\n\nUse(Irp, Size);\nIndex = 3;\nUse(Irp, Size, Index);"


def test_a_struct_is_zeroed_at_the_top():
    done = var("Done", Struct("COMPLETIONS"))
    assert printed(use(), let(done, Zeroed(done.type)), use(done)).startswith("COMPLETIONS Done = { 0 };\n\nUse(Irp, Size);")


def test_a_local_that_nobody_reads_leaves_only_its_call():
    body = [let(index, call("Next", type=ULONG)), add(index, num(1)), let(var("Gone"), num(7)), use()]
    assert printed(*body) == "Next();\nUse(Irp, Size);"


def test_what_only_an_unread_local_reads_goes_with_it():
    first, second = var("First"), var("Second")
    assert printed(let(first, size), let(second, first), use()) == "Use(Irp, Size);"


def test_a_parameter_that_nobody_reads_is_marked():
    assert printed(Do(call("Use", irp))) == "UNREFERENCED_PARAMETER(Size);\n\nUse(Irp);"


def test_assignments_shorten():
    count = field(irp, "Count")
    narrow = var("Narrow", UCHAR)
    body = [
        add(count, num(1)),
        assign(count, binary(count, "-", num(1))),
        add(count, size),
        assign(count, binary(count, "<<", num(2))),
        assign(count, binary(size, "+", count)),
        assign(count, binary(count, "-", binary(size, "-", num(1)))),
        assign(narrow, Cast(UCHAR, binary(narrow, "+", num(1, UCHAR), ULONG))),
        use(narrow),
    ]
    assert printed(*body).splitlines() == [
        "++Irp->Count;",
        "--Irp->Count;",
        "Irp->Count += Size;",
        "Irp->Count <<= 2;",
        "Irp->Count = Size + Irp->Count;",
        "Irp->Count -= Size - 1;",
        "++Narrow;",
        "Use(Irp, Size, Narrow);",
    ]


def test_a_wider_sum_that_goes_back_into_its_place_is_short_only_where_no_bit_is_lost():
    narrow, signed = var("Narrow", UCHAR), var("Signed", LONG)
    sum = binary(Cast(ULONG, narrow), "+", size)
    body = [assign(narrow, Cast(UCHAR, sum)), assign(narrow, Cast(UCHAR, binary(Cast(ULONG, narrow), ">>", size))), use(narrow)]
    assert printed(*body).splitlines()[:2] == ["Narrow += Size;", "Narrow = (UCHAR)((ULONG)Narrow >> Size);"]
    kept = assign(signed, Cast(LONG, binary(Cast(LONG64, signed), "+", num(5, LONG64))))
    assert printed(kept, use(signed)).startswith("Signed = (LONG)((LONG64)Signed + 5);")


def test_a_scalar_is_zeroed_by_its_own_zero():
    text = printed(let(index, Zeroed(ULONG)), let(var("Next", IRP), Zeroed(IRP)), use(index))
    assert text.startswith("ULONG Index = 0;")


def test_braces_only_where_a_branch_has_more_than_one_line():
    test = compare(irp, "==", null())
    assert printed(If(test, [Return(num(0))]), use()) == "if (!Irp)\n    return 0;\nUse(Irp, Size);"
    assert printed(If(test, [use()], [use(), Return(num(1))])) == (
        "if (!Irp)\n{\n    Use(Irp, Size);\n}\nelse\n{\n    Use(Irp, Size);\n    return 1;\n}"
    )


def test_a_chain_of_branches_does_not_indent():
    inner = If(compare(size, "==", num(1)), [use()], [Return(num(2))])
    assert printed(If(compare(size, "==", num(0)), [Return(num(0))], [inner])) == (
        "if (Size == 0)\n    return 0;\nelse if (Size == 1)\n    Use(Irp, Size);\nelse\n    return 2;"
    )


def test_an_empty_branch_turns_its_condition():
    assert printed(If(compare(size, "<", num(5)), [], [use()])) == "if (Size >= 5)\n    Use(Irp, Size);"


def test_a_counted_loop_starts_in_its_head():
    body = [let(index, num(0)), Loop(compare(index, "<", size), [use(index)], add(index, num(1)))]
    assert printed(*body) == "ULONG Index;\n\nfor (Index = 0; Index < Size; ++Index)\n    Use(Irp, Size, Index);"


def test_loops_without_step_or_test():
    assert printed(Loop(compare(size, ">", num(4)), [use()])) == "while (Size > 4)\n    Use(Irp, Size);"
    endless = Loop(None, [If(Unary(BOOL, "!", size), [Break()]), use(), If(compare(size, "==", num(2)), [Continue()]), use()])
    assert printed(endless) == (
        "for (;;)\n{\n    if (Size == 0)\n        break;\n    Use(Irp, Size);\n    if (Size == 2)\n        continue;\n"
        "    Use(Irp, Size);\n}"
    )


def test_no_case_falls_into_the_next():
    local = var("Local")
    switch = Switch(
        size,
        [
            Case([num(1), num(2)], [use()]),
            Case([num(3, ULONG, "OID_GEN_SPEED")], [let(local, call("Next", type=ULONG)), use(local)]),
            Case([], [Return(num(0))]),
        ],
    )
    assert printed(switch).splitlines() == [
        "switch (Size)",
        "{",
        "case 1:",
        "case 2:",
        "    Use(Irp, Size);",
        "    break;",
        "case OID_GEN_SPEED:",
        "{",
        "    ULONG Local = Next();",
        "",
        "    Use(Irp, Size, Local);",
        "    break;",
        "}",
        "default:",
        "    return 0;",
        "}",
    ]


def test_a_break_in_a_switch_is_the_frontend_s_fault():
    with pytest.raises(InternalFault, match="the frontend put a Break into a Switch"):
        printed(Switch(size, [Case([], [Break()])]))


def test_labels_stand_out_and_unused_ones_are_gone():
    body = [If(compare(size, "==", num(0)), [Goto("Free")]), use(), Label("Unused"), Label("Free"), Return(num(1))]
    text = printed(*body)
    assert "Unused" not in text
    assert text.endswith("Use(Irp, Size);\n\nFree:\nreturn 1;")


def test_a_label_at_the_end_has_a_statement():
    assert printed(If(size, [Goto("Out")]), use(), Label("Out")).endswith("\n\nOut:\n;")


def test_the_last_return_of_a_void_function_is_not_written():
    assert printed(use(), Return()) == "Use(Irp, Size);"


def test_assertions_leave_no_unused_local_in_release_builds():
    body = [let(index, call("Next", type=ULONG)), Assert(compare(index, "<", size)), use()]
    assert "NT_ASSERT(Index < Size);\nUNREFERENCED_PARAMETER(Index);\nUse" in printed(*body)


def test_comments_cannot_end_themselves():
    assert printed(Comment("ends */ here"), use()) == "/* ends * / here */\nUse(Irp, Size);"


def test_long_calls_break_after_a_comma_below_their_parenthesis():
    names = [var(f"ArgumentNumber{number:02}") for number in range(9)]
    lines = printed(*(let(each, size) for each in names), use(*names)).splitlines()[-2:]
    assert lines[0].endswith(",") and len(lines[0]) <= 126
    assert lines[1].startswith("    Argument") and lines[1].endswith(");")
