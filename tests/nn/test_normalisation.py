"""Layers that normalise, against their formulas and torch; far from zero; and what they hand on."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

import mpmath
import numpy as np
import numpy.typing as npt
import pytest
from laws import Row, array, check_row, row

import tapegrad as tg
import tapegrad.numpy as tnp
from tapegrad import nn, random
from tapegrad.errors import LayerError, SettingError
from tapegrad.nn.functional import batch_norm, layer_norm, standardise
from tapegrad.nn.layer import Layer, Params, State

Floats = npt.NDArray[np.float64]
KEY = random.key(0)
SHAPES = [(6, 3), (4, 3, 5), (2, 3, 4, 3)]


def by_hand(x: Floats, axes: tuple[int, ...], epsilon: float) -> tuple[Floats, Floats, Floats]:
    mean, variance = x.mean(axes), x.var(axes)
    out = (x - x.mean(axes, keepdims=True)) / np.sqrt(x.var(axes, keepdims=True) + epsilon)
    return out, mean, variance


def started(layer: Layer, x: Floats) -> tuple[dict[str, Floats], dict[str, Floats]]:
    params, state = layer.init(KEY, x)
    return cast(dict[str, Floats], params), cast(dict[str, Floats], state)


@pytest.mark.parametrize(
    "case",
    [
        *(
            row(
                f"standardise {axes}",
                lambda x, axes=axes: standardise(x, axes, 0.1),
                array(2, 3, 4),
                reference=lambda x, axes=axes: by_hand(x, axes, 0.1),
            )
            for axes in [(0,), (2,), (0, 2), (0, 1, 2)]
        ),
        row("standardise, its mean", lambda x: standardise(x, 0)[1] ** 2, array(5, 2)),
        row("standardise, its variance", lambda x: standardise(x, 0)[2] ** 2, array(5, 2)),
        row("layer_norm", layer_norm, array(3, 4), array(4, seed=1), array(4, seed=2)),
        row("layer_norm of two axes", layer_norm, array(2, 3, 2), array(3, 2, seed=1), array(3, 2, seed=2)),
        row(
            "batch_norm",
            lambda x, w, b: batch_norm(x, w, b, np.array([0.3, -1.0]), np.array([0.5, 2.0])),
            array(3, 2, 4),
            array(2, seed=1),
            array(2, seed=2),
        ),
    ],
    ids=lambda case: case.name,
)
def test_laws(case: Row) -> None:
    check_row(case)


def test_the_formula_of_an_evaluation() -> None:
    x, w, b, mean, variance = array(4, 2, 3), array(2), array(2, seed=1), array(2, seed=2), np.array([0.5, 2.0])
    found = batch_norm(x, w, b, mean, variance, epsilon=0.1)
    for channel in range(2):
        scale = w[channel] / np.sqrt(variance[channel] + 0.1)
        np.testing.assert_allclose(
            np.asarray(found)[:, channel], (x[:, channel] - mean[channel]) * scale + b[channel], rtol=1e-13
        )


# ---- far from zero ------------------------------------------------------------------------------


@pytest.mark.parametrize("offset", [0.0, 1e8, -1e12])
def test_nothing_is_lost_far_from_zero(offset: float) -> None:
    x = np.array([[0.25, 0.5], [-0.5, 1.75], [1.25, -0.25]]) + offset  # exact
    with mpmath.workdps(60):
        for channel in range(2):
            column = [mpmath.mpf(value) for value in x[:, channel].tolist()]
            mean = sum(column) / 3
            variance = sum((value - mean) ** 2 for value in column) / 3
            exact = [float((value - mean) / mpmath.sqrt(variance + mpmath.mpf(1e-5))) for value in column]
            out, found_mean, found_variance = standardise(x, 0)
            np.testing.assert_allclose(np.asarray(out)[:, channel], exact, rtol=1e-14)
            assert found_mean[channel] == pytest.approx(float(mean), rel=1e-15)
            assert found_variance[channel] == pytest.approx(float(variance), rel=1e-14)
    near = tg.grad(lambda x: tnp.sum(standardise(x, 0)[0] ** 3))(x - offset)
    np.testing.assert_allclose(tg.grad(lambda x: tnp.sum(standardise(x, 0)[0] ** 3))(x), near, rtol=1e-13)


def test_what_is_alike_is_exactly_zero() -> None:
    x = np.full((3, 2), 0.1)
    out, mean, variance = standardise(x, 0)
    np.testing.assert_array_equal(out, np.zeros((3, 2)))
    np.testing.assert_array_equal(mean, [0.1, 0.1])
    np.testing.assert_array_equal(variance, [0.0, 0.0])


def test_what_is_not_asked_for_does_not_spoil_a_gradient() -> None:
    x = np.array([[1.0, np.nan], [2.0, 3.0], [4.0, 5.0]])
    gradient = tg.grad(lambda x: standardise(x, 0)[0][0, 0])(x)
    assert np.isfinite(gradient).all()
    np.testing.assert_array_equal(gradient[:, 1], [0.0, 0.0, 0.0])


# ---- the layers ---------------------------------------------------------------------------------


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_a_training_hands_on_its_moments(shape: tuple[int, ...], dtype: type[np.floating]) -> None:
    x = array(*shape).astype(dtype)
    layer = nn.batch_norm(momentum=0.25)
    params, state = started(layer, x)
    out, following = layer.apply(params, state, x, training=True)
    others = (0, *range(2, x.ndim))
    new = cast(dict[str, Floats], following)
    np.testing.assert_allclose(new["running_mean"], 0.25 * x.mean(others), rtol=1e-5)
    np.testing.assert_allclose(new["running_var"], 0.75 + 0.25 * x.var(others, ddof=1), rtol=1e-5)
    np.testing.assert_array_equal(state["running_mean"], np.zeros(3))  # not changed
    again, left = layer.apply(params, following, x)
    assert left is following
    assert {array.dtype for array in (out, again, *params.values(), *new.values())} == {np.dtype(dtype)}


def test_the_state_out_of_a_trace_is_plain_and_carries_no_derivative() -> None:
    layer, x = nn.batch_norm(), array(5, 2)
    params, state = started(layer, x)

    def loss(params: Params, state: State, x: Floats) -> tuple[tg.Scalar, State]:
        out, following = layer.apply(params, state, x, training=True)
        return tnp.sum(cast(tg.ArrayVar, out) ** 3), following

    (_, following), _ = tg.value_and_grad(loss, argnums=(0, 2), has_aux=True)(params, state, x)
    assert {type(array) for array in cast(dict[str, object], following).values()} == {np.ndarray}
    expected = layer.apply(params, state, x, training=True)[1]
    for name in ("running_mean", "running_var"):
        np.testing.assert_array_equal(following[name], cast(dict[str, Floats], expected)[name])  # type: ignore[call-overload]

    def running(x: Floats) -> object:
        return layer.apply(params, state, x, training=True)[1]

    moved = cast(dict[str, Floats], tg.jvp(running, (x,), (np.ones_like(x),))[1])
    np.testing.assert_array_equal(moved["running_var"], [0.0, 0.0])
    np.testing.assert_array_equal(moved["running_mean"], [0.0, 0.0])


def test_layer_norm_is_of_each_example() -> None:
    x = array(4, 3, 5)
    for axes, weight in ((1, (5,)), (2, (3, 5))):
        layer = nn.layer_norm(axes)
        params, state = started(layer, x)
        assert params["weight"].shape == params["bias"].shape == weight
        out, after = layer.apply(params, state, x, training=True)
        assert after == ()
        np.testing.assert_allclose(np.asarray(out), by_hand(x, tuple(range(-axes, 0)), 1e-5)[0], rtol=1e-12)


# ---- torch --------------------------------------------------------------------------------------


@pytest.mark.parametrize("shape", SHAPES)
def test_torch_trains_and_evaluates_batch_norm_alike(shape: tuple[int, ...]) -> None:
    torch = pytest.importorskip("torch")
    kinds: dict[int, Any] = {2: torch.nn.BatchNorm1d, 3: torch.nn.BatchNorm1d, 4: torch.nn.BatchNorm2d}
    module = kinds[len(shape)](3, dtype=torch.float64)
    layer = nn.batch_norm()
    params, state = started(layer, array(*shape))
    params = {"weight": array(3, seed=7), "bias": array(3, seed=8)}
    module.load_state_dict({name: torch.tensor(value) for name, value in params.items()}, strict=False)
    handed_on: State = state

    def loss(params: Params, x: Floats, state: State, training: bool) -> tuple[tg.Scalar, State]:
        out, following = layer.apply(params, state, x, training=training)
        return tnp.sum(cast(tg.ArrayVar, out) ** 3), following

    for step, training in enumerate([True, True, True, False]):
        x = 2.0 * array(*shape, seed=step) + 0.5
        (value, handed_on), (slopes, to_x) = cast(
            tuple[tuple[float, State], tuple[dict[str, Floats], Floats]],
            tg.value_and_grad(loss, (0, 1), has_aux=True)(params, x, handed_on, training),
        )
        module.train(training)
        module.zero_grad()
        tensor = torch.tensor(x, requires_grad=True)
        expected = (module(tensor) ** 3).sum()
        expected.backward()
        assert value == pytest.approx(expected.item(), rel=1e-12)
        np.testing.assert_allclose(to_x, tensor.grad.numpy(), rtol=1e-11, atol=1e-12)
        for name in ("weight", "bias"):
            np.testing.assert_allclose(slopes[name], getattr(module, name).grad.numpy(), rtol=1e-12, atol=1e-12)
        for name in ("running_mean", "running_var"):
            found = cast(dict[str, Floats], handed_on)[name]
            np.testing.assert_allclose(found, getattr(module, name).numpy(), rtol=1e-12)


def test_torch_has_the_same_layer_norm() -> None:
    torch = pytest.importorskip("torch")
    x, w, b = array(3, 4, 5), array(4, 5, seed=1), array(4, 5, seed=2)
    gradients = tg.grad(lambda x, w, b: tnp.sum(layer_norm(x, w, b) ** 3), (0, 1, 2))(x, w, b)
    tensors = [torch.tensor(each, requires_grad=True) for each in (x, w, b)]
    out = torch.nn.functional.layer_norm(tensors[0], (4, 5), tensors[1], tensors[2])
    (out**3).sum().backward()
    np.testing.assert_allclose(np.asarray(layer_norm(x, w, b)), out.detach().numpy(), rtol=1e-12, atol=1e-14)
    for found, tensor in zip(cast(tuple[Floats, ...], gradients), tensors, strict=True):
        np.testing.assert_allclose(found, tensor.grad.numpy(), rtol=1e-11, atol=1e-12)


# ---- mistakes -----------------------------------------------------------------------------------


def applied(layer: Layer, at: tuple[int, ...], then: tuple[int, ...]) -> object:
    params, state = layer.init(KEY, np.ones(at))
    return layer.apply(params, state, np.ones(then), training=True)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: applied(nn.batch_norm(), (4, 3), (1, 3)), LayerError, r"norm\(\): .*more than one.*\(1, 3\) has 1"),
        (lambda: applied(nn.batch_norm(), (4, 3), (4, 2, 5)), LayerError, r"batches of 3 channels.*not \(4, 2, 5\)"),
        (lambda: applied(nn.batch_norm(0.2), (4,), (4,)), LayerError, r"batch_norm\(momentum=0.2\): .* not \(4,\)"),
        (lambda: applied(nn.layer_norm(2), (4, 3), (4, 3)), LayerError, r"norm\(axes=2\): .*2 axes .* not \(4, 3\)"),
        (lambda: applied(nn.layer_norm(), (4, 3), (4, 5)), LayerError, r"weight of shape \(3,\).*\(4, 5\)"),
        (lambda: batch_norm(np.ones((2, 3)), *(np.ones(2),) * 4), LayerError, r"\(2,\), .* batch of shape \(2, 3\)"),
        (lambda: nn.batch_norm().apply({}, {}, np.ones((2, 3))), LayerError, "parameters weight, bias"),
        (
            lambda: nn.batch_norm().apply(nn.batch_norm().init(KEY, np.ones((2, 3)))[0], (), np.ones((2, 3))),
            LayerError,
            "its state is running_mean, running_var, and it was given a tuple of 0",
        ),
        (lambda: nn.batch_norm(momentum=1.5), SettingError, "from 0 to 1, not 1.5"),
        (lambda: nn.batch_norm(epsilon=0.0), SettingError, "epsilon is a positive number, not 0.0"),
        (lambda: nn.layer_norm(epsilon=float("nan")), SettingError, "positive number, not nan"),
        (lambda: nn.layer_norm(0), SettingError, "one axis or more of each example, not 0"),
    ],
)  # fmt: skip
def test_mistakes_are_refused(call: Callable[[], object], error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        call()
