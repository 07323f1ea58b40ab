"""`tree.ravel`: the numbers of a tree as one vector, and back."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from typing import Any, cast

import attrs
import numpy as np
import numpy.typing as npt
import pytest
from laws import array, same

import tapegrad as tg
import tapegrad.numpy as tnp
from tapegrad import tree
from tapegrad.errors import ArgumentTypeError, IntegerArgumentError, StructureError
from tapegrad.testing import check_grads

Floats = npt.NDArray[np.float64]

# What these answer for a function of Any, the checker takes for untyped.
grad: Callable[..., Callable[..., Any]] = tg.grad
hessian: Callable[..., Callable[..., Any]] = tg.hessian


@attrs.frozen
class Layer:
    weights: Any
    scale: Any
    name: str = attrs.field(default="layer", metadata={"static": True})


def model() -> dict[str, object]:
    return {"layers": [Layer(array(2, 3), 1.5), Layer(array(0, 3), -2.0)], "offset": array(3), "zero": np.array(0.5)}


def test_there_and_back() -> None:
    params = model()
    vector, unravel = tree.ravel(params)
    first, second = cast(list[Layer], params["layers"])
    expected = np.concatenate([np.ravel(first.weights), [1.5, -2.0], array(3), [0.5]])
    same(vector, expected, "in the order of the leaves")
    assert vector.dtype == np.float64
    back = unravel(vector)
    assert tree.flatten(back)[1] == tree.flatten(params)[1]
    for x, y in zip(tree.leaves(back), tree.leaves(params), strict=True):
        assert type(x) is type(y)
        assert np.array_equal(np.asarray(x), np.asarray(y))
        assert np.shape(np.asarray(x)) == np.shape(np.asarray(y))
    assert second.name == "layer"


@pytest.mark.parametrize(
    ("leaves", "dtype"),
    [
        ([np.ones(2, np.float32), np.ones(1, np.float32)], np.float32),
        ([np.ones(2, np.float32), np.ones(1)], np.float64),
        ([np.ones(2, np.float32), 0.1], np.float64),
        ([np.float32(0.1), np.ones(2, np.float32)], np.float32),
        ([np.float64(0.1)], np.float64),
        ([], np.float64),
    ],
)
def test_kinds_of_number(leaves: list[object], dtype: type) -> None:
    vector, unravel = tree.ravel(leaves)
    assert vector.dtype == dtype
    for x, y in zip(unravel(vector), leaves, strict=True):
        assert type(x) is type(y)
        assert np.asarray(x).dtype == np.asarray(y).dtype
        assert np.array_equal(np.asarray(x), np.asarray(y))


def test_a_tree_may_be_a_leaf() -> None:
    for leaf in (2.0, array(2, 2), np.array(3.0)):
        vector, unravel = tree.ravel(leaf)
        assert vector.shape == (np.size(leaf),)
        same(unravel(vector), leaf, "back")


def test_nothing_is_shared() -> None:
    w = array(3)
    vector, unravel = tree.ravel({"w": w})
    w[:] = 0.0
    same(vector, array(3), "after a change of the tree")
    back = unravel(vector)
    vector[:] = 0.0
    same(back, {"w": array(3)}, "after a change of the vector")
    back["w"][:] = 1.0
    same(vector, np.zeros(3), "after a change of the way back")


def loss(params: dict[str, object]) -> Any:
    first, second = cast(list[Layer], params["layers"])
    x = tnp.tanh(first.weights @ cast(Floats, params["offset"])) * first.scale
    return (x * x).sum() * second.scale + cast(Any, params["zero"])


def test_both_ways_are_differentiated() -> None:
    params = model()
    vector, unravel = tree.ravel(params)
    gradient = grad(loss)(params)
    same(grad(lambda v: loss(unravel(v)))(vector), tree.ravel(gradient)[0], "through the way back")
    same(grad(lambda p: loss(unravel(tree.ravel(p)[0])))(params), gradient, "through both")
    weights = np.arange(1.0, 1.0 + vector.size)
    same(grad(lambda p: (tree.ravel(p)[0] * weights).sum())(params), unravel(weights), "through the way there")
    check_grads(lambda v: loss(unravel(v)), (vector,))
    found = hessian(lambda v: loss(unravel(v)))(vector)
    same(found, np.stack([tg.hvp(lambda v: loss(unravel(v)), (vector,), (e,)) for e in np.eye(vector.size)]), "H")


def test_a_traced_vector_gives_traced_leaves_of_their_kinds() -> None:
    _, unravel = tree.ravel({"a": np.ones(2, np.float32), "b": 1.0, "c": np.ones((1, 2))})

    def f(v: Any) -> Any:
        back: Any = unravel(v)
        assert isinstance(back["a"], tg.ArrayVar)
        assert back["a"].dtype == np.float32
        assert type(back["b"]) is tg.Var
        assert back["c"].shape == (1, 2)
        return back["a"].sum() * back["b"] + back["c"].sum()

    same(grad(f)(np.arange(5.0)), np.array([2.0, 2.0, 1.0, 1.0, 1.0]), "in the dtype of the vector")


def test_lanes() -> None:
    params = {"w": array(4, 3), "b": array(4)}
    vectors = cast(Floats, tg.vmap(lambda p: tree.ravel(p)[0])(params))
    same(vectors, np.concatenate([params["b"][:, None], params["w"]], axis=1), "there")
    _, unravel = tree.ravel({"w": array(3), "b": 0.0})
    same(tg.vmap(unravel)(vectors), params, "back")


def test_the_way_back_takes_other_numbers() -> None:
    _, unravel = tree.ravel({"w": array(2), "b": 0.0})
    same(unravel(cast(Floats, np.arange(3))), {"b": 0.0, "w": np.array([1.0, 2.0])}, "integers")
    same(unravel(cast(Floats, [0.0, 1.0, 2.0])), {"b": 0.0, "w": np.array([1.0, 2.0])}, "a list")


def test_the_way_back_can_be_pickled() -> None:
    vector, unravel = tree.ravel({"w": array(2), "b": 0.0})
    same(pickle.loads(pickle.dumps(unravel))(vector), unravel(vector), "unpickled")


@pytest.mark.parametrize("wrong", [np.ones(3), np.ones((4, 1)), 1.0, np.ones(0)])
def test_another_length_is_refused(wrong: Floats) -> None:
    _, unravel = tree.ravel({"w": array(3), "b": 0.0})
    with pytest.raises(StructureError, match=r"takes a vector of shape \(4,\), not an array of shape"):
        unravel(wrong)


@pytest.mark.parametrize(
    ("params", "error", "message"),
    [
        (
            {"w": [1.0, 2]},
            IntegerArgumentError,
            r"params\['w'\]\[1\] is 2, of int64, .* write float\(params\['w'\]\[1\]\)",
        ),
        ({"n": np.arange(3)}, IntegerArgumentError, r"params\['n'\] is .*; write params\['n'\].astype\(float\)"),
        ({"on": True}, IntegerArgumentError, r"params\['on'\] is True, of bool"),
        (1j * np.ones(2), ArgumentTypeError, "a vector of parameters is made of floats"),
        (["relu"], ArgumentTypeError, r"params\[0\] is 'relu', a str"),
    ],
)
def test_other_leaves_are_refused(params: object, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        tree.ravel(params)
