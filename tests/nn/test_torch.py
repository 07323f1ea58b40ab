"""Layers against PyTorch: values and gradients, on settings drawn at random."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import tapegrad as tg
import tapegrad.numpy as tnp
from tapegrad import nn
from tapegrad.nn import functional as F  # noqa: N812
from tapegrad.nn.functional.sliding import Padding

torch = pytest.importorskip("torch")

Floats = npt.NDArray[np.float64]
Shape = tuple[int, ...]


def numbers(*shape: int, seed: int = 0) -> Floats:
    return np.random.default_rng([seed, *shape]).normal(size=shape)


def check(
    ours: Callable[..., object], theirs: Callable[..., Any], *arguments: Floats, tolerance: float = 1e-12
) -> None:
    """Equal values, and equal gradients of a sum with random weights."""
    tensors = [torch.tensor(x, requires_grad=True) for x in arguments]
    expected = theirs(*tensors)
    out, pullback = tg.vjp(ours, *arguments)
    np.testing.assert_allclose(cast(Floats, out), expected.detach().numpy(), rtol=tolerance, atol=tolerance)
    g = numbers(*expected.shape, seed=9)
    slopes = torch.autograd.grad(expected, tensors, torch.tensor(g))
    for found, slope in zip(pullback(g), slopes, strict=True):
        np.testing.assert_allclose(found, slope.numpy(), rtol=tolerance, atol=tolerance)


@st.composite
def slides(draw: st.DrawFn, least: int = 1) -> tuple[Shape, Shape, Shape, Shape, Shape]:
    """A space with a place for a window, its stride, the padding on both sides, the dilation."""
    axes = draw(st.integers(1, 2))

    def each(low: int, high: int) -> Shape:
        return draw(st.tuples(*[st.integers(low, high)] * axes))

    window, stride, dilation = each(least, 3), each(1, 3), each(1, 2)
    padding = tuple(draw(st.integers(0, length // 2)) for length in window)  # PyTorch's pools refuse more
    spans = [far * (length - 1) + 1 for length, far in zip(window, dilation, strict=True)]
    space = tuple(span + more for span, more in zip(spans, each(0, 4), strict=True))
    return space, window, stride, padding, dilation


Slide = tuple[Shape, Shape, Shape, Shape, Shape]


@settings(max_examples=50, deadline=None)
@given(slides(), st.integers(1, 3), st.integers(1, 2), st.integers(1, 2), st.integers(1, 3))
def test_convolution(slide: Slide, groups: int, channels: int, features: int, batch: int) -> None:
    space, window, stride, padding, dilation = slide
    ours = F.conv1d if len(space) == 1 else F.conv2d
    theirs = torch.nn.functional.conv1d if len(space) == 1 else torch.nn.functional.conv2d
    x = numbers(batch, groups * channels, *space)
    weight, bias = numbers(groups * features, channels, *window, seed=1), numbers(groups * features, seed=2)
    check(
        lambda x, w, b: ours(x, w, b, stride, padding, dilation, groups),
        lambda x, w, b: theirs(x, w, b, stride, padding, dilation, groups),
        x, weight, bias,
    )  # fmt: skip


@pytest.mark.parametrize("window", [(1, 2), (3, 4), (5, 3)])
@pytest.mark.parametrize("dilation", [1, 2])
@pytest.mark.filterwarnings("ignore:Using padding='same' with even kernel")
def test_padding_to_the_same_size(window: Shape, dilation: int) -> None:
    check(
        lambda x, w: F.conv2d(x, w, padding="same", dilation=dilation),
        lambda x, w: torch.nn.functional.conv2d(x, w, padding="same", dilation=dilation),
        numbers(2, 2, 7, 6), numbers(3, 2, *window),
    )  # fmt: skip


@settings(max_examples=40, deadline=None)
@given(slides())
def test_pools(slide: Slide) -> None:
    space, window, stride, padding, _ = slide
    x = numbers(2, 2, *space)
    for kind in ("max", "avg"):
        name = f"{kind}_pool{len(space)}d"
        ours, theirs = getattr(F, name), getattr(torch.nn.functional, name)
        check(
            lambda x, ours=ours: ours(x, window, stride, cast(Padding, padding)),
            lambda x, theirs=theirs: theirs(x, window, stride, padding),
            x,
        )


def test_global_pools() -> None:
    pools = torch.nn.functional
    check(F.global_avg_pool, lambda x: pools.adaptive_avg_pool2d(x, 1).flatten(1), numbers(2, 3, 4, 5))
    check(F.global_max_pool, lambda x: pools.adaptive_max_pool1d(x, 1).flatten(1), numbers(2, 3, 4))


@pytest.mark.parametrize("leading", [(), (3,), (2, 3)])
def test_linear(leading: Shape) -> None:
    check(F.linear, torch.nn.functional.linear, numbers(*leading, 4), numbers(5, 4), numbers(5))
    check(F.linear, torch.nn.functional.linear, numbers(*leading, 4), numbers(5, 4))


def test_embedding() -> None:
    indices = np.array([[1, 4, 1], [0, 0, 2]])
    check(
        lambda w: F.embedding(indices, w),
        lambda w: torch.nn.functional.embedding(torch.tensor(indices), w),
        numbers(5, 3),
    )
    np.testing.assert_array_equal(F.one_hot(indices, 5), torch.nn.functional.one_hot(torch.tensor(indices), 5))


def test_flatten() -> None:
    check(nn.flatten, lambda x: torch.flatten(x, 1), numbers(2, 3, 4))


ACTIVATIONS = ["relu", "leaky_relu", "elu", "gelu", "silu", "sigmoid", "softplus", "tanh"]


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_activations(name: str) -> None:
    theirs = torch.tanh if name == "tanh" else getattr(torch.nn.functional, name)
    theirs = torch.sigmoid if name == "sigmoid" else theirs
    # for 20 and more PyTorch's softplus is x itself
    check(getattr(nn, name), theirs, np.append(np.linspace(-19.0, 19.0, 77), 0.0))


@pytest.mark.parametrize("name", ["softmax", "log_softmax"])
def test_softmax(name: str) -> None:
    theirs = getattr(torch.nn.functional, name)
    check(getattr(nn, name), lambda x: theirs(x, -1), 30.0 * numbers(3, 5))
    check(lambda x: getattr(nn, name)(x, axis=1), lambda x: theirs(x, 1), numbers(2, 3, 4))


def test_a_network_with_the_parameters_of_ours() -> None:
    model = nn.serial(
        nn.conv2d(4, 3, padding="same"), nn.relu, nn.max_pool2d(2), nn.conv2d(6, 3, groups=2), nn.silu, nn.flatten,
        nn.linear(5), nn.log_softmax,
    )  # fmt: skip
    x = numbers(3, 2, 8, 9)
    params, state = model.init(tg.random.key(0), x)
    layers = torch.nn
    theirs = layers.Sequential(
        layers.Conv2d(2, 4, 3, padding=1), layers.ReLU(), layers.MaxPool2d(2), layers.Conv2d(4, 6, 3, groups=2),
        layers.SiLU(), layers.Flatten(), layers.Linear(24, 5), layers.LogSoftmax(-1),
    ).double()  # fmt: skip
    names = [name for name, _ in theirs.named_parameters()]
    leaves = {
        f"{at}.{name}": own[name] for at, own in enumerate(cast(tuple[dict[str, Floats], ...], params)) for name in own
    }
    assert sorted(names) == sorted(leaves)
    theirs.load_state_dict({name: torch.tensor(leaves[name]) for name in names})
    expected = theirs(torch.tensor(x))
    expected.square().sum().backward()
    out = cast(Floats, model.apply(params, state, x)[0])
    np.testing.assert_allclose(out, expected.detach().numpy(), rtol=1e-12)
    gradient = tg.grad(lambda params: tnp.sum(tnp.square(model.apply(params, state, x)[0])))(params)
    for name, parameter in theirs.named_parameters():
        at, _, which = name.partition(".")
        found = cast(tuple[dict[str, Floats], ...], gradient)[int(at)][which]
        np.testing.assert_allclose(found, parameter.grad.numpy(), rtol=1e-10, atol=1e-12)
