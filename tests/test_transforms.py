from __future__ import annotations

import copy
import dataclasses
import functools
import inspect
import math
import pickle
from collections.abc import Callable
from typing import cast

import attrs
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import tapegrad as tg
import tapegrad.numpy as tnp
from tapegrad.errors import (
    ArgumentTypeError,
    IntegerArgumentError,
    NonScalarOutputError,
    OutputTypeError,
    StructureError,
)
from tapegrad.testing import central_difference, check_grads, programs

points = st.floats(-2.0, 2.0)


def f(x: tg.Scalar, y: tg.Scalar) -> tg.Scalar:
    return x * y + tnp.sin(x)


def test_grad_by_position() -> None:
    assert tg.grad(f)(2.0, 3.0) == 3.0 + np.cos(2.0)
    assert tg.grad(f, argnums=1)(2.0, 3.0) == 2.0
    assert tg.grad(f, argnums=-1)(2.0, 3.0) == 2.0
    assert tg.grad(f, argnums=(0, 1))(2.0, 3.0) == (3.0 + np.cos(2.0), 2.0)
    assert tg.grad(f, argnums=(1, 0))(2.0, 3.0) == (2.0, 3.0 + np.cos(2.0))
    assert tg.grad(f, argnums=(1,))(2.0, 3.0) == (2.0,)
    assert type(tg.grad(f)(2.0, 3.0)) is float


def test_value_and_grad_and_aux() -> None:
    def with_aux(x: tg.Scalar) -> tuple[tg.Scalar, dict[str, tg.Scalar]]:
        return x * x, {"double": 2.0 * x, "fixed": 7.0}

    assert tg.value_and_grad(f)(2.0, 3.0) == (f(2.0, 3.0), tg.grad(f)(2.0, 3.0))
    assert tg.grad(with_aux, has_aux=True)(3.0) == (6.0, {"double": 6.0, "fixed": 7.0})
    assert tg.value_and_grad(with_aux, has_aux=True)(3.0) == ((9.0, {"double": 6.0, "fixed": 7.0}), 6.0)
    with pytest.raises(OutputTypeError, match="must return a pair"):
        tg.grad(lambda x: x, has_aux=True)(3.0)


def test_aux_stays_traced_by_the_outer_transform_only() -> None:
    def outer(x: tg.Scalar) -> tg.Scalar:
        def inner(y: tg.Scalar) -> tuple[tg.Scalar, tg.Scalar]:
            return x * y * y, x * y

        slope, extra = tg.grad(inner, has_aux=True)(2.0)
        return slope * extra

    assert outer(3.0) == 12.0 * 6.0
    assert tg.grad(outer)(3.0) == 4.0 * 6.0 + 12.0 * 2.0


def test_keywords_are_settings() -> None:
    def scaled(x: tg.Scalar, *, times: int = 1) -> tg.Scalar:
        return x * x * times

    assert tg.grad(scaled)(3.0, times=5) == 30.0


def test_derivatives_answers_with_a_dictionary_of_all_arguments() -> None:
    assert tg.derivatives(f)(2.0, 3.0) == {"x": 3.0 + np.cos(2.0), "y": 2.0}
    assert tg.derivatives(f)(y=3.0, x=2.0) == {"y": 2.0, "x": 3.0 + np.cos(2.0)}
    assert tg.derivatives(f)(2.0, y=3.0) == {"x": 3.0 + np.cos(2.0), "y": 2.0}
    assert tg.derivatives(lambda *xs: xs[0] * xs[1])(2.0, 3.0) == {"xs0": 3.0, "xs1": 2.0}


def graph(x1: tg.Scalar, x2: tg.Scalar, x4: tg.Scalar, x6: tg.Scalar) -> tg.Scalar:
    x3 = x1 * x2
    x5 = x4 + x3
    L = x5 * x6  # noqa: N806  # its name in the textbook
    return L  # noqa: RET504  # the name is what is tested


def test_derivatives_of_intermediates_are_read_by_their_names() -> None:
    expected = {"L": 1.0, "x6": 17.0, "x5": 2.0, "x4": 2.0, "x3": 2.0, "x2": 6.0, "x1": 8.0}
    vals = {"x1": 3.0, "x2": 4.0, "x4": 5.0, "x6": 2.0}
    assert graph(**vals) == 34.0
    assert tg.derivatives(graph, intermediates=True)(**vals) == expected


def test_an_unused_argument_and_a_constant_output_have_derivative_zero() -> None:
    def first(x: tg.Scalar, y: tg.Scalar) -> tg.Scalar:
        return x

    assert tg.grad(first, argnums=1)(2.0, 3.0) == 0.0
    assert tg.grad(lambda x: 5.0)(2.0) == 0.0
    assert tg.grad(lambda x: 5)(2.0) == 0.0
    assert tg.jvp(lambda x: 5.0, (2.0,), (1.0,)) == (5.0, 0.0)
    assert tg.grad(lambda x: x)(2.0) == 1.0


@dataclasses.dataclass(frozen=True)
class Line:
    slope: tg.Scalar
    offset: tg.Scalar
    name: str = dataclasses.field(default="line", metadata={"static": True})

    def __post_init__(self) -> None:
        if isinstance(self.slope, (tg.Var, str)):
            raise TypeError("rebuilding must not run this")


@attrs.frozen
class Pair:
    left: Line
    right: tuple[tg.Scalar, list[tg.Scalar]]


def test_gradients_have_the_structure_of_their_arguments() -> None:
    def total(p: Pair, d: dict[str, tg.Scalar]) -> tg.Scalar:
        assert p.left.name == "first"
        return p.left.slope * d["x"] + p.left.offset * p.right[0] + p.right[1][0] * 4.0

    pair = Pair(Line(2.0, 3.0, "first"), (5.0, [7.0, 8.0]))
    by_pair, by_dict = tg.grad(total, argnums=(0, 1))(pair, {"x": 10.0, "y": 1.0})
    assert by_pair == Pair(Line(10.0, 5.0, "first"), (3.0, [4.0, 0.0]))
    assert by_dict == {"x": 2.0, "y": 0.0}
    assert pair == Pair(Line(2.0, 3.0, "first"), (5.0, [7.0, 8.0])), "the argument is as it was"


def test_empty_trees_have_empty_gradients() -> None:
    def second(p: dict[str, tg.Scalar], x: tg.Scalar) -> tg.Scalar:
        return x

    assert tg.grad(second, argnums=(0, 1))({}, 2.0) == ({}, 1.0)
    assert tg.grad(lambda p: p["x"] * 2.0)({"x": 1.0, "none": None}) == {"x": 2.0, "none": None}


def test_numpy_scalars_are_numbers() -> None:
    slope = tg.grad(lambda x: x * x)(np.float64(3.0))
    assert slope == 6.0
    assert type(slope) is np.float64
    assert type(tg.grad(lambda x: x * x)(np.float32(3.0))) is np.float32


@pytest.mark.parametrize(
    ("value", "error", "fault"),
    [
        (3, IntegerArgumentError, r"argument x is 3, an int.*write 3\.0"),
        (10**400, IntegerArgumentError, "write inf"),
        (True, IntegerArgumentError, "argument x is True, a bool"),
        (np.int64(3), IntegerArgumentError, r"write 3\.0"),
        ({"a": [1.0, 2]}, IntegerArgumentError, r"argument x\['a'\]\[1\] is 2"),
        ("2.0", ArgumentTypeError, "a str, which cannot be differentiated"),
        (Pair(2j, (1.0, [])), ArgumentTypeError, r"argument x\.left is 2j, a complex"),  # type: ignore[arg-type]
        (np.arange(3), IntegerArgumentError, r"write x\.astype\(float\)"),
        (np.ones(3, bool), IntegerArgumentError, "leave it out of argnums"),
        (np.ones(3) * 1j, ArgumentTypeError, r"x \+ 1j \* y"),
        (np.array(["a"]), ArgumentTypeError, "pass an array of floats"),
    ],
)
def test_an_argument_that_is_no_float_is_refused(value: object, error: type[Exception], fault: str) -> None:
    with pytest.raises(error, match=fault):
        tg.grad(lambda x: 1.0)(value)
    with pytest.raises(error, match=fault.replace("argument x", "argument [a-z ]*x")):
        tg.jvp(lambda x: 1.0, (value,), (value,))


def test_grad_wants_one_number() -> None:
    with pytest.raises(NonScalarOutputError, match=r"returned 2 as \(\*, \*\).*jacobian"):
        tg.grad(lambda x: (x, x))(2.0)  # type: ignore[arg-type, return-value]  # the checker knows
    with pytest.raises(NonScalarOutputError, match="returned 1"):
        tg.grad(lambda x: [x])(2.0)  # type: ignore[arg-type, return-value]


@pytest.mark.parametrize(("output", "fault"), [("a", "a str"), (True, "a bool"), (1j, "a complex")])
def test_an_output_that_is_no_number_is_refused(output: object, fault: str) -> None:
    with pytest.raises(OutputTypeError, match=fault):
        tg.grad(lambda x: output)(2.0)  # type: ignore[arg-type, return-value]


def test_a_forgotten_return_is_named() -> None:
    def forgetful(x: tg.Scalar) -> None:
        x * x  # the point

    with pytest.raises(OutputTypeError, match=r"forgetful\(\) returned no number, but None; is a `return` missing"):
        tg.grad(forgetful)(2.0)  # type: ignore[arg-type]


def test_argnums_must_exist() -> None:
    with pytest.raises(StructureError, match=r"argument 2, but module_level\(\) was given 1"):
        tg.grad(module_level, argnums=2)(1.0)
    with pytest.raises(StructureError, match="names an argument of f\\(\\) twice"):
        tg.grad(f, argnums=(0, -2))(2.0, 3.0)
    with pytest.raises(StructureError, match="no positional argument"):
        tg.grad(module_level)(x=1.0)  # type: ignore[call-arg]


# ---- vjp and jvp -------------------------------------------------------------------------------


def several(x: tg.Scalar, p: dict[str, tg.Scalar]) -> dict[str, tg.Scalar]:
    return {"sum": x + p["a"], "product": x * p["a"] * p["b"], "fixed": 1.0}


def test_a_pullback_is_pure_and_can_be_called_again() -> None:
    out, pullback = tg.vjp(several, 2.0, {"a": 3.0, "b": 4.0})
    assert out == {"sum": 5.0, "product": 24.0, "fixed": 1.0}
    g: dict[str, tg.Scalar] = {"sum": 1.0, "product": 10.0, "fixed": 5.0}
    expected = (1.0 + 120.0, {"a": 1.0 + 80.0, "b": 60.0})
    assert pullback(g) == expected
    assert pullback({"sum": 0.0, "product": 0.0, "fixed": 0.0}) == (0.0, {"a": 0.0, "b": 0.0})
    assert pullback(g) == expected


def test_changing_the_inputs_after_vjp_changes_nothing() -> None:
    weights = [2.0, 3.0]
    _, pullback = tg.vjp(lambda w: w[0] * w[1], weights)
    weights[0] = 100.0
    assert pullback(1.0) == ([3.0, 2.0],)


def test_an_output_returned_twice_takes_both_cotangents() -> None:
    _, pullback = tg.vjp(lambda x: (x, x, x * 2.0), 3.0)
    assert pullback((1.0, 10.0, 100.0)) == (211.0,)


def test_structures_must_agree() -> None:
    _, pullback = tg.vjp(several, 2.0, {"a": 3.0, "b": 4.0})
    with pytest.raises(StructureError, match="the cotangent has structure"):
        pullback({"sum": 1.0})
    with pytest.raises(StructureError, match="2 primals need as many tangents, not 1"):
        tg.jvp(several, (2.0, {"a": 3.0, "b": 4.0}), (1.0,))
    with pytest.raises(StructureError, match="the tangent of p has structure"):
        tg.jvp(several, (2.0, {"a": 3.0, "b": 4.0}), (1.0, {"a": 1.0}))
    with pytest.raises(IntegerArgumentError, match="tangent of x is 1"):
        tg.jvp(several, (2.0, {"a": 3.0, "b": 4.0}), (1, {"a": 1.0, "b": 0.0}))


@settings(deadline=None, max_examples=100)
@given(programs(), points, points, points)
def test_random_programs_agree_in_both_modes_and_with_differences(
    program: Callable[..., float], x: float, y: float, z: float
) -> None:
    gradient = tuple(cast(float, slope) for slope in tg.derivatives(program)(x, y, z).values())
    forward = tuple(tg.jvp(program, (x, y, z), tuple(float(i == j) for j in range(3)))[1] for i in range(3))
    assert gradient == pytest.approx(forward, rel=1e-12, abs=1e-14)
    numeric = tuple(central_difference(program, x, y, z, arg=i) for i in range(3))
    assert gradient == pytest.approx(numeric, rel=1e-5, abs=1e-7)


@settings(deadline=None, max_examples=25)
@given(programs(most=6), points, points, points)
def test_random_programs_to_second_order(program: Callable[..., tg.Scalar], x: float, y: float, z: float) -> None:
    check_grads(program, (x, y, z), order=2, tolerance=1e-4)


# ---- the transforms as values ------------------------------------------------------------------


def module_level(x: tg.Scalar) -> tg.Scalar:
    """A function that can be pickled."""
    return x * x


def test_a_transformed_function_can_be_pickled_and_shows_the_original() -> None:
    slope = pickle.loads(pickle.dumps(tg.grad(module_level)))
    assert slope(3.0) == 6.0
    assert slope == tg.grad(module_level)
    assert slope.__name__ == "gradient_of_module_level"
    assert inspect.signature(slope) == inspect.signature(module_level)


def test_stop_gradient_stops_in_both_modes_and_in_trees() -> None:
    def g(x: tg.Scalar) -> tg.Scalar:
        kept: dict[str, tg.Scalar] = tg.stop_gradient({"a": x, "b": 2.0})
        return x * kept["a"] * kept["b"]

    assert tg.grad(g)(3.0) == 6.0
    assert tg.jvp(g, (3.0,), (1.0,)) == (18.0, 6.0)
    assert tg.grad(tg.grad(g))(3.0) == 0.0
    assert tg.stop_gradient(3.0) == 3.0


def test_jacobians_have_both_structures_in_all_modes() -> None:
    def outputs(p: dict[str, tg.Scalar], k: tg.Scalar) -> list[tg.Scalar]:
        return [p["a"] * p["b"], p["a"] * k, 5.0]

    p: dict[str, tg.Scalar] = {"a": 2.0, "b": 3.0}
    expected = [{"a": 3.0, "b": 2.0}, {"a": 4.0, "b": 0.0}, {"a": 0.0, "b": 0.0}]
    for jacobian in (tg.jacrev, tg.jacfwd, tg.jacobian):
        assert jacobian(outputs)(p, 4.0) == expected
        by_both = jacobian(outputs, argnums=(0, 1))(p, 4.0)
        assert by_both == [(row, k) for row, k in zip(expected, [0.0, 2.0, 0.0], strict=True)]


def test_hessian_and_hvp() -> None:
    def rosenbrock(v: list[tg.Scalar]) -> tg.Scalar:
        return (1.0 - v[0]) ** 2 + 100.0 * (v[1] - v[0] * v[0]) ** 2

    at: list[tg.Scalar] = [-1.2, 1.0]
    expected = [[2.0 - 400.0 * (1.0 - 3.0 * 1.44), 480.0], [480.0, 200.0]]
    found = cast(list[list[float]], tg.hessian(rosenbrock)(at))
    assert np.array(found) == pytest.approx(np.array(expected))
    product = tg.hvp(rosenbrock, (at,), ([1.0, -2.0],))
    assert product == pytest.approx(np.array(expected) @ [1.0, -2.0])
    assert tg.hvp(f, (2.0, 3.0), (1.0, 0.0)) == (-np.sin(2.0), 1.0)


# ---- functions of every kind -------------------------------------------------------------------


class Spring:
    stiffness = 3.0

    def energy(self, x: tg.Scalar, y: tg.Scalar) -> tg.Scalar:
        return self.stiffness * x * y

    @classmethod
    def shared(cls, x: tg.Scalar) -> tg.Scalar:
        return cls.stiffness * x * x

    def __call__(self, x: tg.Scalar) -> tg.Scalar:
        return self.stiffness * x


def test_methods_and_callable_objects_are_functions() -> None:
    assert tg.derivatives(Spring().energy)(2.0, 3.0) == {"x": 9.0, "y": 6.0}
    assert tg.derivatives(Spring.shared)(2.0) == {"x": 12.0}
    assert tg.derivatives(Spring())(2.0) == {"x": 3.0}
    assert tg.trace(Spring().energy, 2.0, 3.0).tape[0].static("name") == "x"
    assert tg.grad(functools.partial(f, 2.0))(3.0) == 2.0


def test_a_transformed_method_is_bound_with_its_instance_as_argument_0() -> None:
    class Model:
        scale = 2.0

        @functools.partial(tg.grad, argnums=1)
        def slope(self, x: tg.Scalar) -> tg.Scalar:
            return self.scale * x * x

        @tg.checkpoint
        def double(self, x: tg.Scalar) -> tg.Scalar:
            return self.scale * x

    slope = cast(Callable[[float], float], Model().slope)  # the checker does not know that it is bound
    assert slope(3.0) == 12.0
    assert tg.grad(Model().double)(3.0) == 2.0


@pytest.mark.parametrize("argnums", [[0, 1], "x", None, 1.0, (0, "y"), True])
def test_argnums_are_ints(argnums: object) -> None:
    with pytest.raises(StructureError, match="argnums is an int or a tuple of ints"):
        tg.grad(f, argnums=argnums)(2.0, 3.0)  # type: ignore[call-overload]


def test_two_arguments_of_one_name_are_refused() -> None:
    def named(*xs: tg.Scalar, **others: tg.Scalar) -> tg.Scalar:
        return xs[0] * others["xs0"]

    with pytest.raises(StructureError, match="two arguments of one name among xs0, xs0"):
        tg.derivatives(named)(2.0, xs0=3.0)


def test_a_trace_inside_another_transform_keeps_the_derivative() -> None:
    def inside(x: tg.Scalar) -> tg.Scalar:
        output = tg.trace(lambda y: y * y, x).output
        assert isinstance(output, tg.Var)
        return output

    assert tg.grad(inside)(3.0) == 6.0


def test_copies_of_traced_values_are_the_values() -> None:
    assert tg.grad(lambda x: x * copy.deepcopy(x) * copy.copy(x))(2.0) == 12.0
    assert tg.grad(lambda p: dataclasses.asdict(p)["slope"] ** 2)(Line(3.0, 1.0)) == Line(6.0, 0.0)


@pytest.mark.parametrize("power", [2, 3, 4])
def test_every_derivative_of_a_power_at_zero_is_finite_in_both_modes(power: int) -> None:
    def forward(g: Callable[[tg.Scalar], tg.Scalar]) -> Callable[[tg.Scalar], tg.Scalar]:
        return lambda x: tg.jvp(g, (x,), (1.0,))[1]

    by_grad: Callable[[tg.Scalar], tg.Scalar] = lambda x: x**power  # noqa: E731  # transformed in a loop
    by_jvp = by_grad
    for order in range(1, 7):
        by_grad, by_jvp = tg.grad(by_grad), forward(by_jvp)
        expected = float(math.factorial(power)) if order == power else 0.0
        assert (by_grad(0.0), by_jvp(0.0)) == (expected, expected)
