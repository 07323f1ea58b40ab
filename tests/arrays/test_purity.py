"""The first transforms on arrays: forms, shapes, dtypes; and the law that nothing which is changed changes anything."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import attrs
import numpy as np
import numpy.typing as npt
import pytest
from laws import array, same

import tapegrad as tg
import tapegrad.numpy as tnp
from tapegrad import tree
from tapegrad.errors import (
    ArgumentTypeError,
    IntegerArgumentError,
    NonScalarOutputError,
    OutputTypeError,
    StructureError,
)

Floats = npt.NDArray[np.float64]
Function = Callable[..., Any]
# What these answer for a function of Any, the checker takes for untyped.
grad: Callable[..., Function] = tg.grad
value_and_grad: Callable[..., Function] = tg.value_and_grad


# ---- what is changed later ----------------------------------------------------------------------


def test_a_changed_input_does_not_reach_the_pullback() -> None:
    x = array(3)
    _, pullback = tg.vjp(lambda x: x * x, x)
    x[:] = 0.0
    same(pullback(np.ones(3)), (2.0 * array(3),), "the pullback")


def test_a_changed_view_or_base_does_not_either() -> None:
    base = array(2, 3)
    for view in (base[:, 1], base.T, base.reshape(-1), np.broadcast_to(base, (2, 2, 3))):
        before = view.copy()
        _, pullback = tg.vjp(lambda x: x * x, view)
        base += 1.0
        same(pullback(np.ones(before.shape)), (2.0 * before,), "the pullback")


@pytest.mark.parametrize(
    "use",
    [
        lambda x, c: x * c,
        lambda x, c: x @ np.diag(c),
        lambda x, c: tnp.maximum(x, c) * c,
        lambda x, c: np.sin(x * c[::-1]) * c,
        lambda x, c: x[c.argsort()] * x,
        lambda x, c: x * tnp.reshape(c, (3,)),
        lambda x, c: tg.checkpoint(lambda x, c: x * c)(x, c),
        lambda x, c: tg.vmap(lambda x, c: x * c)(x, c),
        lambda x, c: tg.vmap(lambda x: x * c)(tnp.reshape(x, (1, 3)))[0],
    ],
)
def test_a_changed_capture_does_not_reach_the_pullback_or_the_tape(use: Function) -> None:
    c = array(3, seed=1)
    _, expected = tg.vjp(lambda x: use(x, array(3, seed=1)), array(3))
    _, pullback = tg.vjp(lambda x: use(x, c), array(3))
    tape = tg.trace(lambda x: use(x, c), array(3)).tape
    c[:] = np.array([7.0, -7.0, 0.0])
    same(pullback(np.ones(3)), expected(np.ones(3)), "the pullback")
    same(tg.evaluate(tape, [array(3)])[-1], use(array(3), array(3, seed=1)), "the tape")


def test_a_capture_that_changes_between_two_uses_is_two_constants() -> None:
    def f(x: Any) -> Any:
        c = np.array([1.0, 2.0])
        y = x * c
        c[:] = [10.0, 20.0]
        y = y + x * x * c
        c[:] = 0.0
        return y

    x = np.array([3.0, 4.0])
    c1, c2 = np.array([1.0, 2.0]), np.array([10.0, 20.0])
    value, pullback = tg.vjp(f, x)
    same(value, x * c1 + x * x * c2, "the value")
    same(pullback(np.ones(2)), (c1 + 2.0 * x * c2,), "reverse")
    same(tg.jvp(f, (x,), (np.ones(2),))[1], c1 + 2.0 * x * c2, "forward")
    same(grad(lambda x: f(x).sum())(x), c1 + 2.0 * x * c2, "at once")
    same(tg.jacobian(grad(lambda x: f(x).sum()))(x), np.diag(2.0 * c2), "second order")
    same(tg.vmap(f)(np.stack([x, 2.0 * x])), np.stack([f(x), f(2.0 * x)]), "in lanes")


def test_an_index_that_changes_between_two_uses() -> None:
    def f(x: Any) -> Any:
        at = np.array([0, 1])
        y = x[at]
        at[:] = [2, 2]
        return y * x[at]

    same(tg.vjp(f, np.array([3.0, 4.0, 5.0]))[1](np.ones(2)), (np.array([5.0, 5.0, 7.0]),), "the pullback")


def test_what_is_handed_out_belongs_to_the_caller() -> None:
    c = array(3, seed=1)

    def f(x: Any) -> Any:
        y = x * c
        return {"first": y, "second": y, "argument": x, "constant": c, "part": y[:2], "shape": tnp.reshape(y, (3, 1))}

    x = array(3)
    out, pullback = tg.vjp(f, x)
    g: Any = tree.map_leaves(np.ones_like, out)
    expected, cotangents = tree.map_leaves(np.copy, out), pullback(g)
    moved: Any = tg.jvp(f, (x,), (np.ones(3),))[1]
    known = tree.map_leaves(np.copy, (cotangents, moved))
    for changed in (out, moved, cotangents):
        for leaf in tree.leaves(changed):
            leaf[...] = np.nan  # type: ignore[index]  # an array
    same(pullback(g), known[0], "the pullback again")
    same(x, array(3), "the argument")
    same(c, array(3, seed=1), "what was captured")
    same(tg.vjp(f, x)[0], expected, "another call")
    same(tg.jvp(f, (x,), (np.ones(3),))[1], known[1], "another call")
    same(g, tree.map_leaves(np.ones_like, g), "the cotangent that was given")


def test_a_cotangent_or_tangent_that_is_given_is_not_handed_back() -> None:
    g, t = np.ones(3), np.ones(3)
    cotangent = tg.vjp(lambda x: x, array(3))[1](g)[0]
    moved = tg.jvp(lambda x: x, (array(3),), (t,))[1]
    cotangent += 1.0
    moved += 1.0
    same((g, t), (np.ones(3), np.ones(3)), "what was given")
    first, second = tg.vjp(lambda x, y: x + y, array(3), array(3))[1](g)
    first += 1.0
    same((g, second), (np.ones(3), np.ones(3)), "two cotangents are two arrays")


def test_a_cotangent_that_a_rule_keeps_is_not_handed_out() -> None:
    kept = array(3, seed=1)
    fixed = tg.custom_vjp(lambda x: x * kept)
    fixed.defvjp(lambda x: (fixed(x), None), lambda _, g: (kept,))
    slope = grad(lambda x: fixed(x).sum())(array(3))
    same(slope, kept, "the slope")
    slope += 1.0
    same(kept, array(3, seed=1), "what the rule keeps")


def test_aux_is_a_copy() -> None:
    c = array(3, seed=1)

    def f(x: Any) -> tuple[Any, dict[str, Any]]:
        y = x * c
        return (y * y).sum(), {"y": y, "x": x, "part": y[1:], "positive": y > 0.0, "number": y[0], "word": "kept"}

    x = array(3)
    slope, aux = grad(f, has_aux=True)(x)
    assert aux["word"] == "kept"
    assert type(aux["positive"]) is np.ndarray
    same([aux["y"], aux["x"], aux["part"], aux["number"]], [x * c, x, (x * c)[1:], (x * c)[0]], "the values")
    for name in ("y", "x", "part", "positive"):
        aux[name][...] = 0.0
    slope[:] = 0.0
    same(x, array(3), "the argument")
    (value, _), again = value_and_grad(f, has_aux=True)(x)
    same((value, again), (((x * c) ** 2).sum(), 2.0 * x * c * c), "another call")


def test_aux_of_an_inner_transform_is_traced_by_the_outer_one() -> None:
    def f(x: Any) -> Any:
        slope, (y, positive) = grad(lambda z: ((z * z * z).sum(), (z * z, z > 0.0)), has_aux=True)(x)
        return (slope * y * positive).sum()

    x = np.array([2.0, -3.0])
    same(grad(f)(x), np.array([12.0 * 8.0, 0.0]), "d(3 z^2 z^2) where z > 0")
    same(tg.vmap(f)(np.stack([x, -x])), np.array([48.0, 243.0]), "in lanes")


def test_the_argument_is_no_array_that_can_be_written_to() -> None:
    def f(x: Any) -> Any:
        with pytest.raises(ValueError, match="read-only"):
            x.value[0] = 5.0
        return x.sum()

    grad(f)(array(2))


def test_the_same_call_gives_equal_tapes() -> None:
    c = array(2, 3)

    def f(x: Any) -> Any:
        return tnp.sin(c @ x)[::-1] * c[:, 0]

    first, second = tg.trace(f, array(3)).tape, tg.trace(f, array(3)).tape
    assert first == second
    assert hash(first) == hash(second)
    c += 1.0
    assert tg.trace(f, array(3)).tape != first


# ---- forms --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "x",
    [2.0, np.float64(2.0), np.float32(2.0), np.array(2.0), np.array(2.0, np.float32), array(1), array(2, 3),
     array(2, 3).astype(np.float32), array(0, 3), array(2, 3).T, array(4)[::2]],
)  # fmt: skip
def test_a_gradient_has_the_form_of_its_argument(x: Any) -> None:
    def f(x: Any) -> Any:
        return tnp.sum(x * x)

    found = [grad(f)(x), value_and_grad(f)(x)[1], tg.vjp(f, x)[1](f(x) * 0 + 1)[0], tg.derivatives(f)(x)["x"]]
    found.append(grad(lambda x, y: f(x) * y, (0, 1))(x, 1.0)[0])
    found.append(grad(lambda p: f(p["x"]))({"x": x})["x"])
    found.append(grad(lambda x: (grad(f)(x) * x).sum() * 0.5)(x))
    found.append(tg.jacrev(f)(x))
    for slope in found:
        same(slope, 2.0 * x, "2 x", tolerance=1e-6)
        assert np.asarray(slope).dtype == np.asarray(x).dtype
        assert type(slope) is type(x)


def test_the_value_has_the_form_that_numpy_gives_it() -> None:
    assert type(value_and_grad(lambda x: x.sum())(array(3))[0]) in {float, np.float64}
    assert type(value_and_grad(lambda x: x.sum())(array(3).astype(np.float32))[0]) is np.float32
    out, _ = tg.vjp(lambda x: (x, x[0], x.sum()), array(3).astype(np.float32))
    assert [type(leaf) for leaf in out] == [np.ndarray, np.float32, np.float32]


@attrs.frozen
class Model:
    weights: Any
    bias: Any
    name: str = attrs.field(default="m", metadata={"static": True})


def test_trees_of_arrays() -> None:
    model = Model(array(2, 3), [array(2), 1.5])

    def loss(model: Any, x: Any) -> Any:
        return ((model.weights @ x + model.bias[0]) * model.bias[1]).sum()

    x = array(3)
    gradient = grad(loss)(model, x)
    assert isinstance(gradient, Model)
    same(gradient.weights, 1.5 * np.outer(np.ones(2), x), "weights")
    same(gradient.bias, [np.full(2, 1.5), (model.weights @ x + model.bias[0]).sum()], "bias")


def test_the_same_array_twice() -> None:
    x = array(3)
    same(grad(lambda x, y: (x * x * y).sum(), (0, 1))(x, x), (2.0 * x * x, x * x), "two arguments")
    same(grad(lambda xs: (xs[0] * xs[0] * xs[1]).sum())([x, x]), [2.0 * x * x, x * x], "two leaves")
    first, second = grad(lambda x, y: (x + y).sum(), (0, 1))(x, x)
    first += 1.0
    same(second, np.ones(3), "each its own")


def test_the_same_output_twice() -> None:
    out, pullback = tg.vjp(lambda x: (lambda y: [y, y, x])(x * x), array(3))  # noqa: PLC3002
    assert out[0] is not out[1]
    g = [array(3, seed=i) for i in range(3)]
    same(pullback(g), ((g[0] + g[1]) * 2.0 * array(3) + g[2],), "the cotangents are added")


@pytest.mark.parametrize("unused", [array(2, 3), array(2).astype(np.float32), np.array(1.0), 2.0, array(0, 2)])
def test_what_is_not_used_has_the_derivative_zero(unused: Any) -> None:
    answers: list[Any] = [
        grad(lambda x, y: (x * x).sum(), 1)(array(3), unused),
        grad(lambda x, y: (x + tnp.sum(tg.stop_gradient(y))).sum(), 1)(array(3), unused),
        tg.vjp(lambda x, y: x, array(3), unused)[1](array(3))[1],
        tg.derivatives(lambda x, y: (x * x).sum())(array(3), unused)["y"],
    ]
    for found in answers:
        assert type(found) is type(unused)
        assert np.shape(found) == np.shape(unused)
        assert np.asarray(found).dtype == np.asarray(unused).dtype
        assert not np.any(found)


def test_constant_outputs() -> None:
    c = array(2)
    out, pullback = tg.vjp(lambda x: (c, 3.0, c * 2.0), array(3))
    same(out, (c, 3.0, c * 2.0), "the value")
    same(pullback((np.ones(2), 1.0, np.ones(2))), (np.zeros(3),), "reverse")
    same(tg.jvp(lambda x: (c, 3.0, x), (array(3),), (array(3),))[1], (np.zeros(2), 0.0, array(3)), "forward")
    same(grad(lambda x: 3.0)(array(3)), np.zeros(3), "grad")
    out[0][:] = 0.0
    same(c, array(2), "the constant is the caller's")


def test_stop_gradient() -> None:
    x = array(3)
    same(grad(lambda x: (x * tg.stop_gradient(x)).sum())(x), x, "an array")
    same(tg.jvp(lambda x: x * tg.stop_gradient(x), (x,), (np.ones(3),))[1], x, "forward")
    same(tg.jacobian(grad(lambda x: (x * x * tg.stop_gradient(x)).sum()))(x), 2.0 * np.diag(x), "second order")
    p = {"a": x, "b": [array(2), 1.5]}

    def f(p: Any) -> Any:
        q = tg.stop_gradient(p)
        return (p["a"] * q["a"]).sum() + (p["b"][0] * q["b"][1]).sum() * q["b"][1]

    same(grad(f)(p), {"a": x, "b": [np.full(2, 2.25), 0.0]}, "a tree")
    same(tg.vmap(grad(lambda x: (x * tg.stop_gradient(x)).sum()))(array(2, 3)), array(2, 3), "in lanes")
    same(tg.stop_gradient(x), x, "plain")


def test_derivatives_with_intermediates() -> None:
    def f(x: Any, w: Any) -> Any:
        h = x @ w
        s = tnp.tanh(h)
        first = s[0]
        return (s * s).sum() + first

    x, w = array(3), array(3, 2)
    found = tg.derivatives(f, intermediates=True)(x, w=w)
    s = np.tanh(x @ w)
    by_s = 2.0 * s + np.array([1.0, 0.0])
    by_h = by_s * (1.0 - s * s)
    same(found, {"x": w @ by_h, "w": np.outer(x, by_h), "h": by_h, "s": by_s, "first": 1.0}, "adjoints by name")
    found["s"][:] = 0.0  # type: ignore[index]  # an array
    same(found["h"], by_h, "each its own")


def test_a_number_alone_moves_an_array() -> None:
    c = array(3)
    for f, expected in ((lambda s: c + s, np.ones(3)), (lambda s: c - s, -np.ones(3)), (lambda s: (c + s).sum(), 3.0),
                        (lambda s: c * s, c), (lambda s: (c.astype(np.float32) + s).sum(), 3.0)):  # fmt: skip
        same(tg.jvp(f, (1.5,), (1.0,))[1], expected, "forward")
        same(tg.jacfwd(f)(1.5), expected, "the Jacobian")


# ---- errors -------------------------------------------------------------------------------------

X, P = array(2, 3), {"w": array(2, 3), "b": 1.0}


@pytest.mark.parametrize(
    ("primals", "tangents", "message"),
    [
        ((X,), (array(3),), r"the tangent of x has shape \(3,\), but x has shape \(2, 3\); .*np.full\(\(2, 3\), t\)"),
        ((X,), (1.0,), r"the tangent of x has shape \(\), but x has shape \(2, 3\)"),
        ((X,), (array(3, 2),), r"the tangent of x has shape \(3, 2\), but x has shape \(2, 3\)"),
        ((1.0,), (array(1),), r"the tangent of x has shape \(1,\), but x has shape \(\); give a number"),
        ((P,), ({"w": array(2), "b": 1.0},), r"of x\['w'\] has shape \(2,\), but x\['w'\] has shape \(2, 3\)"),
        ((P,), ({"w": array(2, 3)},), r"the tangent of x has structure {'w': \*}, but x has {'w': \*, 'b': \*}"),
        ((X,), (X, X), "1 primals need as many tangents, not 2"),
    ],
)  # fmt: skip
def test_a_tangent_that_does_not_fit_is_refused(primals: Any, tangents: Any, message: str) -> None:
    with pytest.raises(StructureError, match=message):
        tg.jvp(lambda x: x, primals, tangents)


@pytest.mark.parametrize("tangent", [np.ones((2, 3), int), np.ones((2, 3), bool)])
def test_a_tangent_of_integers_is_refused(tangent: Any) -> None:
    with pytest.raises(IntegerArgumentError, match=r"tangent of x is an array of (int64|bool), which has no"):
        tg.jvp(lambda x: x, (X,), (tangent,))
    with pytest.raises(IntegerArgumentError, match=r"cotangent is an array of (int64|bool), which has no"):
        tg.vjp(lambda x: x, X)[1](tangent)


@pytest.mark.parametrize(
    ("function", "g", "message"),
    [
        (lambda x: x, array(3), r"the cotangent has shape \(3,\), but what the function returned has shape \(2, 3\)"),
        (
            lambda x: x,
            1.0,
            r"the cotangent has shape \(\), but what the function returned has shape \(2, 3\); .*np.full",
        ),
        (lambda x: x.sum(), array(1), r"the cotangent has shape \(1,\), .* has shape \(\); give a number"),
        (lambda x: {"y": x, "s": 1.0}, {"y": array(2), "s": 1.0}, r"the cotangent\['y'\] has shape \(2,\)"),
        (lambda x: [x, x], X, r"the cotangent has structure \*, but the function returned \[\*, \*\]"),
    ],
)
def test_a_cotangent_that_does_not_fit_is_refused(function: Function, g: Any, message: str) -> None:
    with pytest.raises(StructureError, match=message):
        tg.vjp(function, X)[1](g)


def test_seeds_are_brought_to_the_dtype_of_what_they_belong_to() -> None:
    single = X.astype(np.float32)
    assert tg.jvp(lambda x: x * x, (single,), (X,))[1].dtype == np.float32
    assert tg.jvp(lambda x: x * x, (X,), (single,))[1].dtype == np.float64
    seen: list[np.dtype[Any]] = []
    spy = tg.custom_vjp(lambda x: x * 1.0)
    spy.defvjp(lambda x: (spy(x), None), lambda _, g: (seen.append(g.dtype), (g,))[1])  # type: ignore[func-returns-value]
    assert tg.vjp(spy, single)[1](X)[0].dtype == np.float32
    assert tg.vjp(spy, X)[1](single)[0].dtype == np.float64
    assert seen == [np.float32, np.float64]
    same(grad(lambda t: tg.jvp(lambda x: x * x, (single,), (t,))[1].sum())(X), 2.0 * X, "of a tangent", 1e-6)


def test_complex_outputs_are_refused() -> None:
    with pytest.raises(OutputTypeError, match=r"returned a complex one; return tnp\.abs"):
        tg.vjp(lambda x: x * (2.0 + 3.0j), X)


@pytest.mark.parametrize(
    ("argument", "error", "message"),
    [
        (np.arange(3), IntegerArgumentError, r"argument x is an array of int64, .*; write x.astype\(float\)"),
        (np.ones(3, bool), IntegerArgumentError, "argument x is an array of bool, .*; leave it out of argnums"),
        (np.ones(3) * 1j, ArgumentTypeError, "argument x is an array of complex128.*pass the real and the imaginary"),
        (np.array(["a"]), ArgumentTypeError, "argument x is an array of <U1, which cannot be differentiated"),
        ([array(2), np.arange(2)], IntegerArgumentError, r"argument x\[1\] is an array of int64"),
    ],
)
def test_arguments_without_a_derivative_are_refused(argument: Any, error: type[Exception], message: str) -> None:
    for transform in (lambda: grad(lambda x: 1.0)(argument), lambda: tg.vjp(lambda x: 1.0, argument)):
        with pytest.raises(error, match=message):
            transform()


@pytest.mark.parametrize(
    ("function", "error", "message"),
    [
        (lambda x: x, NonScalarOutputError, r"an array of shape \(2, 3\); return its sum, tnp.sum\(...\), or .* jac"),
        (lambda x: x[:1, :1], NonScalarOutputError, r"returned an array of shape \(1, 1\)"),
        (lambda x: [x.sum(), x.sum()], NonScalarOutputError, r"returned 2 as \[\*, \*\]"),
        (lambda x: x.sum() * 1j, OutputTypeError, "returned a complex one; return tnp.abs"),
    ],
)  # fmt: skip
def test_grad_needs_one_real_number(function: Function, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        grad(function)(X)
