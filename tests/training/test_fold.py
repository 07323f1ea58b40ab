"""Training is a lazy fold: pure, resumable at any step, on numbers and on arrays."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from typing import cast

import attrs
import numpy as np
import numpy.typing as npt
import pytest

import tapegrad as tg
from tapegrad import datasets, nn, random
from tapegrad.errors import DataError, DivergenceError, SettingError, StructureError
from tapegrad.nn import losses, mlp
from tapegrad.nn.mlp import MLP
from tapegrad.optim import Optimiser, adam, chain, clip_by_value, momentum, sgd
from tapegrad.training import Examples, State, load, objective, save, start, steps, train

Floats = npt.NDArray[np.float64]
OPTIMISERS: dict[str, Callable[[float], Optimiser]] = {"sgd": sgd, "momentum": momentum, "adam": adam}

MODEL = nn.serial(nn.linear(4), nn.tanh, nn.batch_norm(), nn.dropout(0.2), nn.linear(2))
XOR = datasets.make("xor", random.key(0), 8)
DATA: Examples = (XOR.inputs, XOR.labels)


def first_state(optimiser: Optimiser) -> State[nn.Params]:
    params, layer_state = MODEL.init(random.key(1), XOR.inputs[:1])
    return start(params, optimiser, random.key(2), layer_state)


def small(optimiser: Optimiser, state: State[nn.Params], epochs: int) -> Iterator[State[nn.Params]]:
    loss = objective(MODEL, losses.cross_entropy)
    return steps(loss, DATA, state, optimiser, batch_size=3, epochs=epochs)


def line(
    params: tuple[tg.Scalar, ...], layer_state: nn.State, batch: Floats, key: random.Key
) -> tuple[tg.Scalar, nn.State]:
    """The mean of (w - x)^2."""
    del key
    return tg.numpy.mean((params[0] - batch) ** 2), layer_state


# ---- the fold -----------------------------------------------------------------------------------


def test_states_are_numbered_and_immutable() -> None:
    state = first_state(sgd(0.5))
    assert (state.step, state.epoch, state.batch, state.loss) == (0, 0, 0, math.inf)
    states = list(small(sgd(0.5), state, 2))
    assert [(s.step, s.epoch, s.batch) for s in states] == [
        (1, 0, 1), (2, 0, 2), (3, 1, 0), (4, 1, 1), (5, 1, 2), (6, 2, 0),
    ]  # fmt: skip
    assert all(math.isfinite(s.loss) for s in states)
    assert all(s != t for s, t in pairwise([state, *states]))
    assert states == list(small(sgd(0.5), state, 2))
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        states[0].epoch = 9  # type: ignore[misc]  # what is tested


def test_train_gives_the_states_at_the_ends_of_epochs() -> None:
    state = first_state(sgd(0.5))
    loss = objective(MODEL, losses.cross_entropy)
    ends = list(train(loss, DATA, state, sgd(0.5), batch_size=3, epochs=3))
    assert ends == [s for s in small(sgd(0.5), state, 3) if s.batch == 0]
    assert [s.epoch for s in ends] == [1, 2, 3]


def test_the_loss_is_the_mean_over_the_examples_of_the_epoch() -> None:
    xs = np.array([1.0, 2.0, 4.0, 7.0, 11.0])
    first = start((0.0,), sgd(1e-300), random.key(0))  # the parameter stays 0: losses are those of x
    for state in steps(line, xs, first, sgd(1e-300), batch_size=2, epochs=2):
        if state.batch == 0:
            assert state.loss == pytest.approx(np.mean(xs**2), rel=1e-12)
        else:
            order = random.order(random.fold_in(random.key(0), state.epoch + 1), 5)
            assert state.loss == pytest.approx(np.mean(xs[order][: 2 * state.batch] ** 2), rel=1e-12)


def test_nothing_is_computed_before_it_is_asked_for() -> None:
    seen: list[float] = []

    def watched(
        params: tuple[tg.Scalar, ...], layer_state: nn.State, batch: Floats, key: random.Key
    ) -> tuple[tg.Scalar, nn.State]:
        seen.extend(batch.tolist())
        return line(params, layer_state, batch, key)

    xs = np.array([1.0, 2.0, 3.0])
    states = train(watched, xs, start((0.5,), sgd(0.1), random.key(0)), sgd(0.1), batch_size=2, epochs=10**9)
    assert seen == []
    next(states)
    assert sorted(seen) == [1.0, 2.0, 3.0]
    next(states)
    assert len(seen) == 6


def test_the_loss_is_a_float_whatever_the_dtype_of_the_network() -> None:
    inputs = XOR.inputs.astype(np.float32)
    params, layer_state = MODEL.init(random.key(1), inputs[:1])
    state = start(params, sgd(0.5), random.key(2), layer_state)
    loss = objective(MODEL, losses.cross_entropy)
    for after in steps(loss, (inputs, XOR.labels), state, sgd(0.5), batch_size=3, epochs=1):
        assert type(after.loss) is float


@pytest.mark.parametrize("name", OPTIMISERS)
@pytest.mark.parametrize("stop", [0, 1, 2, 3, 5, 6])
def test_continuing_gives_the_bits_of_never_having_stopped(name: str, stop: int) -> None:
    """With the running means of batch_norm, and with dropout."""
    optimiser = OPTIMISERS[name](0.1)
    first = first_state(optimiser)
    whole = [first, *small(optimiser, first, 3)]
    assert whole[stop + 1 :] == list(small(optimiser, whole[stop], 3))


def test_the_loss_of_a_float32_network_is_a_plain_float(tmp_path: Path) -> None:
    """So that the state is saved as any other is."""
    inputs = XOR.inputs.astype(np.float32)
    params, layer_state = MODEL.init(random.key(1), inputs[:1])
    first = start(params, sgd(0.1), random.key(2), layer_state)
    loss = objective(MODEL, losses.cross_entropy)
    *_, last = train(loss, (inputs, XOR.labels), first, sgd(0.1), batch_size=3, epochs=2)
    assert type(last.loss) is float
    save(tmp_path / "state.npz", last, {})
    assert load(tmp_path / "state.npz", first, {}) == last


def test_one_batch_of_everything_is_gradient_descent() -> None:
    """Minimise the mean of (w - x)^2: w' = w - rate 2 (w - mean)."""
    xs = np.array([1.0, 2.0, 6.0])
    state = start((0.0,), sgd(0.25), random.key(0))
    w = 0.0
    for after in train(line, xs, state, sgd(0.25), batch_size=99, epochs=5):
        assert after.loss == pytest.approx(np.mean((w - xs) ** 2), rel=1e-12)
        w -= 0.25 * 2.0 * (w - 3.0)
        assert after.params[0] == pytest.approx(w, rel=1e-12)


def test_every_epoch_has_an_order_of_its_own_from_the_key() -> None:
    def orders(seed: int) -> list[tuple[float, ...]]:
        seen: list[float] = []

        def watched(
            params: tuple[tg.Scalar, ...], layer_state: nn.State, batch: Floats, key: random.Key
        ) -> tuple[tg.Scalar, nn.State]:
            seen.extend(batch.tolist())
            return line(params, layer_state, batch, key)

        xs = np.arange(10.0)
        state = start((0.5,), sgd(0.01), random.key(seed))
        list(train(watched, xs, state, sgd(0.01), batch_size=4, epochs=3))
        return [tuple(seen[i : i + 10]) for i in (0, 10, 20)]

    assert len({*orders(0), *orders(1)}) == 6
    assert orders(0) == orders(0)
    assert all(sorted(order) == list(range(10)) for order in orders(0))


def test_every_step_has_a_key_of_its_own() -> None:
    keys: list[random.Key] = []

    def watched(
        params: tuple[tg.Scalar, ...], layer_state: nn.State, batch: Floats, key: random.Key
    ) -> tuple[tg.Scalar, nn.State]:
        keys.append(key)
        return line(params, layer_state, batch, key)

    list(steps(watched, np.arange(6.0), start((0.5,), sgd(0.01), random.key(0)), sgd(0.01), batch_size=2, epochs=4))
    assert len(set(keys)) == len(keys) == 12


def test_numbers_are_trained_as_arrays_are() -> None:
    """The network of `nn.mlp`, on the scalar tape, one example after the other."""

    def loss(params: MLP, layer_state: nn.State, batch: Examples, key: random.Key) -> tuple[tg.Scalar, nn.State]:
        del key
        pairs = list(zip(np.asarray(batch[0]).tolist(), batch[1].tolist(), strict=True))
        logits = [mlp.apply(params, point)[0] for point, _ in pairs]
        terms = [losses.binary_cross_entropy(z, label) for z, (_, label) in zip(logits, pairs, strict=True)]
        return sum(terms[1:], start=terms[0]) / float(len(terms)), layer_state

    first = start(mlp.init(random.key(1), (2, 3, 1)), adam(0.1), random.key(2))
    states = list(train(loss, DATA, first, adam(0.1), batch_size=3, epochs=30))
    assert states[-1].loss < 0.5 * states[0].loss
    assert type(states[-1].params[0].weights[0][0]) is float


def test_the_inputs_of_a_training_are_not_changed() -> None:
    state = first_state(adam(0.1))
    before = [np.array(leaf) for leaf in tg.tree.leaves(state.params)]
    list(small(adam(0.1), state, 2))
    for leaf, copy in zip(tg.tree.leaves(state.params), before, strict=True):
        np.testing.assert_array_equal(np.asarray(leaf), copy)


# ---- what goes wrong ----------------------------------------------------------------------------


def test_a_training_that_diverges_says_so_after_the_last_good_state() -> None:
    def quartic(
        params: tuple[tg.Scalar, ...], layer_state: nn.State, batch: Floats, key: random.Key
    ) -> tuple[tg.Scalar, nn.State]:
        del key
        return tg.numpy.mean((params[0] - batch) ** 4), layer_state

    params: tuple[float, ...] = (1.0,)
    state = start(params, sgd(10.0), random.key(0))
    good: list[State[tuple[float, ...]]] = []
    with pytest.raises(DivergenceError, match=r"in epoch (\d+), at step \1 \(loss .*\); take a smaller") as error:
        good.extend(train(quartic, np.zeros(1), state, sgd(10.0), batch_size=1, epochs=99))
    assert f"in epoch {len(good) + 1}," in str(error.value)
    assert good
    assert all(math.isfinite(s.loss) and math.isfinite(s.params[0]) for s in good)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_products_that_overflow_give_the_error_and_no_warning(dtype: str) -> None:
    rate = 0.1 * float(np.finfo(dtype).max)
    inputs = XOR.inputs.astype(dtype)
    model = nn.serial(nn.linear(4), nn.linear(2))
    params, layer_state = model.init(random.key(1), inputs[:1])
    state = start(params, sgd(rate), random.key(2), layer_state)
    states = steps(
        objective(model, losses.cross_entropy), (inputs, XOR.labels), state, sgd(rate), batch_size=3, epochs=99
    )
    with pytest.raises(DivergenceError, match="left the range of numbers"):
        list(states)


@pytest.mark.parametrize(
    ("examples", "batch_size", "epochs", "error", "message"),
    [
        ([], 1, 1, DataError, "no examples"),
        ([1.0], 0, 1, SettingError, "at least one example, not 0"),
        ([1.0], -2, 1, SettingError, "at least one example, not -2"),
        ([1.0], 1, -1, SettingError, "a whole number that is not negative, not -1"),
    ],
)
def test_trainings_without_meaning_are_refused_at_once(
    examples: Sequence[float], batch_size: int, epochs: int, error: type[Exception], message: str
) -> None:
    state = start((0.0,), sgd(0.1), random.key(0))
    with pytest.raises(error, match=message):
        train(line, np.array(examples), state, sgd(0.1), batch_size=batch_size, epochs=epochs)


@pytest.mark.parametrize(("batch_size", "epochs"), [(2.5, 1), (None, 1), (1, 1.5), (1, None)])
def test_batches_and_epochs_are_counted_in_whole_numbers(batch_size: object, epochs: object) -> None:
    state = start((0.0,), sgd(0.1), random.key(0))
    with pytest.raises(SettingError, match=r"not (2\.5|1\.5|None)"):
        train(line, np.zeros(3), state, sgd(0.1), batch_size=cast(int, batch_size), epochs=cast(int, epochs))


@pytest.mark.parametrize("given", [adam, chain(clip_by_value(1.0)), 0.1])
def test_what_is_no_optimiser_does_not_train(given: object) -> None:
    """The gradient itself, which a chain without an optimiser returns, leads uphill."""
    with pytest.raises(SettingError, match=r"an optimiser is needed, such as sgd\(0\.1\), .* not "):
        start((0.0,), cast(Optimiser, given), random.key(0))
    state = start((0.0,), sgd(0.1), random.key(0))
    with pytest.raises(SettingError, match="an optimiser is needed"):
        train(line, np.zeros(3), state, cast(Optimiser, given), batch_size=1, epochs=1)


def test_a_batch_is_a_pair() -> None:
    data = datasets.make("circle", random.key(0), 4)
    given = cast(Examples, data)
    state = start(*MODEL.init(random.key(0), data.inputs)[:1], sgd(0.1), random.key(0))
    with pytest.raises(DataError, match=r"not Dataset.*; train on \(data.inputs, data.labels\)"):
        next(steps(objective(MODEL, losses.cross_entropy), given, state, sgd(0.1), batch_size=2, epochs=1))


def test_a_state_of_other_batches_is_refused_at_once() -> None:
    loss = objective(MODEL, losses.cross_entropy)
    state = next(small(sgd(0.1), first_state(sgd(0.1)), 1))
    with pytest.raises(
        SettingError, match=r"of step 1 and epoch 0, but here an epoch is 1 batches of 8; continue with"
    ):
        steps(loss, DATA, state, sgd(0.1), batch_size=8, epochs=1)


def test_a_state_of_another_optimiser_or_network_is_refused() -> None:
    state = first_state(momentum(0.1))
    with pytest.raises(StructureError, match="of another optimiser"):
        next(small(adam(0.1), state, 1))
    with pytest.raises(tg.TapegradError, match="a tuple of 5, one for each layer"):
        next(small(momentum(0.1), attrs.evolve(state, params=()), 1))
