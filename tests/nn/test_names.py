"""Parameters by name, there and back; torch's own; and networks as tables."""

from __future__ import annotations

from typing import Any, cast

import numpy as np
import numpy.typing as npt
import pytest
from laws import array

import tapegrad.numpy as tnp
from tapegrad import nn, random, tree
from tapegrad.errors import LayerError
from tapegrad.nn.layer import Layer, Params, State

Floats = npt.NDArray[np.float64]
X = array(4, 3, 6)


def network() -> Layer:
    around = nn.residual(nn.multi_head_attention(2), nn.dropout(0.1))
    return nn.serial(nn.layer_norm(), around, tnp.tanh, nn.parallel(nn.batch_norm(), tnp.sin, axis=1))


@pytest.fixture(scope="module")
def made() -> tuple[Params, State]:
    return network().init(random.key(0), X)


def test_names_are_the_ways_to_the_arrays(made: tuple[Params, State]) -> None:
    params, state = made
    assert list(nn.named(params)) == [
        "0.weight", "0.bias",
        "1.0.in_proj_weight", "1.0.out_proj.weight", "1.0.in_proj_bias", "1.0.out_proj.bias",
        "3.0.weight", "3.0.bias",
    ]  # fmt: skip
    assert list(nn.named(state)) == ["1.1.last_key", "3.0.running_mean", "3.0.running_var"]
    assert nn.named(params)["1.0.in_proj_weight"] is cast(Any, params)[1][0]["in_proj_weight"]
    assert nn.named(()) == {}


@pytest.mark.parametrize("which", [0, 1])
def test_there_and_back(made: tuple[Params, State], which: int) -> None:
    like = made[which]
    changed = {name: value + np.ones_like(value) for name, value in nn.named(like).items()}
    again = nn.from_named(like, changed)
    assert tree.flatten(again)[1] == tree.flatten(like)[1]
    for name, value in nn.named(again).items():
        np.testing.assert_array_equal(np.asarray(value), np.asarray(changed[name]))
        assert value is not changed[name]
        assert value.dtype == nn.named(like)[name].dtype
    in_another_order = dict(reversed(changed.items()))
    assert list(nn.named(nn.from_named(like, in_another_order))) == list(changed)


def test_the_dtype_is_that_of_the_network() -> None:
    params, _ = nn.layer_norm().init(random.key(0), np.ones((2, 3), np.float32))
    again = nn.from_named(params, {"weight": [1.0, 2.0, 3.0], "bias": np.zeros(3)})
    assert {value.dtype for value in nn.named(again).values()} == {np.dtype(np.float32)}


def test_what_does_not_fit_is_listed() -> None:
    params, _ = nn.serial(nn.layer_norm(), nn.layer_norm()).init(random.key(0), np.ones((2, 3)))
    arrays = {"0.weight": np.ones(3), "0.bias": np.ones(4), "1.weight": np.ones(3, complex), "1.scale": np.ones(3)}
    with pytest.raises(LayerError) as caught:
        nn.from_named(params, arrays)
    assert str(caught.value) == (
        "the arrays are not those of this network: 1.bias is missing; 1.scale belongs to nothing; "
        "0.bias has the shape (4,), not (3,); 1.weight is of complex128, not float64"
    )


def test_numbers_are_counted(made: tuple[Params, State]) -> None:
    assert nn.count(made[0]) == 6 + 6 + 3 * 36 + 18 + 36 + 6 + 3 + 3
    assert nn.count(()) == 0


def test_a_network_as_a_table(made: tuple[Params, State]) -> None:
    params, state = made
    assert nn.summary(network(), params, state, X) == "\n".join(
        [
            "     layer                    output     parameters",
            "---  -----------------------  ---------  ----------",
            "     batch                    (4, 3, 6)",
            "0    layer_norm()             (4, 3, 6)          12",
            "1    residual                 (4, 3, 6)",
            "1.0  multi_head_attention(2)  (4, 3, 6)         168",
            "1.1  dropout(0.1)             (4, 3, 6)",
            "2    tanh                     (4, 3, 6)",
            "3    parallel                 (4, 6, 6)",
            "3.0  batch_norm()             (4, 3, 6)           6",
            "3.1  sin                      (4, 3, 6)",
            "---  -----------------------  ---------  ----------",
            "     all                      (4, 6, 6)         186",
        ]
    )


def test_a_layer_alone_is_a_table_too() -> None:
    layer = nn.layer_norm()
    params, state = layer.init(random.key(0), np.ones((2, 3)))
    assert "layer_norm()  (2, 3)           6" in nn.summary(layer, params, state, np.ones((2, 3)))
    with pytest.raises(LayerError, match="weight of shape"):
        nn.summary(layer, params, state, np.ones((2, 4)))


def test_the_weights_of_torch_make_the_same_network() -> None:
    torch = pytest.importorskip("torch")
    theirs = torch.nn.Sequential(
        torch.nn.Conv2d(2, 4, 3, padding=1),
        torch.nn.BatchNorm2d(4),
        torch.nn.ReLU(),
        torch.nn.MaxPool2d(2),
        torch.nn.Flatten(),
        torch.nn.Sequential(torch.nn.Linear(16, 8), torch.nn.LayerNorm(8)),
        torch.nn.Linear(8, 3),
    ).double()
    x = array(5, 2, 4, 4)
    theirs(torch.tensor(x))  # which moves the running mean and variance
    theirs.eval()
    ours = nn.serial(
        nn.conv2d(4, 3, padding="same"), nn.batch_norm(), nn.relu, nn.max_pool2d(2), nn.flatten,
        nn.serial(nn.linear(8), nn.layer_norm()), nn.linear(3),
    )  # fmt: skip
    params, state = ours.init(random.key(0), x)
    weights = {name: weight.detach().numpy() for name, weight in theirs.named_parameters()}
    moments = {name: moment.numpy() for name, moment in theirs.named_buffers() if "num_batches" not in name}
    out, _ = ours.apply(nn.from_named(params, weights), nn.from_named(state, moments), x)
    np.testing.assert_allclose(np.asarray(out), theirs(torch.tensor(x)).detach().numpy(), rtol=1e-12, atol=1e-13)
    assert cast(dict[str, Floats], nn.named(params)).keys() == weights.keys()
