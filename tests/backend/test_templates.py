import shutil

import pytest

from pyndis import resources
from pyndis.backend import render
from pyndis.backend.faults import InternalFault
from pyndis.backend.templates import C, render_template
from tests.backend.sample import sample


@pytest.fixture
def rendered(tmp_path):
    def render(text: str, **context: object) -> str:
        (tmp_path / "t.c.j2").write_text(text)
        return render_template("t.c.j2", context, tmp_path)

    return render


def test_c_goes_in_as_it_is(rendered):
    assert rendered("{{ it }};", it=C("a < b && c")) == "a < b && c;"


def test_plain_text_does_not_go_in(rendered):
    with pytest.raises(InternalFault, match=r"t\.c\.j2, line 2: str 'x' is not C; pass it through a filter"):
        rendered("int a;\n{{ it }};", it="x")


def test_text_goes_in_through_a_filter(rendered):
    assert rendered("{{ it | comment }}", it="a */ b") == "/* a * / b */"
    assert rendered("{{ it | wide }}", it='\\Device\\"x"') == 'L"\\\\Device\\\\\\"x\\""'
    assert rendered("{{ it | text }}{{ n }}", it="a<b", n=7) == '"a<b"7'
    assert rendered("{{ ['a', 'b'] | map('name') | join(', ') }}") == "a, b"


def test_what_is_no_name_is_refused(rendered):
    with pytest.raises(InternalFault, match="'a b' is no name in C"):
        rendered("{{ it | name }}", it="a b")


@pytest.mark.parametrize("filter", ["safe", "e", "indent", "replace('a', 'b')", "format", "string", "upper"])
def test_filters_that_could_make_c_of_text_are_not_there(rendered, filter):
    with pytest.raises(InternalFault, match=r"t\.c\.j2, line 1: No filter named"):
        rendered("{{ it | " + filter + " }}", it="x")


def test_an_undefined_name_fails_with_its_place(rendered):
    with pytest.raises(InternalFault, match=r"t\.c\.j2, line 3: 'missing' is undefined"):
        rendered("\n\n{{ missing | comment }}")


def test_a_mistake_in_a_template_names_its_line(rendered):
    with pytest.raises(InternalFault, match=r"t\.c\.j2, line 2: "):
        rendered("int a;\n{% if %}")


def test_a_missing_template_is_named():
    with pytest.raises(InternalFault, match=r"template nowhere\.j2: there is no such file"):
        render_template("nowhere.j2", {})


def test_a_macro_s_c_is_c(rendered):
    assert rendered("{% macro m(x) %}({{ x }} < 1){% endmacro %}{{ m(it) }}", it=C("a && b")) == "(a && b < 1)"


def test_a_template_extends_the_unit_and_adds_to_its_blocks(tmp_path):
    shutil.copy(resources.templates() / "c" / "unit.c.j2", tmp_path)
    more = """{% extends "unit.c.j2" %}
{% block prototypes %}{{ super() }}
static VOID Unload(VOID);
{% endblock %}
{% block entries %}
{{ title | rule }}
{% endblock %}
"""
    (tmp_path / "driver.c.j2").write_text(more)
    text = render(sample(), template="driver.c.j2", context={"title": "entry"}, folder=tmp_path).text
    assert "(_In_ IRP *Irp, _In_ NTSTATUS Status);\n\nstatic VOID Unload(VOID);\n" in text
    assert "/* ---- entry ---" in text.rstrip().splitlines()[-1]
