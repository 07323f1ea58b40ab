"""What a beginner does with traced arrays: it works, or one message names the mistake, the line and the cure."""

from __future__ import annotations

import copy
import math
import pickle
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from laws import same

import tapegrad as tg
import tapegrad.numpy as tnp
from tapegrad.testing import check_grads

grad: Callable[..., Callable[..., Any]] = tg.grad  # of functions of Any, which the checker takes for untyped

X = np.array([1.0, 2.0, 3.0])
HERE = r"at test_mistakes\.py:\d+"


def assigned(x: Any) -> Any:
    x[0] = 1.0


def added_to_plain(x: Any) -> Any:
    total = np.zeros(3)
    total += x


def branched(x: Any) -> Any:
    return x if x > 0.0 else -x


MISTAKES: list[tuple[Callable[[Any], Any], str]] = [
    (assigned, HERE + r".*x = x\.at\[i\]\.set\(v\)"),
    (added_to_plain, HERE + ".*y = y [+] x rather than y [+]= x"),
    (branched, r"shape \(3,\) is neither true nor false, " + HERE + r".*tnp\.where.*\.any\(\) or \.all\(\)"),
    (lambda x: x or -x, r"shape \(3,\) is neither true nor false, " + HERE),
    (float, r"was to become a plain float.*" + HERE),
    (lambda x: math.sin(x), r"math\.sin cannot be traced, " + HERE + r".*tnp\.sin"),
    (lambda x: math.sqrt(x[0]), r"math\.sqrt cannot be traced, " + HERE + r".*tnp\.sqrt"),
    (lambda x: np.array([x[0], x[1]]), HERE + r".*gather traced numbers with tnp\.array"),
    (np.asarray, "loses its derivative.*x.value"),
    (lambda x: int(x[0]), HERE + r".*tnp\.floor"),
    (lambda x: [1, 2, 3][x[0]], "was to become an integer, which has no derivative, " + HERE),
    (lambda x: {x: 1}, "cannot be a dictionary key.* " + HERE),
    (lambda x: x.sort(), r"x\.sort\(\.\.\.\) would change a traced array, " + HERE + r".*tnp\.sort"),
    (lambda x: x.fill(0.0), r"would change a traced array, " + HERE + r".*tnp\.full_like"),
    (lambda x: x.put(0, 1.0), r"would change a traced array, " + HERE + r".*x\.at\[i\]\.set"),
    (pickle.dumps, "cannot be pickled.*pickle x.value"),
    (lambda x: np.random.default_rng(0).normal(x), "loses its derivative, " + HERE),
    (lambda x: np.sin(x, out=np.zeros(3)), HERE + ".*leave out= away"),
    (lambda x: np.sum(x, dtype=float), r"numpy\.sum with dtype= is not among .* " + HERE),
    (lambda x: np.sum(x, where=x > 1.0), r"numpy\.sum with where= is not among .* " + HERE),
    (lambda x: np.apply_along_axis(abs, 0, x), r"numpy\.apply_along_axis is not among .* " + HERE),
    (lambda x: np.ones((2, 2)) @ x, r"matmul: arrays of shapes \(2, 2\) and \(3,\) have no product"),
    (lambda x: x + np.ones(2), r"shapes \(3,\) \(2,\)"),
    (lambda x: x.reshape(2, 2), r"3 elements, which do not fill the shape \(2, 2\)"),
    (lambda x: x["a"], "an index is made of .*, not 'a'"),
    (lambda x: x * 2.0, r"returned an array of shape \(3,\); return its sum, tnp\.sum"),
    (lambda x: x > 1.0, r"returned an array of shape \(3,\)"),
    (lambda x: None, "returned no number, but None; is a `return` missing"),
]


@pytest.mark.parametrize(("function", "message"), MISTAKES, ids=[str(i) for i in range(len(MISTAKES))])
def test_a_mistake_is_named(function: Callable[[Any], Any], message: str) -> None:
    with pytest.raises(Exception, match=message):
        grad(function)(X)


@pytest.mark.parametrize("argument", [np.arange(3), np.array([True]), np.array(["a"]), np.array([1j])])
def test_an_argument_without_a_derivative_is_named(argument: Any) -> None:
    with pytest.raises(TypeError, match=rf"argument x is an array of {argument.dtype}.*; "):
        grad(lambda x: x.sum())(argument)


def test_use_after_the_trace_has_ended_names_both_lines() -> None:
    kept: list[Any] = []

    def keeping(x: Any) -> Any:
        kept.append(x * 2.0)
        return x.sum()

    grad(keeping)(X)
    uses: list[Callable[[Any], Any]] = [
        lambda y: y + 1.0, np.sum, lambda y: y[0], lambda y: y > 0.0, lambda y: tnp.where(True, y, 0.0).sum(),
        lambda y: grad(lambda x: (x * y).sum())(X), lambda y: tg.vmap(lambda x: x * 1.0)(y), lambda y: grad(tnp.sum)(y),
    ]  # fmt: skip
    for use in uses:
        with pytest.raises(tg.errors.LeakedVariableError, match=f"{HERE}.* {HERE}"):
            use(kept[0])
    same(kept[0].value, 2.0 * X, "the value is there")


@pytest.mark.parametrize(
    "function",
    [
        lambda x: (copy.deepcopy(x) * copy.copy(x)).sum(), lambda x: (x * [1.0, 2.0, 3.0] + [1, 2, 3]).sum(),
        lambda x: tnp.sum([1.0, 2.0, 3.0] - x), lambda x: tnp.sum([x[0], 2.0, 3.0] * x), lambda x: sum(reversed(x)),
        lambda x: sum(i * element for i, element in enumerate(x)), lambda x: max(x) - min(x),
        lambda x: float(len(f"{x} {x!r}")) * 0.0 + x[0],
        lambda x: math.prod(x), lambda x: (x.sum()[None] * x.sum()[..., None, None] * x[0][()]).sum(),
    ],
)  # fmt: skip
def test_what_a_plain_array_does_a_traced_one_does(function: Any) -> None:
    same(tg.trace(function, X).output, function(X), "the value")
    check_grads(function, (X,), order=1)
