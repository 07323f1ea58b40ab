"""Functions of arrays with a rule of their own: `custom_vjp`, `custom_jvp`, `checkpoint`, `extend.elementwise`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from laws import Row, array, check_row, positive, row, same

import tapegrad as tg
import tapegrad.numpy as tnp
from tapegrad.errors import CaptureError, RuleError
from tapegrad.extend import Linear, check_rule, elementwise
from tapegrad.testing import check_grads

Floats = npt.NDArray[np.float64]
Params = dict[str, Any]
# What these answer for a function of Any, the checker takes for untyped.
grad: Callable[..., Callable[..., Any]] = tg.grad
hessian: Callable[..., Callable[..., Any]] = tg.hessian

Model = Callable[[Params, Any], tuple[Any, Any]]


def plain(p: Params, x: Any) -> tuple[Any, Any]:
    """(n,), (m,) -> (m,) and a number."""
    return tnp.tanh(p["w"] @ x) * p["b"], (p["b"] * p["b"]).sum()


def with_vjp() -> Model:
    @tg.custom_vjp
    def f(p: Params, x: Any) -> tuple[Any, Any]:
        return plain(p, x)

    def forward(p: Params, x: Any) -> tuple[object, object]:
        return f(p, x), (p, x, tnp.tanh(p["w"] @ x))

    def backward(residuals: tuple[Params, Any, Any], g: tuple[Any, Any]) -> tuple[object, ...]:
        p, x, h = residuals
        inner = g[0] * p["b"] * (1.0 - h * h)
        w = tnp.reshape(inner, (-1, 1)) * x
        return {"w": w, "b": g[0] * h + 2.0 * g[1] * p["b"]}, inner @ p["w"]

    return f.defvjp(forward, backward)


def with_jvp() -> Model:
    @tg.custom_jvp
    def f(p: Params, x: Any) -> tuple[Any, Any]:
        return plain(p, x)

    def rule(primals: tuple[Params, Any], tangents: tuple[Params, Any]) -> tuple[object, object]:
        (p, x), (tp, tx) = primals, tangents
        h = tnp.tanh(p["w"] @ x)
        moved = (1.0 - h * h) * (tp["w"] @ x + p["w"] @ tx)
        return f(p, x), (moved * p["b"] + h * tp["b"], 2.0 * (p["b"] * tp["b"]).sum())

    return f.defjvp(rule)


MODELS: dict[str, Model] = {"vjp": with_vjp(), "jvp": with_jvp(), "checkpoint": tg.checkpoint(plain), "plain": plain}
AT = ({"w": array(2, 3), "b": positive(2)}, array(3))


def used(model: Model) -> Callable[..., Any]:
    """The model between other operations, with both of its results in use."""

    def f(p: Params, x: Any) -> Any:
        first, second = model(p, x * 2.0)
        return first * second + tnp.sin(first)

    return f


@pytest.mark.parametrize("name", MODELS)
def test_laws(name: str) -> None:
    check_row(Row(name, used(MODELS[name]), AT))


@pytest.mark.parametrize("name", ["vjp", "jvp", "checkpoint"])
@pytest.mark.parametrize(
    "derivative",
    [
        lambda f: tg.jacrev(f, (0, 1))(*AT),
        lambda f: tg.jacfwd(f, (0, 1), chunk=2)(*AT),
        lambda f: hessian(lambda p, x: f(p, x).sum(), (0, 1))(*AT),
        lambda f: tg.vmap(tg.jacobian(f, 1), in_axes=(None, 0))(AT[0], array(4, 3)),
        lambda f: tg.jacobian(tg.vmap(f, in_axes=(None, 0)))(AT[0], array(4, 3)),
        lambda f: hessian(lambda p: tg.vmap(f, in_axes=(None, 0))(p, array(4, 3)).sum())(AT[0]),
        lambda f: grad(lambda x: tg.vmap(lambda y: f(AT[0], y) * y[0])(x * x).sum())(array(4, 3)),
        lambda f: tg.vmap(tg.vmap(f, in_axes=(None, 0)), in_axes=(None, 1))(AT[0], array(4, 2, 3)),
        lambda f: grad(lambda x: tg.vmap(tg.vmap(lambda y: f(AT[0], y)))(x).sum())(array(4, 2, 3)),
    ],
    ids=[
        "jacrev",
        "jacfwd",
        "hessian",
        "vmap of J",
        "J of vmap",
        "H of vmap",
        "grad of vmap",
        "vmap twice",
        "grad of two",
    ],
)
def test_they_are_what_they_wrap(name: str, derivative: Callable[[Callable[..., object]], object]) -> None:
    same(derivative(used(MODELS[name])), derivative(used(plain)), name)


def clipped() -> tg.custom.CustomVjp[[Any], Any]:
    """x, whose cotangent is cut off at 1, so that the use of the rule shows."""

    @tg.custom_vjp
    def f(x: Any) -> Any:
        return x * 1.0

    return f.defvjp(lambda x: (f(x), None), lambda residuals, g: (tnp.minimum(g, 1.0),))


def doubled() -> tg.custom.CustomJvp[[Any], Any]:
    """x * x, with twice its tangent."""

    @tg.custom_jvp
    def f(x: Any) -> Any:
        return x * x

    return f.defjvp(lambda primals, tangents: (f(*primals), 4.0 * primals[0] * tangents[0]))


def test_the_rule_holds_in_lanes() -> None:
    f, g = clipped(), doubled()
    x = array(3, 2)
    weights = np.array([[0.5, 3.0], [1.0, 7.0], [2.0, 0.0]])
    expected = np.minimum(weights, 1.0)
    same(grad(lambda x: (f(x) * weights).sum())(x), expected, "without lanes")
    same(tg.vmap(grad(lambda x, w: (f(x) * w).sum()))(x, weights), expected, "inside")
    same(grad(lambda x: (tg.vmap(f)(x) * weights).sum())(x), expected, "outside")
    same(grad(lambda x: (tg.vmap(tg.vmap(f))(x) * weights).sum())(x), expected, "twice")
    same(tg.vmap(grad(lambda x: g(x).sum()))(x), 4.0 * x, "inside")
    same(grad(lambda x: tg.vmap(g)(x).sum())(x), 4.0 * x, "outside")
    same(tg.jvp(tg.vmap(g), (x,), (weights,))[1], 4.0 * x * weights, "forward")
    first = grad(lambda x: tg.vmap(lambda y: g(y).sum())(x).sum())
    same(first(x), 4.0 * x, "first")
    same(grad(lambda x: (first(x) * weights).sum())(x), 4.0 * weights, "second")
    below = grad(lambda x: tg.vmap(g)(x).sum())
    same(tg.jvp(below, (x,), (weights,))[1], 4.0 * weights, "forward over reverse")


def test_an_operand_that_all_lanes_share_gets_the_sum() -> None:
    product = tg.custom_vjp(lambda w, x: w * x)
    product.defvjp(lambda w, x: (product(w, x), (w, x)), lambda wx, g: (tnp.minimum(g, 1.0) * wx[1], g * wx[0]))
    x, scale = array(3, 2), np.array([[0.5, 3.0], [1.0, 7.0], [2.0, 0.0]])

    def shared(w: Any, x: Any) -> Any:
        return (tg.vmap(product, in_axes=(None, 0))(w, x) * scale).sum()

    found = grad(shared, (0, 1))(array(2), x)
    same(found, ((np.minimum(scale, 1.0) * x).sum(axis=0), scale * array(2)), "each lane clips its own cotangent")
    moved = tg.jvp(shared, (array(2), x), (array(2), np.zeros((3, 2))))[1]
    same(moved, ((x * array(2)) * scale).sum(), "forward: the transpose of the rule at a cotangent of zero")


def test_lanes_of_a_call_that_go_different_ways() -> None:
    @tg.custom_jvp
    def f(x: Any) -> Any:
        return x * x if x > 0.0 else -x

    f.defjvp(lambda primals, tangents: (f(*primals), (10.0 if primals[0] > 0.0 else -10.0) * tangents[0]))
    x = np.array([2.0, -3.0, 4.0])
    same(tg.vmap(f)(x), np.array([4.0, 3.0, 16.0]), "values")
    same(grad(lambda x: tg.vmap(f)(x).sum())(x), np.array([10.0, -10.0, 10.0]), "slopes")


def test_float32_stays() -> None:
    for model in (clipped(), doubled(), tg.checkpoint(lambda x: x * x)):
        x = array(3).astype(np.float32)
        assert tg.vjp(model, x)[1](np.ones(3, np.float32))[0].dtype == np.float32
        assert tg.jvp(model, (x,), (x,))[1].dtype == np.float32
        assert tg.vjp(tg.vmap(model), x)[1](np.ones(3, np.float32))[0].dtype == np.float32


def test_a_checkpoint_in_lanes_may_close_over_traced_values() -> None:
    x, w = array(4, 3), array(3)

    def loss(wrap: Callable[[Callable[..., Any]], Callable[..., Any]], w: Any) -> Any:
        def lane(y: Any) -> Any:
            h = wrap(lambda z: tnp.sin(z * w))(y)
            return (wrap(lambda z: tnp.cos(z * h) * w)(h + w)).sum()

        return tg.vmap(lane)(x).sum()

    expected = grad(lambda w: loss(lambda f: f, w))(w)
    same(grad(lambda w: loss(tg.checkpoint, w))(w), expected, "closure")
    check_grads(lambda w: loss(tg.checkpoint, w), (w,))


def test_a_checkpoint_in_lanes_is_one_record_still() -> None:
    def f(w: Any) -> object:
        return tg.vmap(tg.checkpoint(inside))(array(4, 3) * w)

    def inside(x: Any) -> Any:
        return tnp.sin(x).sum()

    names = [record.primitive.name for record in tg.trace(f, array(3)).tape]
    assert names == ["input", "constant", "multiply", "checkpoint"]
    assert tg.trace(f, array(3)).tape == tg.trace(f, array(3)).tape


def test_a_custom_rule_in_lanes_refuses_a_closure() -> None:
    def f(w: Any) -> object:
        custom = tg.custom_vjp(lambda x: x * w)
        custom.defvjp(lambda x: (custom(x), None), lambda residuals, g: (g,))
        return tg.vmap(custom)(array(4, 3) * w)

    with pytest.raises(CaptureError, match="pass it as an argument"):
        tg.jacobian(f)(array(3))


def test_plain_arrays_are_kept_as_they_were() -> None:
    for wrap in (tg.checkpoint, lambda f: tg.custom_jvp(f).defjvp(lambda xs, ts: (f(*xs), xs[1] * ts[0]))):
        model = wrap(lambda x, c: x * c)
        c = np.array([2.0, 3.0])
        first = tg.trace(lambda x, f=model, c=c: f(x, c), array(2)).tape
        assert first == tg.trace(lambda x, f=model, c=c: f(x, c), array(2)).tape
        _, pullback = tg.vjp(lambda x, f=model, c=c: f(x, c), array(2))
        c[:] = 0.0
        same(pullback(np.ones(2)), (np.array([2.0, 3.0]),), "after the change")


def test_a_result_that_the_function_keeps_is_copied() -> None:
    kept = np.ones(2)
    custom = tg.custom_jvp(lambda x: kept)
    custom.defjvp(lambda xs, ts: (kept, ts[0]))
    _, pullback = tg.vjp(lambda x: custom(x) * x, array(2))
    kept[:] = 7.0
    same(pullback(np.ones(2)), (1.0 + array(2),), "after the change")


def test_a_mask_is_an_operand() -> None:
    chosen = tg.checkpoint(lambda mask, x: mask * x * x)
    tape = tg.trace(lambda x: chosen(x > 0.0, x), np.array([1.0, -2.0])).tape
    same(tg.evaluate(tape, [np.array([-3.0, 4.0])])[-1], np.array([0.0, 16.0]), "at other inputs")
    same(grad(lambda x: chosen(x > 0.0, x).sum())(np.array([1.0, -2.0])), np.array([2.0, 0.0]), "the slope")


WRONG: list[tuple[Callable[..., object], Callable[..., object], str]] = [
    (
        lambda x: (x, None),
        lambda residuals, g: (g[:1],),
        r"a cotangent of shape \(1,\) for an argument of shape \(3,\)",
    ),
    (lambda x: (x, None), lambda residuals, g: (1.0,), r"a cotangent of shape \(\) for an argument of shape \(3,\)"),
    (lambda x: ((x, x), None), lambda residuals, g: (g,), r"structure \(\*, \*\), of 2 parts, for one of 1"),
]


@pytest.mark.parametrize(("forward", "backward", "fault"), WRONG)
def test_a_wrong_reverse_rule_is_refused(
    forward: Callable[..., object], backward: Callable[..., object], fault: str
) -> None:
    custom = tg.custom_vjp(lambda x: x * 2.0).defvjp(forward, backward)
    with pytest.raises(RuleError, match=fault):
        grad(lambda x: custom(x).sum())(array(3))


def test_a_wrong_forward_rule_is_refused() -> None:
    custom = tg.custom_jvp(lambda x: x * 2.0).defjvp(lambda xs, ts: (xs[0] * 2.0, ts[0][0]))
    for use in (lambda: grad(lambda x: custom(x).sum())(array(3)), lambda: tg.jvp(custom, (array(3),), (array(3),))):
        with pytest.raises(RuleError, match=r"a tangent of shape \(\) for an output of shape \(3,\)"):
            use()


def test_none_is_a_zero_cotangent() -> None:
    custom = tg.custom_vjp(lambda x, y: x * y)
    custom.defvjp(lambda x, y: (custom(x, y), y), lambda y, g: (g * y, None))
    found = grad(lambda x, y: custom(x, y).sum(), (0, 1))(array(3), array(3, seed=1))
    same(found, (array(3, seed=1), np.zeros(3)), "the second is zero")
    lanes = grad(lambda x, y: tg.vmap(custom)(x, y).sum(), (0, 1))(array(3), array(3, seed=1))
    same(lanes, found, "in lanes")


# ---- declared operations ------------------------------------------------------------------------

bump = elementwise("test_bump", lambda x, y: x * x * y, lambda out, x, y: {0: 2.0 * x * y, 1: x * x})
wide = elementwise(
    "test_wide", lambda x: 1.0 / (1.0 + x * x), lambda out, x: {0: -2.0 * x * out * out}, over=lambda x: 1 / (1 + x * x)
)

ROWS = (
    row("each element", lambda x: bump(x, 2.0), array(2, 3), reference=lambda x: x * x * 2.0),
    row("broadcast", bump, array(2, 3), array(3), reference=lambda x, y: x * x * y),
    row("number and array", bump, 1.5, array(3), reference=lambda x, y: x * x * y),
    row("empty", bump, array(0, 3), array(3), reference=lambda x, y: x * x * y),
    row("over=", wide, array(2, 3), reference=lambda x: 1.0 / (1.0 + x * x)),
)


@pytest.mark.parametrize("case", ROWS, ids=lambda case: case.name)
def test_declared_operations(case: Row) -> None:
    check_row(case)


def test_check_rule_takes_numbers_and_arrays() -> None:
    check_rule(bump, 0.5, 2.0)
    check_rule(bump, array(2, 3), array(3))
    check_rule(wide, array(3))


def test_check_rule_finds_a_mistake_in_lanes() -> None:
    with pytest.raises(AssertionError, match="in lanes: two that are alike give"):
        check_rule(Linear("test_first", lambda x: x[:1], lambda g, x: g * np.array([1.0, 0.0])), array(2))
