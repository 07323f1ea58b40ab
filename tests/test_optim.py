"""Optimisers and transformations of gradients, against plain loops over the formulas, and as pure functions."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from typing import cast

import attrs
import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import tapegrad as tg
from tapegrad import tree
from tapegrad.errors import ArgumentTypeError, IntegerArgumentError, SettingError, StructureError
from tapegrad.optim import (
    Optimiser,
    OptimiserState,
    Schedule,
    Transformation,
    adam,
    adamw,
    add_weight_decay,
    apply_updates,
    chain,
    clip_by_global_norm,
    clip_by_value,
    cosine,
    lion,
    momentum,
    nesterov,
    rmsprop,
    sgd,
)
from tapegrad.testing import central_difference

Array = npt.NDArray[np.float64]
ByHand = Callable[[float, Sequence[float]], Iterator[float]]

GRADIENTS = st.lists(st.floats(-100, 100), min_size=1, max_size=6)


# ---- the formulas of the papers, number by number: the parameters after each step ------------------


def by_hand_sgd(w: float, gradients: Sequence[float]) -> Iterator[float]:
    for g in gradients:
        w -= 0.5 * g
        yield w


def by_hand_momentum(w: float, gradients: Sequence[float]) -> Iterator[float]:
    for step in range(len(gradients)):
        w -= 0.1 * sum(0.9 ** (step - i) * g for i, g in enumerate(gradients[: step + 1]))
        yield w


def by_hand_nesterov(w: float, gradients: Sequence[float]) -> Iterator[float]:
    for step, now in enumerate(gradients):
        velocity = sum(0.9 ** (step - i) * g for i, g in enumerate(gradients[: step + 1]))
        w -= 0.1 * (now + 0.9 * velocity)
        yield w


def by_hand_rmsprop(w: float, gradients: Sequence[float]) -> Iterator[float]:
    s = 0.0
    for g in gradients:
        s = 0.99 * s + 0.01 * g**2
        w -= 0.01 * g / (math.sqrt(s) + 1e-8)
        yield w


def by_hand_adam(w: float, gradients: Sequence[float], weight_decay: float = 0.0) -> Iterator[float]:
    m = v = 0.0
    for step, g in enumerate(gradients, start=1):
        w *= 1.0 - 0.01 * weight_decay
        m = 0.9 * m + 0.1 * g
        v = 0.999 * v + 0.001 * g**2
        w -= 0.01 * (m / (1.0 - 0.9**step)) / (math.sqrt(v / (1.0 - 0.999**step)) + 1e-8)
        yield w


def by_hand_adamw(w: float, gradients: Sequence[float]) -> Iterator[float]:
    return by_hand_adam(w, gradients, weight_decay=0.01)


def by_hand_lion(w: float, gradients: Sequence[float]) -> Iterator[float]:
    m = 0.0
    for g in gradients:
        c = 0.9 * m + 0.1 * g
        sign = float(c > 0.0) - float(c < 0.0)
        w -= 0.01 * (sign + 0.1 * w)
        m = 0.99 * m + 0.01 * g
        yield w


FORMULAS: dict[str, tuple[Optimiser, ByHand]] = {
    "sgd": (sgd(0.5), by_hand_sgd),
    "momentum": (momentum(0.1), by_hand_momentum),
    "nesterov": (nesterov(0.1), by_hand_nesterov),
    "rmsprop": (rmsprop(0.01), by_hand_rmsprop),
    "adam": (adam(0.01), by_hand_adam),
    "adamw": (adamw(0.01), by_hand_adamw),
    "lion": (lion(0.01, weight_decay=0.1), by_hand_lion),
}
OPTIMISERS = [optimiser for optimiser, _ in FORMULAS.values()]
TRANSFORMATIONS: list[Transformation] = [
    *OPTIMISERS,
    clip_by_value(1.0),
    clip_by_global_norm(1.0),
    add_weight_decay(0.1),
    chain(clip_by_global_norm(1.0), add_weight_decay(0.1), adam(0.01)),
]
WITH_MEMORY = [optimiser for name, (optimiser, _) in FORMULAS.items() if name != "sgd"]


def followed(optimiser: Optimiser, params: object, gradients: Sequence[object]) -> list[object]:
    """The parameters after each step along these gradients."""
    state, found = optimiser.init(params), []
    for gradient in gradients:
        updates, state = optimiser.update(gradient, state, params)
        params = apply_updates(params, updates)
        found.append(params)
    return found


@pytest.mark.parametrize("name", FORMULAS)
@given(gradients=GRADIENTS)
@settings(deadline=None, max_examples=50)
def test_a_number_follows_the_formula(name: str, gradients: list[float]) -> None:
    optimiser, by_hand = FORMULAS[name]
    found = followed(optimiser, 1.0, gradients)
    assert found == pytest.approx(list(by_hand(1.0, gradients)), rel=1e-9, abs=1e-9)
    assert {type(w) for w in found} == {float}


@pytest.mark.parametrize("name", FORMULAS)
def test_every_number_of_a_tree_follows_the_formula(name: str) -> None:
    optimiser, by_hand = FORMULAS[name]
    rng = np.random.default_rng(3)
    params = {"w": rng.normal(size=(3, 2)), "b": (0.5, np.array(-1.5)), "none": np.zeros((0, 4))}
    gradients = [
        {"w": rng.normal(size=(3, 2)), "b": (rng.normal(), np.array(rng.normal())), "none": np.zeros((0, 4))}
        for _ in range(20)
    ]
    start, columns = tree.ravel(params)[0], [tree.ravel(gradient)[0] for gradient in gradients]
    expected = np.transpose([list(by_hand(w, g)) for w, g in zip(start.tolist(), np.transpose(columns), strict=True)])
    found = [tree.ravel(after)[0] for after in followed(optimiser, params, gradients)]
    np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("make", [sgd, momentum, nesterov, rmsprop, adam, lion])
def test_the_bottom_of_a_bowl_is_found(make: Callable[[Schedule], Optimiser]) -> None:
    optimiser = make(cosine(0.02, 1000))
    params, state = (1.5, np.array([-1.0])), optimiser.init((1.5, np.array([-1.0])))
    for _ in range(1000):
        gradient = (2.0 * (params[0] - 1.0), 6.0 * (params[1] + 0.5))
        updates, state = optimiser.update(gradient, state, params)
        params = apply_updates(params, updates)
    assert (params[0], *params[1]) == pytest.approx((1.0, -0.5), abs=1e-4)


# ---- transformations of gradients ---------------------------------------------------------------


def transformed(transformation: Transformation, gradient: object, params: object) -> object:
    return transformation.update(gradient, transformation.init(params), params)[0]


def test_values_are_clipped_one_by_one() -> None:
    gradient = {"w": np.array([-3.0, 0.5, 3.0]), "b": 7.0}
    found = cast("dict[str, object]", transformed(clip_by_value(1.5), gradient, gradient))
    np.testing.assert_array_equal(cast(Array, found["w"]), [-1.5, 0.5, 1.5])
    assert found["b"] == 1.5


@pytest.mark.parametrize("limit", [0.1, 1.0, 12.9])
def test_a_long_gradient_is_made_as_long_as_the_limit(limit: float) -> None:
    gradient = {"w": np.array([3.0, 4.0]), "b": 12.0}  # of norm 13
    found = cast("dict[str, object]", transformed(clip_by_global_norm(limit), gradient, gradient))
    np.testing.assert_allclose(cast(Array, found["w"]), np.array([3.0, 4.0]) * (limit / (13.0 + 1e-6)), rtol=1e-15)
    assert found["b"] == pytest.approx(12.0 * limit / (13.0 + 1e-6), rel=1e-15)


def test_a_short_gradient_stays_as_it_is() -> None:
    gradient = (np.array([3.0, 4.0]), 12.0)
    found = cast("tuple[Array, float]", transformed(clip_by_global_norm(13.1), gradient, gradient))
    np.testing.assert_array_equal(found[0], [3.0, 4.0])
    assert found[1] == 12.0


@pytest.mark.parametrize("size", [1e-200, 1e200])
def test_a_gradient_of_extreme_size_is_clipped_too(size: float) -> None:
    gradient = (np.array([3.0 * size, 4.0 * size]), 12.0 * size)
    array, number = cast("tuple[Array, float]", transformed(clip_by_global_norm(1.0), gradient, gradient))
    scale = min(size, 1.0 / 13.0)
    np.testing.assert_allclose(array, [3.0 * scale, 4.0 * scale], rtol=1e-7)
    assert number == pytest.approx(12.0 * scale, rel=1e-7)


@pytest.mark.parametrize("odd", [math.nan, math.inf])
def test_a_gradient_that_is_no_number_is_not_hidden(odd: float) -> None:
    for transformation in (clip_by_global_norm(1.0), chain(clip_by_global_norm(1.0), adam(0.1))):
        assert math.isnan(cast(float, transformed(transformation, odd, 1.0)))


@pytest.mark.parametrize("transformation", TRANSFORMATIONS)
@pytest.mark.parametrize("odd", [math.nan, math.inf, 1e300])
def test_numbers_beyond_the_range_come_without_warnings(transformation: Transformation, odd: float) -> None:
    params, gradient = (np.array([math.inf, 1.0]), 1.0), (np.array([-odd, odd]), odd)
    state = transformation.init(params)
    for _ in range(2):  # a warning would be an error
        updates, state = transformation.update(gradient, state, params)
        apply_updates(params, updates)
        apply_updates(params, (np.array([-math.inf, 1.0]), 1.0))


def test_weight_decay_is_added_to_the_gradient() -> None:
    params, gradient = {"w": np.array([1.0, -2.0]), "b": 3.0}, {"w": np.array([0.5, 0.5]), "b": 0.0}
    found = cast("dict[str, object]", transformed(add_weight_decay(0.1), gradient, params))
    np.testing.assert_allclose(cast(Array, found["w"]), [0.6, 0.3], rtol=1e-15)
    assert found["b"] == pytest.approx(0.3)


# ---- chains -------------------------------------------------------------------------------------


def test_a_chain_gives_the_result_of_each_to_the_next() -> None:
    optimiser = chain(clip_by_value(1.0), add_weight_decay(0.1), momentum(0.5, decay=0.5))
    velocity, w = 0.0, 2.0
    gradients = [5.0, -0.3, 0.2, -7.0]
    expected = []
    for g in gradients:
        velocity = 0.5 * velocity + max(-1.0, min(g, 1.0)) + 0.1 * w
        w -= 0.5 * velocity
        expected.append(w)
    assert followed(optimiser, 2.0, gradients) == pytest.approx(expected, rel=1e-14)


def test_a_chain_is_an_optimiser_if_it_ends_in_one() -> None:
    assert type(chain(clip_by_value(1.0), sgd(0.1))) is Optimiser
    assert type(chain(clip_by_value(1.0), chain(add_weight_decay(0.1), sgd(0.1)))) is Optimiser
    assert type(chain(clip_by_value(1.0), add_weight_decay(0.1))) is Transformation


def test_an_empty_chain_does_nothing() -> None:
    nothing = chain()
    assert nothing.update(2.0, nothing.init(1.0), 1.0) == (2.0, OptimiserState(1, {}))


def test_what_follows_an_optimiser_is_refused() -> None:
    with pytest.raises(SettingError, match="an optimiser ends a chain"):
        chain(sgd(0.1), clip_by_value(1.0))


def test_the_parts_of_a_chain_count_the_same_steps() -> None:
    optimiser = chain(clip_by_value(1.0), chain(add_weight_decay(0.1), adam(0.1)))
    state = optimiser.init(1.0)
    for count in range(1, 4):
        _, state = optimiser.update(1.0, state, 1.0)
        assert state.count == state.parts[0].count == state.parts[1].parts[1].count == count


# ---- states -------------------------------------------------------------------------------------


def test_a_state_is_a_tree_with_a_name_for_every_leaf() -> None:
    state = chain(clip_by_value(1.0), adam(0.1)).init({"w": np.ones(2), "b": 1.0})
    assert tree.leaf_names(state, "state") == [
        "state.count",
        "state.parts[0].count",
        "state.parts[1].count",
        "state.parts[1].averages['mean']['b']",
        "state.parts[1].averages['mean']['w']",
        "state.parts[1].averages['square']['b']",
        "state.parts[1].averages['square']['w']",
    ]
    found, structure = tree.flatten(state)
    assert repr(structure.unflatten(found)) == repr(state)
    assert {type(leaf) for leaf in found} == {int, float, np.ndarray}


@pytest.mark.parametrize("transformation", TRANSFORMATIONS)
def test_update_is_pure(transformation: Transformation) -> None:
    params, gradient = {"w": np.array([1.0, 2.0]), "b": 3.0}, {"w": np.array([40.0, -0.1]), "b": 0.0}
    _, state = transformation.update(gradient, transformation.init(params), params)
    arrays = [leaf for leaf in tree.leaves((params, gradient, state)) if isinstance(leaf, np.ndarray)]
    for array in arrays:
        array.flags.writeable = False  # to write to it is an error from here on
    first, second = (transformation.update(gradient, state, params) for _ in range(2))
    assert repr(first) == repr(second)
    after = [leaf for leaf in tree.leaves(first[1]) if isinstance(leaf, np.ndarray)]
    assert not any(np.shares_memory(array, leaf) for leaf in after for array in arrays)
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        state.count = 0  # type: ignore[misc]  # what is tested


@pytest.mark.parametrize("transformation", TRANSFORMATIONS)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("order", ["C", "F"])
def test_every_leaf_keeps_its_kind(transformation: Transformation, dtype: type[np.floating], order: str) -> None:
    array = np.asarray(np.arange(6.0).reshape(2, 3), dtype=dtype, order=order)  # type: ignore[call-overload]  # C or F
    params = {"array": array, "axisless": np.array(1.5, dtype), "number": 2.5, "scalar": dtype(3.5)}
    state = transformation.init(params)
    for _ in range(3):
        updates, state = transformation.update(params, state, params)
        assert kinds(updates) == kinds(params)
        assert kinds(apply_updates(params, updates)) == kinds(params)


def kinds(params: dict[str, object]) -> list[tuple[str, type, object, tuple[int, ...]]]:
    arrays = {name: np.asarray(leaf) for name, leaf in params.items()}
    return [(name, type(params[name]), array.dtype, array.shape) for name, array in arrays.items()]


@pytest.mark.parametrize("transformation", TRANSFORMATIONS)
def test_a_gradient_in_another_precision_leaves_the_parameters_in_theirs(transformation: Transformation) -> None:
    params: dict[str, object] = {"w": np.ones(3, np.float32), "v": np.ones(3), "b": 1.0}
    gradient: dict[str, object] = {"w": np.ones(3), "v": np.ones(3, np.float32), "b": np.float64(1.0)}
    updates, state = transformation.update(gradient, transformation.init(params), params)
    updates, _ = transformation.update(gradient, state, params)
    assert kinds(apply_updates(params, updates)) == kinds(params)


@pytest.mark.parametrize("transformation", TRANSFORMATIONS)
def test_a_network_without_parameters_is_trained_like_any(transformation: Transformation) -> None:
    updates, state = transformation.update((), transformation.init(()), ())
    assert (updates, state.count) == ((), 1)


# ---- refused ------------------------------------------------------------------------------------


@pytest.mark.parametrize("transformation", TRANSFORMATIONS)
@pytest.mark.parametrize("gradient", [{"w": 1.0}, {"w": 1.0, "b": (2.0,)}, (1.0, 2.0)])
def test_a_gradient_of_another_structure_is_refused(transformation: Transformation, gradient: object) -> None:
    params: object = {"w": 1.0, "b": 2.0}
    with pytest.raises(
        StructureError, match=r"gradient has the structure .*, but the parameters have \{'w': \*, 'b': \*\}"
    ):
        transformation.update(gradient, transformation.init(params), params)


@pytest.mark.parametrize("transformation", TRANSFORMATIONS)
@pytest.mark.parametrize(("shape", "said"), [((2,), r"\(2,\)"), ((1, 3), r"\(1, 3\)"), ((), r"\(\)")])
def test_a_gradient_of_another_shape_is_refused(
    transformation: Transformation, shape: tuple[int, ...], said: str
) -> None:
    params, gradient = {"w": np.ones(3), "b": 1.0}, {"w": np.ones(shape), "b": 1.0}
    with pytest.raises(StructureError, match=rf"gradient has the shape {said} where params\['w'\] has \(3,\)"):
        transformation.update(gradient, transformation.init(params), params)


@pytest.mark.parametrize("optimiser", WITH_MEMORY)
def test_a_state_of_another_network_is_refused(optimiser: Optimiser) -> None:
    params: object = (1.0, np.ones(2))
    longer: object = (1.0, 2.0, 3.0)
    wider: object = (1.0, np.ones(4))
    with pytest.raises(StructureError, match=r"the average '\w+' of the state has the structure \(\*, \*, \*\), but"):
        optimiser.update(params, optimiser.init(longer), params)
    with pytest.raises(StructureError, match=r"of the state has the shape \(4,\) where params\[1\] has \(2,\)"):
        optimiser.update(params, optimiser.init(wider), params)


@pytest.mark.parametrize(
    ("optimiser", "other", "message"),
    [
        (momentum(0.1), sgd(0.1), "it holds no averages, not the averages velocity"),
        (adam(0.1), momentum(0.1), "it holds the averages velocity, not the averages mean, square"),
        (lion(0.1), rmsprop(0.1), "it holds the averages square, not the averages mean"),
        (sgd(0.1), adam(0.1), "it holds the averages mean, square, not no averages"),
        (sgd(0.1), chain(sgd(0.1)), "it holds the states of 1 parts, not no averages"),
        (chain(clip_by_value(1.0), sgd(0.1)), sgd(0.1), "it holds no averages, not the states of 2 parts"),
        (chain(clip_by_value(1.0), adam(0.1)), chain(clip_by_value(1.0), sgd(0.1)), "it holds no averages, not"),
    ],
)
def test_a_state_of_another_optimiser_is_refused(optimiser: Optimiser, other: Optimiser, message: str) -> None:
    with pytest.raises(StructureError, match=f"the state is of another optimiser: {message}"):
        optimiser.update(1.0, other.init(1.0), 1.0)


@pytest.mark.parametrize("transformation", TRANSFORMATIONS)
def test_what_is_no_state_is_refused(transformation: Transformation) -> None:
    with pytest.raises(StructureError, match=r"the state is of another optimiser: it is None, not .*; begin with"):
        transformation.update(1.0, cast("OptimiserState[float]", None), 1.0)


def test_updates_of_another_form_are_refused() -> None:
    params: object = (1.0, np.ones(2))
    with pytest.raises(StructureError, match="updates has the structure"):
        apply_updates(params, (1.0,))
    with pytest.raises(StructureError, match=r"updates has the shape \(2, 2\) where params\[1\] has \(2,\)"):
        apply_updates(params, (1.0, np.ones((2, 2))))


@pytest.mark.parametrize("transformation", TRANSFORMATIONS)
@pytest.mark.parametrize(
    ("params", "error", "message"),
    [
        ({"w": 1}, IntegerArgumentError, r"params\['w'\] is 1, .*; write float\(params\['w'\]\)"),
        ({"w": np.arange(2)}, IntegerArgumentError, r"write params\['w'\].astype\(float\)"),
        ({"w": "no"}, ArgumentTypeError, r"params\['w'\] is 'no', of type str; parameters are floats"),
        ({"w": np.ones(2, complex)}, ArgumentTypeError, r"parameters are floats and arrays of floats"),
    ],
)
def test_parameters_that_are_not_floats_are_refused(
    transformation: Transformation, params: object, error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        transformation.init(params)


@pytest.mark.parametrize("make", [sgd, momentum, nesterov, rmsprop, adam, adamw, lion])
@pytest.mark.parametrize("rate", [0.0, -0.5, math.nan, math.inf])
def test_a_rate_is_a_positive_number(make: Callable[[float], Optimiser], rate: float) -> None:
    with pytest.raises(SettingError, match=f"learning rate must be a positive number, not {rate!r}"):
        make(rate)


@pytest.mark.parametrize("rate", ["0.1", None, (0.1,), {"w": 1.0}])
def test_a_rate_is_a_number(rate: object) -> None:
    with pytest.raises(SettingError, match="learning rate must be a positive number, not "):
        adam(cast(float, rate))
    optimiser = sgd(lambda step: cast(float, rate))
    with pytest.raises(SettingError, match="the learning rate of step 0 is "):
        optimiser.update(1.0, optimiser.init(1.0), 1.0)


@pytest.mark.parametrize("step", [sgd, 1.0, [sgd(0.1)]])
def test_a_chain_is_made_of_transformations(step: object) -> None:
    with pytest.raises(SettingError, match=r"a chain is made of transformations, .* not of "):
        chain(cast(Transformation, step), sgd(0.1))


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: momentum(0.1, decay=1.0), "decay must be at least 0 and below 1, not 1.0"),
        (lambda: momentum(0.1, decay=math.nan), "decay must be at least 0 and below 1, not nan"),
        (lambda: nesterov(0.1, decay=-1.0), "decay must be at least 0 and below 1, not -1.0"),
        (lambda: rmsprop(0.1, decay=1.5), "decay must be at least 0 and below 1, not 1.5"),
        (lambda: rmsprop(0.1, epsilon=-1.0), "epsilon must be a positive number, not -1.0"),
        (lambda: adam(0.1, decay=-0.1), "decay must be at least 0 and below 1, not -0.1"),
        (lambda: adam(0.1, square_decay=2.0), "square_decay must be at least 0 and below 1, not 2.0"),
        (lambda: adam(0.1, epsilon=0.0), "epsilon must be a positive number, not 0.0"),
        (lambda: adamw(0.1, weight_decay=-0.1), "weight_decay must be a number from 0 on, not -0.1"),
        (lambda: lion(0.1, decay=1.0), "decay must be at least 0 and below 1, not 1.0"),
        (lambda: lion(0.1, mean_decay=1.0), "mean_decay must be at least 0 and below 1, not 1.0"),
        (lambda: lion(0.1, weight_decay=math.inf), "weight_decay must be a number from 0 on, not inf"),
        (lambda: clip_by_value(0.0), "a limit of gradients must be a positive number, not 0.0"),
        (lambda: clip_by_global_norm(-1.0), "a limit of gradients must be a positive number, not -1.0"),
        (lambda: clip_by_global_norm(math.nan), "a limit of gradients must be a positive number, not nan"),
        (lambda: add_weight_decay(-0.1), "decay must be a number from 0 on, not -0.1"),
    ],
)
def test_other_settings_without_meaning_are_refused(make: Callable[[], object], message: str) -> None:
    with pytest.raises(SettingError, match=message):
        make()


# ---- derivatives --------------------------------------------------------------------------------

SMOOTH = [sgd(0.1), momentum(0.1), nesterov(0.1), rmsprop(0.1), adam(0.1), adamw(0.1)]


@pytest.mark.parametrize("optimiser", [*SMOOTH, chain(clip_by_global_norm(1.0), momentum(0.1))])
def test_a_training_step_can_be_differentiated(optimiser: Optimiser) -> None:
    def after_two_steps(w: tg.Scalar) -> tg.Scalar:
        state = optimiser.init(w)
        for _ in range(2):
            updates, state = optimiser.update(2.0 * w, state, w)
            w = apply_updates(w, updates)
        return w

    assert tg.grad(after_two_steps)(1.5) == pytest.approx(central_difference(after_two_steps, 1.5), abs=1e-8)
