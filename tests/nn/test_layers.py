"""Layers: their parameters, their names, what they refuse, and that they learn."""

from __future__ import annotations

from collections.abc import Callable
from typing import cast

import numpy as np
import numpy.typing as npt
import pytest

import tapegrad as tg
import tapegrad.numpy as tnp
from tapegrad import nn, optim, tree
from tapegrad.errors import LayerError, SettingError
from tapegrad.nn import functional as F  # noqa: N812
from tapegrad.nn import initialisers
from tapegrad.nn.layer import Weights
from tapegrad.random import Key, key

Floats = npt.NDArray[np.float64]


def ones(*shape: int) -> Floats:
    return np.ones(shape)


def shapes(params: object) -> object:
    return tree.map_leaves(np.shape, params) if params != () else ()


ANCHORED = {"bias": (4,), "weight": (4, 1, 2, 2)}
GROUPS: dict[str, tuple[int, ...]] = {"weight": (4, 3, 1, 3)}

# layer, shape of a batch, shapes of its parameters, shape of what it gives
LAYERS: list[tuple[nn.Layer, tuple[int, ...], dict[str, tuple[int, ...]], tuple[int, ...]]] = [
    (nn.linear(3), (2, 5), {"bias": (3,), "weight": (3, 5)}, (2, 3)),
    (nn.linear(3, bias=False), (2, 4, 5), {"weight": (3, 5)}, (2, 4, 3)),
    (nn.conv1d(4, 3), (2, 3, 9), {"bias": (4,), "weight": (4, 3, 3)}, (2, 4, 7)),
    (nn.conv2d(4, 3, padding="same"), (2, 3, 5, 6), {"bias": (4,), "weight": (4, 3, 3, 3)}, (2, 4, 5, 6)),
    (nn.conv2d(4, (1, 3), stride=2, padding=1, groups=2, bias=False), (2, 6, 5, 6), GROUPS, (2, 4, 4, 3)),
    (nn.conv2d(4, 2, dilation=3, padding="anchored"), (1, 1, 4, 4), ANCHORED, (1, 4, 4, 4)),
    (nn.max_pool1d(2), (2, 3, 7), {}, (2, 3, 3)),
    (nn.max_pool2d(3, 2, padding=1), (2, 3, 7, 5), {}, (2, 3, 4, 3)),
    (nn.avg_pool1d(2, padding="same"), (2, 3, 7), {}, (2, 3, 4)),
    (nn.avg_pool2d((2, 1)), (2, 3, 4, 4), {}, (2, 3, 2, 4)),
]  # fmt: skip


@pytest.mark.parametrize(("layer", "batch", "params", "out"), LAYERS, ids=lambda case: repr(case)[:40])
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_parameters_and_shapes(
    layer: nn.Layer, batch: tuple[int, ...], params: dict[str, tuple[int, ...]], out: tuple[int, ...], dtype: type
) -> None:
    x: Floats = ones(*batch).astype(dtype)
    made, state = layer.init(key(0), x)
    weights = cast(dict[str, Floats], made or {})
    assert {name: weight.shape for name, weight in weights.items()} == params
    assert {weight.dtype for weight in weights.values()} <= {np.dtype(dtype)}
    result, after = layer.apply(made, state, x)
    assert (result.shape, result.dtype) == (out, np.dtype(dtype))
    assert state == after == ()


def test_a_layer_is_its_function_with_its_weights() -> None:
    x = np.random.default_rng(0).normal(size=(2, 4, 6, 5))
    layer = nn.conv2d(6, (3, 2), stride=2, padding="same", groups=2, bias_init=initialisers.normal())
    params, _ = layer.init(key(1), x)
    weights = cast(dict[str, Floats], params)
    expected = F.conv2d(x, weights["weight"], weights["bias"], stride=2, padding="same", groups=2)
    np.testing.assert_array_equal(layer.apply(params, (), x)[0], expected)


def test_parameters_come_from_the_key_alone() -> None:
    layer, x = nn.linear(3), ones(2, 4)
    first, again, other = (cast(Weights, layer.init(key(seed), x)[0])["weight"] for seed in (0, 0, 1))
    np.testing.assert_array_equal(first, again)
    assert np.all(first != other)


def test_an_embedding_has_the_dtype_asked_for() -> None:
    layer, indices = nn.embedding(5, 3, dtype=np.float32), np.array([[0, 4], [1, 1]])
    params, _ = layer.init(key(0), indices)
    out, _ = layer.apply(params, (), indices)
    assert (out.shape, out.dtype) == ((2, 2, 3), np.dtype(np.float32))
    np.testing.assert_array_equal(out, cast(dict[str, Floats], params)["weight"][indices])


@pytest.mark.parametrize(
    ("layer", "name"),
    [
        (nn.conv2d(16, 3, padding="same"), "conv2d(16, 3, padding='same')"),
        (nn.conv1d(4, 3, stride=1, bias=False), "conv1d(4, 3, bias=False)"),
        (nn.conv2d(4, (3, 1), weight_init=initialisers.he_normal), "conv2d(4, (3, 1), weight_init=he_normal)"),
        (nn.linear(10, bias_init=initialisers.constant(0.5)), "linear(10, bias_init=constant(0.5))"),
        (nn.linear(1, weight_init=lambda key, shape, dtype: np.ones(shape, dtype)), "linear(1, weight_init=<lambda>)"),
        (nn.max_pool2d(2), "max_pool2d(2)"),
        (nn.avg_pool1d(3, stride=1), "avg_pool1d(3, stride=1)"),
        (nn.embedding(10, 4, np.float32), "embedding(10, 4, dtype=float32)"),
        (nn.serial(nn.linear(3), nn.relu, nn.flatten), "serial(linear(3), relu, flatten)"),
    ],
    ids=repr,
)  # fmt: skip
def test_a_layer_is_called_as_it_is_written(layer: nn.Layer, name: str) -> None:
    assert repr(layer) == layer.name == name


# ---- composition --------------------------------------------------------------------------------


def network() -> nn.Layer:
    return nn.serial(
        nn.conv2d(4, 3, padding="same"), nn.relu, nn.max_pool2d(2), nn.flatten, nn.linear(8), nn.tanh, nn.linear(3)
    )


def test_the_parameters_of_a_network_are_those_of_its_layers() -> None:
    params, state = network().init(key(0), ones(2, 1, 6, 6))
    assert state == ((),) * 7
    assert [shapes(own) for own in cast(tuple[object, ...], params)] == [
        {"bias": (4,), "weight": (4, 1, 3, 3)}, (), (), (),
        {"bias": (8,), "weight": (8, 36)}, (),
        {"bias": (3,), "weight": (3, 8)},
    ]  # fmt: skip


def test_branches_and_shortcuts() -> None:
    x = np.random.default_rng(0).normal(size=(2, 3, 4, 4))
    branches = nn.parallel(nn.conv2d(2, 1), nn.conv2d(5, 3, padding="same"), nn.relu)
    params, state = branches.init(key(0), x)
    out, _ = branches.apply(params, state, x)
    assert out.shape == (2, 2 + 5 + 3, 4, 4)
    block = nn.residual(nn.conv2d(3, 3, padding="same"), nn.relu)
    params, state = block.init(key(0), x)
    inner = cast(tuple[dict[str, Floats], ...], params)[0]
    expected = x + nn.relu(F.conv2d(x, inner["weight"], inner["bias"], padding="same"))
    np.testing.assert_array_equal(block.apply(params, state, x)[0], expected)


def images(count: int) -> tuple[Floats, npt.NDArray[np.intp]]:
    """Bars that are upright, that lie, and that slant, with some noise."""
    random = np.random.default_rng(0)
    labels = np.arange(count) % 3
    bars = np.stack([np.eye(6)[2] + np.zeros((6, 6)), np.eye(6)[:, [3]] + np.zeros((6, 6)), np.eye(6)])
    return (bars[labels] + 0.3 * random.normal(size=(count, 6, 6)))[:, None], labels


def test_gradient_descent_learns() -> None:
    model = network()
    x, labels = images(30)
    params, state = model.init(key(0), x)
    optimiser = optim.sgd(0.5)
    optimiser_state = optimiser.init(params)
    targets = F.one_hot(labels, 3)

    def loss(params: nn.Params) -> tg.Scalar:
        out, _ = model.apply(params, state, x, training=True)
        return -tnp.mean(tnp.sum(nn.log_softmax(out) * targets, axis=1))

    losses = []
    for _ in range(30):
        value, gradient = tg.value_and_grad(loss)(params)
        updates, optimiser_state = optimiser.update(gradient, optimiser_state, params)
        params = optim.apply_updates(params, updates)
        losses.append(cast(float, value))
    assert losses[0] > 0.7
    assert losses[-1] < 0.05
    out = cast(Floats, model.apply(params, state, x)[0])
    np.testing.assert_array_equal(out.argmax(axis=1), labels)


def test_an_embedding_learns() -> None:
    model = nn.serial(nn.embedding(4, 2), nn.flatten, nn.linear(1))
    x, y = np.array([[0, 1], [2, 3]]), np.array([[1.0], [-1.0]])
    params, state = model.init(key(0), x)

    def loss(params: nn.Params) -> tg.Scalar:
        return tnp.mean((model.apply(params, state, x)[0] - y) ** 2)

    before = cast(float, loss(params))
    for _ in range(20):
        params = tree.map_leaves(lambda w, g: w - 0.1 * g, params, tg.grad(loss)(params))
    assert cast(float, loss(params)) < 0.1 * before


# ---- mistakes -----------------------------------------------------------------------------------

WRONG_BATCHES: list[tuple[nn.Layer, object, str]] = [
    (nn.linear(3), ones(4), r"linear\(3\): it takes batches of features, \(batch, \.\.\., in\), not \(4,\)"),
    (nn.linear(3), np.ones((2, 4), int), r"linear\(3\): .* floats, not int64 of shape \(2, 4\)"),
    (nn.linear(3), [[1.0]], r"linear\(3\): .* not \[\[1\.0\]\]"),
    (nn.conv2d(3, 3), ones(3, 8, 8), r"conv2d\(3, 3\): it takes batches of images, .*width\), not \(3, 8, 8\)"),
    (nn.conv2d(3, 3), np.ones((1, 1, 4, 4), np.uint8), r"conv2d\(3, 3\): .* floats, not uint8"),
    (nn.conv1d(3, 3), ones(1, 3, 8, 8), r"conv1d\(3, 3\): .*length\), not \(1, 3, 8, 8\)"),
    (nn.conv2d(4, 3, groups=2), ones(1, 3, 8, 8), r"conv2d\(4, 3, groups=2\): 2 groups do not divide the 3 channels"),
    (nn.conv2d(4, 5), ones(1, 3, 8, 4), r"conv2d\(4, 5\): the window spans \(5, 5\), .* images of \(8, 4\)"),
    (nn.conv2d(4, 3, dilation=4), ones(1, 3, 8, 8), r"the window spans \(9, 9\)"),
    (nn.max_pool2d(3), ones(1, 3, 8, 2), r"max_pool2d\(3\): the window spans \(3, 3\), .* images of \(8, 2\)"),
    (nn.max_pool2d(2), ones(3, 8, 8), r"max_pool2d\(2\): it takes batches of images"),
    (nn.avg_pool1d(2), ones(1, 3, 8, 8), r"avg_pool1d\(2\): it takes batches of images"),
    (nn.avg_pool2d(2), np.ones((1, 3, 8, 8), int), r"avg_pool2d\(2\): .* floats"),
    (nn.linear(2), cast(Floats, (8, 3)), r"not \(8, 3\); write np.zeros\(\(8, 3\)\)"),
    (nn.linear(2), cast(Floats, [[1.0]]), r"not \[\[1.0\]\]; write np.asarray\(x, np.float64\)"),
    (nn.embedding(4, 2), ones(2, 2), r"embedding\(4, 2\): indices are an array of integers, not float64"),
    (nn.embedding(4, 2), np.array([1, 4]), r"embedding\(4, 2\): the index 4 is out of range; .* between 0 and 3"),
    (nn.embedding(4, 2), np.array([[-1]]), r"embedding\(4, 2\): the index -1 is out of range"),
    (nn.serial(nn.relu, nn.linear(3), nn.conv1d(2, 3)), ones(2, 4), r"^layer 2 of 3: conv1d\(2, 3\): .*not \(2, 3\)$"),
    (nn.serial(nn.residual(nn.linear(3))), ones(2, 4), r"^layer 0 of 1: residual\(linear\(3\)\): .* \(2, 3\) for"),
    (nn.parallel(nn.linear(3), nn.conv1d(3, 1)), ones(2, 4), r"^branch 1 of 2: conv1d\(3, 1\)"),
    (nn.serial(nn.global_avg_pool), ones(2, 4), r"layer 0 of 1: global_avg_pool: .* not \(2, 4\)"),
]  # fmt: skip


@pytest.mark.parametrize(("layer", "x", "message"), WRONG_BATCHES, ids=lambda case: repr(case)[:50])
def test_a_batch_that_does_not_fit_is_refused_by_init(layer: nn.Layer, x: Floats, message: str) -> None:
    with pytest.raises(LayerError, match=message):
        layer.init(key(0), x)


# a layer, a batch for which it was made, one that is given, and what is said
WRONG_LATER: list[tuple[nn.Layer, Floats, Floats, str]] = [
    (nn.linear(3), ones(2, 4), ones(2, 5), r"linear\(3\): for a batch \(2, 5\) its weight .* \(3, 5\), not \(3, 4\)"),
    (nn.conv2d(3, 3), ones(1, 2, 5, 5), ones(1, 4, 5, 5), r"its weight has the shape \(3, 4, 3, 3\), not"),
    (nn.conv2d(3, 3), ones(1, 2, 5, 5), ones(1, 2, 2, 5), r"conv2d\(3, 3\): the window spans \(3, 3\)"),
    (nn.conv2d(3, 3), ones(1, 2, 5, 5), ones(2, 5, 5), r"conv2d\(3, 3\): it takes batches of images"),
    (nn.max_pool1d(3), ones(1, 2, 5), ones(1, 2, 2), r"max_pool1d\(3\): the window spans \(3,\)"),
    (nn.serial(nn.linear(3), nn.relu), ones(2, 4), ones(4), r"layer 0 of 2: linear\(3\): it takes batches"),
]  # fmt: skip


@pytest.mark.parametrize(("layer", "before", "x", "message"), WRONG_LATER, ids=lambda case: repr(case)[:50])
def test_a_batch_that_does_not_fit_is_refused_by_apply_traced_or_not(
    layer: nn.Layer, before: Floats, x: Floats, message: str
) -> None:
    params, state = layer.init(key(0), before)
    with pytest.raises(LayerError, match=message):
        layer.apply(params, state, x)
    with pytest.raises(LayerError, match=message):
        tg.grad(lambda x: tnp.sum(layer.apply(params, state, x)[0]))(x)
    if params:
        with pytest.raises(LayerError, match=message):
            tg.grad(lambda params: tnp.sum(layer.apply(params, state, x)[0]))(params)


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ((), r"linear\(2\): it has the parameters weight, bias, and was given a tuple of 0"),
        ({"weight": ones(2, 3)}, r"linear\(2\): it has the parameters weight, bias, and was given weight"),
        (cast(nn.Params, None), r"linear\(2\): it has the parameters weight, bias, and was given None"),
        ({"weight": ones(3, 3), "bias": ones(3)}, r"its weight has the shape \(2, 3\), not \(3, 3\)"),
        ({"weight": ones(2, 3), "bias": ones(3)}, r"its bias has the shape \(2,\), not \(3,\)"),
    ],
)
def test_parameters_of_another_layer_are_refused(params: nn.Params, message: str) -> None:
    with pytest.raises(LayerError, match=message):
        nn.linear(2).apply(params, (), ones(4, 3))


def test_settings_are_given_by_name() -> None:
    """As in PyTorch, where the channels of the input stand first, they would mean something else here."""
    for make in (nn.linear, nn.conv1d, nn.conv2d, nn.multi_head_attention):
        with pytest.raises(TypeError, match="positional argument"):
            cast(Callable[..., nn.Layer], make)(3, 16, 3)


@pytest.mark.parametrize(("axis", "shape"), [(1, (2, 6)), (-1, (2, 6)), (0, (4, 3))])
def test_branches_join_along_any_axis(axis: int, shape: tuple[int, ...]) -> None:
    model = nn.parallel(nn.relu, nn.tanh, axis=axis)
    assert np.shape(model.apply(*model.init(key(0), ones(2, 3)), ones(2, 3))[0]) == shape


def test_branches_do_not_join_along_an_axis_that_is_not_there() -> None:
    model = nn.parallel(nn.relu, nn.tanh, axis=2)
    with pytest.raises(LayerError, match=r"give \(2, 3\), \(2, 3\), which do not join along axis 2"):
        model.apply(*model.init(key(0), ones(2, 3)), ones(2, 3))


def test_a_layer_is_not_called() -> None:
    with pytest.raises(LayerError, match=r"linear\(2\): a layer holds no parameters; write out, state = layer.apply"):
        cast(Callable[..., object], nn.linear(2))(ones(2, 3))


PARTS: list[tuple[object, str]] = [
    (nn.linear, r"part 1 of a network is the function linear, which makes layers: linear\(\.\.\.\)"),
    (nn.batch_norm, r"part 1 .* the function batch_norm, which makes layers"),
    (nn.Layer, r"part 1 .* neither a layer nor a function"),
    ([nn.relu], r"part 1 .* neither a layer nor a function"),
]


@pytest.mark.parametrize(("part", "message"), PARTS, ids=lambda case: getattr(case, "__name__", str(case)))
def test_what_is_no_part_of_a_network(part: object, message: str) -> None:
    with pytest.raises(LayerError, match=message):
        nn.serial(nn.linear(3), cast(nn.Layer, part))


@pytest.mark.parametrize("function", [lambda x: None, lambda x: (x, x), lambda x: [x]])
def test_a_function_in_a_network_returns_an_array(function: Callable[[object], object]) -> None:
    with pytest.raises(
        LayerError, match=r"layer 1 of 2: <lambda>: of a batch \(2, 3\) it made a \w+; .* return arrays"
    ):
        nn.serial(nn.linear(3), function).init(key(0), ones(2, 4))


def test_an_error_of_a_function_says_in_which_layer() -> None:
    model = nn.residual(nn.tanh, nn.serial(lambda x: x.reshape(7)))
    with pytest.raises(ValueError, match="reshape") as error:
        model.init(key(0), ones(2, 3))
    assert error.value.__notes__ == ["in layer 0 of 1", "in layer 1 of 2"]


def test_a_seed_is_no_key() -> None:
    for call in (
        lambda: nn.linear(2).init(cast(Key, 0), ones(2, 3)),
        lambda: nn.serial(nn.relu).init(cast(Key, 0), ones(2, 3)),
        lambda: nn.dropout().apply((), {"last_key": np.zeros(2, np.uint64)}, ones(2), training=True, key=cast(Key, 0)),
    ):
        with pytest.raises(SettingError, match=r"from a key, which random\.key\(seed\) makes, not from 0"):
            call()


SETTINGS: list[tuple[Callable[[], object], str]] = [
    (lambda: nn.linear(0), r"linear\(0\): features is a whole number from 1 on, not 0"),
    (lambda: nn.linear(cast(int, 2.5)), r"features is a whole number from 1 on, not 2\.5"),
    (lambda: nn.conv2d(4, 0), r"conv2d\(4, 0\): window is a whole number from 1 on, not 0"),
    (lambda: nn.conv2d(4, (3, 3, 3)), r"window is a whole number, or a tuple of 2 numbers, .* not \(3, 3, 3\)"),
    (lambda: nn.conv1d(4, (3, 3)), r"window is a whole number, or a tuple of one number"),
    (lambda: nn.conv2d(4, 3, stride=0), r"stride is a whole number from 1 on, not 0"),
    (lambda: nn.conv2d(4, 3, dilation=(1, -1)), r"dilation is a whole number from 1 on, not -1"),
    (lambda: nn.conv2d(4, 3, padding=-1), r"padding is a whole number from 0 on, not -1"),
    (lambda: nn.conv2d(4, 3, padding=((1, 1),)), r"padding by pairs is \(\(before, behind\), \(before, behind\)\)"),
    (lambda: nn.conv2d(4, 3, padding=cast("int", "sane")), r"'anchored', 'same', 'valid', not 'sane'; .*: same"),
    (lambda: nn.conv2d(4, 3, padding=cast("int", "SAME")), r"not 'SAME'; .*: same"),
    (lambda: nn.conv2d(4, 3, groups=3), r"conv2d\(4, 3, groups=3\): 3 groups do not divide 4 features"),
    (lambda: nn.conv2d(4, 3, groups=cast(int, True)), r"groups is a whole number from 1 on, not True"),
    (lambda: nn.max_pool2d(0), r"max_pool2d\(0\): window is a whole number from 1 on, not 0"),
    (lambda: nn.max_pool2d(2, padding=2), r"padding is less than the window, which is \(2, 2\)"),
    (lambda: nn.embedding(0, 3), r"embedding\(0, 3\): count is a whole number from 1 on, not 0"),
    (lambda: nn.embedding(3, 3, dtype=int), r"embedding\(3, 3, dtype=int\): dtype is one of floats"),
    (lambda: F.max_pool1d(ones(1, 4), 0), r"max_pool1d: window is a whole number from 1 on, not 0"),
    (lambda: F.one_hot(np.array([0]), 0), r"one_hot: the number of classes is a whole number from 1 on"),
    (lambda: initialisers.normal(-1.0), r"normal: std is a positive number, not -1\.0"),
    (lambda: initialisers.orthogonal(float("nan")), r"orthogonal: gain is a positive number, not nan"),
    (lambda: initialisers.he_normal(key(0), (3,)), r"he: it is for weights \(out, in, \*window\), .* not \(3,\)"),
]  # fmt: skip


@pytest.mark.parametrize(("make", "message"), SETTINGS, ids=lambda case: case if isinstance(case, str) else "")
def test_settings_without_a_meaning(make: Callable[[], object], message: str) -> None:
    with pytest.raises(SettingError, match=message):
        make()


FUNCTIONS: list[tuple[Callable[[Floats], object], tuple[int, ...], str]] = [
    (lambda x: F.conv2d(x, ones(4, 3, 3)), (1, 3, 5, 5), r"conv2d: a weight has the axes .* not the shape \(4, 3, 3\)"),
    (lambda x: F.conv2d(x, ones(4, 3, 3, 3)), (5, 5), r"conv2d: images have the axes .*, not \(5, 5\)"),
    (lambda x: F.conv2d(x, ones(4, 3, 3, 3)), (1, 2, 5, 5), r"conv2d: images \(1, 2, 5, 5\) have 2 channels, .* 3"),
    (lambda x: F.conv1d(x, ones(3, 1, 3), groups=2), (1, 2, 5), r"that 2 divides"),
    (lambda x: F.conv1d(x, ones(3, 2, 3), ones(2)), (1, 2, 5), r"conv1d: a bias is \(3,\) .* not \(2,\)"),
    (lambda x: F.conv1d(x, ones(3, 2, 3)), (1, 2, 2), r"conv1d: the window spans \(3,\), .* images of \(2,\)"),
    (lambda x: F.conv1d(x.astype(np.float16), ones(3, 2, 3)), (1, 2, 5), r"conv1d: .* arrays of floats, not float16"),
    (lambda x: F.linear(x, ones(3, 4)), (2, 5), r"linear: a weight is \(out, in\) .*, not \(3, 4\) and \(2, 5\)"),
    (lambda x: F.linear(x, ones(3, 4), ones(4)), (2, 4), r"linear: a bias is \(3,\)"),
    (lambda x: F.max_pool2d(x, 2), (4,), r"max_pool2d: images have the axes .*, not the shape \(4,\)"),
    (lambda x: F.global_max_pool(x), (2, 3, 0), r"global_max_pool: .* none empty, not \(2, 3, 0\)"),
    (lambda x: F.flatten(tnp.sum(x)), (2,), r"flatten: it takes a batch"),
    (lambda x: F.embedding(np.array([0]), x), (3,), r"embedding: a weight is \(count, features\), not \(3,\)"),
    (lambda x: F.embedding(np.array([3]), x), (3, 2), r"embedding: the index 3 is out of range"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("function", "shape", "message"), FUNCTIONS, ids=lambda case: case if isinstance(case, str) else ""
)
def test_shapes_that_do_not_fit_a_function(
    function: Callable[[Floats], object], shape: tuple[int, ...], message: str
) -> None:
    with pytest.raises(LayerError, match=message):
        function(ones(*shape))
    with pytest.raises(LayerError, match=message):
        tg.grad(lambda x: tnp.sum(cast(tg.Var, function(x))))(ones(*shape))


# ---- first values -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("family", "variance"), [("lecun", 1.0 / 80.0), ("glorot", 2.0 / (80.0 + 240.0)), ("he", 2.0 / 80.0)]
)
def test_the_variance_of_weights(family: str, variance: float) -> None:
    shape = (60, 20, 4)  # 80 values go into a unit, a value goes to 240
    normal = getattr(initialisers, f"{family}_normal")(key(0), shape)
    even = getattr(initialisers, f"{family}_uniform")(key(1), shape)
    for numbers in (normal, even):
        assert abs(numbers.mean()) < 4.0 * np.sqrt(variance / numbers.size)
        assert abs(numbers.var() / variance - 1.0) < 0.08
    limit = np.sqrt(3.0 * variance)
    assert 0.99 * limit < np.abs(even).max() <= limit < np.abs(normal).max()


@pytest.mark.parametrize("shape", [(4, 9), (9, 4), (6, 2, 3), (3, 2, 2, 2)])
def test_orthogonal_matrices(shape: tuple[int, ...]) -> None:
    matrix = initialisers.orthogonal(2.0)(key(0), shape).reshape(shape[0], -1)
    small = matrix @ matrix.T if len(matrix) <= matrix.shape[1] else matrix.T @ matrix
    np.testing.assert_allclose(small, 4.0 * np.eye(len(small)), atol=1e-12)


def test_plain_first_values() -> None:
    assert initialisers.zeros(key(0), (2,)).tolist() == [0.0, 0.0]
    assert initialisers.ones(key(0), (2,)).tolist() == [1.0, 1.0]
    assert initialisers.constant(3)(key(0), (1, 1), np.float32).dtype == np.float32
    assert np.abs(initialisers.uniform(0.1)(key(0), (100,))).max() <= 0.1
    assert 0.3 < initialisers.normal(0.5)(key(0), (100,)).std() < 0.7


def test_what_an_initialiser_makes_is_checked() -> None:
    def transposed(key: Key, shape: tuple[int, ...], dtype: npt.DTypeLike) -> Floats:
        return np.ones(shape[::-1], dtype)

    with pytest.raises(LayerError, match=r"weight_init=transposed\): the initialiser of weight made .* \(3, 2\), not"):
        nn.linear(2, weight_init=transposed).init(key(0), ones(1, 3))
