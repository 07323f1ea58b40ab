"""Special functions of statistics and physics, under the names that they have in `scipy.special`.

A number gives a number, an array an array, a traced value a traced value. What neither Python nor NumPy computes needs
SciPy: ``pip install "tapegrad[special]"``. The derivative of each is beside its value in `tapegrad.ops.special`.

>>> import tapegrad as tg
>>> tg.grad(tg.special.xlogy)(1.0, 1.0)
0.0
"""

from __future__ import annotations

import functools
import math
import operator
from typing import cast, overload

import numpy.typing as npt

from tapegrad import dispatch
from tapegrad.maps import shape_of
from tapegrad.methods import Axis
from tapegrad.numpy import reductions
from tapegrad.numpy.signatures import ArrayLike, Kind, applying, operand, pairing, weighing
from tapegrad.ops import activation, special
from tapegrad.ops.exponential import exp, log, sigmoid
from tapegrad.ops.rounding import isfinite
from tapegrad.ops.shape import select
from tapegrad.ops.structural import stop_gradient
from tapegrad.variables import Var

__all__ = [
    "beta", "betainc", "betaln", "digamma", "entr", "erf", "erfc", "erfcinv", "erfinv", "expit", "gamma", "gammainc",
    "gammaincc", "gammaln", "i0", "i0e", "i1", "i1e", "j0", "j1", "kl_div", "log_expit", "log_ndtr", "log_softmax",
    "loggamma", "logit", "logsumexp", "multigammaln", "ndtr", "ndtri", "polygamma", "psi", "rel_entr", "softmax",
    "xlog1py", "xlogy", "y0", "y1", "zeta",
]  # fmt: skip

erf, erfc = activation.erf, activation.erfc
expit = sigmoid
ndtr = activation.normal_cdf

# ---- gamma and beta -----------------------------------------------------------------------------


@applying(None)
def gamma(x: Var) -> object:
    """The gamma function: ``gamma(n + 1)`` is the factorial of n."""
    return special.gamma(x)


@applying(None)
def gammaln(x: Var) -> object:
    """The logarithm of the absolute value of the gamma function."""
    return special.gammaln(x)


loggamma = gammaln


@applying(None)
def digamma(x: Var) -> object:
    """The derivative of `gammaln`."""
    return special.polygamma(x, order=0)


psi = digamma


@overload
def polygamma(n: int, x: float) -> float: ...
@overload
def polygamma(n: int, x: Var) -> Var: ...
@overload
def polygamma(n: int, x: npt.NDArray[Kind]) -> npt.NDArray[Kind]: ...
def polygamma(n: int, x: object) -> object:
    """The n-th derivative of `digamma`."""
    return special.polygamma(x, order=operator.index(n))


@applying(None)
def multigammaln(a: Var, d: int) -> object:
    """The logarithm of the gamma function of `d` dimensions."""
    terms = [special.gammaln(a - 0.5 * j) for j in range(operator.index(d))]
    return functools.reduce(operator.add, terms, 0.25 * d * (d - 1) * math.log(math.pi))


@pairing(None)
def beta(a: Var, b: Var) -> object:
    """gamma(a) gamma(b) / gamma(a + b)."""
    return special.beta(a, b)


@pairing(None)
def betaln(a: Var, b: Var) -> object:
    """The logarithm of the absolute value of `beta`."""
    return special.betaln(a, b)


@pairing(None)
def gammainc(a: Var, x: Var) -> object:
    """The regularised lower incomplete gamma function; its derivative by `a` is refused."""
    return special.gammainc(a, x)


@pairing(None)
def gammaincc(a: Var, x: Var) -> object:
    """``1 - gammainc(a, x)``, accurate in the right tail; its derivative by `a` is refused."""
    return special.gammaincc(a, x)


@overload
def betainc(a: float, b: float, x: float) -> float: ...
@overload
def betainc(a: ArrayLike, b: ArrayLike, x: Var) -> Var: ...
@overload
def betainc(a: ArrayLike, b: ArrayLike, x: npt.NDArray[Kind]) -> npt.NDArray[Kind]: ...
def betainc(a: ArrayLike, b: ArrayLike, x: ArrayLike) -> object:
    """The regularised incomplete beta function; its derivatives by `a` and `b` are refused."""
    return special.betainc(cast(Var, a), cast(Var, b), cast(Var, x))


@pairing(None)
def zeta(x: Var, q: Var) -> object:
    """The zeta function of Hurwitz, the sum of ``1 / (k + q)**x``; its derivative by `x` is refused."""
    return special.zeta(x, q)


# ---- error functions and the normal distribution ------------------------------------------------


@applying(None)
def erfinv(y: Var) -> object:
    """The inverse of `erf`."""
    return special.erfinv(y)


@applying(None)
def erfcinv(y: Var) -> object:
    """The inverse of `erfc`."""
    return special.erfcinv(y)


@applying(None)
def log_ndtr(x: Var) -> object:
    """The logarithm of `ndtr`, accurate in the left tail, and so is its derivative."""
    return special.log_ndtr(x)


@applying(None)
def ndtri(p: Var) -> object:
    """The inverse of `ndtr`: quantiles of the standard normal distribution."""
    return special.ndtri(p)


# ---- probabilities and entropies ----------------------------------------------------------------


@applying(None)
def logit(p: Var) -> object:
    """log(p / (1 - p)), the inverse of `expit`; its derivative is infinite at 0 and 1."""
    return special.logit(p)


@applying(None)
def log_expit(x: Var) -> object:
    """The logarithm of `expit`, accurate in both tails."""
    return -activation.softplus(-x)


@pairing(None)
def xlogy(x: Var, y: Var) -> object:
    """x log(y), which is 0 where x is; its derivative by y is 0 there too, and that by x is log(y)."""
    return special.xlogy(x, y)


@pairing(None)
def xlog1py(x: Var, y: Var) -> object:
    """x log(1 + y), which is 0 where x is."""
    return special.xlog1py(x, y)


@applying(None)
def entr(x: Var) -> object:
    """-x log(x), which is 0 at 0, and -inf left of it."""
    return special.entr(x)


@pairing(None)
def rel_entr(x: Var, y: Var) -> object:
    """x log(x / y): 0 where x is, inf where either is negative, or y is 0."""
    return special.rel_entr(x, y)


@pairing(None)
def kl_div(x: Var, y: Var) -> object:
    """``rel_entr(x, y) - x + y``: the divergence of Kullback and Leibler."""
    return special.kl_div(x, y)


@weighing(None)
def logsumexp(x: Var, axis: Axis = None, b: ArrayLike | None = None, keepdims: bool = False) -> object:
    """log(sum(b exp(x))), which neither overflows nor loses small terms; nan where the sum is negative."""
    if b is None:
        return reductions.logsumexp(x, axis, keepdims)
    highest = reductions.max(x, axis, keepdims=True)
    top = stop_gradient(select(isfinite(highest), highest, 0.0))
    total = reductions.sum(operand(b) * exp(x - top), axis, keepdims)
    return log(total) + (top if keepdims else reductions.reshaped(top, shape_of(total)))


@applying(None)
def softmax(x: Var, axis: Axis = None) -> object:
    """Exponentials that are scaled to sum to one along `axis`, by default all of them."""
    return reductions.softmax(x, axis)


@applying(None)
def log_softmax(x: Var, axis: Axis = None) -> object:
    """The logarithms of `softmax`."""
    return reductions.log_softmax(x, axis)


# ---- Bessel functions ---------------------------------------------------------------------------


@applying(None)
def j0(x: Var) -> object:
    """The Bessel function of the first kind and order 0."""
    return special.bessel(x, kind="j", order=0)


@applying(None)
def j1(x: Var) -> object:
    """The Bessel function of the first kind and order 1."""
    return special.bessel(x, kind="j", order=1)


@applying(None)
def y0(x: Var) -> object:
    """The Bessel function of the second kind and order 0."""
    return special.bessel(x, kind="y", order=0)


@applying(None)
def y1(x: Var) -> object:
    """The Bessel function of the second kind and order 1."""
    return special.bessel(x, kind="y", order=1)


@applying(None)
def i0(x: Var) -> object:
    """The modified Bessel function of order 0."""
    return special.bessel(x, kind="i", order=0)


@applying(None)
def i1(x: Var) -> object:
    """The modified Bessel function of order 1."""
    return special.bessel(x, kind="i", order=1)


@applying(None)
def i0e(x: Var) -> object:
    """``exp(-|x|) i0(x)``."""
    return special.bessel(x, kind="ie", order=0)


@applying(None)
def i1e(x: Var) -> object:
    """``exp(-|x|) i1(x)``."""
    return special.bessel(x, kind="ie", order=1)


# Of traced values SciPy's own functions answer with these, by name: `scipy.special.expit(x)`.
dispatch.SPECIAL.update((name, globals()[name]) for name in __all__)
