"""The generated kernels say what the declarations say, bit for bit, and an operation without a kernel works as well."""

from __future__ import annotations

import functools
import importlib
import itertools
import operator
import pkgutil
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TypeAlias, cast

import pytest
from hypothesis import given, settings
from strategies import NUMBERS, SPECIAL

import tapegrad as tg
import tapegrad.numpy as tnp
from tapegrad import floats, generator, kernels, ops
from tapegrad.elementwise import (
    Binary,
    Elementwise,
    Nary,
    Unary,
    binary,
    chain,
    elementwise,
    evaluated,
    unary,
    zeros_win,
)
from tapegrad.forward import push_forward, push_numbers
from tapegrad.kernels import CODES, COUNT
from tapegrad.ops import selection
from tapegrad.primitive import Comparison
from tapegrad.pullback import pull_back
from tapegrad.sweeps import pull_numbers
from tapegrad.typing import Partials

Point: TypeAlias = Sequence[float]
Function: TypeAlias = Callable[..., tg.Scalar]

FAMILIES = [importlib.import_module(f"tapegrad.ops.{family.name}") for family in pkgutil.iter_modules(ops.__path__)]
COMPARISONS = [x for x in vars(selection).values() if isinstance(x, Comparison)]
OPERATIONS = generator.elementwise_operations()
EVERY_OPERATION = pytest.mark.parametrize("operation", OPERATIONS, ids=str)
EVERY_COMPARISON = pytest.mark.parametrize("comparison", COMPARISONS, ids=str)
SEEDS = (1.0, -2.5, 0.0, -0.0, 5e-324, 1e308, float("inf"), float("nan"))


def bits(numbers: Iterable[float]) -> list[str]:
    """Texts that are equal for equal bits, and for nan of any kind."""
    return [x.hex() for x in numbers]


def bits_of_derivatives(numbers: Iterable[object]) -> list[str]:
    """The same for derivatives, where a symbolic zero is a zero, and the sign of a zero does not count."""
    return bits(0.0 if x is None else cast(float, x) + 0.0 for x in numbers)


def special_points(arity: int | None) -> list[Point]:
    return list(itertools.product(SPECIAL, repeat=arity or 0))


# ---- values ------------------------------------------------------------------------------------


def test_what_is_checked_in_is_what_is_generated() -> None:
    assert Path(generator.__file__).with_name("kernels.py").read_bytes() == generator.kernels().encode()


def test_every_operation_of_every_family_has_a_code_of_its_own() -> None:
    declared = [x for family in FAMILIES for x in vars(family).values() if isinstance(x, (Unary, Binary, Comparison))]
    declared.append(zeros_win)  # which the engines alone use
    assert {x.name for x in declared} | {"input", "constant"} == CODES.keys()
    assert all(x.code == CODES[x.name] for x in declared)
    assert sorted(CODES.values()) == list(range(COUNT))


def value_by_kernel(operation: Elementwise, point: Point) -> float:
    value = {1: kernels.value_of_one, 2: kernels.value_of_two}[len(point)]
    return cast(Callable[..., float], value)(operation.code, *point)


@EVERY_OPERATION
def test_values_are_those_declared(operation: Elementwise) -> None:
    for point in special_points(operation.arity):
        called = cast(Callable[..., float], operation)(*point)
        assert bits([value_by_kernel(operation, point), called]) == bits([operation.compute(*point)] * 2), point


@EVERY_OPERATION
@settings(deadline=None, max_examples=20, derandomize=True)
@given(x=NUMBERS, y=NUMBERS)
def test_values_are_those_declared_at_any_floats(operation: Elementwise, x: float, y: float) -> None:
    point = (x, y)[: operation.arity]
    assert bits([value_by_kernel(operation, point)]) == bits([operation.compute(*point)])


@EVERY_COMPARISON
def test_outcomes_are_those_declared(comparison: Comparison) -> None:
    for x, y in special_points(2):
        outcome = comparison.compute(x, y)
        assert kernels.outcome(comparison.code, x, y) is outcome, (x, y)
        assert comparison(x, y) is outcome, (x, y)


# ---- partial derivatives -----------------------------------------------------------------------


def swept_by_kernels(operation: Elementwise, point: Point, g: float, tangents: Point) -> list[object]:
    """The cotangent of each operand, then the tangent of the result."""
    trace = tg.trace(operation, *point)
    columns, length = trace.tape.columns, len(trace.tape)
    cotangents = pull_numbers(columns, length, {length - 1: g})
    moved = push_numbers(columns, length, dict(enumerate(tangents)))
    assert cotangents is not None
    assert moved is not None
    return [*cotangents[: len(point)], moved[length - 1]]


def stated_by_rule(operation: Elementwise, point: Point, g: float, tangents: Point) -> list[float]:
    """The same, written out: what is exactly zero, or is no position of the rule, contributes exactly zero."""
    stated = operation.partials(operation.compute(*point), point)
    partials = {position: cast(float, evaluated(partial)) for position, partial in stated.items()}
    by: list[Callable[[float, float], float]] = [floats.chain, floats.chain]
    if operation is chain:  # where its cotangent is zero, so are its slopes
        by[1] = floats.zeros_win
    elif operation is zeros_win:
        by = [floats.zeros_win, floats.zeros_win]
    cotangents = [by[i](g, partials[i]) if i in partials else 0.0 for i in range(len(point))]
    terms = [by[i](t, partials[i]) if i in partials else 0.0 for i, t in enumerate(tangents)]
    return [*cotangents, functools.reduce(operator.add, terms)]


@EVERY_OPERATION
def test_partials_are_those_of_the_rule(operation: Elementwise) -> None:
    for point in special_points(operation.arity):
        for g, t in zip(SEEDS, SEEDS[1:] + SEEDS[:1], strict=True):
            question = (operation, point, g, (g, t)[: operation.arity])
            swept, stated = swept_by_kernels(*question), stated_by_rule(*question)
            assert bits_of_derivatives(swept) == bits_of_derivatives(stated), question


@EVERY_OPERATION
@settings(deadline=None, max_examples=20, derandomize=True)
@given(x=NUMBERS, y=NUMBERS, g=NUMBERS, t=NUMBERS)
def test_partials_are_those_of_the_rule_at_any_floats(
    operation: Elementwise, x: float, y: float, g: float, t: float
) -> None:
    question = (operation, (x, y)[: operation.arity], g, (g, t)[: operation.arity])
    assert bits_of_derivatives(swept_by_kernels(*question)) == bits_of_derivatives(stated_by_rule(*question))


# ---- operations without a kernel ---------------------------------------------------------------


def declared_again(operation: Elementwise) -> list[Elementwise]:
    """The same under other names, for which there is no kernel: as people declare it, and in its own kind."""
    name, compute = operation.name, operation.compute
    rule = cast(Callable[..., Partials] | None, operation.rule)
    own_kind = (
        unary(f"test_unary_{name}", compute, operation.over, rule)
        if operation.arity == 1
        else binary(f"test_binary_{name}", compute, operation.over, rule)
    )
    return [elementwise(f"test_declared_{name}", compute, rule), own_kind]


# The engines know `chain` and `zeros_win` for what they are, and not what is declared like them.
PAIRS = [(x, again) for x in OPERATIONS if x not in (chain, zeros_win) for again in declared_again(x)]


def around_kernels(operation: Elementwise) -> Function:
    """A program that begins and ends with `operation`, and has operations with a kernel in between."""
    apply = cast(Function, operation)

    def program(x: tg.Scalar, y: tg.Scalar) -> tg.Scalar:
        u = apply(*(x, y)[: operation.arity])
        v = tnp.sin(u) * y + u * u
        return apply(*(v, u)[: operation.arity])

    return program


@pytest.mark.parametrize(("operation", "again"), PAIRS, ids=str)
@settings(deadline=None, max_examples=10, derandomize=True)
@given(x=NUMBERS, y=NUMBERS, g=NUMBERS, t=NUMBERS)
def test_an_operation_without_a_kernel_gives_the_same_numbers(
    operation: Elementwise, again: Elementwise, x: float, y: float, g: float, t: float
) -> None:
    assert operation.code < COUNT <= again.code
    with_kernel, without = (tg.trace(around_kernels(each), x, y) for each in (operation, again))
    assert bits(without.values) == bits(with_kernel.values)
    swept = [sweeps(trace, {len(trace.tape) - 1: g}, {0: g, 1: t}) for trace in (without, with_kernel)]
    assert swept[0] == swept[1]


def sweeps(trace: tg.Trace, seeds: dict[int, float], directions: dict[int, float]) -> list[list[str]]:
    """Every cotangent and every tangent, once by both engines."""
    columns, length = trace.tape.columns, len(trace.tape)
    cotangents, tangents = pull_numbers(columns, length, seeds), push_numbers(columns, length, directions)
    assert cotangents is not None
    assert tangents is not None
    found = [bits_of_derivatives(numbers) for numbers in (cotangents, tangents)]
    by_rules = (pull_back(trace.tape, trace.values, seeds), push_forward(trace.tape, trace.values, directions))
    assert found == [bits_of_derivatives(numbers) for numbers in by_rules]
    return found


def product(x: tg.Scalar, y: tg.Scalar) -> tg.Scalar:
    return x * y


CALLS: dict[str, Function] = {
    "custom_vjp": tg.custom_vjp(product).defvjp(
        lambda x, y: (x * y, (x, y)), lambda residuals, g: (g * residuals[1], g * residuals[0])
    ),
    "custom_jvp": tg.custom_jvp(product).defjvp(
        lambda primals, ts: (primals[0] * primals[1], ts[0] * primals[1] + ts[1] * primals[0])
    ),
    "checkpoint": tg.checkpoint(product),
    "checkpoint that captures": lambda x, y: tg.checkpoint(lambda x: product(x, y))(x),
}


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS.keys())
def test_a_call_on_the_tape_is_swept_between_kernels(call: Function) -> None:
    def swept(multiply: Function) -> list[str]:
        trace = tg.trace(lambda x, y: tnp.sin(multiply(tnp.exp(x), y)) * multiply(x, x), 0.5, -2.5)
        last = len(trace.tape) - 1
        cotangents, tangents = sweeps(trace, {last: 1.5}, {0: 1.0, 1: -2.0})
        return [*cotangents[:2], tangents[last]]

    assert swept(call) == swept(product)


factors: list[tg.Scalar] = []
scaled = elementwise("test_reads_a_variable", lambda x: x * x, lambda out, x: {0: factors[-1] * x})


SLOPES: dict[str, Callable[[Function, float], tg.Scalar]] = {
    "reverse": lambda f, x: tg.vjp(f, x)[1](1.0)[0],
    "forward": lambda f, x: tg.jvp(f, (x,), (1.0,))[1],
}


@pytest.mark.parametrize("slope", SLOPES.values(), ids=SLOPES.keys())
def test_a_rule_that_reads_an_outer_variable_leaves_its_sweep_to_rules(
    slope: Callable[[Function, float], tg.Scalar],
) -> None:
    def inner(x: tg.Scalar) -> tg.Scalar:
        return tnp.exp(cast(Function, scaled)(x))

    def outer(factor: tg.Scalar) -> tg.Scalar:
        factors.append(factor)
        trace = tg.trace(inner, 0.5)
        columns, length = trace.tape.columns, len(trace.tape)
        assert pull_numbers(columns, length, {length - 1: 1.0}) is None
        assert push_numbers(columns, length, {0: 1.0}) is None
        return slope(inner, 0.5)

    assert tg.grad(outer)(3.0) == inner(0.5) * 0.5


def cubed(x: float) -> float:
    return x * x * x


def test_an_operation_may_be_declared_by_its_class() -> None:
    cube = Nary("test_declared_by_its_class", 1, cubed, cubed, lambda out, x: {0: 3.0 * x * x})
    assert tg.grad(cube)(2.0) == 12.0
