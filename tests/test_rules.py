from __future__ import annotations

from pathlib import Path

import pytest

from tapegrad.elementwise import Elementwise
from tapegrad.extend import elementwise
from tapegrad.ops import arithmetic, exponential, selection, trigonometric
from tapegrad.symbols import Symbol
from tapegrad.view.rules import as_formula, formulas, markdown, operations

README = Path(__file__).parent.parent / "README.md"


@pytest.mark.parametrize(
    ("operation", "expected"),
    [
        (arithmetic.multiply, ("y", "x")),
        (arithmetic.divide, ("1 / y", "-out / y")),
        (exponential.power, ("chain(y, x**(y - 1))", "chain(out, log(x + is_zero(x)))")),
        (trigonometric.tanh, ("4 * sigmoid_slope(2 * x)",)),
        (selection.maximum, ("share(x, y)", "share(y, x)")),
        (arithmetic.floor, ()),
    ],
)
def test_rules_are_written_as_formulas(operation: Elementwise, expected: tuple[str, ...]) -> None:
    assert formulas(operation) == expected


def test_parentheses_stand_where_they_are_needed() -> None:
    x, y = Symbol("x"), Symbol("y")
    assert as_formula((x + y) * (x - y)) == "(x + y) * (x - y)"
    assert as_formula(x - (y - x)) == "x - (y - x)"
    assert as_formula(x / (y * x)) == "x / (y * x)"
    assert as_formula(-(x + y)) == "-(x + y)"
    assert as_formula(2.0 / x - 1.5) == "2 / x - 1.5"


def test_a_rule_that_branches_is_no_formula() -> None:
    branching = elementwise("test_branching_rule", abs, lambda out, x: {0: 1.0 if x > 0.0 else -1.0})
    with pytest.raises(TypeError, match="cannot branch on greater"):
        formulas(branching)


def test_the_table_in_the_readme_is_that_of_the_declarations() -> None:
    table = markdown(operations())
    assert len(table.splitlines()) > 40
    assert table in README.read_text(encoding="utf-8")
