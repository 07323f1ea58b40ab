"""Questions about each element, and what follows them on replay."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import cast

import numpy as np
import numpy.typing as npt
import pytest
from laws import same

import tapegrad as tg
import tapegrad.numpy as tnp
from tapegrad.errors import BranchError
from tapegrad.masks import Mask

Array = npt.NDArray[np.float64]

SPECIAL = np.array([0.0, -0.0, 1.5, -1.5, math.inf, -math.inf, math.nan])
ONE = ("isfinite", "isinf", "isnan", "isneginf", "isposinf", "logical_not", "signbit")
TWO = ("isclose", "logical_and", "logical_or", "logical_xor")


def ours(name: str) -> Callable[..., object]:
    return cast(Callable[..., object], getattr(tnp, name))


def numpys(name: str) -> Callable[..., object]:
    return cast(Callable[..., object], getattr(np, name))


def operands(name: str) -> list[Array]:
    return [SPECIAL] if name in ONE else [*np.meshgrid(SPECIAL, SPECIAL)]


@pytest.mark.parametrize("name", [*ONE, *TWO])
def test_answers_are_numpys(name: str) -> None:
    expected = np.asarray(numpys(name)(*operands(name)))
    found = ours(name)(*operands(name))
    assert type(found) is np.ndarray
    np.testing.assert_array_equal(found, expected)
    for index in np.ndindex(expected.shape):
        answer = ours(name)(*(float(x[index]) for x in operands(name)))
        assert answer is bool(expected[index]), index


@pytest.mark.parametrize("name", [*ONE, *TWO])
@pytest.mark.parametrize("whose", ["NumPy's", "ours"])
def test_of_a_traced_array_the_answer_is_a_mask(name: str, whose: str) -> None:
    f = numpys(name) if whose == "NumPy's" else ours(name)
    expected = numpys(name)(*operands(name))

    def program(x: tg.Var) -> tg.Var:
        mask = f(x, *operands(name)[1:])
        assert type(mask) is Mask
        np.testing.assert_array_equal(mask, cast(Array, expected))
        return x

    tg.trace(program, operands(name)[0])


# A number for which the answer is another one than for 1.5, and the other operand.
FLIPS: dict[str, tuple[float, ...]] = {
    "isfinite": (math.nan,), "isinf": (math.inf,), "isnan": (math.nan,), "isneginf": (-math.inf,),
    "isposinf": (math.inf,), "logical_not": (0.0,), "signbit": (-1.0,),
    "isclose": (7.0, 1.5), "logical_and": (0.0, 1.5), "logical_or": (0.0, 0.0), "logical_xor": (0.0, 1.5),
}  # fmt: skip


@pytest.mark.parametrize("name", [*ONE, *TWO])
@pytest.mark.parametrize("whose", ["NumPy's", "ours"])
def test_of_a_traced_number_the_answer_is_a_bool_and_a_guard(name: str, whose: str) -> None:
    f = numpys(name) if whose == "NumPy's" else ours(name)
    flipping, *others = FLIPS[name]

    def program(x: tg.Var) -> tg.Var:
        answer = f(x, *others)
        assert answer is bool(numpys(name)(1.5, *others))
        return x if answer else -x

    tape = tg.trace(program, 1.5).tape
    assert tg.evaluate(tape, [1.5])[0] == 1.5
    with pytest.raises(BranchError):
        tg.evaluate(tape, [flipping])


COMBINED: dict[str, Callable[[tg.Var], object]] = {
    "and": lambda x: (x > 0.0) & (x < 1.0),
    "or": lambda x: (x < 0.0) | (x > 1.0),
    "xor": lambda x: (x < 0.5) ^ (x > -0.5),
    "not": lambda x: ~(x > 0.0),
    "logical_and": lambda x: np.logical_and(x > 0.0, x < 1.0),
    "with a bool": lambda x: (x > 0.0) & True,
    "with plain booleans": lambda x: np.array([True, False, True]) & (x > 0.0),
}


@pytest.mark.parametrize("question", COMBINED.values(), ids=COMBINED.keys())
def test_masks_are_combined_without_being_looked_at(question: Callable[[tg.Var], object]) -> None:
    """One trace serves every lane: a guard would have sent the lanes different ways."""
    traced = 0

    def program(x: tg.Var) -> tg.Var:
        nonlocal traced
        traced += 1
        return cast(tg.Var, cast(Array, question(x)).astype(float)) * x

    x = np.array([[0.5, -0.25, 2.0], [-1.0, 0.75, 0.25]])
    found = tg.vmap(program)(x)
    assert traced == 1
    same(found, np.stack([np.asarray(question(cast(tg.Var, lane))) * lane for lane in x]), "vmap")


def test_integers_beside_a_mask_are_no_booleans() -> None:
    seen: list[object] = []

    def program(x: tg.Var) -> tg.Var:
        seen.append((x > 0.0) & np.array([3, 2]))
        return x

    tg.trace(program, np.array([1.0, 2.0]))
    np.testing.assert_array_equal(cast(Array, seen[0]), [1, 0])


def test_close() -> None:
    x = np.array([1.0, 2.0, math.nan, math.inf])
    y = np.array([1.0 + 1e-9, 2.1, math.nan, math.inf])
    for equal_nan in (False, True):
        np.testing.assert_array_equal(tnp.isclose(x, y, equal_nan=equal_nan), np.isclose(x, y, equal_nan=equal_nan))
        assert tnp.isclose(math.nan, math.nan, equal_nan=equal_nan) is equal_nan
    np.testing.assert_array_equal(tnp.isclose(x, 2.0, 0.0, 1.5), np.isclose(x, 2.0, 0.0, 1.5))
    assert tnp.is_close is tnp.isclose


ALIKE: list[tuple[str, Callable[..., object], Callable[..., object]]] = [
    ("allclose", tnp.allclose, np.allclose),
    ("array_equal", tnp.array_equal, np.array_equal),
    ("array_equiv", tnp.array_equiv, np.array_equiv),
]


@pytest.mark.parametrize(("name", "f", "numpys"), ALIKE, ids=[row[0] for row in ALIKE])
@pytest.mark.parametrize("y", [np.ones(3), 1.0 + 1e-12 * np.ones(3), np.zeros(3), np.ones((2, 3)), 1.0])
def test_arrays_alike(name: str, f: Callable[..., object], numpys: Callable[..., object], y: object) -> None:
    expected = numpys(np.ones(3), y)
    assert f(np.ones(3), y) is expected

    def program(x: tg.Var) -> tg.Var:
        assert f(x, y) is expected
        assert numpys(x, y) is expected
        return x * x

    trace = tg.trace(program, np.ones(3))
    if expected:
        with pytest.raises(BranchError):
            tg.evaluate(trace.tape, [np.array([1.0, 5.0, 1.0])])


def test_which_elements_are_among_others() -> None:
    x = np.array([[1.0, 2.0], [3.0, math.nan]])

    def program(x: tg.Var) -> tg.Var:
        for isin in (ours("isin"), numpys("isin")):
            np.testing.assert_array_equal(cast(Array, isin(x, [2.0, 3.0, math.nan])), [[False, True], [True, False]])
            assert not isin(2.0, x, invert=True)
        return x * x

    tape = tg.trace(program, x).tape
    with pytest.raises(BranchError):
        tg.evaluate(tape, [x + 1.0])
