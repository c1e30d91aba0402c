"""Each feature of the language, run by CPython and as native C under the sanitizers for undefined behaviour: the same results."""

from __future__ import annotations

from functools import cache

import pytest

from pyndis import native
from tests.language.executors import arguments, compiled, features, functions, in_c, in_python, python

FUNCTIONS = [(feature, name) for feature in features() for name in functions(python(feature))]


@pytest.fixture(scope="module")
def loaded(tmp_path_factory):
    """A feature's functions, compiled on first use."""

    @cache
    def load(feature):
        _, instances, program = compiled(feature, tmp_path_factory.mktemp("language"))
        return instances, native.load(program, [instances[name].c_name for name in functions(python(feature))])

    return load


@pytest.mark.parametrize(("feature", "name"), FUNCTIONS, ids=[f"{feature}-{name}" for feature, name in FUNCTIONS])
def test_a_function_gives_the_same_in_python_and_in_c(feature, name, loaded):
    instances, library = loaded(feature)
    function = getattr(python(feature), name)
    given = list(arguments(function))
    assert {each: in_c(library, instances[name], each) for each in given} == {each: in_python(function, each) for each in given}


def test_each_feature_has_functions_that_run():
    assert {feature for feature, _ in FUNCTIONS} == set(features())
    assert len(FUNCTIONS) > 80
