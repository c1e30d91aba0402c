from __future__ import annotations

import pytest

from pyndis.package.infverif.keywords import KEYWORDS
from tests.package.infverif.conftest import Judge

Lines = tuple[str, ...]

HAS_UI = ("Characteristics    = 0x1", "Characteristics = 0x81")
LEVEL: Lines = ("Level,ParamDesc,0,Level", "Level,Type,0,int", "Level,Default,0,2", "Level,Min,0,0", "Level,Max,0,4")
RSS: Lines = (
    "*RSS,ParamDesc,0,RSS",
    "*RSS,Type,0,enum",
    "*RSS,Default,0,1",
    r"*RSS\enum,0,0,Disabled",
    r"*RSS\enum,1,0,Enabled",
)
JUMBO: Lines = (
    "*JumboPacket,ParamDesc,0,Jumbo",
    "*JumboPacket,Type,0,int",
    "*JumboPacket,Default,0,1514",
    "*JumboPacket,Min,0,1514",
)


def written(lines: Lines) -> tuple[str, str]:
    return ("HKR,Ndi,Service", "\n".join([*(rf"HKR,Ndi\params\{line}" for line in lines), "HKR,Ndi,Service"]))


def changed(lines: Lines, old: str, new: str) -> Lines:
    assert any(old in line for line in lines), old
    return tuple(line.replace(old, new) for line in lines if line.replace(old, new))


@pytest.mark.parametrize("lines", [LEVEL, RSS, JUMBO, (*LEVEL, "Level,Step,0,2"), (*LEVEL, "Level,Base,0,10")])
def test_a_whole_parameter_has_no_fault(judge: Judge, lines: Lines) -> None:
    assert judge(HAS_UI, written(lines)) == []


@pytest.mark.parametrize(
    ("code", "severity", "lines"),
    [
        ("PYN-V92", "error", changed(LEVEL, "Level,ParamDesc,0,Level", "")),
        ("PYN-V92", "error", RSS[:3]),
        ("PYN-V93", "error", changed(LEVEL, "Type,0,int", "Type,0,number")),
        ("PYN-V94", "error", changed(LEVEL, "Default,0,2", "Default,0,5")),
        ("PYN-V94", "error", changed(LEVEL, "Default,0,2", "Default,0,-1")),
        ("PYN-V94", "error", changed(LEVEL, "Default,0,2", "Default,0,two")),
        ("PYN-V94", "error", changed(LEVEL, "Min,0,0", "Min,0,6")),
        ("PYN-V94", "error", (*LEVEL, "Level,Step,0,4")),
        ("PYN-V94", "error", (*changed(LEVEL, "Default,0,2", "Default,0,a"), "Level,Base,0,16")),
        ("PYN-V94", "error", changed(RSS, "Default,0,1", "Default,0,2")),
        ("PYN-V95", "error", changed(LEVEL, "Level,", "BusType,")),
        ("PYN-V96", "warning", changed(LEVEL, "Level,", "*Level,")),
        ("PYN-V97", "warning", (*RSS, r"*RSS\enum,2,0,Some")),
        ("PYN-V97", "warning", changed(RSS, "Type,0,enum", "Type,0,int")),
        ("PYN-V97", "warning", changed(JUMBO, "Min,0,1514", "Min,0,1500")),
    ],
)
def test_a_fault_of_a_parameter_is_found(judge: Judge, code: str, severity: str, lines: Lines) -> None:
    assert [(each.code, each.severity) for each in judge(HAS_UI, written(lines))] == [(code, severity)]


def test_a_speed_beyond_those_with_numbers_is_its_own_number(judge: Judge) -> None:
    speeds = tuple(line.replace("RSS", "SpeedDuplex") for line in RSS)
    assert judge(HAS_UI, written((*speeds, r"*SpeedDuplex\enum,25000,0,25 Gbps"))) == []
    assert [each.code for each in judge(HAS_UI, written((*speeds, r"*SpeedDuplex\enum,25,0,25 Gbps")))] == ["PYN-V97"]


def test_parameters_want_a_page_that_shows_them(judge: Judge) -> None:
    assert [(each.code, each.severity) for each in judge(written(LEVEL))] == [("PYN-V98", "warning")]


def test_each_keyword_of_ndis_has_a_kind_and_its_values() -> None:
    for name, facts in KEYWORDS["keywords"].items():
        assert facts["kind"] in ("enum", "int", "edit"), name
        assert ("values" in facts) == (facts["kind"] == "enum"), name
        assert ("least" in facts) == (facts["kind"] == "int"), name
