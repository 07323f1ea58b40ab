"""Convolution and windows that slide: against loops over places, and every law, on options of all kinds."""

from __future__ import annotations

from functools import partial
from itertools import product
from types import EllipsisType
from typing import cast

import numpy as np
import numpy.typing as npt
import pytest
from laws import Row, array, check_row, row, same

import tapegrad as tg
from tapegrad.ops.convolution import convolution, convolution_of_kernel, convolution_transposed
from tapegrad.ops.windows import largest_of_windows, sum_of_windows
from tapegrad.typing import Static

Facts = dict[str, Static]
Floats = npt.NDArray[np.float64]
Shape = tuple[int, ...]
Pairs = tuple[tuple[int, int], ...]


def padded(x: Floats, padding: Pairs, fill: float = 0.0) -> Floats:
    around = [(0, 0)] * (x.ndim - len(padding)) + list(padding)
    return cast(Floats, np.pad(x, around, constant_values=fill))


def convolved(x: Floats, w: Floats, strides: Shape, padding: Pairs, dilation: Shape, groups: int) -> Floats:
    """The definition, with a loop over examples, features and places."""
    x = padded(x, padding)
    window = w.shape[2:]
    spans = [d * (k - 1) + 1 for d, k in zip(dilation, window, strict=True)]
    places = [(n - s) // step + 1 for n, s, step in zip(x.shape[2:], spans, strides, strict=True)]
    share, each = len(w) // groups, w.shape[1]
    out = np.zeros((len(x), len(w), *places), x.dtype)
    for n, o, *at in product(range(len(x)), range(len(w)), *map(range, places)):
        start = (o // share) * each
        corner = [p * step for p, step in zip(at, strides, strict=True)]
        under = tuple(slice(c, c + s, d) for c, s, d in zip(corner, spans, dilation, strict=True))
        seen = x[n, start : start + each]
        for channel, kernel in zip(seen, w[o], strict=True):
            out[(n, o, *at)] += np.sum(channel[under] * kernel)
    return out


def under_windows(x: Floats, window: Shape, strides: Shape, padding: Pairs, fill: float) -> Floats:
    """(..., *space) -> (..., elements of the window, *places)."""
    x = padded(x, padding, fill)
    rank = len(window)
    places = [(n - k) // step + 1 for n, k, step in zip(x.shape[-rank:], window, strides, strict=True)]
    out = np.zeros((*x.shape[:-rank], int(np.prod(window)), *places), x.dtype)
    for at in np.ndindex(*places):
        corner = [p * step for p, step in zip(at, strides, strict=True)]
        under = tuple(slice(c, c + k) for c, k in zip(corner, window, strict=True))
        here: tuple[EllipsisType | slice, ...] = (..., *under)
        out[(..., slice(None), *at)] = x[here].reshape(*x.shape[:-rank], -1)
    return out


# x, w, strides, padding, dilation, groups
CONVOLUTIONS: list[tuple[Shape, Shape, Shape, Pairs, Shape, int]] = [
    ((2, 3, 5), (4, 3, 2), (1,), ((0, 0),), (1,), 1),
    ((2, 2, 7), (3, 2, 3), (2,), ((1, 0),), (2,), 1),
    ((2, 4, 6), (6, 2, 3), (1,), ((1, 1),), (1,), 2),
    ((2, 2, 5, 4), (3, 2, 3, 2), (1, 1), ((0, 0), (0, 0)), (1, 1), 1),
    ((1, 2, 5, 6), (2, 2, 3, 3), (2, 1), ((1, 1), (0, 2)), (1, 2), 1),
    ((2, 4, 4, 4), (4, 1, 2, 3), (1, 2), ((0, 1), (1, 1)), (1, 1), 4),
    ((2, 3, 3, 3), (2, 3, 1, 1), (1, 1), ((0, 0), (0, 0)), (1, 1), 1),
    ((2, 1, 4, 5), (2, 1, 2, 2), (3, 3), ((0, 0), (0, 0)), (1, 1), 1),
    ((1, 2, 3, 3, 3), (2, 2, 2, 2, 2), (1, 1, 1), ((0, 0), (1, 0), (0, 1)), (1, 1, 1), 1),
]

# x, window, strides, padding
WINDOWS: list[tuple[Shape, Shape, Shape, Pairs]] = [
    ((2, 7), (2,), (2,), ((0, 0),)),
    ((7,), (3,), (1,), ((1, 0),)),
    ((2, 2, 4, 6), (2, 2), (2, 2), ((0, 0), (0, 0))),
    ((1, 2, 5, 5), (3, 2), (2, 1), ((1, 1), (0, 1))),
    ((2, 1, 5, 4), (2, 1), (3, 3), ((0, 0), (0, 0))),
]


def convolution_rows() -> list[Row]:
    rows = []
    for x, w, strides, padding, dilation, groups in CONVOLUTIONS:
        facts: Facts = {"strides": strides, "padding": padding, "dilation": dilation, "groups": groups}
        g = convolved(np.zeros(x), np.zeros(w), strides, padding, dilation, groups).shape
        space: Facts = {"space": x[2:], **facts}
        window: Facts = {"window": w[2:], **facts}
        rows += [
            row(
                f"convolution {x} {w}",
                lambda x, w, facts=facts: convolution(x, w, **facts),
                array(*x),
                array(*w, seed=1),
                reference=partial(convolved, strides=strides, padding=padding, dilation=dilation, groups=groups),
            ),
            row(
                f"transposed {x} {w}",
                lambda g, w, facts=space: convolution_transposed(g, w, **facts),
                array(*g),
                array(*w, seed=1),
            ),
            row(
                f"of kernel {x} {w}",
                lambda x, g, facts=window: convolution_of_kernel(x, g, **facts),
                array(*x),
                array(*g, seed=1),
            ),
        ]
    return rows


def window_rows() -> list[Row]:
    rows = []
    for x, window, strides, padding in WINDOWS:
        facts: Facts = {"window": window, "strides": strides, "padding": padding}
        rows += [
            row(
                f"sum {x}",
                lambda x, facts=facts: sum_of_windows(x * x, **facts),
                array(*x),
                reference=lambda x, a=window, b=strides, c=padding: under_windows(x * x, a, b, c, 0.0).sum(-1 - len(a)),
            ),
            row(
                f"largest {x}",
                lambda x, facts=facts: largest_of_windows(x, **facts) ** 2,
                array(*x),
                reference=lambda x, a=window, b=strides, c=padding: (
                    under_windows(x, a, b, c, -np.inf).max(-1 - len(a)) ** 2
                ),
            ),
        ]
    return rows


@pytest.mark.parametrize("case", [*convolution_rows(), *window_rows()], ids=lambda case: case.name)
def test_laws(case: Row) -> None:
    check_row(case)


def test_the_largest_share_the_derivative() -> None:
    x = np.array([[1.0, 1.0, 0.0, 2.0], [1.0, 0.0, 2.0, 2.0]])
    facts: Facts = {"window": (2, 2), "strides": (2, 2), "padding": ((0, 0), (0, 0))}
    gradient = tg.grad(lambda x: largest_of_windows(x, **facts).sum())(x)
    np.testing.assert_array_equal(gradient, [[1 / 3, 1 / 3, 0, 1 / 3], [1 / 3, 0, 1 / 3, 1 / 3]])


def test_nan_is_the_largest_and_gets_the_derivative() -> None:
    x = np.array([1.0, np.nan, 3.0, 4.0])
    facts: Facts = {"window": (2,), "strides": (2,), "padding": ((0, 0),)}
    np.testing.assert_array_equal(largest_of_windows(x, **facts), [np.nan, 4.0])
    np.testing.assert_array_equal(tg.grad(lambda x: largest_of_windows(x, **facts).sum())(x), [0.0, 1.0, 0.0, 1.0])


def test_padding_has_no_share_of_the_derivative() -> None:
    x = np.full((2, 2), -np.inf)
    facts: Facts = {"window": (2, 2), "strides": (1, 1), "padding": ((1, 1), (1, 1))}
    gradient = tg.grad(lambda x: largest_of_windows(x, **facts).sum())(x)
    np.testing.assert_array_equal(gradient, [[2.25, 2.25], [2.25, 2.25]])


def test_infinite_cotangents_do_not_reach_the_smaller() -> None:
    x = np.array([1.0, 2.0, 3.0, 4.0])
    facts: Facts = {"window": (2,), "strides": (2,), "padding": ((0, 0),)}
    _, pullback = tg.vjp(lambda x: largest_of_windows(x, **facts), x)
    np.testing.assert_array_equal(pullback(np.array([np.inf, 0.0]))[0], [0.0, np.inf, 0.0, 0.0])


def test_the_order_of_memory_makes_no_difference() -> None:
    x, w = array(2, 3, 6, 5), array(4, 3, 3, 2, seed=1)
    facts: Facts = {"strides": (1, 2), "padding": ((1, 1), (0, 0)), "dilation": (1, 1), "groups": 1}
    pooled: Facts = {"window": (2, 2), "strides": (1, 2), "padding": ((0, 0), (0, 0))}
    moved = np.moveaxis(np.ascontiguousarray(np.moveaxis(x, 1, -1)), -1, 1)

    def loss(x: Floats, w: Floats) -> tg.Scalar:
        return tg.numpy.sum(largest_of_windows(convolution(x, w, **facts), **pooled) ** 2)

    for one, other in zip(tg.grad(loss, (0, 1))(x, w), tg.grad(loss, (0, 1))(moved, w), strict=True):
        np.testing.assert_array_equal(one, other)


def test_large_batches_are_computed_in_blocks() -> None:
    x, w = array(40, 8, 16, 16), array(4, 8, 3, 3, seed=1)
    facts: Facts = {"strides": (1, 1), "padding": ((1, 1), (1, 1)), "dilation": (1, 1), "groups": 1}
    whole = convolution(x, w, **facts)
    for at in (0, 17, 39):
        same(whole[at : at + 1], convolution(x[at : at + 1], w, **facts), "an example alone", 1e-12)
    g = array(*whole.shape, seed=2)
    parts = [convolution_of_kernel(x[i : i + 1], g[i : i + 1], window=(3, 3), **facts) for i in range(40)]
    same(convolution_of_kernel(x, g, window=(3, 3), **facts), np.sum(parts, axis=0), "the sum", 1e-9)
