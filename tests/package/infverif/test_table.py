from __future__ import annotations

import pytest

from pyndis.diagnostics.codes import explanations
from tests.package.infverif.table import PAGE, codes_with_tests, page


def test_every_code_has_a_test_and_an_explanation() -> None:
    assert codes_with_tests() == {code for code in explanations() if code.startswith("PYN-V")}


def test_the_page_lists_every_rule_with_its_tests(request: pytest.FixtureRequest) -> None:
    if request.config.getoption("--regenerate-golden"):
        PAGE.write_text(page(), "utf-8")
    assert PAGE.read_text("utf-8") == page(), "differs from docs/inf-rules.md; pytest --regenerate-golden"
