"""Training is a lazy fold: pure, resumable at any epoch, and it solves what it is recommended for."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from itertools import islice, pairwise

import attrs
import pytest

import tapegrad as tg
from tapegrad import datasets, random
from tapegrad.errors import DataError, SettingError, StructureError
from tapegrad.nn import losses, mlp
from tapegrad.nn.mlp import MLP
from tapegrad.optim import Optimiser, adam, momentum, sgd
from tapegrad.training import State, early_stopping, start, train

OPTIMISERS: dict[str, Callable[[float], Optimiser]] = {"sgd": sgd, "momentum": momentum, "adam": adam}
Example = tuple[tuple[float, ...], int]


def loss(params: MLP, example: Example) -> tg.Scalar:
    point, label = example
    return losses.binary_cross_entropy(mlp.apply(params, point)[0], label)


def examples_of(name: str, seed: int) -> list[Example]:
    data = datasets.make(name, random.key(seed), datasets.POINTS)
    return list(zip(map(datasets.standardised, data.points), data.labels, strict=True))


def correct(state: State[MLP], examples: Sequence[Example]) -> int:
    return sum((mlp.apply(state.params, point)[0] > 0.0) == (label == 1) for point, label in examples)


def small_start(optimiser: Optimiser) -> State[MLP]:
    return start(mlp.init(random.key(1), (2, 3, 1)), optimiser, random.key(2))


def small_train(optimiser: Optimiser, state: State[MLP], epochs: int) -> Iterator[State[MLP]]:
    return train(loss, examples_of("xor", 0)[:7], state, optimiser, batch_size=3, epochs=epochs)


# ---- the fold -----------------------------------------------------------------------------------


def test_states_are_numbered_and_immutable() -> None:
    state = small_start(sgd(0.5))
    assert (state.epoch, state.loss) == (0, math.inf)
    states = list(small_train(sgd(0.5), state, 4))
    assert [s.epoch for s in states] == [1, 2, 3, 4]
    assert all(math.isfinite(s.loss) for s in states)
    assert all(s.params != t.params for s, t in pairwise([state, *states]))
    assert states == list(small_train(sgd(0.5), state, 4))
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        states[0].epoch = 9  # type: ignore[misc]  # what is tested


def test_nothing_is_computed_before_it_is_asked_for() -> None:
    seen: list[float] = []

    def watched(w: tg.Scalar, example: float) -> tg.Scalar:
        seen.append(example)
        return losses.mse(w, example)

    states = train(watched, [1.0, 2.0, 3.0], start(0.5, sgd(0.1), random.key(0)), sgd(0.1), batch_size=2, epochs=10**9)
    assert seen == []
    next(states)
    assert sorted(seen) == [1.0, 2.0, 3.0]
    next(states)
    assert len(seen) == 6


@pytest.mark.parametrize("name", OPTIMISERS)
@pytest.mark.parametrize("stop", [0, 1, 3, 6])
def test_continuing_gives_the_bits_of_never_having_stopped(name: str, stop: int) -> None:
    optimiser = OPTIMISERS[name](0.1)
    first = small_start(optimiser)
    whole = [first, *small_train(optimiser, first, 6)]
    assert whole[stop + 1 :] == list(small_train(optimiser, whole[stop], 6))


def test_one_batch_of_everything_is_gradient_descent() -> None:
    """Minimise the mean of (w - x)^2: w' = w - rate 2 (w - mean)."""
    xs = [1.0, 2.0, 6.0]
    state = start(0.0, sgd(0.25), random.key(0))
    w = 0.0
    for after in train(losses.mse, xs, state, sgd(0.25), batch_size=99, epochs=5):
        assert after.loss == pytest.approx(sum((w - x) ** 2 for x in xs) / 3, rel=1e-12)
        w -= 0.25 * 2.0 * (w - 3.0)
        assert after.params == pytest.approx(w, rel=1e-12)


def test_every_epoch_has_an_order_of_its_own_from_the_key() -> None:
    def orders(seed: int) -> list[tuple[float, ...]]:
        seen: list[float] = []

        def watched(w: tg.Scalar, example: float) -> tg.Scalar:
            seen.append(example)
            return losses.mse(w, example)

        xs = [float(i) for i in range(10)]
        state = start(0.5, sgd(0.01), random.key(seed))
        list(train(watched, xs, state, sgd(0.01), batch_size=4, epochs=3))
        return [tuple(seen[i : i + 10]) for i in (0, 10, 20)]

    assert len({*orders(0), *orders(1)}) == 6
    assert orders(0) == orders(0)
    assert all(sorted(order) == [float(i) for i in range(10)] for order in orders(0))


def test_any_tree_can_be_trained() -> None:
    def line(params: dict[str, tg.Scalar], example: tuple[float, float]) -> tg.Scalar:
        x, y = example
        return losses.mse(params["slope"] * x + params["start"], y)

    points = [(x, 3.0 * x - 1.0) for x in (-1.0, -0.5, 0.0, 0.5, 1.0)]
    params: dict[str, tg.Scalar] = {"slope": 0.0, "start": 0.0}
    *_, last = train(line, points, start(params, sgd(0.3), random.key(0)), sgd(0.3), batch_size=2, epochs=60)
    assert last.params == pytest.approx({"slope": 3.0, "start": -1.0}, abs=1e-9)


# ---- the end ------------------------------------------------------------------------------------


def states_of(losses_: Sequence[float]) -> list[State[float]]:
    first = start(0.0, sgd(1.0), random.key(0))
    return [attrs.evolve(first, epoch=i, loss=x) for i, x in enumerate(losses_, start=1)]


@pytest.mark.parametrize(
    ("losses_", "patience", "tolerance", "last"),
    [
        ([3.0, 2.0, 1.0, 0.5], 1, 0.0, 4),
        ([3.0, 2.0, 2.0, 0.5], 1, 0.0, 3),
        ([3.0, 2.0, 2.0, 0.5], 2, 0.0, 4),
        ([3.0, 2.0, 2.5, 2.5, 2.5, 0.5], 3, 0.0, 5),
        ([3.0, 2.95, 2.9, 2.85, 2.8], 2, 0.1, 3),
        ([3.0, 2.95, 2.85, 2.75, 2.7], 2, 0.1, 5),
    ],
)
def test_early_stopping(losses_: list[float], patience: int, tolerance: float, last: int) -> None:
    states = states_of(losses_)
    assert list(early_stopping(states, patience, tolerance)) == states[:last]


def test_early_stopping_asks_for_no_more_than_it_gives() -> None:
    states = iter(states_of([1.0, 1.0, 1.0, 1.0]))
    assert len(list(early_stopping(states, 1))) == 2
    assert next(states).epoch == 3
    assert [s.epoch for s in islice(early_stopping(states_of([1.0, 1.0]), 1), 1)] == [1]


def test_a_training_that_diverges_says_so_after_the_last_good_state() -> None:
    params: tuple[tg.Scalar, ...] = (1.0,)

    def quartic(params: tuple[tg.Scalar, ...], example: float) -> tg.Scalar:
        return (params[0] - example) ** 4.0

    states = train(quartic, [0.0], start(params, sgd(10.0), random.key(0)), sgd(10.0), batch_size=1, epochs=99)
    good: list[State[tuple[tg.Scalar, ...]]] = []
    with pytest.raises(SettingError, match=r"in epoch (\d+) \(loss .*\); take a smaller learning rate") as error:
        good.extend(states)
    assert f"in epoch {len(good) + 1} " in str(error.value)
    assert good
    assert all(math.isfinite(state.loss) and math.isfinite(float(str(state.params[0]))) for state in good)


@pytest.mark.parametrize(
    ("examples", "batch_size", "epochs", "error", "message"),
    [
        ([], 1, 1, DataError, "no examples"),
        ([1.0], 0, 1, SettingError, "at least one example, not 0"),
        ([1.0], -2, 1, SettingError, "at least one example, not -2"),
        ([1.0], 1, -1, SettingError, "cannot be negative, as -1 is"),
    ],
)
def test_trainings_without_meaning_are_refused_at_once(
    examples: list[float], batch_size: int, epochs: int, error: type[Exception], message: str
) -> None:
    state = start(0.0, sgd(0.1), random.key(0))
    with pytest.raises(error, match=message):
        train(losses.mse, examples, state, sgd(0.1), batch_size=batch_size, epochs=epochs)


@pytest.mark.parametrize(
    ("patience", "tolerance", "message"),
    [(0, 0.0, "from 1 on, not 0"), (1, -0.1, "not negative, not -0.1"), (1, math.nan, "not nan")],
)
def test_early_stopping_without_meaning_is_refused_at_once(patience: int, tolerance: float, message: str) -> None:
    with pytest.raises(SettingError, match=message):
        early_stopping(states_of([1.0]), patience, tolerance)


def test_a_state_of_another_optimiser_or_network_is_refused() -> None:
    state = small_start(momentum(0.1))
    other = attrs.evolve(state, params=mlp.init(random.key(0), (2, 4, 1)))
    with pytest.raises(StructureError, match="state has the structure"):
        next(small_train(momentum(0.1), other, 1))
    with pytest.raises(StructureError, match="of another optimiser"):
        next(small_train(adam(0.1), state, 1))


# ---- what it is for -----------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize("name", datasets.NAMES)
def test_the_recommendation_solves_the_data_set(name: str) -> None:
    recommended = datasets.RECOMMENDED[name]
    optimiser = OPTIMISERS[recommended.optimiser](recommended.rate)
    examples = examples_of(name, 0)
    params = mlp.init(random.key(100), (2, *recommended.hidden, 1))
    first = start(params, optimiser, random.key(200))
    states = train(loss, examples, first, optimiser, batch_size=recommended.batch_size, epochs=recommended.epochs)
    assert any(correct(state, examples) >= 48 for state in states)  # which ends the training
