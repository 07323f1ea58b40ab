"""Convolution, pooling and linear maps: against loops over places, and every law of derivatives."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import cast

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from laws import Row, array, check_row, row, same
from naive import convolved, pairs_of, pooled

import tapegrad as tg
import tapegrad.numpy as tnp
from tapegrad import nn
from tapegrad.nn import functional as F  # noqa: N812  # as everybody calls it
from tapegrad.nn.functional.sliding import Padding

Floats = npt.NDArray[np.float64]
Shape = tuple[int, ...]

CONVOLVE = {1: F.conv1d, 2: F.conv2d}
MAXIMUM = {1: F.max_pool1d, 2: F.max_pool2d}
AVERAGE = {1: F.avg_pool1d, 2: F.avg_pool2d}

# x, weight, stride, padding, dilation, groups
CONVOLUTIONS: list[tuple[Shape, Shape, Shape, Padding, Shape, int]] = [
    ((2, 3, 5), (4, 3, 2), (1,), "valid", (1,), 1),
    ((2, 2, 6), (2, 1, 3), (2,), "same", (1,), 2),
    ((2, 2, 5), (3, 2, 2), (1,), "anchored", (2,), 1),
    ((2, 2, 4, 4), (3, 2, 3, 2), (1, 1), "same", (1, 1), 1),
    ((1, 2, 5, 6), (2, 2, 3, 3), (2, 1), ((1, 0), (0, 2)), (1, 2), 1),
    ((1, 4, 4, 3), (4, 2, 2, 2), (1, 1), (1, 0), (1, 1), 2),
]

# x, window, stride, padding
POOLS: list[tuple[Shape, Shape, Shape, Padding]] = [
    ((2, 2, 6), (2,), (2,), "valid"),
    ((1, 2, 5), (3,), (2,), "same"),
    ((2, 1, 4, 4), (2, 2), (2, 2), "valid"),
    ((1, 2, 5, 4), (3, 2), (1, 2), ((1, 0), (0, 1))),
]


def rows() -> list[Row]:
    found = []
    for x, weight, stride, padding, dilation, groups in CONVOLUTIONS:
        axes = len(stride)
        facts = {"stride": stride, "padding": padding, "dilation": dilation, "groups": groups}
        pairs = pairs_of(padding, x[2:], weight[2:], stride, dilation)
        found.append(
            row(
                f"convolution {x} {weight} {padding}",
                partial(CONVOLVE[axes], **facts),
                array(*x),
                array(*weight, seed=1),
                array(weight[0], seed=2),
                reference=partial(convolved, stride=stride, padding=pairs, dilation=dilation, groups=groups),
            )
        )
    for x, window, stride, padding in POOLS:
        axes = len(window)
        facts = {"window": window, "stride": stride, "padding": padding}
        pairs = pairs_of(padding, x[2:], window, stride, (1,) * axes)
        for name, pool, reduce, fill in (("max", MAXIMUM, np.max, -np.inf), ("avg", AVERAGE, np.mean, 0.0)):
            found.append(
                row(
                    f"{name} {x} {window} {padding}",
                    lambda x, pool=pool[axes], facts=facts: pool(x, **facts) ** 2,
                    array(*x),
                    reference=lambda x, a=reduce, b=window, c=stride, d=pairs, e=fill: pooled(a, x, b, c, d, e) ** 2,
                )
            )
    return [
        *found,
        row(
            "global mean",
            lambda x: F.global_avg_pool(x * x),
            array(2, 3, 2, 2),
            reference=lambda x: (x * x).mean((2, 3)),
        ),
        row("global max", lambda x: F.global_max_pool(x) ** 2, array(2, 3, 4), reference=lambda x: x.max(2) ** 2),
        row("linear", F.linear, array(3, 4), array(2, 4), array(2), reference=lambda x, w, b: x @ w.T + b),
        row("linear of sequences", F.linear, array(2, 3, 4), array(2, 4), reference=lambda x, w: x @ w.T),
        row("linear of one", F.linear, array(4), array(2, 4), array(2), reference=lambda x, w, b: w @ x + b),
        row("flatten", lambda x: F.flatten(x) ** 2, array(2, 3, 2), reference=lambda x: x.reshape(2, 6) ** 2),
        row(
            "embedding",
            lambda w: F.embedding(np.array([[2, 0, 2], [1, 2, 0]]), w) ** 2,
            array(3, 2),
            reference=lambda w: w[[[2, 0, 2], [1, 2, 0]]] ** 2,
        ),
        row("leaky_relu", nn.leaky_relu, array(3, 4), reference=lambda x: np.where(x > 0.0, x, 0.01 * x)),
        row("elu", partial(nn.elu, alpha=0.5), array(7), reference=lambda x: np.where(x > 0.0, x, 0.5 * np.expm1(x))),
        row("softmax", nn.softmax, array(2, 3), reference=lambda x: np.exp(x) / np.exp(x).sum(-1, keepdims=True)),
    ]


@pytest.mark.parametrize("case", rows(), ids=lambda case: case.name)
def test_laws(case: Row) -> None:
    check_row(case)


@st.composite
def slides(draw: st.DrawFn, dilated: bool) -> tuple[Shape, Shape, Shape, object, Shape]:
    """A space, a window with at least one place on it, its stride, its padding as a user writes it, its dilation."""
    axes = draw(st.integers(1, 2))

    def each(least: int, most: int) -> Shape:
        return draw(st.tuples(*[st.integers(least, most)] * axes))

    window, stride = each(1, 3), each(1, 3)
    dilation = each(1, 2) if dilated else (1,) * axes
    spans = [far * (length - 1) + 1 for length, far in zip(window, dilation, strict=True)]
    space = tuple(span + more for span, more in zip(spans, each(0, 3), strict=True))
    least = min(window) - 1
    pair = st.tuples(st.integers(0, least), st.integers(0, least))
    padding = draw(
        st.sampled_from(["valid", "same", "anchored"])
        | st.integers(0, least)
        | st.tuples(*[st.integers(0, least)] * axes)
        | st.tuples(*[pair] * axes)
    )
    return space, window, stride, padding, dilation


@settings(max_examples=60, deadline=None)
@given(slides(dilated=True), st.integers(1, 2), st.integers(1, 2), st.integers(1, 2))
def test_convolution_of_any_settings(
    slide: tuple[Shape, Shape, Shape, object, Shape], groups: int, channels: int, features: int
) -> None:
    space, window, stride, padding, dilation = slide
    x, bias = array(2, groups * channels, *space), array(groups * features, seed=2)
    weight = array(groups * features, channels, *window, seed=1)
    out = CONVOLVE[len(space)](x, weight, bias, stride, cast(Padding, padding), dilation, groups)
    pairs = pairs_of(padding, space, window, stride, dilation)
    same(out, convolved(x, weight, bias, stride, pairs, dilation, groups), "the definition")


@settings(max_examples=60, deadline=None)
@given(slides(dilated=False))
def test_pools_of_any_settings(slide: tuple[Shape, Shape, Shape, object, Shape]) -> None:
    space, window, stride, padding, dilation = slide
    axes, x = len(space), array(2, 2, *space)
    pairs = pairs_of(padding, space, window, stride, dilation)
    asked = cast(Padding, padding)
    same(MAXIMUM[axes](x, window, stride, asked), pooled(np.max, x, window, stride, pairs, -np.inf), "the largest")
    same(AVERAGE[axes](x, window, stride, asked), pooled(np.mean, x, window, stride, pairs, 0.0), "the mean")


@pytest.mark.parametrize("stride", [1, 2, 3])
@pytest.mark.parametrize("padding", ["same", "anchored"])
def test_padding_by_name_gives_a_place_for_every_stride(padding: Padding, stride: int) -> None:
    for length in range(1, 9):
        for window in range(1, 6):
            out = F.conv1d(np.ones((1, 1, length)), np.ones((1, 1, window)), stride=stride, padding=padding)
            assert out.shape == (1, 1, -(-length // stride))


def test_anchored_is_the_convolution_of_minitorch() -> None:
    out = F.conv1d(np.array([[[1.0, 2.0, 3.0]]]), np.array([[[1.0, 10.0]]]), padding="anchored")
    np.testing.assert_array_equal(out, [[[21.0, 32.0, 3.0]]])


def test_one_image_without_the_axis_of_a_batch() -> None:
    x, weight = array(3, 5, 6), array(2, 3, 3, 3, seed=1)
    np.testing.assert_array_equal(F.conv2d(x, weight), F.conv2d(x[None], weight)[0])
    np.testing.assert_array_equal(F.max_pool2d(x, 2), F.max_pool2d(x[None], 2)[0])
    lanes = array(4, 3, 5, 6)
    same(tg.vmap(lambda x: F.conv2d(x, weight))(lanes), F.conv2d(lanes, weight), "a batch")


def test_the_window_moves_by_its_own_length_unless_told() -> None:
    x = array(1, 1, 6, 6)
    np.testing.assert_array_equal(F.avg_pool2d(x, (2, 3)), F.avg_pool2d(x, (2, 3), stride=(2, 3)))


def test_lists_are_arrays() -> None:
    assert F.flatten([[1.0, 2.0]]).tolist() == [[1.0, 2.0]]
    assert F.linear(np.ones((1, 2)), np.ones((1, 2)), [5.0]).tolist() == [[7.0]]


# ---- indices ------------------------------------------------------------------------------------


def test_rows_that_are_taken_twice_get_both_gradients() -> None:
    gradient = tg.grad(lambda w: tnp.sum(F.embedding(np.array([1, 1, 0]), w)))(np.ones((3, 2)))
    np.testing.assert_array_equal(gradient, [[1.0, 1.0], [2.0, 2.0], [0.0, 0.0]])


@pytest.mark.parametrize("rows", [5, 5000])
def test_gradients_of_rows_that_are_few_or_many_of_a_table(rows: int) -> None:
    indices = np.array([[4, 0, 4], [2, 4, 1]])
    g = array(2, 3, 2)
    gradient = tg.grad(lambda w: tnp.sum(F.embedding(indices, w) * g))(np.ones((rows, 2)))
    np.testing.assert_allclose(gradient, np.einsum("abi,abj->ij", np.eye(rows)[indices], g), atol=1e-12)


def test_indices_in_lanes() -> None:
    weight, indices = array(4, 2), np.array([[0, 3], [2, 2]])
    np.testing.assert_array_equal(tg.vmap(lambda i: F.embedding(i, weight))(indices), weight[indices])
    np.testing.assert_array_equal(tg.vmap(lambda i: F.one_hot(i, 4))(indices), np.eye(4)[indices])


def test_one_hot_has_the_dtype_asked_for() -> None:
    out = cast(Floats, F.one_hot(np.array([1, 0], np.uint8), 2, np.float32))
    assert (out.dtype, out.tolist()) == (np.dtype(np.float32), [[0.0, 1.0], [1.0, 0.0]])


# ---- activations --------------------------------------------------------------------------------


@pytest.mark.parametrize(("function", "slope"), [(nn.relu, 0.0), (nn.leaky_relu, 0.01), (nn.elu, 1.0)])
def test_the_derivative_at_zero(function: object, slope: float) -> None:
    activation = cast("Callable[[object], tg.Scalar]", function)
    assert tg.grad(lambda x: activation(x))(0.0) == slope
    assert tg.grad(lambda x: tnp.sum(activation(x)))(np.zeros(1)).tolist() == [slope]


def test_exponentials_of_large_numbers_are_not_met() -> None:
    x = np.array([-1e4, 1e4, np.inf])
    np.testing.assert_array_equal(nn.elu(x), [-1.0, 1e4, np.inf])
    np.testing.assert_array_equal(tg.grad(lambda x: tnp.sum(nn.elu(x)))(x), [0.0, 1.0, 1.0])
    np.testing.assert_array_equal(nn.softmax(x[:2]), [0.0, 1.0])
