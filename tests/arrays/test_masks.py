"""Booleans of traced arrays: whoever reads them, a replay is right, or says that it is another branch."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from laws import same

import tapegrad as tg
import tapegrad.numpy as tnp
from tapegrad.errors import BranchError, ConversionError, OperandError

Function = Callable[[Any], Any]
grad: Callable[..., Callable[..., Any]] = tg.grad  # of functions of Any, which the checker takes for untyped

X = np.array([0.5, -0.3, 1.4, -1.7])
OTHERS = [-X, 2.0 * X, np.abs(X), X[::-1].copy(), np.full(4, 0.25)]
PLAIN = np.arange(1.0, 5.0)


def let(value: Any, use: Function) -> Any:
    """``use(value)``: a value with a name, in an expression."""
    return use(value)


def written(function: Callable[..., object], *operands: Any, **options: Any) -> Any:
    """The first operand, or ``out``, after a function has written to it."""
    function(*operands, **options)
    return options.get("out", operands[0])


def assigned(at: Any, values: Any) -> Any:
    changed = PLAIN.copy()
    changed[at] = values
    return changed


# What stays on the tape: a replay compares again.
FOLLOWED: dict[str, Function] = {
    "where": lambda x: tnp.where(x > 0.0, x * x, -x),
    "a product": lambda x: (x > 0.0) * x,
    "a product with a plain array": lambda x: PLAIN * (x > 0.0) * x,
    "its logic": lambda x: x * (((x > 0.0) & ~(x > 1.0)) ^ (x < -1.0)),
    "as floats": lambda x: x * (x > 0.0).astype(float),
    "one minus it": lambda x: x * (1 - (x > 0.0)),
    "in reverse": lambda x: x * (x > 0.0)[::-1],
    "in another shape": lambda x: tnp.reshape(x, (2, 2)) * (x > 0.0).reshape(2, 2).T,
    "joined": lambda x: np.concatenate([x, x]) * np.concatenate([x > 0.0, x < 0.0]),
    "how many": lambda x: x * (x > 0.0).sum(),
    "in a checkpoint": lambda x: let(x > 0.0, lambda mask: tg.checkpoint(lambda y: tnp.where(mask, y, 0.0))(x)),
    "times, in a checkpoint": lambda x: let(x > 0.0, lambda mask: tg.checkpoint(lambda y: y * mask)(x)),
    "read in a checkpoint": lambda x: let(x > 0.0, lambda m: tg.checkpoint(lambda y: y * np.asarray(m))(x)),
    "one that was looked at": lambda x: let(x > 9.0, lambda mask: (np.asarray(mask), x * mask)[1]),
}
# What reads plain booleans: a replay says where they would be others.
READ: dict[str, Function] = {
    "asarray": lambda x: x * np.asarray(x > 0.0),
    "array": lambda x: x * np.array(x > 0.0, dtype=float),
    "a list of them": lambda x: (x * np.array([x > 0.0, x < 1.0])).sum(),
    "ascontiguousarray": lambda x: x * np.ascontiguousarray(x > 0.0),
    "an index of a plain array": lambda x: PLAIN[x > 0.0].sum() * x,
    "an assignment": lambda x: x * assigned(x > 0.0, 0.0),
    "assigned values": lambda x: x * assigned(slice(None), x > 0.0),
    "copyto": lambda x: x * written(np.copyto, PLAIN.copy(), x > 0.0),
    "an output": lambda x: x * written(np.logical_not, x > 0.0, out=np.empty(4, bool)),
    "bytes": lambda x: x * np.frombuffer((x > 0.0).tobytes(), bool),
    "a pickle": lambda x: x * pickle.loads(pickle.dumps(x > 0.0)),
    "copies": lambda x: x * (copy.copy(x > 0.0) & copy.deepcopy(x > 0.0) & (x > 0.0).copy()),
    "a list": lambda x: x * np.array((x > 0.0).tolist()),
    "its elements": lambda x: x * sum(1 for each in x > 0.0 if each),
    "flat": lambda x: x * np.array(list((x > 0.0).flat)),
    "nditer": lambda x: x * sum(bool(each) for each in np.nditer(x > 0.0)),
    "a part": lambda x: x[x > 0.0].sum(),
    "one of them": lambda x: x if (x > 0.0)[1] else x * x,
    "all": lambda x: x if (x > -1.0).all() else x * x,
    "the smallest": lambda x: x if (x > -1.0).min() else x * x,
    "where they are": lambda x: x[np.flatnonzero(x > 0.0)].sum(),
    "a function that is not traced": lambda x: x * np.packbits(x > 0.0),
    "sums of them": lambda x: x * (x > 0.0).cumsum(),
}


def total(f: Function) -> Function:
    return lambda x: tnp.sum(f(x))


@pytest.mark.parametrize("f", FOLLOWED.values(), ids=FOLLOWED.keys())
def test_a_replay_compares_again(f: Function) -> None:
    trace = tg.trace(total(f), X)
    for x in OTHERS:
        same(tg.evaluate(trace.tape, [x])[trace.outputs[0]], total(f)(x), "the replay")


@pytest.mark.parametrize("f", READ.values(), ids=READ.keys())
def test_a_replay_says_where_other_booleans_would_be_read(f: Function) -> None:
    trace = tg.trace(total(f), X)
    refused = 0
    for x in OTHERS:
        try:
            same(tg.evaluate(trace.tape, [x])[trace.outputs[0]], total(f)(x), "the replay")
        except BranchError:
            refused += 1
    assert refused, "other booleans were read"


@pytest.mark.parametrize("f", [*FOLLOWED.values(), *READ.values()], ids=[*FOLLOWED.keys(), *READ.keys()])
def test_lanes_give_what_a_loop_gives(f: Function) -> None:
    points = [X, *OTHERS]
    same(tg.vmap(total(f))(np.stack(points)), np.stack([total(f)(x) for x in points]), "values")
    slopes: Any = tg.vmap(grad(total(f)))(np.stack(points))
    same(slopes, np.stack([grad(total(f))(x) for x in points]), "gradients")


def test_a_mask_answers_as_an_array_does() -> None:
    def f(x: Any) -> Any:
        mask = x > 0.0
        assert (mask.shape, mask.ndim, mask.size, mask.dtype, len(mask)) == ((4,), 1, 4, np.dtype(bool), 4)
        assert repr(mask) == repr(X > 0.0)
        assert not mask.flags.writeable
        assert not hasattr(mask, "__len_of_mask__")
        with pytest.raises(TypeError, match="unhashable"):
            hash(mask)
        with pytest.raises(ConversionError, match=r"shape \(4,\) is neither true nor false, at .*; use tnp.where"):
            bool(mask)
        other = mask
        other &= x < 1.0
        np.testing.assert_array_equal(mask, X > 0.0)
        np.testing.assert_array_equal(other, (X > 0.0) & (X < 1.0))
        return x.sum()

    tg.grad(f)(X)


def test_a_mask_cannot_be_changed() -> None:
    def added(x: Any) -> Any:
        mask = x > 0.0
        mask += 1
        return x.sum()

    def changed(x: Any) -> Any:
        (x > 0.0)[0] = True
        return x.sum()

    with pytest.raises(OperandError, match=r"a mask cannot be changed, at .*test_masks.py:\d+.*; write mask = mask"):
        grad(added)(X)
    with pytest.raises(TypeError, match="does not support item assignment"):
        grad(changed)(X)


def test_a_mask_outlives_its_trace_as_plain_booleans() -> None:
    kept: list[Any] = []

    def f(x: Any) -> Any:
        kept.append(x > 0.0)
        return x.sum()

    grad(f)(X)
    same(kept[0] * X, (X > 0.0) * X, "a product")
    same(tnp.where(kept[0], X, 0.0), np.where(X > 0.0, X, 0.0), "where")
    same(PLAIN[kept[0]], PLAIN[X > 0.0], "an index")
    same(grad(lambda x: (x * kept[0]).sum())(X), 1.0 * (X > 0.0), "in another trace")


def test_extra_results_are_arrays() -> None:
    def f(x: Any) -> Any:
        mask, seen = x > 0.0, x < 0.0
        np.asarray(seen)
        return x.sum(), (mask, seen)

    for found in grad(f, has_aux=True)(X)[1]:
        assert type(found) is np.ndarray
        assert found.flags.writeable


def test_looking_twice_is_one_guard() -> None:
    def f(x: Any) -> Any:
        mask = x > 0.0
        return x[mask].sum() + PLAIN[mask].sum() * x[0]

    assert sum(record.primitive.name == "observed" for record in tg.trace(f, X).tape) == 1
