"""The table of operations: one row each, with mpmath's value and first derivatives beside it.

References take fifty-digit numbers and are written from the mathematics, not from the rules they check.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterator
from typing import TypeAlias

import attrs
from mpmath import mp

from tapegrad.elementwise import Elementwise, chain, zeros_win
from tapegrad.ops import activation, arithmetic, exponential, selection, structural, trigonometric

__all__ = ["ROWS", "Point", "Row", "assert_near", "misses"]

mp.dps = 50

Point: TypeAlias = tuple[float, ...]
Reference: TypeAlias = Callable[..., object]
"""mpmath numbers to an mpmath number; the library ships no types."""

EPSILON = 2.0**-52
LADDER = (
    1e-310, 1e-300, 1e-200, 1e-100, 1e-17, 1e-8, 1e-5, 0.1, 0.5, 1.0, 1.5, 2.0, 3.0, 10.0, 20.0, 40.0, 300.0,
    700.0, 1e5, 1e17, 1e100, 1e200, 1e300,
)  # fmt: skip
PAIR_LADDER = (1e-300, 1e-200, 1e-100, 1e-5, 0.7, 1.0, 3.0, 40.0, 1e5, 1e100, 1e200, 1e300)

LARGEST = mp.mpf(1.7976931348623157e308)
# Below the normal numbers a result is as good as the spacing 5e-324 of what it was computed from, which a
# factor such as the 745 of the largest logarithm multiplies.
UNDERFLOW = mp.mpf(2e-321)


def everywhere(*_: float) -> bool:
    return True


def exact(*_: float) -> float:
    return 0.0


@attrs.frozen
class Row:
    """One operation: its references, where they hold, and where it is interesting.

    `inside` is the box that random points are drawn from, one (low, high) per argument: `smooth` there
    unless it says otherwise. `conditioning` is the relative error that rounding an intermediate result by
    one part may make, in parts; rules that meet none are exact to `parts` units of the last place.
    """

    operation: Elementwise
    value: Reference
    partials: tuple[Reference, ...]
    inside: tuple[tuple[float, float], ...]
    points: tuple[Point, ...] = ()
    domain: Callable[..., bool] = everywhere
    smooth: Callable[..., bool] = everywhere
    conditioning: Callable[..., float] = exact
    parts: float = 16.0

    @property
    def name(self) -> str:
        """The name of the operation."""
        return self.operation.name

    def ladder(self) -> Iterator[Point]:
        """Points over the whole float range, as far as the domain goes, and the interesting ones."""
        arity = len(self.inside)
        rungs = LADDER if arity == 1 else PAIR_LADDER
        signed = [sign * rung for sign in (1.0, -1.0) for rung in rungs]
        every = itertools.chain(self.points, itertools.product(signed, repeat=arity))
        return (point for point in every if self.domain(*point))

    def tolerance(self, *point: float) -> float:
        """The relative error allowed at a point."""
        return EPSILON * (self.parts + 2.0 * self.conditioning(*point))


def misses(found: float, reference: object, relative: float) -> bool:
    """Whether `found` is not the float next to `reference`, up to a relative error or underflow."""
    expected = mp.mpf(reference)
    if abs(expected) > LARGEST:
        return found != math.copysign(math.inf, expected)
    if not math.isfinite(found):
        return True
    return bool(abs(mp.mpf(found) - expected) > relative * abs(expected) + UNDERFLOW)


def assert_near(found: float, reference: object, relative: float, what: object) -> None:
    """The same, as an assertion that says which number at which point."""
    assert not misses(found, reference, relative), f"{what}: {found!r}, but mpmath says {mp.nstr(reference, 20)}"


# ---- the words of the table --------------------------------------------------------------------


def zero(*_: object) -> object:
    return mp.mpf(0)


def one(*_: object) -> object:
    return mp.mpf(1)


def minus_one(*_: object) -> object:
    return mp.mpf(-1)


def first(x: object, *_: object) -> object:
    return x


def second(_: object, y: object) -> object:
    return y


def inverse(x: object) -> object:
    return 1 / mp.mpf(x)


def larger(x: object, y: object) -> object:
    """1 where x is the larger, 0 where it is the smaller, 1/2 at a tie."""
    return (1 + mp.sign(mp.mpf(x) - mp.mpf(y))) / 2


def unary(
    operation: Elementwise,
    value: Reference,
    partial: Reference,
    inside: tuple[float, float],
    points: tuple[float, ...] = (),
    *,
    domain: Callable[..., bool] = everywhere,
    smooth: Callable[..., bool] = everywhere,
    conditioning: Callable[..., float] = exact,
) -> Row:
    """A row of one argument."""
    singles = tuple((point,) for point in points)
    return Row(operation, value, (partial,), (inside,), singles, domain, smooth, conditioning)


def positive(x: float) -> bool:
    return x > 0.0


def nonzero(x: float) -> bool:
    return abs(x) > 1e-3


def within_one(x: float) -> bool:
    return abs(x) < 1.0


def second_nonzero(_: float, y: float) -> bool:
    return abs(y) > 1e-2


def apart(x: float, y: float) -> bool:
    return abs(x - y) > 1e-3


def off_the_integers(x: float) -> bool:
    return abs(x - round(x)) > 1e-3


def whole_quotient(x: object, y: object) -> object:
    with mp.workdps(700):  # the quotient of two floats can have six hundred digits before the point
        return mp.floor(mp.mpf(x) / mp.mpf(y))


def rest_of(x: object, y: object) -> object:
    with mp.workdps(1400):
        return mp.mpf(x) - mp.mpf(y) * mp.floor(mp.mpf(x) / mp.mpf(y))


def quotient_off_the_integers(x: float, y: float) -> bool:
    return abs(y) > 1e-2 and off_the_integers(x / y)


def rest_is_no_rounding(x: float, y: float) -> bool:
    """Not a tiny x of the other sign, for which the remainder y + x rounds to y itself."""
    return x * y > 0.0 or abs(x) > abs(y) * 1e-15


def logistic(x: object) -> object:
    return 1 / (1 + mp.exp(-mp.mpf(x)))


def logistic_slope(x: object) -> object:
    return mp.exp(-abs(mp.mpf(x))) / (1 + mp.exp(-abs(mp.mpf(x)))) ** 2


def near_zero(x: float) -> float:
    """How a difference of two numbers near 1/2 loses what they have in common."""
    return 1.0 / min(abs(x), 1.0) if x else 0.0


def erfc(x: object) -> object:
    if abs(mp.mpf(x)) > 1e4:  # mpmath's own stops at 1e150; the tail is below 1e-40000000 here
        return mp.mpf(0 if mp.mpf(x) > 0 else 2)
    return mp.erfc(x)


def cumulative(x: object) -> object:
    return mp.mpf(erfc(-mp.mpf(x) / mp.sqrt(2))) / 2


def density(x: object) -> object:
    return mp.exp(-(mp.mpf(x) ** 2) / 2) / mp.sqrt(2 * mp.pi)


def squared(x: float) -> float:
    return min(x * x, 1e4)  # further out everything has underflowed


WIDE = (-5.0, 5.0)
RIGHT = (0.1, 5.0)
NARROW = (-0.9, 0.9)
BOTH = (WIDE, WIDE)
TAILS = (38.0, -38.0, 745.0, -745.0, 37.5, -37.5)
NEAR_ONE = (1 - 1e-12, -1 + 1e-12, 1 - 2.0**-53, -1 + 2.0**-53, 0.9)
HALVES = (-1.0, 2.5, -2.5, 2.0**52 + 0.5)
QUOTIENTS = ((7.0, 2.0), (-7.0, 2.0), (7.0, -2.0), (6.0, 2.0))

ARITHMETIC = (
    Row(arithmetic.add, lambda x, y: x + y, (one, one), BOTH),
    Row(arithmetic.subtract, lambda x, y: x - y, (one, minus_one), BOTH),
    Row(arithmetic.multiply, lambda x, y: x * y, (second, first), BOTH),
    Row(
        arithmetic.divide,
        lambda x, y: x / y,
        (lambda _, y: 1 / y, lambda x, y: -x / y**2),
        BOTH,
        ((1.0, 1e-310), (1e-310, 3.0)),
        smooth=second_nonzero,
    ),
    unary(arithmetic.negative, lambda x: -x, minus_one, WIDE),
    unary(arithmetic.sign, mp.sign, zero, WIDE, smooth=nonzero),
    unary(arithmetic.floor, mp.floor, zero, WIDE, HALVES, smooth=off_the_integers),
    unary(arithmetic.ceil, mp.ceil, zero, WIDE, HALVES, smooth=off_the_integers),
    Row(
        arithmetic.floor_divide,
        whole_quotient,
        (zero, zero),
        BOTH,
        QUOTIENTS,
        smooth=quotient_off_the_integers,
    ),
    Row(
        arithmetic.remainder,
        rest_of,
        (one, lambda x, y: -mp.mpf(whole_quotient(x, y))),
        BOTH,
        (*QUOTIENTS, (1e17, 3.0)),
        domain=rest_is_no_rounding,
        smooth=quotient_off_the_integers,
    ),
    unary(arithmetic.absolute, abs, mp.sign, WIDE, smooth=nonzero),
    unary(arithmetic.is_zero, lambda x: mp.mpf(x == 0), zero, WIDE, (0.0, -0.0), smooth=nonzero),
    Row(chain, lambda g, p: g * p, (second, first), BOTH),
    Row(zeros_win, lambda x, y: x * y, (second, first), BOTH),
    unary(structural.stop_gradient, first, zero, WIDE),
)

EXPONENTIAL = (
    unary(exponential.exp, mp.exp, mp.exp, WIDE, (-745.0, 709.7, -700.0)),
    unary(exponential.exp2, lambda x: 2**x, lambda x: mp.log(2) * 2**x, WIDE, (-1074.0, 1023.9)),
    unary(exponential.expm1, mp.expm1, mp.exp, WIDE, (-40.0, 709.7)),
    unary(exponential.reciprocal, inverse, lambda x: -1 / x**2, RIGHT, (1e150, 1e-150, 1e154, 1e160)),
    unary(exponential.log, mp.log, inverse, RIGHT, (1 + 1e-12, 1 - 1e-12, 5e-324), domain=positive),
    unary(
        exponential.log1p,
        mp.log1p,
        lambda x: 1 / (1 + x),
        (-0.9, 5.0),
        (-1 + 1e-12, -0.5),
        domain=lambda x: x > -1.0,
    ),
    unary(
        exponential.log2,
        lambda x: mp.log(x) / mp.log(2),
        lambda x: 1 / (x * mp.log(2)),
        RIGHT,
        (8.0,),
        domain=positive,
    ),
    unary(
        exponential.log10,
        lambda x: mp.log(x) / mp.log(10),
        lambda x: 1 / (x * mp.log(10)),
        RIGHT,
        (1000.0,),
        domain=positive,
    ),
    unary(exponential.square, lambda x: x**2, lambda x: 2 * x, WIDE, (1e154, 1e-154)),
    unary(exponential.sqrt, mp.sqrt, lambda x: 1 / (2 * mp.sqrt(x)), RIGHT, (5e-324, 1.7e308), domain=positive),
    unary(
        exponential.cbrt,
        lambda x: mp.sign(x) * mp.cbrt(abs(x)),
        lambda x: 1 / (3 * mp.cbrt(abs(x)) ** 2),
        RIGHT,
        (5e-324, -5e-324, -8.0),
    ),
    Row(
        exponential.power,
        lambda x, y: x**y,
        (lambda x, y: y * x ** (y - 1), lambda x, y: x**y * mp.log(x)),
        ((0.1, 4.0), (-3.0, 3.0)),
        ((1e-150, 2.1), (1e150, 2.0), (1e-150, -2.0), (1e-200, 1e-10), (1.0 + 2.0**-52, 1e17)),
        domain=lambda x, _: x > 0.0,
        # x ** y is exp(y log x), and y - 1 is rounded; beyond 745 all is overflow or zero
        conditioning=lambda x, y: min((abs(y) + 1.0) * abs(math.log(x)), 2e3),
    ),
    unary(exponential.sigmoid, logistic, logistic_slope, WIDE, TAILS),
    unary(
        exponential.sigmoid_slope,
        logistic_slope,
        lambda x: -logistic_slope(x) * mp.tanh(mp.mpf(x) / 2),  # type: ignore[operator]
        WIDE,
        TAILS,
        conditioning=near_zero,
    ),
    Row(
        exponential.logaddexp,
        lambda x, y: max(x, y) + mp.log1p(mp.exp(-abs(x - y))),
        (lambda x, y: logistic(x - y), lambda x, y: logistic(y - x)),
        BOTH,
        ((1000.0, 999.0), (-1000.0, -1003.5), (0.0, -40.0), (0.0, -700.0), (1e308, -1e308)),
        conditioning=lambda x, y: min(abs(x - y), 2e3),  # e to the rounded x - y
    ),
)

TRIGONOMETRIC = (
    unary(trigonometric.sin, mp.sin, mp.cos, WIDE, (math.pi, math.pi / 2, 1e22)),
    unary(trigonometric.cos, mp.cos, lambda x: -mp.sin(x), WIDE, (math.pi, math.pi / 2, 1e22)),
    unary(trigonometric.tan, mp.tan, lambda x: mp.sec(x) ** 2, (-1.4, 1.4), (math.pi / 2, 1.57, 1e22)),
    unary(
        trigonometric.arcsin,
        mp.asin,
        lambda x: 1 / mp.sqrt((1 - x) * (1 + x)),
        NARROW,
        NEAR_ONE,
        domain=within_one,
    ),
    unary(
        trigonometric.arccos,
        mp.acos,
        lambda x: -1 / mp.sqrt((1 - x) * (1 + x)),
        NARROW,
        NEAR_ONE,
        domain=within_one,
    ),
    unary(trigonometric.arctan, mp.atan, lambda x: 1 / (1 + x**2), WIDE, (1e150, 1e155, 1e160)),
    unary(trigonometric.sinh, mp.sinh, mp.cosh, WIDE, (710.0, -710.0, 711.0)),
    unary(trigonometric.cosh, mp.cosh, mp.sinh, WIDE, (710.0, -710.0, 711.0)),
    unary(trigonometric.tanh, mp.tanh, lambda x: mp.sech(x) ** 2, WIDE, (20.0, -20.0, 350.0, -350.0, 372.0)),
    unary(trigonometric.arcsinh, mp.asinh, lambda x: 1 / mp.sqrt(1 + x**2), WIDE),
    unary(
        trigonometric.arccosh,
        mp.acosh,
        lambda x: 1 / mp.sqrt((x - 1) * (x + 1)),
        (1.1, 5.0),
        (1 + 1e-12, 1 + 2.0**-52, 1.7e308),
        domain=lambda x: x > 1.0,
    ),
    unary(
        trigonometric.arctanh,
        mp.atanh,
        lambda x: 1 / ((1 - x) * (1 + x)),
        NARROW,
        NEAR_ONE,
        domain=within_one,
    ),
    Row(
        trigonometric.hypot,
        mp.hypot,
        (lambda x, y: x / mp.hypot(x, y), lambda x, y: y / mp.hypot(x, y)),
        (RIGHT, WIDE),
        ((3.0, 4.0), (1.2e308, 1.2e308), (3e-308, 4e-308)),
    ),
    Row(
        trigonometric.arctan2,
        mp.atan2,
        (lambda y, x: x / (x**2 + y**2), lambda y, x: -y / (x**2 + y**2)),
        (WIDE, RIGHT),
        ((0.0, 1.0), (1.0, 0.0), (-1.0, 0.0), (1.2e308, 1.2e308)),
    ),
)

ACTIVATION = (
    unary(
        activation.erf,
        mp.erf,
        lambda x: 2 / mp.sqrt(mp.pi) * mp.exp(-(x**2)),
        (-3.0, 3.0),
        (26.0, -26.0),
        conditioning=squared,
    ),
    unary(
        activation.erfc,
        erfc,
        lambda x: -2 / mp.sqrt(mp.pi) * mp.exp(-(x**2)),
        (-3.0, 3.0),
        (26.0, 6.0, -26.0),
        conditioning=squared,
    ),
    unary(activation.step, lambda x: mp.mpf(x > 0), zero, WIDE, (0.0, -0.0), smooth=nonzero),
    unary(activation.relu, lambda x: max(x, mp.mpf(0)), lambda x: mp.mpf(x > 0), WIDE, smooth=nonzero),
    unary(activation.softplus, lambda x: mp.log1p(mp.exp(x)), logistic, WIDE, TAILS),
    unary(
        activation.silu,
        lambda x: x * mp.mpf(logistic(x)),
        lambda x: logistic(x) + x * logistic_slope(x),
        WIDE,
        TAILS,
    ),
    unary(
        activation.normal_pdf,
        density,
        lambda x: -x * density(x),
        (-4.0, 4.0),
        (-38.0, 37.5),
        conditioning=squared,
    ),
    unary(activation.normal_cdf, cumulative, density, (-4.0, 4.0), (-38.0, -37.5, 8.0), conditioning=squared),
    unary(
        activation.gelu,
        lambda x: x * cumulative(x),
        lambda x: cumulative(x) + x * density(x),
        (-4.0, 4.0),
        TAILS,
        conditioning=squared,
    ),
)

SELECTION = (
    Row(selection.share, larger, (zero, zero), BOTH, smooth=apart),
    Row(selection.maximum, max, (larger, lambda x, y: larger(y, x)), BOTH, smooth=apart),
    Row(selection.minimum, min, (lambda x, y: larger(y, x), larger), BOTH, smooth=apart),
)

ROWS = ARITHMETIC + EXPONENTIAL + TRIGONOMETRIC + ACTIVATION + SELECTION
