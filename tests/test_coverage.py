from __future__ import annotations

from pathlib import Path
from typing import cast

import numpy as np
import pytest

import tapegrad.numpy as tnp
from tapegrad import dispatch
from tapegrad.extend import elementwise
from tapegrad.variables import ArrayVar, Var
from tapegrad.view.coverage import COMMAND, Coverage, coverage, coverages, kind_of, markdown

PAGE = Path(__file__).parent.parent / "docs" / "coverage.md"


@pytest.fixture(scope="module")
def found() -> list[Coverage]:
    pytest.importorskip("scipy")  # some functions are called to see whether derivatives flow
    return coverages()


def test_the_page_is_current(found: list[Coverage]) -> None:
    written = PAGE.read_text(encoding="utf-8")
    version = written.splitlines()[0].split()[4]
    if not np.__version__.startswith(f"{version}."):
        pytest.skip(f"the page is of NumPy {version}")
    assert written == f"{markdown(found)}\n", f"the page is not of these functions; run {COMMAND}"


def test_every_function_of_numpy_is_of_one_kind(found: list[Coverage]) -> None:
    numpy = found[0]
    listed = [name for names in numpy.functions.values() for name in names]
    assert len(listed) == len(set(listed))
    public = {name for name in np.__all__ if callable(getattr(np, name)) and not isinstance(getattr(np, name), type)}
    assert set(listed) == public
    there = {*numpy.functions["differentiable"], *numpy.functions["zero derivative"]}
    assert there >= {name for name in public if getattr(np, name) in dispatch.NUMPY}


def test_whether_derivatives_flow_is_always_found_out(found: list[Coverage]) -> None:
    assert [module.functions.get("undecided", ()) for module in found] == [()] * len(found)


def test_a_composed_function_is_called_to_see() -> None:
    def shifted(x: Var, by: int) -> Var:
        return cast(ArrayVar, x)[by] * 2.0

    def counted(x: Var, axis: int) -> int:
        return x.shape[axis]

    def refusing(x: Var) -> Var:
        raise ValueError(x)

    assert kind_of(shifted) == "differentiable"
    assert kind_of(counted) == "zero derivative"
    assert kind_of(refusing) == "undecided"
    assert kind_of(tnp.where) == kind_of(tnp.clip) == "differentiable"


def test_an_operation_says_it_by_its_declaration() -> None:
    assert kind_of(elementwise("test_coverage_flat", lambda x: x, None)) == "zero derivative"
    assert kind_of(elementwise("test_coverage_steep", lambda x: x, lambda out, x: {0: 1.0})) == "differentiable"


def test_what_numpy_never_asks_for_is_told_apart() -> None:
    functions = coverage(np.linalg, tnp.linalg, "numpy.linalg").functions
    assert "LinAlgError" not in str(functions)
    everything = coverage(np, tnp, "numpy").functions
    assert "seterr" in everything["not there, not asked"]
    assert "packbits" in everything["not there"]
    assert "matmul" in everything["differentiable"]
