from __future__ import annotations

from pyndis.backend.declarations import definition
from pyndis.backend.simplify import simplify
from pyndis.ir.nodes import (
    AddressOf,
    Break,
    Const,
    Do,
    Function,
    Goto,
    If,
    Label,
    Loop,
    Param,
    Return,
    Stmt,
    StructDecl,
    StructField,
    Unary,
)
from pyndis.ir.types import BOOL, KIRQL, LONG, NTSTATUS, ULONG, VOID, CType, Pointer, Struct
from tests.backend.ir import IRP, assign, binary, call, compare, field, function, let, null, num, program, var

TURN = Struct("TURN")
turn, other, ok, status = var("Turn", Pointer(TURN)), var("Other", IRP), var("Ok", BOOL), var("Status", NTSTATUS)
SUCCESS = Const(NTSTATUS, 0, "STATUS_SUCCESS")
take = Function("TurnTake", [Param(var("Turn", Pointer(TURN)).symbol, "_Inout_")], BOOL, [Return(call("Took", type=BOOL))])
begin = Function("Begin", [], NTSTATUS, [Return(call("Begun", type=NTSTATUS))])


def simplified(*body: Stmt, result: CType = VOID) -> str:
    whole = function("F", turn, other, body=list(body), result=result)
    simplify(program(whole, structs=[StructDecl("TURN", [StructField("Calls", LONG)])]))
    lines = [line.text for line in definition(whole, declared=True, inspected=False) if "UNREFERENCED" not in line.text]
    body = [line.removeprefix("    ") for line in lines[lines.index("{") + 1 : -1]]
    return "\n".join(body).strip("\n").replace("\n\n\n", "\n\n")


def use(*values) -> Do:
    return Do(call("Use", turn, other, *values))


def failed() -> Unary:
    return Unary(BOOL, "!", call("NT_SUCCESS", status, type=BOOL, pure=True))


def test_a_value_that_is_tested_at_once_has_no_variable():
    assert simplified(let(ok, call(take, turn)), If(ok, [use()])) == "if (TurnTake(Turn))\n    Use(Turn, Other);"


def test_a_value_that_is_read_twice_keeps_its_variable():
    body = [let(ok, call(take, turn)), If(ok, [use()]), If(ok, [use()])]
    assert simplified(*body).startswith("BOOLEAN Ok = TurnTake(Turn);\n\nif (Ok)")


def test_a_call_does_not_move_past_what_it_could_change():
    calls = field(turn, "Calls", LONG)
    body = [let(ok, call(take, turn)), If(binary(calls, "&&", ok, BOOL), [use()])]
    assert "BOOLEAN Ok = TurnTake(Turn);" in simplified(*body)


def test_a_status_keeps_its_name_until_it_is_returned():
    assert simplified(let(status, call(begin)), Return(status), result=NTSTATUS) == "return Begin();"
    assert "Status = Begin();\nif" in simplified(let(status, call(begin)), If(failed(), [use()]), use())


def test_a_status_that_is_only_handed_on_is_returned():
    assert (
        simplified(let(status, call(begin)), If(failed(), [Return(status)]), Return(SUCCESS), result=NTSTATUS)
        == "return Begin();"
    )


def test_other_successes_of_a_ddi_are_not_handed_on():
    body = [let(status, call("ZwBegin", type=NTSTATUS)), If(failed(), [Return(status)]), Return(SUCCESS)]
    assert "return STATUS_SUCCESS;" in simplified(*body, result=NTSTATUS)


def test_a_condition_in_steps_becomes_one():
    first, took = compare(other, "==", null()), var("Took", BOOL)
    body = [let(ok, first), If(Unary(BOOL, "!", ok), [let(took, call(take, turn)), assign(ok, Unary(BOOL, "!", took))])]
    assert simplified(*body, If(ok, [use()])) == "if (!Other || !TurnTake(Turn))\n    Use(Turn, Other);"


def test_a_loop_that_tests_first_says_so():
    body = [Loop(None, [let(ok, call(take, turn)), If(Unary(BOOL, "!", ok), [Break()]), use()])]
    assert simplified(*body) == "while (TurnTake(Turn))\n    Use(Turn, Other);"


def test_a_handler_that_one_jump_reaches_is_an_else():
    body = [
        If(compare(other, "==", null()), [Goto("Failed")]),
        use(num(1)),
        Goto("Done"),
        Label("Failed"),
        use(num(2)),
        Label("Done"),
    ]
    expected = "if (Other)\n    Use(Turn, Other, 1);\nelse\n    Use(Turn, Other, 2);\nUse(Turn, Other);"
    assert simplified(*body, use()) == expected


def test_a_lock_taken_twice_saves_its_irql_in_one_variable():
    first, second = var("Irql", KIRQL), var("Irql2", KIRQL)
    lock = [Do(call("KeAcquireSpinLock", other, AddressOf(Pointer(KIRQL), each))) for each in (first, second)]
    free = [Do(call("KeReleaseSpinLock", other, each)) for each in (first, second)]
    text = simplified(let(first), let(second), lock[0], free[0], lock[1], free[1])
    assert text.count("KIRQL") == 1 and "Irql2" not in text


def test_names_in_blocks_apart_need_no_numbers():
    first, second = var("Item"), var("Item2")
    branches = [[let(each, call("Next", type=ULONG)), use(each, each)] for each in (first, second)]
    assert "Item2" not in simplified(If(compare(other, "==", null()), *branches))


def test_names_in_blocks_within_each_other_keep_them():
    first, second = var("Item"), var("Item2")
    inner = If(compare(other, "==", null()), [let(second, call("Next", type=ULONG)), use(second, second, first)])
    assert "Item2" in simplified(let(first, call("Next", type=ULONG)), inner, use(first))


def test_a_mask_of_a_long_needs_no_casts():
    stops = field(turn, "Calls", LONG)
    mask = binary(num(1, ULONG, "PAUSED"), "|", num(2, ULONG, "GONE"))
    body = [If(compare(binary(mask, "&", stops), "!=", num(0)), [use()])]
    assert simplified(*body).startswith("if (((PAUSED | GONE) & Turn->Calls) != 0)")


# ---- what parameters are for


def annotated(*body: Stmt) -> list[str]:
    whole = Function("F", [Param(turn.symbol, "_Inout_"), Param(other.symbol, "_Inout_")], VOID, list(body))
    simplify(program(take, whole, structs=[StructDecl("TURN", [StructField("Calls", LONG)])]))
    kinds = [f"{each.sal} {each.symbol.type}" for each in whole.params]
    turn.symbol.type = Pointer(TURN)
    return kinds


def test_what_is_only_looked_at_is_an_input_and_const():
    assert annotated(Do(call("Show", field(turn, "Calls", LONG)))) == ["_In_ const TURN *", "_In_ IRP *"]


def test_what_is_written_is_not():
    assert annotated(assign(field(turn, "Calls", LONG), num(0, LONG)))[0] == "_Inout_ TURN *"


def test_what_an_unknown_call_gets_may_be_written():
    assert annotated(use()) == ["_Inout_ TURN *", "_Inout_ IRP *"]


def test_what_a_local_struct_points_to_may_be_written():
    place = var("Place", Struct("PLACE"))
    keep = assign(field(place, "Turn", Pointer(TURN)), turn)
    assert annotated(let(place), keep, Do(call("Use", AddressOf(Pointer(place.type), place))))[0] == "_Inout_ TURN *"
