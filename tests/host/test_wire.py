from __future__ import annotations

from pyndis.host import wire
from pyndis.host.nbl import Nb, Nbl, encode_chain, packets_of
from pyndis.host.reports import violation_of
from pyndis.host.symbols import Symbols


def test_a_frame_comes_back_as_it_went() -> None:
    data = wire.encode(7, "open", {"path": r"\\.\TUN 7", "kernel": True, "nbls": [3, 1]}, b"\n\0payload")
    assert int.from_bytes(data[:4], "little") == len(data) - 4
    frame = wire.decode(data[4:])
    assert (frame.id, frame.word, frame.payload) == (7, "open", b"\n\0payload")
    assert frame.text("path") == r"\\.\TUN 7"
    assert frame.number("kernel") == 1
    assert frame.numbers("nbls") == (3, 1)


def test_numbers_may_be_hexadecimal_or_missing() -> None:
    frame = wire.decode(b"0 request-done status=0xC0000120\n")
    assert frame.number("status") == 0xC0000120
    assert frame.number("information", 5) == 5


def test_a_header_without_keys_is_a_frame() -> None:
    assert wire.decode(b"3 ok\n") == wire.Frame(3, "ok")


def test_an_nb_says_its_mdls_and_adds_what_they_lack() -> None:
    chain = encode_chain([Nbl([Nb(b"abcdef", mdl_split=[2, 1], offset=1, unmappable=True)], cancel_id=9, flags=4)])
    expected = bytes.fromhex("01000000 04000000 0900000000000000 01000000 06000000 01000000 01000000 03000000")
    assert chain == expected + bytes.fromhex("02000000 01000000 04000000") + b"abcdef"


def test_each_nb_of_a_received_nbl_is_a_packet() -> None:
    event = wire.Frame(0, "received", {"nbl": "2", "call": "1", "frame": "0x800", "lengths": "2,3"}, b"aabbb")
    assert [each.data for each in packets_of(event)] == [b"aa", b"bbb"]
    assert {each.protocol for each in packets_of(event)} == {0x800}


def test_a_report_becomes_a_stack_with_names() -> None:
    payload = b"""frame tun.sys+0x1024
call IoCompleteRequest
callback MiniportReturnNetBufferLists
object irp 0x7f00 write
history 0.0000012 thread 3 irql 2 IoMarkIrpPending
allocated
frame tun.sys+0x1008
"""
    event = wire.Frame(0, "violation", {"rule": "DoubleCompletion", "text": "twice", "irql": "2"}, payload)
    violation = violation_of(event, lambda _: Symbols({0x1000: "A", 0x1020: "B"}), seed=5)
    assert [str(each) for each in violation.stack] == [
        "tun.sys!B+0x4",
        "[call IoCompleteRequest]",
        "[callback MiniportReturnNetBufferLists]",
    ]
    assert [str(each) for each in violation.allocated] == ["tun.sys!A+0x8"]
    assert violation.history == ("0.0000012 thread 3 irql 2 IoMarkIrpPending",)
    assert (violation.rule, violation.irql, violation.seed) == ("DoubleCompletion", 2, 5)


def test_a_report_says_how_to_see_it_again() -> None:
    event = wire.Frame(0, "violation", {"rule": "SpinLock", "text": "held", "dv": "0x40009"}, b"")
    report = violation_of(event, lambda _: Symbols({}), seed=5, replay="Host('tun.sys', seed=5)").report()
    assert report.splitlines() == [
        "SpinLock: held",
        "  Driver Verifier reports this as bug check 0xC4, parameter 1 = 0x40009",
        "  seed 5",
        "  replay with Host('tun.sys', seed=5) and the same calls",
    ]


def test_a_report_names_the_variable_that_an_address_lies_in() -> None:
    event = wire.Frame(0, "violation", {"rule": "SpinLock", "text": "held"}, b"object data tun.sys+0x3044\n")
    violation = violation_of(event, lambda _: Symbols({}, variables={0x3000: "First", 0x3040: "Locks"}))
    assert violation.subject == "Locks+0x4 in tun.sys"


def test_a_report_as_text_holds_all_of_it() -> None:
    event = wire.Frame(0, "fault", {"kind": "access", "text": "write at 0"}, b"frame tun.sys+0x1001\nhistory it began\n")
    report = violation_of(event, lambda _: Symbols({0x1000: "A"})).report()
    assert report.splitlines() == [
        "Fault: write at 0",
        "  called from:",
        "    tun.sys!A+0x1",
        "  history:",
        "    it began",
    ]
