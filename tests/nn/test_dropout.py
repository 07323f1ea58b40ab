"""Dropout: its statistics, its gradient, its keys, and what it refuses."""

from __future__ import annotations

import math
from typing import cast

import numpy as np
import numpy.typing as npt
import pytest
from laws import array, check_row, row

import tapegrad as tg
import tapegrad.numpy as tnp
from tapegrad import nn, random
from tapegrad.errors import LayerError, SettingError
from tapegrad.nn.functional import dropout

Floats = npt.NDArray[np.float64]
KEY = random.key(3)


def differ(x: object, y: object) -> bool:
    return not np.array_equal(np.asarray(x), np.asarray(y))


def test_laws() -> None:
    check_row(row("dropout", lambda x: dropout(x * x, 0.4, KEY), array(4, 3), lanes=False))


@pytest.mark.parametrize("rate", [0.1, 0.5, 0.9])
def test_as_many_are_left_out_as_it_says(rate: float) -> None:
    count = 40_000
    out = np.asarray(dropout(np.ones(count), rate, KEY))
    assert set(np.unique(out)) == {0.0, 1.0 / (1.0 - rate)}
    spread = math.sqrt(rate * (1.0 - rate) / count)
    assert abs(np.mean(out == 0.0) - rate) < 5.0 * spread
    assert abs(out.mean() - 1.0) < 5.0 * spread / (1.0 - rate)
    left = out == 0.0
    assert abs(np.mean(left[1:] & left[:-1]) - rate**2) < 5.0 * math.sqrt(rate**2 / count)  # neighbours are independent


def test_the_gradient_is_what_is_left() -> None:
    x = array(6, 5)
    gradient = tg.grad(lambda x: tnp.sum(dropout(x, 0.3, KEY)))(x)
    np.testing.assert_array_equal(gradient, dropout(np.ones((6, 5)), 0.3, KEY))


def test_a_key_says_which() -> None:
    x = np.ones((8, 8))
    np.testing.assert_array_equal(dropout(x, 0.5, KEY), dropout(x, 0.5, KEY))
    assert differ(dropout(x, 0.5, KEY), dropout(x, 0.5, random.fold_in(KEY, 1)))
    np.testing.assert_array_equal(dropout(x.astype(np.float32), 0.5, KEY), dropout(x, 0.5, KEY))


def test_float32_stays() -> None:
    assert dropout(np.ones(4, np.float32), 0.3, KEY).dtype == np.float32


def test_an_evaluation_leaves_all() -> None:
    layer, x = nn.dropout(0.5), array(3, 2)
    params, state = layer.init(KEY, x)
    out, after = layer.apply(params, state, x)
    assert out is x
    assert after is state
    never = nn.dropout(0.0)
    assert never.apply(params, state, x, training=True)[0] is x
    assert dropout(x, 0.0, KEY) is x


def test_a_training_takes_a_key_and_remembers_it() -> None:
    layer, x = nn.dropout(0.5), array(5, 4)
    assert layer.random
    params, state = layer.init(KEY, x)
    np.testing.assert_array_equal(cast(dict[str, Floats], state)["last_key"], [0, 0])
    out, after = layer.apply(params, state, x, training=True, key=KEY)
    np.testing.assert_array_equal(out, dropout(x, 0.5, KEY))
    last = cast(dict[str, npt.NDArray[np.uint64]], after)["last_key"]
    assert last.dtype == np.uint64
    assert int(last[0]) << 64 | int(last[1]) == KEY.bits
    with pytest.raises(LayerError, match=r"dropout\(0.5\): it was given the key .* before.*fold_in\(key, step\)"):
        layer.apply(params, after, x, training=True, key=KEY)
    other, _ = layer.apply(params, after, x, training=True, key=random.fold_in(KEY, 1))
    assert differ(out, other)


def test_layers_of_a_network_leave_out_others_of_each() -> None:
    x = np.ones((20, 20))
    model = nn.parallel(nn.dropout(0.5), nn.dropout(0.5))
    params, state = model.init(KEY, x)
    out, after = model.apply(params, state, x, training=True, key=KEY)
    assert differ(out[:, :20], out[:, 20:])
    with pytest.raises(LayerError, match=r"branch 0 of 2: dropout\(0.5\): .* the call before"):
        model.apply(params, after, x, training=True, key=KEY)


def test_the_state_comes_out_of_a_trace() -> None:
    layer, x = nn.dropout(0.5), array(3, 2)
    _, state = layer.init(KEY, x)

    def loss(x: Floats) -> tuple[tg.Scalar, object]:
        out, after = layer.apply((), state, x, training=True, key=KEY)
        return tnp.sum(out), after

    (_, after), _ = tg.value_and_grad(loss, has_aux=True)(x)
    assert cast(dict[str, Floats], after)["last_key"].dtype == np.uint64


@pytest.mark.parametrize("rate", [1.0, -0.1, math.nan])
def test_rates_that_mean_nothing_are_refused(rate: float) -> None:
    with pytest.raises(SettingError, match=rf"dropout\({rate}\): .* 0 <= rate < 1, not {rate}"):
        nn.dropout(rate)
    with pytest.raises(SettingError, match=f"0 <= rate < 1, not {rate}"):
        dropout(np.ones(3), rate, KEY)


def test_a_training_without_a_key_is_refused() -> None:
    layer, x = nn.dropout(0.5), array(3, 2)
    params, state = layer.init(KEY, x)
    with pytest.raises(LayerError, match=r"dropout\(0.5\): in training it draws random numbers"):
        layer.apply(params, state, x, training=True)
    with pytest.raises(LayerError, match="its state is last_key, and it was given a tuple of 0"):
        layer.apply(params, (), x, training=True, key=KEY)
    with pytest.raises(LayerError, match="it has no parameters, and was given weight"):
        layer.apply({"weight": x}, state, x)
