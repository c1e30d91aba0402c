from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from pyndis import resources
from pyndis.diagnostics import ToolFailure
from pyndis.package.escape import c_comment, c_quoted, inf_quoted, rc_quoted, xml_text
from pyndis.package.templates import environment, render


@pytest.fixture
def templates(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.setattr(resources, "templates", lambda: tmp_path)
    environment.cache_clear()
    yield tmp_path
    environment.cache_clear()


def broken(templates: Path, language: str, text: str, **values: object) -> ToolFailure:
    (templates / "some.j2").write_text(text)
    with pytest.raises(ToolFailure) as caught:
        render(language, "some.j2", **values)
    return caught.value


@pytest.mark.parametrize(
    "text",
    [
        "\n\n{{ absent }}",
        "\n\n{{ given.absent }}",
        "\n\n{% if %}",
        "\n\n{{ given|nosuch }}",
        "\n\n{{ given|safe }}",
        "\n\n{{ given() }}",
    ],
)
def test_an_error_names_template_and_line(templates: Path, text: str) -> None:
    (found,) = broken(templates, "inf", text, given="x").diagnostics
    assert found.code == "PYN-P10"
    assert found.message.startswith("template some.j2, line 3: ")
    assert (found.labels[0].span.file, found.labels[0].span.line) == (templates / "some.j2", 3)


def test_an_error_inside_a_macro_names_the_macros_file(templates: Path) -> None:
    (templates / "macros.j2").write_text("{% macro show(x) %}\n{{ x.nothing }}\n{% endmacro %}")
    (found,) = broken(templates, "c", "{% from 'macros.j2' import show %}\n\n{{ show('a') }}").diagnostics
    assert found.message.startswith("template macros.j2, line 2: ")


def test_a_missing_template_is_named(templates: Path) -> None:
    with pytest.raises(ToolFailure, match=r"none\.j2"):
        render("inf", "none.j2")


@pytest.mark.parametrize(
    ("language", "value"),
    [
        ("inf", "two words"),
        ("inf", "a,b"),
        ("inf", 'a"'),
        ("inf", ""),
        ("c", "a b"),
        ("c", "1a"),
        ("rc", '"'),
        ("c", None),
        ("c", True),
        ("c", 1.5),
    ],
)
def test_what_is_no_word_does_not_leave_unescaped(templates: Path, language: str, value: object) -> None:
    (found,) = broken(templates, language, "{{ value }}", value=value).diagnostics
    assert found.code == "PYN-P10"


def test_words_numbers_and_escaped_texts_leave(templates: Path) -> None:
    (templates / "some.j2").write_text('{% macro m(x) %}{{ x|quoted }}{% endmacro %}{{ a }} {{ 7 }} {{ m("b < c") }} {{ "d" }}')
    assert render("inf", "some.j2", a="x.sys") == 'x.sys 7 "b < c" d'


def test_xml_is_escaped_wherever_it_leaves(templates: Path) -> None:
    (templates / "some.j2").write_text('<a b="{{ x }}">{{ x }}</a>')
    assert render("xml", "some.j2", x="<\"'&>") == '<a b="&lt;&quot;&apos;&amp;&gt;">&lt;&quot;&apos;&amp;&gt;</a>'


def test_inf_strings() -> None:
    assert inf_quoted('50% "x"') == '"50%% ""x"""'


def test_resource_strings() -> None:
    assert rc_quoted('a\\b "ü" 😀') == 'L"a\\\\b ""\\x00fc"" \\xd83d\\xde00"'


def test_c_strings() -> None:
    assert c_quoted('a"\\?\n' + "é1") == '"a\\"\\\\\\?\\012\\303\\2511"'


def test_c_comments_cannot_end_early_or_join_lines() -> None:
    assert c_comment("a */ b /* c \\\nd\\") == "a * / b / * c \\ \nd\\ "


@pytest.mark.parametrize("text", ["\0", "\x0b", "\ufffe"])
def test_xml_refuses_what_it_cannot_hold(text: str) -> None:
    with pytest.raises(ValueError, match="control"):
        xml_text(text)
