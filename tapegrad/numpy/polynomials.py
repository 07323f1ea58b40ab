"""Polynomials by their coefficients, that of the highest power first: ``p[0] x**(n - 1) + ... + p[n - 1]``."""

from __future__ import annotations

from typing import cast

import numpy as np

from tapegrad.maps import shape_of
from tapegrad.numpy.signals import convolve
from tapegrad.numpy.signatures import combining, operand, shaping
from tapegrad.numpy.sorting import flattened
from tapegrad.ops.exponential import power
from tapegrad.ops.shape import broadcast_to, concatenate, reshape
from tapegrad.variables import Var

__all__ = ["polyadd", "polyder", "polyint", "polymul", "polysub", "polyval", "vander"]


def _of(x: Var, numbers: list[float]) -> Var:
    """Plain numbers, in the dtype of `x`."""
    return cast(Var, np.array(numbers, x.dtype if x.dtype.kind in "fc" else float))


def _aligned(p: Var, q: Var) -> tuple[Var, Var]:
    """Both of the same length, by zeros in front."""
    (p, _), (q, _) = flattened(p, None), flattened(q, None)
    length = max(shape_of(p)[0], shape_of(q)[0])
    first, second = (concatenate(_of(x, [0.0] * (length - shape_of(x)[0])), x, axis=-1) for x in (p, q))
    return first, second


@combining(np.polyval)
def polyval(p: Var, x: Var) -> Var:
    """The value of the polynomial at each element of `x`, by Horner's rule."""
    p, _ = flattened(p, None)
    coefficients = [reshape(p[i : i + 1], shape=()) for i in range(shape_of(p)[0])]
    value = cast(Var, broadcast_to(coefficients[0] if coefficients else 0.0, shape=shape_of(x)))
    for coefficient in coefficients[1:]:
        value = value * x + coefficient
    return value


@combining(np.polyadd)
def polyadd(p: Var, q: Var) -> Var:
    """The coefficients of the sum."""
    p, q = _aligned(p, q)
    return p + q


@combining(np.polysub)
def polysub(p: Var, q: Var) -> Var:
    """The coefficients of the difference."""
    p, q = _aligned(p, q)
    return p - q


@combining(np.polymul)
def polymul(p: Var, q: Var) -> Var:
    """The coefficients of the product: as many as the degrees have, also where the first are zero."""
    return cast(Var, convolve(p, q))


@shaping(np.polyder)
def polyder(p: Var, m: int = 1) -> Var:
    """The coefficients of the derivative, `m` times over; those of a constant are none."""
    p, _ = flattened(operand(p), None)
    for _ in range(m):
        degree = max(shape_of(p)[0] - 1, 0)
        p = p[:-1] * _of(p, [float(k) for k in range(degree, 0, -1)])
    return p


@shaping(np.polyint)
def polyint(p: Var, m: int = 1) -> Var:
    """The coefficients of the integral from 0 on, `m` times over."""
    p, _ = flattened(operand(p), None)
    for _ in range(m):
        p = concatenate(p / _of(p, [float(k) for k in range(shape_of(p)[0], 0, -1)]), _of(p, [0.0]), axis=-1)
    return p


@shaping(np.vander)
def vander(x: Var, N: int | None = None, increasing: bool = False) -> Var:  # noqa: N803  # NumPy's name
    """The powers of each element, falling from ``N - 1`` to 0, or rising: ``(n,) -> (n, N)``."""
    (length,) = shape_of(x)
    powers = [float(k) for k in range(length if N is None else N)]
    return power(reshape(x, shape=(length, 1)), _of(x, powers if increasing else powers[::-1]))
