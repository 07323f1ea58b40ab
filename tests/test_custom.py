from __future__ import annotations

from collections.abc import Callable
from typing import cast

import pytest

import tapegrad as tg
import tapegrad.numpy as tnp
from tapegrad.custom import CustomJvp, CustomVjp
from tapegrad.errors import CaptureError, RuleError
from tapegrad.testing import check_grads

Pair = tuple[tg.Scalar, tg.Scalar]


def plain(x: tg.Scalar, y: tg.Scalar) -> Pair:
    return tnp.sin(x) * y, x * y


def by_vjp() -> CustomVjp[[tg.Scalar, tg.Scalar], Pair]:
    @tg.custom_vjp
    def f(x: tg.Scalar, y: tg.Scalar) -> Pair:
        return plain(x, y)

    def forward(x: tg.Scalar, y: tg.Scalar) -> tuple[Pair, Pair]:
        return f(x, y), (x, y)

    def backward(residuals: Pair, g: Pair) -> Pair:
        x, y = residuals
        return g[0] * tnp.cos(x) * y + g[1] * y, g[0] * tnp.sin(x) + g[1] * x

    return f.defvjp(forward, backward)


def by_jvp() -> CustomJvp[[tg.Scalar, tg.Scalar], Pair]:
    @tg.custom_jvp
    def f(x: tg.Scalar, y: tg.Scalar) -> Pair:
        return plain(x, y)

    def rule(primals: Pair, tangents: Pair) -> tuple[Pair, Pair]:
        (x, y), (tx, ty) = primals, tangents
        return f(x, y), (tnp.cos(x) * y * tx + tnp.sin(x) * ty, tx * y + x * ty)

    return f.defjvp(rule)


@pytest.mark.parametrize("custom", [by_vjp(), by_jvp()], ids=["vjp", "jvp"])
def test_a_custom_rule_serves_both_modes_at_every_order(
    custom: CustomVjp[[tg.Scalar, tg.Scalar], Pair] | CustomJvp[[tg.Scalar, tg.Scalar], Pair],
) -> None:
    def used(x: tg.Scalar, y: tg.Scalar) -> tg.Scalar:
        first, second = custom(x, y * 2.0)
        return first * second + y

    def expected(x: tg.Scalar, y: tg.Scalar) -> tg.Scalar:
        first, second = plain(x, y * 2.0)
        return first * second + y

    at = (1.1, 0.7)
    assert custom(*at) == plain(*at)
    assert tg.grad(used, argnums=(0, 1))(*at) == pytest.approx(tg.grad(expected, argnums=(0, 1))(*at), rel=1e-14)
    assert tg.jvp(used, at, (1.0, 0.5)) == pytest.approx(tg.jvp(expected, at, (1.0, 0.5)), rel=1e-14)
    assert tg.hessian(used)(*at) == pytest.approx(tg.hessian(expected)(*at), rel=1e-13)
    third, third_expected = tg.grad(tg.grad(tg.grad(used))), tg.grad(tg.grad(tg.grad(expected)))
    assert third(*at) == pytest.approx(third_expected(*at), rel=1e-13)
    check_grads(used, at)


def test_the_rule_is_used_and_not_the_function() -> None:
    @tg.custom_vjp
    def clipped(x: tg.Scalar) -> tg.Scalar:
        return x

    def backward(residuals: None, g: tg.Scalar) -> tuple[tg.Scalar]:
        return (tnp.clip(g, -1.0, 1.0),)

    clipped.defvjp(lambda x: (x, None), backward)
    assert tg.grad(lambda x: 100.0 * clipped(x))(3.0) == 1.0
    assert tg.trace(clipped, 3.0).tape[-1].primitive.name == "custom_vjp"


def test_arguments_may_be_trees_settings_and_keywords() -> None:
    @tg.custom_vjp
    def scaled(p: dict[str, tg.Scalar], name: str, times: int = 1) -> tg.Scalar:
        assert name == "model"
        return p["a"] * p["b"] * times

    def forward(p: dict[str, tg.Scalar], name: str, times: int) -> tuple[tg.Scalar, dict[str, tg.Scalar]]:
        return scaled(p, name, times), p

    def backward(p: dict[str, tg.Scalar], g: tg.Scalar) -> tuple[dict[str, tg.Scalar], None, None]:
        return {"a": 10.0 * g * p["b"], "b": 10.0 * g * p["a"]}, None, None

    scaled.defvjp(forward, backward)
    p: dict[str, tg.Scalar] = {"a": 2.0, "b": 3.0}
    assert tg.grad(lambda p: scaled(p, "model", times=5))(p) == {"a": 30.0, "b": 20.0}


@pytest.mark.parametrize(
    ("answer", "fault"),
    [
        ((1.0,), r"returned 1 cotangents for 2 arguments"),
        (1.0, "returned a float for 2 arguments"),
        ((1.0, (1.0, 2.0)), r"structure \(\*, \*\) at position 1"),
    ],
)
def test_a_backward_rule_with_a_missing_position_is_refused(answer: object, fault: str) -> None:
    @tg.custom_vjp
    def f(x: tg.Scalar, y: tg.Scalar) -> tg.Scalar:
        return x * y

    f.defvjp(lambda x, y: (x * y, None), lambda residuals, g: answer)
    with pytest.raises(RuleError, match=fault):
        tg.grad(f)(1.0, 2.0)


def test_a_method_may_have_a_rule() -> None:
    class Model:
        scale = 2.0

        @tg.custom_jvp
        def double(self, x: tg.Scalar) -> tg.Scalar:
            return self.scale * x

        double.defjvp(lambda primals, tangents: (primals[0].scale * primals[1], 100.0 * tangents[1]))

    method = cast(Callable[[tg.Scalar], tg.Scalar], Model().double)  # the checker does not know that it is bound
    assert method(3.0) == 6.0
    assert tg.grad(method)(3.0) == 100.0


def test_rules_are_stated_once_and_before_use() -> None:
    f = tg.custom_jvp(tnp.sin.compute)
    with pytest.raises(RuleError, match="has no derivative rule yet; state it with defjvp"):
        f(1.0)
    f.defjvp(lambda primals, tangents: (0.0, 0.0))
    with pytest.raises(RuleError, match="has a derivative rule already"):
        f.defjvp(lambda primals, tangents: (0.0, 0.0))


@pytest.mark.parametrize("rule", [lambda primals, tangents: 1.0, lambda primals, tangents: (1.0, 2.0, 3.0)])
def test_a_forward_rule_that_returns_no_pair_is_refused(rule: object) -> None:
    def f(x: tg.Scalar) -> tg.Scalar:
        return x

    assert callable(rule)
    with pytest.raises(RuleError, match="must return a pair"):
        tg.grad(tg.custom_jvp(f).defjvp(rule))(1.0)


@pytest.mark.parametrize("transform", [tg.grad, lambda f: lambda x: tg.jvp(f, (x,), (1.0,))])
def test_a_tangent_of_another_structure_is_refused(transform: Callable[[object], Callable[[float], object]]) -> None:
    def f(x: tg.Scalar) -> tg.Scalar:
        return 2.0 * x

    custom = tg.custom_jvp(f).defjvp(lambda primals, tangents: (f(*primals), (tangents[0], tangents[0])))
    with pytest.raises(RuleError, match=r"the rule of f\(\) returned a tangent of structure \(\*, \*\)"):
        transform(custom)(1.0)


def test_a_closed_over_traced_value_is_refused() -> None:
    def outer(w: tg.Scalar) -> tg.Scalar:
        @tg.custom_vjp
        def f(x: tg.Scalar) -> tg.Scalar:
            return x * w

        f.defvjp(lambda x: (f(x), None), lambda residuals, g: (g,))
        return f(w + 1.0)

    with pytest.raises(CaptureError, match=r"test_custom.py:\d+: return x \* w; pass it as an argument"):
        tg.grad(outer)(2.0)
