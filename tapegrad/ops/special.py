"""Special functions of statistics and physics. SciPy computes those that neither Python nor NumPy has.

Formulas: NIST Digital Library of Mathematical Functions, chapters 5 (gamma), 7 (error functions), 8 (incomplete gamma
and beta functions), 10 (Bessel functions).
"""

from __future__ import annotations

import importlib
import math
from collections.abc import Callable, Mapping
from typing import cast

import numpy as np

from tapegrad.arrays import Floats, quiet
from tapegrad.elementwise import Nary, chain, elementwise, times
from tapegrad.errors import MissingExtraError, OperandError
from tapegrad.maps import General
from tapegrad.ops.arithmetic import divide, sign
from tapegrad.ops.exponential import exp, log, log1p, reciprocal
from tapegrad.typing import Number, Partials

__all__ = [
    "bessel", "beta", "betainc", "betaln", "entr", "erfcinv", "erfinv", "gamma", "gammainc", "gammaincc", "gammaln",
    "kl_div", "log_ndtr", "logit", "ndtri", "polygamma", "rel_entr", "xlog1py", "xlogy", "zeta",
]  # fmt: skip

_SQRT_PI = math.sqrt(math.pi)


def _of_scipy(name: str) -> Callable[..., Floats]:
    """SciPy's function of that name, loaded when it is called.

    Raises MissingExtraError, when it is called, where SciPy is not installed.
    """

    @quiet
    def over(*operands: object) -> Floats:
        try:
            library = importlib.import_module("scipy.special")
        except ImportError:
            msg = f'special.{name} is computed by SciPy: pip install "tapegrad[special]"'
            raise MissingExtraError(msg) from None
        return cast(Floats, getattr(library, name)(*operands))

    return over


def _declared(name: str, over: Callable[..., Floats], arity: int, partials: Callable[..., object]) -> Nary:
    """An operation whose values at numbers are those at arrays."""
    values: dict[int, Callable[..., float]] = {
        1: lambda x: float(over(x)),
        2: lambda x, y: float(over(x, y)),
        3: lambda x, y, z: float(over(x, y, z)),
    }
    return elementwise(name, values[arity], cast(Callable[..., Partials], partials), over)


def _no_slope(name: str, argument: str) -> Callable[[], Number]:
    """A partial that nobody has a formula for: an error where it is wanted."""

    def wanted() -> Number:
        msg = f"special.{name} has no known derivative by {argument}; pass {argument} as a plain number"
        raise OperandError(msg)

    return wanted


# ---- gamma and beta -----------------------------------------------------------------------------


def _polygamma(x: Floats | float, order: int) -> Floats | float:
    values = _of_scipy("psi")(x) if order == 0 else _of_scipy("polygamma")(order, x)
    return float(values) if type(x) is float else values.astype(np.asarray(x).dtype, copy=False)


# The derivative of that order of the digamma function, which is the slope of gammaln.
polygamma: General = General(
    "polygamma",
    1,
    _polygamma,
    lambda tangents, out, x, order: times(tangents[0], polygamma(x, order=order + 1)),
    {"order": int},
)


def digamma(x: Number) -> Number:
    """The slope of gammaln."""
    return polygamma(x, order=0)


def _gammaln_of_float(x: float) -> float:
    if x == -math.inf:
        return x  # as SciPy has it
    try:
        return math.lgamma(x)
    except (OverflowError, ValueError):  # at the poles, and beyond the largest number
        return math.inf


gammaln = elementwise("gammaln", _gammaln_of_float, lambda out, x: {0: digamma(x)}, _of_scipy("gammaln"))
gamma = _declared("gamma", _of_scipy("gamma"), 1, lambda out, x: {0: chain(out, digamma(x))})


def _betaln_partials(out: Number, a: Number, b: Number) -> Partials:
    del out
    both = digamma(a + b)
    return {0: digamma(a) - both, 1: digamma(b) - both}


def _beta_partials(out: Number, a: Number, b: Number) -> Partials:
    partials = _betaln_partials(out, a, b)
    return {0: chain(out, cast(float, partials[0])), 1: chain(out, cast(float, partials[1]))}


betaln = _declared("betaln", _of_scipy("betaln"), 2, _betaln_partials)
beta = _declared("beta", _of_scipy("beta"), 2, _beta_partials)


def _gammainc_slope(a: Number, x: Number) -> Number:
    """x**(a - 1) exp(-x) / gamma(a), by logarithms."""
    return exp(xlogy(a - 1.0, x) - x - gammaln(a))


gammainc = _declared(
    "gammainc", _of_scipy("gammainc"), 2, lambda out, a, x: {0: _no_slope("gammainc", "a"), 1: _gammainc_slope(a, x)}
)
gammaincc = _declared(
    "gammaincc",
    _of_scipy("gammaincc"),
    2,
    lambda out, a, x: {0: _no_slope("gammaincc", "a"), 1: -_gammainc_slope(a, x)},
)
betainc = _declared(
    "betainc",
    _of_scipy("betainc"),
    3,
    lambda out, a, b, x: {
        0: _no_slope("betainc", "a"),
        1: _no_slope("betainc", "b"),
        2: exp(xlogy(a - 1.0, x) + xlog1py(b - 1.0, -x) - betaln(a, b)),
    },
)
# Of Hurwitz: the sum of 1 / (k + q)**x
zeta: Nary = _declared(
    "zeta", _of_scipy("zeta"), 2, lambda out, x, q: {0: _no_slope("zeta", "x"), 1: -x * zeta(x + 1.0, q)}
)

# ---- the normal distribution --------------------------------------------------------------------

erfinv = _declared("erfinv", _of_scipy("erfinv"), 1, lambda out, x: {0: 0.5 * _SQRT_PI * exp(out * out)})
erfcinv = _declared("erfcinv", _of_scipy("erfcinv"), 1, lambda out, x: {0: -0.5 * _SQRT_PI * exp(out * out)})
ndtri = _declared("ndtri", _of_scipy("ndtri"), 1, lambda out, p: {0: math.sqrt(2.0 * math.pi) * exp(0.5 * out * out)})


def _density_ratio(x: Floats | float) -> Floats:
    return math.sqrt(2.0 / math.pi) / _of_scipy("erfcx")(-x / math.sqrt(2.0))


# The density over the distribution function, of which neither vanishes in the left tail (Mills's ratio, inverted).
density_ratio = _declared("density_ratio", quiet(_density_ratio), 1, lambda out, x: {0: -chain(out, x + out)})
log_ndtr = _declared("log_ndtr", _of_scipy("log_ndtr"), 1, lambda out, x: {0: density_ratio(x)})

# ---- probabilities and entropies ----------------------------------------------------------------


@quiet
def _logit(p: Floats | float) -> Floats:
    """log(p / (1 - p)); around 1/2, where that cancels, by the inverse hyperbolic tangent."""
    middle = np.abs(np.subtract(p, 0.5)) < 0.2
    return np.where(middle, 2.0 * np.arctanh(2.0 * np.where(middle, p, 0.5) - 1.0), np.log(np.divide(p, 1.0 - p)))


# inf at 0 and 1
logit = _declared("logit", _logit, 1, lambda out, p: {0: reciprocal(p * (1.0 - p))})


@quiet
def _xlogy(x: Floats | float, y: Floats | float) -> Floats:
    return np.where(np.equal(x, 0.0) & ~np.isnan(y), np.result_type(x, y).type(0.0), np.multiply(x, np.log(y)))


@quiet
def _xlog1py(x: Floats | float, y: Floats | float) -> Floats:
    return np.where(np.equal(x, 0.0) & ~np.isnan(y), np.result_type(x, y).type(0.0), np.multiply(x, np.log1p(y)))


# 0 where x is, whatever the logarithm; the slope by y is 0 there too.
xlogy: Nary = _declared("xlogy", _xlogy, 2, lambda out, x, y: {0: log(y), 1: chain(x, reciprocal(y))})
xlog1py: Nary = _declared("xlog1py", _xlog1py, 2, lambda out, x, y: {0: log1p(y), 1: chain(x, reciprocal(1.0 + y))})


@quiet
def _entr(x: Floats | float) -> Floats:
    return np.where(np.less(x, 0.0), -math.inf, -_xlogy(x, x))


@quiet
def _rel_entr(x: Floats | float, y: Floats | float) -> Floats:
    inside = np.greater(x, 0.0) & np.greater(y, 0.0)
    edge = np.equal(x, 0.0) & np.greater_equal(y, 0.0)
    unknown = np.isnan(x) | np.isnan(y)
    outside = np.where(edge, 0.0, np.where(unknown, math.nan, math.inf)).astype(np.result_type(x, y, np.float32))
    return np.where(inside, np.multiply(x, np.log(np.divide(x, y))), outside)


@quiet
def _kl_div(x: Floats | float, y: Floats | float) -> Floats:
    relative = _rel_entr(x, y)
    refused = np.less(x, 0.0) | np.less(y, 0.0) | (np.greater(x, 0.0) & np.equal(y, 0.0))
    return np.where(refused, relative, relative - x + y)


entr = _declared("entr", _entr, 1, lambda out, x: {0: -log(x) - 1.0})
rel_entr = _declared(
    "rel_entr", _rel_entr, 2, lambda out, x, y: {0: log(divide(x, y)) + 1.0, 1: -chain(x, reciprocal(y))}
)
kl_div = _declared("kl_div", _kl_div, 2, lambda out, x, y: {0: log(divide(x, y)), 1: 1.0 - chain(x, reciprocal(y))})

# ---- Bessel functions of integral order ---------------------------------------------------------

# By kind: the names of SciPy's functions of order 0, of order 1, and of any; and the sign of the next order's part in
# the slope, which is (f[n - 1] + sign f[n + 1]) / 2, and of order 0 sign f[1].
_BESSEL = {
    "j": ("j0", "j1", "jv", -1.0),
    "y": ("y0", "y1", "yn", -1.0),
    "i": ("i0", "i1", "iv", 1.0),
    "ie": ("i0e", "i1e", "ive", 1.0),  # e**-|x| times i
}


def _bessel(x: Floats | float, kind: str, order: int) -> Floats | float:
    *low, any_order, _ = _BESSEL[kind]
    if order < 2:
        try:
            values = _of_scipy(str(low[order]))(x)
        except MissingExtraError:
            if (kind, order) != ("i", 0):
                raise
            values = np.i0(x)
    else:
        values = _of_scipy(str(any_order))(order, x)
    return float(values) if type(x) is float else np.asarray(values, np.asarray(x).dtype)


def _bessel_tangent(tangents: Mapping[int, object], out: object, x: Number, kind: str, order: int) -> object:
    sign_of_next = _BESSEL[kind][-1]
    following = sign_of_next * bessel(x, kind=kind, order=order + 1)
    slope = following if order == 0 else 0.5 * (bessel(x, kind=kind, order=order - 1) + following)
    if kind == "ie":
        slope = slope - sign(x) * cast(Number, out)
    return times(tangents[0], slope)


bessel: General = General("bessel", 1, _bessel, _bessel_tangent, {"kind": str, "order": int})
