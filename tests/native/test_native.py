import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pyndis import native
from pyndis.diagnostics import UsageFailure
from pyndis.ir.nodes import Assert, Compare, Const, Do, Index, Param, Return, SizeOf, StructDecl, StructField
from pyndis.ir.types import BOOL, LONG, NTSTATUS, SIZE_T, UCHAR, ULONG, VOID, Pointer, Struct
from tests.backend.ir import add, assign, binary, call, compare, field, function, num, program, var
from tests.backend.sample import sample

CHAIN = Struct("CHAIN")


@pytest.fixture(scope="module")
def checksum():
    return native.load(sample(), ["Checksum"])


@given(data=st.binary(max_size=300))
@settings(max_examples=100, deadline=None)
def test_a_function_computes_what_python_computes(checksum, data):
    assert checksum.Checksum(data, len(data)) == sum(data) & 0xFFFF


def test_structs_are_made_and_read():
    chain, by = var("Chain", Pointer(CHAIN)), var("By")
    grow = function(
        "Grow", chain, by, body=[add(field(chain, "Count"), by), Return(Const(NTSTATUS, -1, "STATUS_BAD"))], result=NTSTATUS
    )
    clear = function("Clear", chain, body=[Do(call("RtlZeroMemory", chain, SizeOf(SIZE_T, CHAIN)))])
    structs = [StructDecl("CHAIN", [StructField("Next", Pointer(CHAIN)), StructField("Count", ULONG)])]
    loaded = native.load(program(grow, clear, structs=structs), [grow, clear])
    made = loaded.new("CHAIN *", {"Count": 40})
    assert loaded.Grow(made, 2) == -1
    assert made.Count == 42
    loaded.Clear(made)
    assert made.Count == 0


def test_what_a_function_calls_comes_with_it():
    a = var("A")
    twice = function("Twice", a, body=[Return(binary(a, "*", num(2)))], result=ULONG)
    both = function("Both", b := var("B"), body=[Return(call(twice, b))], result=ULONG)
    loaded = native.load(program(both, twice), ["Both"])
    assert loaded.Both(21) == 42
    with pytest.raises(AttributeError, match="Twice is not among the functions that were loaded: Both"):
        loaded.Twice(1)


def test_a_failed_assertion_is_an_error_of_the_call():
    a = var("A")
    checked = function("Checked", a, body=[Assert(compare(a, "<", num(5))), Return(a)], result=ULONG)
    loaded = native.load(program(checked), ["Checked"])
    assert loaded.Checked(4) == 4
    with pytest.raises(native.NativeFault, match=r"Checked\(5\) failed the assertion A < 5"):
        loaded.Checked(5)
    assert loaded.Checked(3) == 3


def test_what_c_does_not_define_is_an_error_of_the_call():
    a = var("A", LONG)
    negated = function("Next", a, body=[Return(binary(a, "+", num(1, LONG)))], result=LONG)
    loaded = native.load(program(negated), ["Next"])
    with pytest.raises(native.NativeFault, match="met what C does not define: add_overflow"):
        loaded.Next((1 << 31) - 1)


def test_bytes_are_read_in_place():
    data, size = var("Data", Pointer(UCHAR, const=True)), var("Size")
    first = function(
        "First", data, size, body=[Return(Compare(BOOL, "==", Index(UCHAR, data, num(0)), num(65, UCHAR)))], result=BOOL
    )
    loaded = native.load(program(first), ["First"])
    assert loaded.First(b"A", 1) == 1
    assert loaded.First(b"B", 1) == 0


def test_an_integer_that_does_not_fit_its_parameter_is_refused(checksum):
    with pytest.raises(OverflowError):
        checksum.Checksum(b"", -1)


def test_a_function_that_is_not_there_is_named():
    with pytest.raises(UsageFailure, match="PYN-Q01: the program sample has no function Nothing"):
        native.load(sample(), ["Nothing"])


@pytest.mark.parametrize(
    ("name", "why"),
    [("IrpComplete", "it looks into the kernel's IRP"), ("ReadAdmits", "it calls READ_OF")],
)
def test_what_needs_a_kernel_is_refused(name, why):
    with pytest.raises(UsageFailure, match=f"PYN-Q02: {name} cannot run outside a kernel: {why}"):
        native.load(sample(), [name])


def test_out_parameters():
    out = var("Out", Pointer(ULONG))
    give = function("Give", body=[assign(Index(ULONG, out, num(0)), num(7))], result=VOID)
    give.params = [Param(out.symbol, "_Out_")]
    loaded = native.load(program(give), ["Give"])
    place = loaded.new("ULONG *")
    loaded.Give(place)
    assert place[0] == 7
