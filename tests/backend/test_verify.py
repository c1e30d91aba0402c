import sys
from types import FrameType

import pytest

from pyndis import resources
from pyndis.backend import render_unit, verify_unit
from pyndis.backend.faults import InternalFault
from pyndis.backend.headers import header_names
from pyndis.backend.verify import prepared, verify
from pyndis.ir.nodes import Const, Do, Function, Program
from pyndis.ir.types import LONG, UCHAR
from pyndis.toolchains import find
from pyndis.toolchains import preprocess as preprocess_for_kernel
from tests.backend.conftest import Preprocess
from tests.backend.ir import call
from tests.backend.sample import sample

CONTEXT = {"source": "drivers/sample"}


@pytest.fixture
def text() -> str:
    return render_unit(sample(), context=CONTEXT)


def test_what_was_rendered_is_what_was_meant(text, preprocess):
    verify_unit(sample(), text, preprocess)


@pytest.mark.parametrize(
    ("found", "planted", "message"),
    [
        (
            "ReadTake(IRP *Irp, QUEUE *Queue)\n",
            "ReadTake(QUEUE *Queue, IRP *Irp)\n",
            "function ReadTake: the IR means parameters",
        ),
        ("const UCHAR *Data", "UCHAR *Data", "pointer to const UCHAR"),
        (
            "static ULONG\nChecksum",
            "static LONG\nChecksum",
            "function Checksum: the IR means it to return ULONG, the C returns LONG",
        ),
        ("    USHORT Count;", "    ULONG Count;", r"struct READ: the IR means .*Count: USHORT.* the C has .*Count: ULONG"),
        ("UCHAR Key[32];", "UCHAR Key[31];", "Key: array 32 of UCHAR.* the C has .*Key: array 31 of UCHAR"),
        ("#define HEADER 16", "#define HEADER 17", "constant HEADER: the IR means 16, the C has 17"),
        ("#define HEADER 16\n", "", "constant HEADER"),
        (
            "IofCompleteRequest(Irp, 0)",
            "IofCompletRequest(Irp, 0)",
            "function IrpComplete: it calls IofCompletRequest, which nothing",
        ),
        ("return IrpComplete(Irp, STATUS_SUCCESS)", "return Status", "the IR calls IrpComplete, the C instead nothing"),
        ("static DRIVER_DISPATCH SampleRead;", "", "the IR means the role DRIVER_DISPATCH, the C declares None"),
        ("    ULONG Total = 0;", "    ULONG Total = 0", r"in the C as preprocessed: "),
    ],
)
def test_a_difference_is_named_on_both_sides(text, preprocess, found, planted, message):
    assert found in text
    with pytest.raises(InternalFault, match=message):
        verify_unit(sample(), text.replace(found, planted, 1), preprocess)


def test_a_function_that_nobody_meant_is_found(text, preprocess):
    extra = f"{text}\nstatic VOID\nExtra(VOID)\n{{\n}}\n"
    with pytest.raises(InternalFault, match="function Extra: the C defines it, the IR and the template do not"):
        verify_unit(sample(), extra, preprocess)
    verify_unit(sample(), extra, preprocess, own=["Extra"])


def test_a_function_that_is_missing_is_found(text, preprocess):
    more = sample()
    more.functions.append(Function("Missing", [], LONG, []))
    with pytest.raises(InternalFault, match="function Missing: the IR means it, the C does not define it"):
        verify_unit(more, text, preprocess)
    with pytest.raises(InternalFault, match="function DriverEntry: the template means it, the C does not define it"):
        verify_unit(sample(), text, preprocess, own=["DriverEntry"])


def test_every_difference_is_reported(text, preprocess):
    broken = text.replace("#define HEADER 16", "#define HEADER 17").replace("UCHAR Key[32];", "UCHAR Key[31];")
    with pytest.raises(InternalFault) as caught:
        verify_unit(sample(), broken, preprocess)
    assert len(caught.value.diagnostics) == 2


def test_names_of_headers_are_found_without_parsing_them(preprocess):
    names = "IRP PIRP DEVICE_QUEUE GETTER DRIVER_DISPATCH IofCompleteRequest Doubled Counter BOOLEAN Overlay text"
    found = header_names(preprocess("#include <ntifs.h>\n"), frozenset(names.split()))
    assert found.types == {"IRP", "PIRP", "DEVICE_QUEUE", "GETTER", "DRIVER_DISPATCH", "BOOLEAN"}
    assert found.functions == {"IofCompleteRequest", "Doubled"}


def copies(count: int) -> Program:
    program = Program("large", structs=sample().structs, constants=sample().constants)
    for number in range(count):
        for each in sample().functions:
            if not each.role:
                each.name += str(number)
                program.functions.append(each)
    return program


def calls_to_check(program: Program, preprocess: Preprocess) -> int:
    """How many functions, Python's own too, are called to hold a program's C against it."""
    text = preprocess(prepared(program, render_unit(program, context=CONTEXT)))
    calls = 0

    def count(frame: FrameType, event: str, argument: object) -> None:
        nonlocal calls
        calls += event in ("call", "c_call")

    sys.setprofile(count)
    try:
        verify(program, text)
    finally:
        sys.setprofile(None)
    return calls


def test_the_work_of_checking_grows_with_the_length_alone(preprocess):
    short, long = (calls_to_check(copies(count), preprocess) for count in (20, 60))
    assert long < 3.3 * short


def test_the_planted_ir_is_caught_too(text, preprocess):
    planted = sample()
    planted.functions[3].params[0].symbol.type = UCHAR
    planted.constants[2].value = Const(LONG, -2)
    planted.functions[4].body.insert(0, Do(call(planted.functions[3])))
    with pytest.raises(InternalFault) as caught:
        verify_unit(planted, text, preprocess)
    assert len(caught.value.diagnostics) == 3


def test_the_kernel_s_own_headers_are_understood(tmp_path):
    def with_kernel(text: str) -> str:
        (tmp_path / "sample.c").write_text(text)
        defines = {"NDIS_MINIPORT_DRIVER": "1", "NDIS_WDM": "1", "NDIS680_MINIPORT": "1"}
        return preprocess_for_kernel(find(), tmp_path / "sample.c", [resources.toolchain() / "include"], defines)

    verify_unit(sample(), render_unit(sample(), context=CONTEXT), with_kernel)
