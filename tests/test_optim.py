"""Optimisers against the formulas of their papers, and as pure functions."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import tapegrad as tg
from tapegrad import tree
from tapegrad.errors import SettingError, StructureError
from tapegrad.optim import Optimiser, OptimiserState, adam, apply_updates, momentum, sgd
from tapegrad.testing import central_difference

GRADIENTS = st.lists(st.floats(-100, 100), min_size=1, max_size=6)
ALL = [sgd(0.5), momentum(0.1), adam(0.01)]


def by_hand_sgd(gradients: list[float]) -> Iterator[float]:
    for g in gradients:
        yield -0.5 * g


def by_hand_momentum(gradients: list[float]) -> Iterator[float]:
    for step in range(len(gradients)):
        yield -0.1 * sum(0.9 ** (step - i) * g for i, g in enumerate(gradients[: step + 1]))


def by_hand_adam(gradients: list[float]) -> Iterator[float]:
    m = v = 0.0
    for step, g in enumerate(gradients, start=1):
        m = 0.9 * m + 0.1 * g
        v = 0.999 * v + 0.001 * g**2
        yield -0.01 * (m / (1.0 - 0.9**step)) / (math.sqrt(v / (1.0 - 0.999**step)) + 1e-8)


@pytest.mark.parametrize(
    ("optimiser", "by_hand"),
    [(sgd(0.5), by_hand_sgd), (momentum(0.1), by_hand_momentum), (adam(0.01), by_hand_adam)],
)
@given(gradients=GRADIENTS)
@settings(deadline=None, max_examples=50)
def test_updates_follow_the_formula(
    optimiser: Optimiser, by_hand: Callable[[list[float]], Iterator[float]], gradients: list[float]
) -> None:
    state = optimiser.init(1.0)
    for count, (g, expected) in enumerate(zip(gradients, by_hand(gradients), strict=True), start=1):
        update, state = optimiser.update(g, state, 1.0)
        assert update == pytest.approx(expected, rel=1e-9, abs=1e-9)
        assert state.count == count


@pytest.mark.parametrize("optimiser", ALL)
def test_a_tree_is_updated_leaf_by_leaf(optimiser: Optimiser) -> None:
    params, gradient = {"w": (1.0, 2.0), "b": 3.0}, {"w": (0.5, -1.0), "b": 0.0}
    state, leaf_states = optimiser.init(params), [optimiser.init(x) for x in tree.leaves(params)]
    for _ in range(3):
        updates, state = optimiser.update(gradient, state, params)
        steps = [
            optimiser.update(g, leaf_state, x)
            for g, leaf_state, x in zip(tree.leaves(gradient), leaf_states, tree.leaves(params), strict=True)
        ]
        leaf_states = [leaf_state for _, leaf_state in steps]
        assert tree.flatten(updates)[1] == tree.flatten(params)[1]
        assert tree.leaves(updates) == [update for update, _ in steps]


@pytest.mark.parametrize("optimiser", ALL)
def test_update_is_pure(optimiser: Optimiser) -> None:
    params, gradient = {"w": 1.0}, {"w": 4.0}
    _, state = optimiser.update(gradient, optimiser.init(params), params)
    assert optimiser.update(gradient, state, params) == optimiser.update(gradient, state, params)
    assert (params, gradient) == ({"w": 1.0}, {"w": 4.0})
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        state.count = 0  # type: ignore[misc]  # what is tested


@pytest.mark.parametrize("optimiser", [sgd(0.1), momentum(0.01), adam(0.05)])
def test_the_bottom_of_a_bowl_is_found(optimiser: Optimiser) -> None:
    params = (3.0, -2.0)
    state = optimiser.init(params)
    for _ in range(1500):
        gradient = (2.0 * (params[0] - 1.0), 6.0 * (params[1] + 0.5))
        updates, state = optimiser.update(gradient, state, params)
        params = apply_updates(params, updates)
    assert params == pytest.approx((1.0, -0.5), abs=1e-6)


@pytest.mark.parametrize("optimiser", ALL)
@pytest.mark.parametrize("gradient", [{"w": 1.0}, {"w": 1.0, "b": (2.0,)}, (1.0, 2.0)])
def test_a_gradient_of_another_structure_is_refused(optimiser: Optimiser, gradient: object) -> None:
    params: object = {"w": 1.0, "b": 2.0}
    with pytest.raises(
        StructureError, match=r"gradient has the structure .*, but the parameters have \{'w': \*, 'b': \*\}"
    ):
        optimiser.update(gradient, optimiser.init(params), params)


@pytest.mark.parametrize("optimiser", [momentum(0.1), adam(0.1)])
def test_a_state_of_another_network_is_refused(optimiser: Optimiser) -> None:
    other: OptimiserState[object] = optimiser.init((1.0, 2.0, 3.0))
    params: object = (1.0, 2.0)
    with pytest.raises(StructureError, match="state has the structure"):
        optimiser.update(params, other, params)


@pytest.mark.parametrize(("optimiser", "other"), [(momentum(0.1), sgd(0.1)), (adam(0.1), momentum(0.1))])
def test_a_state_of_another_optimiser_is_refused(optimiser: Optimiser, other: Optimiser) -> None:
    with pytest.raises(StructureError, match="the state is of another optimiser"):
        optimiser.update(1.0, other.init(1.0), 1.0)


def test_updates_of_another_structure_are_refused() -> None:
    params: object = (1.0, 2.0)
    with pytest.raises(StructureError, match="updates has the structure"):
        apply_updates(params, (1.0,))


@pytest.mark.parametrize("make", [sgd, momentum, adam])
@pytest.mark.parametrize("rate", [0.0, -0.5, math.nan, math.inf])
def test_a_rate_is_a_positive_number(make: Callable[[float], Optimiser], rate: float) -> None:
    with pytest.raises(SettingError, match=f"learning rate must be a positive number, not {rate!r}"):
        make(rate)


@pytest.mark.parametrize(
    ("make", "name"),
    [
        (lambda: momentum(0.1, decay=1.0), "decay must be at least 0 and below 1, not 1.0"),
        (lambda: momentum(0.1, decay=math.nan), "decay must be at least 0 and below 1, not nan"),
        (lambda: adam(0.1, decay=-0.1), "decay must be at least 0 and below 1, not -0.1"),
        (lambda: adam(0.1, square_decay=2.0), "square_decay must be at least 0 and below 1, not 2.0"),
        (lambda: adam(0.1, epsilon=0.0), "epsilon must be a positive number, not 0.0"),
    ],
)
def test_other_settings_without_meaning_are_refused(make: Callable[[], Optimiser], name: str) -> None:
    with pytest.raises(SettingError, match=name):
        make()


@pytest.mark.parametrize("optimiser", [sgd(0.1), momentum(0.1), adam(0.1)], ids=["sgd", "momentum", "adam"])
def test_a_training_step_can_be_differentiated(optimiser: Optimiser) -> None:
    def after_two_steps(w: tg.Scalar) -> tg.Scalar:
        state = optimiser.init(w)
        for _ in range(2):
            updates, state = optimiser.update(2.0 * w, state, w)
            w = apply_updates(w, updates)
        return w

    assert tg.grad(after_two_steps)(1.5) == pytest.approx(central_difference(after_two_steps, 1.5), abs=1e-8)
