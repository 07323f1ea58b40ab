"""`vmap`: what a loop over lanes gives."""

from __future__ import annotations

import pickle
from collections import OrderedDict
from collections.abc import Callable
from typing import Any, NamedTuple

import attrs
import numpy as np
import pytest
from laws import array, positive, same

import tapegrad as tg
import tapegrad.numpy as tnp
from tapegrad import tree
from tapegrad.errors import BranchError, LeakedVariableError, OutputTypeError, StructureError
from tapegrad.testing import check_grads

Function = Callable[..., Any]
# What these answer for a function of Any, the checker takes for untyped.
grad: Callable[..., Function] = tg.grad
vmap: Callable[..., Function] = tg.vmap


def loop(function: Function, *args: Any) -> Any:
    """The function in each lane of the first axis of every argument, stacked."""
    size = len(tree.leaves(args)[0])  # type: ignore[arg-type]  # an array
    each = [function(*tree.map_leaves(lambda leaf, i=i: leaf[i], args)) for i in range(size)]
    return tree.map_leaves(lambda *leaves: np.stack([np.asarray(leaf) for leaf in leaves]), *each)


class Pair(NamedTuple):
    first: Any
    second: Any


@attrs.frozen
class Layer:
    weights: Any
    bias: Any
    name: str = attrs.field(default="layer", metadata={"static": True})


# ---- axes ---------------------------------------------------------------------------------------

X, Y = array(4, 3, 2), array(4, 3, seed=1)


def product(x: Any, y: Any) -> Any:
    """(3, 2), (3,) -> (2,)"""
    return tnp.sin(x).T @ y


EXPECTED = loop(product, X, Y)

IN_AXES: list[tuple[Any, tuple[Any, ...]]] = [
    (0, (X, Y)),
    (1, (np.moveaxis(X, 0, 1), np.moveaxis(Y, 0, 1))),
    (-1, (np.moveaxis(X, 0, -1), np.moveaxis(Y, 0, -1))),
    ((0, 1), (X, np.moveaxis(Y, 0, 1))),
    ([2, -2], (np.moveaxis(X, 0, 2), Y)),
]


@pytest.mark.parametrize(("in_axes", "args"), IN_AXES)
def test_in_axes(in_axes: Any, args: tuple[Any, ...]) -> None:
    same(vmap(product, in_axes)(*args), EXPECTED, "lanes from anywhere")


@pytest.mark.parametrize("axis", [0, 1, -1, -2])
def test_out_axes(axis: int) -> None:
    same(vmap(product, out_axes=axis)(X, Y), np.moveaxis(EXPECTED, 0, axis), "lanes to anywhere")


def test_an_argument_that_all_lanes_share() -> None:
    same(vmap(product, (0, None))(X, Y[0]), loop(lambda x: product(x, Y[0]), X), "the second")
    same(vmap(product, (None, 0))(X[0], Y), loop(lambda y: product(X[0], y), Y), "the first")


def test_axes_by_a_tree() -> None:
    def f(p: Any, x: Any) -> Any:
        return {"y": p["w"] @ x + p["b"][0], "s": (x.sum(), p["b"][1])}

    w, b, c, x = array(3, 4, 2), array(3), array(5, 4), array(2, 4)
    found = vmap(f, in_axes=({"w": 1, "b": [None, -1]}, 1), out_axes={"y": 1, "s": (0, -1)})({"w": w, "b": [b, c]}, x)
    assert found["y"].shape == (3, 4)
    assert found["s"][1].shape == (5, 4)
    for i in range(4):
        lane = f({"w": w[:, i], "b": [b, c[:, i]]}, x[:, i])
        same((found["y"][:, i], found["s"][0][i], found["s"][1][:, i]), (lane["y"], *lane["s"]), "a lane")


@pytest.mark.parametrize(
    "make",
    [lambda a, b: {"a": a, "b": b}, lambda a, b: OrderedDict(b=b, a=a), lambda a, b: [a, b], Pair, Layer],
    ids=["dict", "ordered", "list", "named tuple", "attrs"],
)
def test_each_kind_of_tree_has_axes_of_its_kind(make: Callable[[Any, Any], Any]) -> None:
    def f(p: Any) -> Any:
        leaves: list[Any] = tree.leaves(p)
        a, b = sorted(leaves, key=lambda leaf: int(leaf.ndim))
        return make(a * 2.0, a * b)

    a, b = array(4), array(3, 4)
    found = vmap(f, in_axes=(make(0, 1),), out_axes=make(0, 1))(make(a, b))
    same(found, make(2.0 * a, a * b), "lanes in place")
    none = vmap(f, in_axes=(make(0, None),), out_axes=make(0, 0))(make(a, b[:, 0]))
    same(none, make(2.0 * a, a[:, None] * b[:, 0]), "one is shared")


def test_an_output_that_is_the_same_in_all_lanes() -> None:
    c = array(2)
    x, shared = vmap(lambda x: (x, c * 2.0), out_axes=(0, None))(array(3))
    same((x, shared), (array(3), 2.0 * c), "without lanes")
    same(grad(lambda c: vmap(lambda x: c * c, out_axes=None)(array(3)).sum())(c), 2.0 * c, "its derivative")
    with pytest.raises(StructureError, match="out_axes=None asks for an output that is the same in all lanes"):
        vmap(lambda x: x, out_axes=None)(array(3))


def test_settings_pass_through() -> None:
    def f(x: Any, times: int, kind: str, *, scale: Any, flag: bool = False) -> Any:
        assert kind == "sum"
        assert flag
        assert isinstance(times, int)
        for _ in range(times):
            x = x * scale
        return x.sum()

    found = vmap(f, in_axes=(0, None, None))(Y, 2, "sum", scale=np.array([1.0, 2.0, 3.0]), flag=True)
    same(found, (Y * np.array([1.0, 4.0, 9.0])).sum(axis=1), "keywords are the same in every lane")


# ---- trees, numbers, kinds ----------------------------------------------------------------------


def test_trees_in_and_out() -> None:
    layers = [Layer(array(4, 3, 2), array(4, 3)), Layer(array(4, 1, 3), array(4, 1))]

    def f(layers: Any, x: Any) -> Any:
        for layer in layers:
            x = tnp.tanh(layer.weights @ x + layer.bias)
        return {"out": x, "layers": layers}

    x = array(4, 2)
    same(vmap(f)(layers, x), loop(f, layers, x), "a network in each lane")
    assert vmap(f)(layers, x)["layers"][0].name == "layer"


def test_numbers_in_a_lane() -> None:
    found = vmap(lambda x, y: x * y + 1.0)(array(4), array(4, seed=1))
    same(found, array(4) * array(4, seed=1) + 1.0, "floats")
    same(vmap(lambda x: (2.0, x, 3))(array(2)), (np.full(2, 2.0), array(2), np.array([3, 3])), "constants")
    assert vmap(lambda x: 3)(array(2)).dtype.kind == "i"


def test_float32_stays() -> None:
    x = Y.astype(np.float32)
    assert vmap(lambda x: tnp.sin(x) * 2.0)(x).dtype == np.float32
    assert vmap(lambda x: x[0] * x[1])(x).dtype == np.float32
    assert vmap(grad(lambda x: (x * x).sum()))(x).dtype == np.float32


def test_lanes_of_integers() -> None:
    w = array(5)
    at = np.array([4, 0, 0, 2])
    same(vmap(lambda i: w[i])(at), w[at], "an index")
    same(grad(lambda w: (vmap(lambda i: w[i] * w[i])(at)).sum())(w), 2.0 * w * [2, 0, 1, 0, 1], "its derivative")
    same(vmap(lambda x, n: x * n)(array(4), at), array(4) * at, "a factor")

    def repeated(x: Any, n: Any) -> Any:
        y = 1.0
        for _ in range(n):
            y = y * x
        return y

    same(vmap(repeated)(array(4), at), array(4) ** at, "a number of rounds")
    same(vmap(grad(repeated))(array(4), at), at * array(4) ** (at - 1.0), "its derivative")


def test_booleans() -> None:
    x = np.array([[1.0, -1.0], [-1.0, 2.0]])
    found = vmap(lambda x: x > 0.0)(x)
    assert found.dtype == np.bool_
    same(found, x > 0.0, "of arrays")
    alone = vmap(lambda x: x > 0.0)(x[:, 0])
    assert alone.dtype == np.bool_
    same(alone, x[:, 0] > 0.0, "of numbers")
    same(vmap(lambda mask, x: mask * x)(x > 0.0, x), np.maximum(x, 0.0), "as lanes")


def test_without_lanes_nothing_is_left_but_shapes() -> None:
    def f(x: Any) -> Any:
        return {"y": tnp.tanh(x) @ array(3, 2), "s": x.sum(), "n": x[0] > 0.0}

    found = vmap(f)(np.zeros((0, 3), np.float32))
    assert {key: value.shape for key, value in found.items()} == {"y": (0, 2), "s": (0,), "n": (0,)}
    assert found["s"].dtype == np.float32
    same(grad(lambda x: vmap(f)(x)["y"].sum())(np.zeros((0, 3))), np.zeros((0, 3)), "the gradient")
    assert vmap(f, out_axes={"y": 1, "s": 0, "n": 0})(np.zeros((0, 3)))["y"].shape == (2, 0)


def test_one_lane() -> None:
    same(vmap(product)(X[:1], Y[:1]), EXPECTED[:1], "one")


def test_what_is_handed_out_belongs_to_the_caller() -> None:
    c, x = array(5000), array(3)
    constant, itself, part = vmap(lambda x: (c, x, c[:2] * x))(x)
    for leaf in (constant, itself, part):
        leaf[...] = 0.0
    same((c, x), (array(5000), array(3)), "the arguments")


# ---- plain Python in a lane ---------------------------------------------------------------------


def collatz(x: Any) -> Any:
    """Halved until it is small: each lane as often as it needs."""
    n = 0
    while x > 1.0:
        x = x * 0.5
        n += 1
    return x * x, n


def branches(x: Any) -> Any:
    if x[0] > 1.0:
        y = x * x
    elif x[0] > 0.0:
        y = tnp.sin(x)
        for i in range(2):
            y = y * x[i]
    else:
        y = -x
    return y if y.sum() > 0.0 else y * 3.0


def newton(a: Any) -> Any:
    x = a
    while abs(x * x - a) > 1e-9:
        x = 0.5 * (x + a / x)
    return x


PATHS = np.array([[2.0, 3.0], [0.5, 1.0], [-1.0, 4.0], [-1.0, -4.0], [2.5, 0.0], [0.5, -2.0]])


def test_lanes_go_their_own_ways() -> None:
    same(vmap(branches)(PATHS), loop(branches, PATHS), "branches")
    x = np.array([0.5, 9.0, 1.0, 100.0, 9.5, 3.0])
    halved, counts = vmap(collatz)(x)
    same((halved, counts), loop(collatz, x), "trip counts")
    assert counts.dtype.kind == "i"
    same(vmap(newton)(x), np.sqrt(x), "until it converges")


def test_their_derivatives_do_too() -> None:
    slopes = grad(lambda x: branches(x).sum())
    same(vmap(slopes)(PATHS), loop(slopes, PATHS), "inside")
    same(grad(lambda x: vmap(branches)(x).sum())(PATHS), loop(slopes, PATHS), "outside")
    same(tg.jvp(vmap(branches), (PATHS,), (PATHS,))[1], loop(lambda x: tg.jvp(branches, (x,), (x,))[1], PATHS), "jvp")
    x = np.array([0.5, 9.0, 2.0])
    same(vmap(grad(newton))(x), 0.5 / np.sqrt(x), "of an iteration")
    same(vmap(grad(grad(newton)))(x), -0.25 * x**-1.5, "second order", 1e-8)


def test_a_lane_is_not_spoilt_by_what_another_computes() -> None:
    def f(x: Any) -> Any:
        return tnp.sqrt(x) if x > 0.0 else x * 0.0

    x = np.array([4.0, -1.0, 0.0, 9.0])
    same(vmap(f)(x), np.array([2.0, 0.0, 0.0, 3.0]), "values")
    same(grad(lambda x: vmap(f)(x).sum())(x), np.array([0.25, 0.0, 0.0, 1.0 / 6.0]), "derivatives")


def test_a_program_that_looks_at_its_numbers() -> None:
    def f(x: Any) -> Any:
        return x * 2.0 if bool((x > 0.0).all()) else x[: int((x > 0.0).sum()) + 1].sum() * x

    x = np.array([[1.0, 2.0, 3.0], [-1.0, 2.0, -3.0], [4.0, 5.0, 6.0]])
    same(vmap(f)(x), loop(f, x), "booleans of masks")


# ---- one inside the other -----------------------------------------------------------------------


def energy(x: Any, w: Any) -> Any:
    return (tnp.tanh(x * w) ** 2).sum() * x[0]


def test_nested() -> None:
    x, w = array(4, 3), array(5, 3)
    expected = np.array([[energy(a, b) for b in w] for a in x])
    same(vmap(vmap(energy, (None, 0)), (0, None))(x, w), expected, "all pairs")
    same(vmap(lambda a: vmap(lambda b: energy(a, b))(w))(x), expected, "closing over a lane")
    same(vmap(vmap(energy, (0, None)), (None, 0), out_axes=1)(x, w), expected, "the other way")
    cube = array(2, 3, 4)
    same(vmap(vmap(vmap(lambda x: x * x)))(cube), cube * cube, "three times")
    same(vmap(vmap(lambda x: x if x > 0.0 else -x))(x), np.abs(x), "with branches")


@pytest.mark.parametrize(
    "transform",
    [
        lambda f: vmap(grad(f, (0, 1))),
        lambda f: vmap(tg.jacfwd(f, (0, 1))),
        lambda f: vmap(grad(lambda x, w: grad(f)(x, w) @ w, (0, 1))),
        lambda f: vmap(tg.hessian(f, (0, 1))),
        lambda f: vmap(lambda x, w: tg.vjp(f, x, w)[1](2.0)),
        lambda f: vmap(lambda x, w: tg.jvp(f, (x, w), (w, x))),
        lambda f: vmap(lambda x, w: tg.hvp(f, (x, w), (w, x))),
        lambda f: vmap(lambda x, w: tg.derivatives(f)(x, w)),
        lambda f: vmap(tg.value_and_grad(f)),
        lambda f: vmap(grad(lambda x, w: (f(x, w), x * w), has_aux=True)),
    ],
    ids=["grad", "jacfwd", "grad of grad", "hessian", "vjp", "jvp", "hvp", "derivatives", "value", "aux"],
)
def test_transforms_inside(transform: Callable[[Function], Function]) -> None:
    x, w = array(4, 3), array(4, 3, seed=1)
    plain = transform(energy)
    same(plain(x, w), loop(plain.function, x, w), "each lane")  # type: ignore[attr-defined]  # of Vmap


def test_transforms_outside() -> None:
    x, w = array(4, 3), array(3, seed=1)

    def total(x: Any, w: Any) -> Any:
        return vmap(energy, (0, None))(x, w).sum()

    def by_hand(x: Any, w: Any) -> Any:
        return sum(energy(x[i], w) for i in range(4))

    for transform in (
        lambda f: grad(f, (0, 1)),
        lambda f: tg.hessian(f, (0, 1)),
        lambda f: lambda x, w: tg.jvp(f, (x, w), (x, w)),
        lambda f: lambda x, w: tg.hvp(f, (x, w), (x, w)),
        lambda f: lambda x, w: grad(lambda s: grad(lambda t: f(x * t * s, w))(2.0))(1.5),
    ):
        same(transform(total)(x, w), transform(by_hand)(x, w), "as by hand")
    check_grads(total, (x, w))


def test_captured_traced_values() -> None:
    w, x = array(3), array(4, 3)

    def f(w: Any) -> Any:
        v = w * w
        inside = vmap(lambda a: (a * v).sum() + (w * v).sum())(x)
        branch = vmap(lambda a: a * w[0] if a > 0.0 else w[1])(x[:, 0])
        return inside.sum() + branch.sum()

    check_grads(f, (w,))
    same(vmap(f)(np.stack([w, 2.0 * w])), np.array([f(w), f(2.0 * w)]), "in lanes further out")


def test_a_function_keeps_its_name_and_can_be_pickled() -> None:
    assert vmap(collatz).__name__ == "vmap_of_collatz"
    again = pickle.loads(pickle.dumps(tg.vmap(collatz, in_axes=(0,))))
    same(again(array(3)), vmap(collatz)(array(3)), "unpickled")


def test_a_replay_of_lanes_compares_again() -> None:
    """The way that lanes go is a guard on an outer tape: another trace, and not a wrong answer, at other inputs."""
    x = np.stack([PATHS, PATHS[::-1]])
    same(vmap(vmap(branches))(x), np.stack([loop(branches, PATHS), loop(branches, PATHS[::-1])]), "other ways")
    tape = tg.trace(vmap(lambda x: x * x if x > 1.0 else -x), np.array([2.0, 0.5])).tape
    same(tg.evaluate(tape, [np.array([3.0, -4.0])])[-1], np.array([9.0, 4.0]), "the same ways")
    with pytest.raises(BranchError):
        tg.evaluate(tape, [np.array([0.5, 2.0])])
    tape = tg.trace(vmap(lambda x: x * x if (x > 0.0).all() else -x), np.array([[2.0, 0.5], [-1.0, 1.0]])).tape
    same(tg.evaluate(tape, [np.array([[3.0, 1.0], [-4.0, 1.0]])])[-1], np.array([[9.0, 1.0], [4.0, -1.0]]), "masks")
    with pytest.raises(BranchError):
        tg.evaluate(tape, [np.array([[3.0, 1.0], [4.0, 1.0]])])


# ---- errors -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("in_axes", "args", "message"),
    [
        (0, (X, Y[:3]), r"product\(\) needs one number of lanes, but x has 4 along axis 0, y has 3 along axis 0"),
        ((0, 1), (X, Y), r"x has 4 along axis 0, y has 3 along axis 1"),
        (None, (X, Y), r"needs one number of lanes, but in_axes=None names no axis"),
        (3, (X, Y), r"x has shape \(4, 3, 2\) and no axis 3; in_axes has None where all lanes share"),
        (0, (X, 2.0), r"y has shape \(\) and no axis 0"),
        ((0, -3), (X, Y), r"y has shape \(4, 3\) and no axis -3"),
        ((0,), (X, Y), r"in_axes=\(0,\) does not fit \(\*, \*\)"),
        ((0, {"a": 0}), (X, {"a": Y, "b": Y}), r"in_axes={'a': 0} does not fit {'a': \*, 'b': \*}"),
        ((0, {"a": 0, "c": 0}), (X, {"a": Y, "b": Y}), "does not fit"),
        ((0, (0, 0)), (X, Y), r"in_axes=\(0, 0\) does not fit \*"),
        (0, (X, {"a": Y, "b": [Y, 1.0]}), r"y\['b'\]\[1\] has shape \(\) and no axis 0"),
    ],
)
def test_axes_that_do_not_fit_are_refused(in_axes: Any, args: tuple[Any, ...], message: str) -> None:
    with pytest.raises(StructureError, match=message):
        vmap(product, in_axes)(*args)


@pytest.mark.parametrize(
    ("out_axes", "message"),
    [
        (3, "the output has 2 axes with its lanes, and no axis 3"),
        ((0, 0), r"out_axes=\(0, 0\) does not fit \*"),
    ],
)
def test_out_axes_that_do_not_fit_are_refused(out_axes: Any, message: str) -> None:
    with pytest.raises(StructureError, match=message):
        vmap(product, out_axes=out_axes)(X, Y)


def test_lanes_that_return_different_things_are_refused() -> None:
    x = np.array([1.0, -1.0])
    with pytest.raises(StructureError, match=r"one lane returns \*, another \(\*, \*\)"):
        vmap(lambda x: x if x > 0.0 else (x, x))(x)
    with pytest.raises(StructureError, match=r"<lambda>\(\): lanes return arrays of different shapes: \(2,\), \(3,\)"):
        vmap(lambda x: array(2) * x if x > 0.0 else array(3) * x)(x)
    with pytest.raises(OutputTypeError, match="returned 'word', a str"):
        vmap(lambda x: "word")(x)


def test_a_variable_that_leaks_from_a_lane_says_so() -> None:
    kept: list[Any] = []

    def keep(x: Any) -> Any:
        kept.append(x)
        return x * 2.0

    vmap(keep)(positive(3))
    with pytest.raises(LeakedVariableError, match="after its trace had ended"):
        kept[0] * 2.0
