import numpy as np
import pytest

from tapegrad import nn, random, training
from tapegrad.arrays import Floats
from tapegrad.errors import LayerError
from tapegrad.nn.layer import Params
from tapegrad.training import DeadUnits, LayerNorm


def single(weight: list[list[float]], bias: list[float]) -> Params:
    return {"weight": np.array(weight), "bias": np.array(bias)}


def weight_of(params: Params) -> object:
    """That of the first layer."""
    return np.asarray(nn.named(params)["0.weight"]).tolist()


def test_norms_by_hand() -> None:
    """Of (w x + b - y)² at x = 2, y = 1, with w = 3, b = 4: the residual is 9, the gradient (36, 18)."""
    model = nn.serial(nn.linear(1))
    params: Params = (single([[3.0]], [4.0]),)
    examples = np.array([[2.0]]), np.array([[1.0]])
    slopes = training.gradient(model, nn.losses.mse, params, ((),), examples)
    assert weight_of(slopes) == [[36.0]]
    (layer,) = training.layer_norms(model, params, slopes)
    assert layer == LayerNorm("0", "linear(1)", 5.0, layer.gradient)
    assert layer.gradient == pytest.approx(np.hypot(36.0, 18.0), rel=1e-15)


def test_layers_in_layers_have_their_places_and_those_without_parameters_none() -> None:
    model = nn.serial(
        nn.linear(2), nn.relu, nn.residual(nn.tanh, nn.linear(2)), nn.parallel(nn.linear(1), nn.linear(3))
    )
    params, state = model.init(random.key(0), np.ones((1, 2)))
    examples = np.ones((3, 2)), np.zeros((3, 4))
    slopes = training.gradient(model, nn.losses.mse, params, state, examples)
    norms = training.layer_norms(model, params, slopes)
    assert [(layer.place, layer.name) for layer in norms] == [
        ("0", "linear(2)"), ("2.1", "linear(2)"), ("3.0", "linear(1)"), ("3.1", "linear(3)"),
    ]  # fmt: skip
    named = nn.named(slopes)
    for layer in norms:
        own = [np.asarray(named[f"{layer.place}.{part}"]).ravel() for part in ("weight", "bias")]
        assert layer.gradient == pytest.approx(np.linalg.norm(np.concatenate(own)), rel=1e-14)


def test_norms_of_single_precision_do_not_overflow() -> None:
    model = nn.serial(nn.linear(1, bias=False))
    params: Params = ({"weight": np.array([[3e30, 4e30]], np.float32)},)
    (layer,) = training.layer_norms(model, params, params)
    assert layer.parameters == pytest.approx(5e30, rel=1e-6)


def test_the_gradient_is_that_of_an_evaluation() -> None:
    """Dropout leaves nothing out, and needs no key."""
    plain, dropping = nn.serial(nn.linear(1)), nn.serial(nn.linear(1), nn.dropout(0.9))
    _, state = dropping.init(random.key(0), np.ones((1, 3)))
    own = single([[1.0, 2.0, 3.0]], [4.0])
    examples = np.ones((2, 3)), np.zeros((2, 1))
    one = training.gradient(dropping, nn.losses.mse, (own, ()), state, examples)
    other = training.gradient(plain, nn.losses.mse, (own,), ((),), examples)
    assert weight_of(one) == weight_of(other) == [[20.0, 20.0, 20.0]]


# ---- units --------------------------------------------------------------------------------------


@pytest.mark.parametrize("batch_size", [1, 2, 256])
def test_dead_units_by_hand(batch_size: int) -> None:
    """Of x in {1, -1}: relu(-2 + x) is 0 on both, relu(x) on one, relu(3 + x) on none; tanh alike beyond ±0.99."""
    model = nn.serial(nn.linear(3), nn.relu, nn.linear(3), nn.tanh)
    first = single([[1.0], [1.0], [1.0]], [-2.0, 0.0, 3.0])
    second = single([[0.0, 0.0, 0.0]] * 3, [2.65, -2.65, 2.64])  # tanh 2.65 = 0.99007, tanh 2.64 = 0.98987
    inputs = np.array([[1.0], [-1.0]])
    found = training.dead_units(model, (first, (), second, ()), ((), (), (), ()), inputs, batch_size)
    assert found == (DeadUnits("1", "relu", 1, 3), DeadUnits("3", "tanh", 2, 3))


def test_a_unit_that_is_awake_on_one_example_of_many_is_not_dead() -> None:
    model = nn.serial(nn.relu)
    inputs: Floats = np.full((600, 2), -1.0)
    inputs[599, 0] = 1.0
    assert training.dead_units(model, ((),), ((),), inputs) == (DeadUnits("0", "relu", 1, 2),)


def test_a_channel_of_images_is_one_unit() -> None:
    inputs: Floats = np.full((2, 3, 4, 4), -1.0)
    inputs[1, 2, 3, 3] = 1.0
    assert training.dead_units(nn.serial(nn.relu), ((),), ((),), inputs) == (DeadUnits("0", "relu", 2, 3),)


def test_units_within_branches_take_what_the_branch_takes() -> None:
    """Side by side both see the batch; in a residual, what the layer before gives."""
    model = nn.serial(nn.parallel(nn.serial(nn.relu), nn.serial(nn.tanh)), nn.residual(nn.relu))
    params, state = model.init(random.key(0), np.ones((1, 1)))
    inputs = np.array([[-4.0], [-5.0]])
    assert training.dead_units(model, params, state, inputs) == (
        DeadUnits("0.0.0", "relu", 1, 1), DeadUnits("0.1.0", "tanh", 1, 1), DeadUnits("1.0", "relu", 2, 2),
    )  # fmt: skip


def test_other_activations_are_passed_over() -> None:
    model = nn.serial(nn.sigmoid, nn.flatten)
    assert training.dead_units(model, ((), ()), ((), ()), np.ones((2, 2))) == ()


def test_parameters_of_another_network_are_refused() -> None:
    with pytest.raises(LayerError, match="linear"):
        training.dead_units(nn.serial(nn.linear(1)), ((),), ((),), np.ones((1, 1)))
