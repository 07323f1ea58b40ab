"""Jacobians, Hessians and Hessian-vector products of functions of arrays."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

import attrs
import numpy as np
import numpy.typing as npt
import pytest
from laws import array, positive, same

import tapegrad as tg
import tapegrad.numpy as tnp
from tapegrad import jacobians, tree
from tapegrad.errors import OutputTypeError, SettingError
from tapegrad.testing import check_grads

Floats = npt.NDArray[np.float64]
Function = Callable[..., Any]
# What these answer for a function of Any, the checker takes for untyped.
grad: Callable[..., Function] = tg.grad
hessian: Callable[..., Function] = tg.hessian

MODES: list[Callable[..., Function]] = [tg.jacrev, tg.jacfwd, tg.jacobian]


@attrs.frozen
class Layer:
    weights: Any
    scale: Any


def by_elements(function: Function, args: tuple[Any, ...]) -> Any:
    """The Jacobian by the first argument, from one pushforward for each element of it: no lanes."""
    flat, unravel = tree.ravel(args[0])
    leaves: list[Any] = tree.leaves(args[0])

    def block(out: int, leaf: int) -> object:
        start = sum(np.size(x) for x in leaves[:leaf])
        shape = np.shape(leaves[leaf])
        columns = [
            np.asarray(tree.leaves(tg.jvp(along, (flat,), (np.eye(flat.size)[start + i],))[1])[out])
            for i in range(int(np.prod(shape)))
        ]
        value = np.asarray(tree.leaves(function(*args))[out])
        stacked = np.stack(columns, axis=-1) if columns else np.zeros((*value.shape, 0))
        return stacked.reshape((*value.shape, *shape))

    def along(vector: Any) -> object:
        return function(unravel(vector), *args[1:])

    structure = tree.flatten(args[0])[1]
    outputs = tree.flatten(function(*args))[1]
    return outputs.unflatten(
        [structure.unflatten([block(i, j) for j in range(structure.size)]) for i in range(outputs.size)]
    )


W = array(3, 2, seed=1)
PROGRAMS: list[tuple[str, Function, tuple[Any, ...]]] = [
    ("vector to vector", lambda x: tnp.tanh(W @ x), (array(2),)),
    ("vector to number", lambda x: (x * x * x).sum(), (array(3),)),
    ("matrix to matrix", lambda x: x @ x.T, (array(2, 3),)),
    ("number to array", lambda s: tnp.sin(s * W), (0.7,)),
    ("array without axes", lambda s: tnp.sin(s * W), (np.array(0.7),)),
    ("one element", lambda x: x * x, (array(1),)),
    ("elements", lambda x: [x[0] * x[1], x[1:] * x[0]], (array(3),)),
    ("a tree to a tree", lambda p: {"y": p.weights @ p.weights, "z": (p.scale, p.scale * p.weights)},
     (Layer(array(2, 2), 1.5),)),
    ("the same array twice", lambda xs: xs[0] * xs[1], ([array(2), array(2)],)),
    ("one record twice", lambda x: [x * x] * 2, (array(2),)),
    ("an argument itself", lambda x: x, (array(2, 2),)),
    ("unused", lambda xs: xs[0] * 2.0, ([array(2), array(3, 1), 2.0],)),
    ("constant", lambda x: (W, 2.0, x), (array(2),)),
    ("no elements", lambda x: x * x, (array(0, 2),)),
    ("no elements returned", lambda x: x[:0], (array(3),)),
    ("a branch", lambda x: x * x if x[0] > 0.0 else -x, (positive(3),)),
    ("plain NumPy", lambda x: np.sum(np.sin(x) * x, axis=0), (array(3, 2),)),
    ("an intermediate array", lambda a, b: np.sum(np.exp(W * a) * b), (0.5, 1.5)),
]  # fmt: skip


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("chunk", [None, 1, 2, 1000])
@pytest.mark.parametrize(("function", "args"), [row[1:] for row in PROGRAMS], ids=[row[0] for row in PROGRAMS])
def test_blocks(mode: Callable[..., Function], chunk: int | None, function: Function, args: tuple[Any, ...]) -> None:
    found = mode(function, chunk=chunk)(*args)
    expected = by_elements(function, args)
    same(found, expected, "the blocks")
    assert tree.flatten(found)[1] == tree.flatten(expected)[1]


def test_the_shape_of_a_block_is_that_of_the_output_and_then_of_the_argument() -> None:
    found: Any = tg.jacobian(lambda x, p: {"m": tnp.sum(x, axis=0) * p["a"]}, argnums=(0, 1))(
        array(4, 3), {"a": array(5, 3), "b": 2.0}
    )
    by_x, by_p = found["m"]
    assert by_x.shape == (5, 3, 4, 3)
    assert by_p["a"].shape == (5, 3, 5, 3)
    assert by_p["b"].shape == (5, 3)
    assert not by_p["b"].any()


def test_which_mode_is_cheaper_is_a_matter_of_elements(monkeypatch: pytest.MonkeyPatch) -> None:
    used: list[str] = []

    def noted(name: str) -> Function:
        original = getattr(jacobians, name)

        def blocks(*args: object) -> object:
            used.append(name)
            return original(*args)

        return blocks

    for name in ("blocks_forward", "blocks_reverse"):
        monkeypatch.setattr(jacobians, name, noted(name))
    jacobian: Callable[..., Function] = tg.jacobian
    jacobian(lambda x: [x.sum(), x.sum(), x.sum()])(array(4))  # three leaves of one element, from one of four
    jacobian(lambda xs: xs[0] * xs[1] * W)([1.0, 2.0])  # one leaf of six elements, from two of one
    assert used == ["blocks_reverse", "blocks_forward"]


@pytest.mark.parametrize("mode", MODES)
def test_a_block_has_the_dtype_of_its_argument(mode: Callable[..., Function]) -> None:
    single = array(3).astype(np.float32)

    def f(a: Any, b: Any, c: Any, d: Any) -> list[Any]:
        return [a * b * c * d, (a * b).sum(), c * d, single * c]

    found = mode(f, argnums=(0, 1, 2, 3))(single, array(3), 2.0, np.float32(3.0))
    kinds = [[np.asarray(block).dtype for block in row] for row in found]
    assert kinds == [[np.float32, np.float64, np.float64, np.float32]] * 4
    assert [type(block) for block in found[2][2:]] == [float, np.float32]


@pytest.mark.parametrize("mode", MODES)
def test_numbers_stay_as_they_are(mode: Callable[..., Function]) -> None:
    for x in (2.0, np.float64(2.0), np.float32(2.0), np.array(2.0), np.array(2.0, np.float32)):
        alone, among = mode(lambda x: x * x)(x), mode(lambda x: [x * x, x * W])(x)[0]
        assert type(alone) is type(among) is type(x)
        assert np.asarray(alone).dtype == np.asarray(among).dtype == np.asarray(x).dtype
        assert alone == among == 4.0


def test_blocks_belong_to_the_caller() -> None:
    x = array(70)
    jacobian = tg.jacrev(lambda x: {"zero": W * 0.0 + np.zeros((80, 3, 2)), "twice": (x, x)})
    found: Any = jacobian(x)
    for block in tree.leaves(found):
        cast(Floats, block)[...] += 1.0
    same(found["twice"], (np.eye(70) + 1.0, np.eye(70) + 1.0), "each its own")
    same(found["zero"], np.ones((80, 3, 2, 70)), "each its own")
    same(jacobian(x), {"zero": np.zeros((80, 3, 2, 70)), "twice": (np.eye(70), np.eye(70))}, "afterwards")


def test_lanes_of_seeds_that_a_rule_tells_apart() -> None:
    """A rule with a branch on its cotangent is a different linear map in each of these rows."""
    scaled = tg.custom_vjp(lambda x: x * 1.0)
    scaled.defvjp(lambda x: (scaled(x), None), lambda _, g: ((3.0 if g[0] > 0.0 else 5.0) * g,))
    same(tg.jacrev(scaled)(array(2)), np.diag([3.0, 5.0]), "rows")


# ---- one inside the other -----------------------------------------------------------------------


def smooth(x: Any) -> Any:
    """(n,) -> (n,)"""
    return tnp.sin(x) * x[::-1] + x * x.sum()


def total(x: Any) -> Any:
    return (smooth(x) * x).sum()


def from_columns(f: Function) -> Function:
    """The Jacobian of a function of one array: its columns, times the unit vectors they belong to, added."""

    def jacobian(x: Any) -> Any:
        basis = np.eye(x.size).reshape((-1, *x.shape))
        columns = [tg.jvp(f, (x,), (e,))[1] for e in basis]
        terms = [tnp.reshape(c, (*c.shape, *[1] * e.ndim)) * e for c, e in zip(columns, basis, strict=True)]
        return sum(terms[1:], terms[0])

    return jacobian


AT = array(3)


@pytest.mark.parametrize("inner", MODES)
@pytest.mark.parametrize("outer", MODES)
def test_second_derivatives_in_every_order(inner: Callable[..., Function], outer: Callable[..., Function]) -> None:
    expected = from_columns(from_columns(smooth))(AT)
    same(outer(inner(smooth))(AT), expected, "(out, first, second)")
    same(outer(inner(smooth, chunk=2), chunk=2)(AT), expected, "in chunks")


def test_hessian() -> None:
    expected = by_elements(grad(total), (AT,))
    for chunk in (None, 1, 2):
        same(hessian(total, chunk=chunk)(AT), expected, "of an array")
    p = {"w": array(2, 2), "b": array(2), "s": 1.5}

    def loss(p: Any) -> Any:
        return (tnp.tanh(p["w"] @ p["b"]) ** 2).sum() * p["s"]

    found = hessian(loss)(p)
    same(found, by_elements(grad(loss), (p,)), "of a tree")
    assert found["w"]["b"].shape == (2, 2, 2)
    assert type(found["s"]["s"]) is float
    both = hessian(lambda x, y: (x * x * y).sum(), argnums=(0, 1))(AT, array(3, seed=1))
    same(both, ((np.diag(2.0 * array(3, seed=1)), np.diag(2.0 * AT)), (np.diag(2.0 * AT), np.zeros((3, 3)))), "pairs")


def test_hvp() -> None:
    t = array(3, seed=2)
    same(tg.hvp(total, (AT,), (t,)), hessian(total)(AT) @ t, "an array")
    p: dict[str, Any] = {"w": array(2, 3), "b": 1.5}
    tp: dict[str, Any] = {"w": array(2, 3, seed=1), "b": -0.5}

    def loss(p: Any) -> Any:
        return (tnp.exp(p["w"]) * p["b"] ** 2).sum()

    h = hessian(loss)(p)
    expected = {
        "w": np.tensordot(h["w"]["w"], tp["w"], 2) + h["w"]["b"] * tp["b"],
        "b": np.sum(h["b"]["w"] * tp["w"]) + h["b"]["b"] * tp["b"],
    }
    same(tg.hvp(loss, (p,), (tp,)), expected, "a tree")
    single: Any = tg.hvp(total, (AT.astype(np.float32),), (t,))
    assert single.dtype == np.float32
    two = tg.hvp(lambda x, y: (x * x * y).sum(), (AT, AT), (t, np.zeros(3)))
    same(two, (2.0 * AT * t, 2.0 * AT * t), "two arguments")


NESTED: list[tuple[str, Function]] = [
    ("grad of", lambda jac: grad(lambda x: (jac(smooth)(x) ** 2).sum())(AT)),
    ("vmap of", lambda jac: tg.vmap(jac(smooth))(array(4, 3))),
    ("of vmap", lambda jac: jac(tg.vmap(smooth))(array(2, 3))),
    ("of grad of vmap", lambda jac: jac(grad(lambda x: tg.vmap(total)(x).sum()))(array(2, 3))),
    ("vmap of grad of", lambda jac: tg.vmap(grad(lambda x: (jac(smooth)(x) ** 2).sum()))(array(2, 3))),
    ("jvp of", lambda jac: tg.jvp(jac(smooth), (AT,), (array(3, seed=1),))[1]),
    ("checkpointed", lambda jac: jac(tg.checkpoint(smooth))(AT)),
    ("closing over a traced value", lambda jac: grad(lambda s: jac(lambda x: smooth(x * s))(AT).sum())(1.5)),
]


@pytest.mark.parametrize("mode", [*MODES, lambda f: tg.jacrev(f, chunk=2), lambda f: tg.jacfwd(f, chunk=1)])
@pytest.mark.parametrize("use", [row[1] for row in NESTED], ids=[row[0] for row in NESTED])
def test_nested(use: Function, mode: Callable[..., Function]) -> None:
    same(use(mode), use(from_columns), "the definition")


def test_gradients_through_a_jacobian() -> None:
    check_grads(tg.jacrev(smooth), (AT,))
    check_grads(lambda x: tg.jacrev(lambda y: smooth(y) * x, chunk=2)(x), (AT,), order=1)


# ---- errors -------------------------------------------------------------------------------------


@pytest.mark.parametrize("chunk", [0, -1, 2.0, True])
def test_a_chunk_is_a_positive_int(chunk: Any) -> None:
    for transform in (tg.jacrev, tg.jacfwd, tg.jacobian, hessian):
        with pytest.raises(SettingError, match="a positive int or None"):
            cast(Callable[..., object], transform)(smooth, chunk=chunk)


def test_complex_outputs_are_refused() -> None:
    for mode in MODES:
        with pytest.raises(OutputTypeError, match=r"returned a complex one; return tnp.abs"):
            mode(lambda x: x * 1j)(AT)
