"""The network against NumPy, its initialisation, and what it refuses."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import tapegrad as tg
import tapegrad.numpy as tnp
from tapegrad.errors import SettingError, StructureError
from tapegrad.nn import losses, mlp
from tapegrad.nn.mlp import MLP, Activation, Layer
from tapegrad.random import key

SIZES = st.lists(st.integers(1, 6), min_size=2, max_size=4)


def by_numpy(params: MLP, x: Sequence[float]) -> npt.NDArray[np.float64]:
    h: npt.NDArray[np.float64] = np.array(x)
    for depth, layer in enumerate(params, start=1):
        h = np.array(layer.weights, dtype=float) @ h + np.array(layer.biases, dtype=float)
        if depth < len(params):
            h = np.tanh(h)
    return h


@given(st.integers(0, 1000), SIZES, st.data())
@settings(deadline=None, max_examples=50)
def test_outputs_are_those_of_numpy(seed: int, sizes: list[int], data: st.DataObject) -> None:
    x = data.draw(st.lists(st.floats(-3, 3), min_size=sizes[0], max_size=sizes[0]))
    params = mlp.init(key(seed), sizes)
    outputs = mlp.apply(params, x)
    assert len(outputs) == sizes[-1]
    assert all(type(output) is float for output in outputs)
    assert outputs == pytest.approx(by_numpy(params, x).tolist(), rel=1e-12, abs=1e-12)


@given(st.integers(0, 1000), SIZES)
@settings(deadline=None, max_examples=50)
def test_init_has_the_shapes_and_the_scale_that_were_asked_for(seed: int, sizes: list[int]) -> None:
    params = mlp.init(key(seed), sizes)
    assert [len(layer.biases) for layer in params] == sizes[1:]
    for layer, fan_in in zip(params, sizes, strict=False):
        numbers = [x for row in (*layer.weights, layer.biases) for x in row]
        assert all(len(row) == fan_in for row in layer.weights)
        assert all(type(x) is float and abs(x) <= math.sqrt(3.0 / fan_in) for x in numbers)
        assert len(set(numbers)) == len(numbers)
    assert params == mlp.init(key(seed), sizes)


@pytest.mark.parametrize("seed", range(20))
def test_every_parameter_can_learn_from_the_start(seed: int) -> None:
    def loss(params: MLP) -> tg.Scalar:
        return losses.binary_cross_entropy(mlp.apply(params, (0.3, -0.8))[0], 1)

    gradient = tg.grad(loss)(mlp.init(key(seed), (2, 10, 10, 1)))
    assert all(x != 0.0 for layer in gradient for row in (*layer.weights, layer.biases) for x in row)


@pytest.mark.parametrize("activation", [tnp.tanh, tnp.relu, tnp.gelu])
def test_gradient_is_that_of_central_differences(activation: Activation) -> None:
    params = mlp.init(key(2), (2, 3, 1))

    def loss(params: MLP) -> tg.Scalar:
        return losses.mse(mlp.apply(params, (0.3, -0.8), activation)[0], 1.0)

    def shifted(unit: int, by: float) -> MLP:
        first, last = params
        biases = tuple(b + by if i == unit else b for i, b in enumerate(first.biases))
        return (Layer(first.weights, biases), last)

    gradient = tg.grad(loss)(params)
    for unit in range(3):
        slope = (loss(shifted(unit, 1e-6)) - loss(shifted(unit, -1e-6))) / 2e-6
        assert gradient[0].biases[unit] == pytest.approx(slope, rel=1e-6, abs=1e-9)


def test_a_unit_records_a_product_and_a_sum_for_each_input_and_nothing_else() -> None:
    params = mlp.init(key(0), (2, 10, 10, 1))
    tape = tg.trace(lambda params, x: mlp.apply(params, x), params, (0.3, -0.8)).tape
    names = [record.primitive.name for record in tape]
    weights = 2 * 10 + 10 * 10 + 10
    assert {name: names.count(name) for name in set(names)} == {
        "input": weights + 21 + 2,
        "multiply": weights,
        "add": weights,
        "tanh": 20,
    }


@pytest.mark.parametrize("sizes", [(), (2,), (2, 0), (2, -1, 1), (0, 1), (2, 1.0), (2, True, 1)])
def test_sizes_that_make_no_network_are_refused(sizes: Sequence[int]) -> None:
    with pytest.raises(SettingError, match="two sizes or more, each a whole number from 1 on"):
        mlp.init(key(0), sizes)


@pytest.mark.parametrize("x", [(), (1.0,), (1.0, 2.0, 3.0)])
def test_an_example_of_another_length_is_refused(x: tuple[float, ...]) -> None:
    with pytest.raises(StructureError, match=rf"a layer \(2\) -> \(3\) was given {len(x)} numbers"):
        mlp.apply(mlp.init(key(0), (2, 3, 1)), x)


def test_layers_that_do_not_fit_together_are_refused() -> None:
    first, _ = mlp.init(key(0), (2, 3, 1))
    _, last = mlp.init(key(0), (2, 4, 1))
    with pytest.raises(StructureError, match=r"a layer \(4\) -> \(1\) was given 3 numbers"):
        mlp.apply((first, last), (1.0, 2.0))


@pytest.mark.parametrize(
    ("weights", "biases"),
    [(((1.0,), (1.0, 2.0)), (0.0, 0.0)), (((1.0,),), (0.0, 0.0)), ((), ())],
)
def test_a_layer_of_no_shape_is_refused(weights: tuple[tuple[float, ...], ...], biases: tuple[float, ...]) -> None:
    with pytest.raises(StructureError, match="rows of weights of one length and a bias for each"):
        Layer(weights, biases)
