"""Complex numbers between real arguments and real results: their parts, lengths and angles.

``x + 1j * y`` makes them. How derivatives go through them is said in `tapegrad.ops.shape`, beside `real`.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Protocol, cast, overload

import numpy as np
import numpy.typing as npt

from tapegrad import dispatch
from tapegrad.arrays import AnyArray
from tapegrad.maps import zeros_like
from tapegrad.numpy.signatures import ArrayLike, answers, applying, asking
from tapegrad.ops import shape as moves
from tapegrad.ops.arithmetic import absolute, multiply
from tapegrad.ops.selection import equal, less, not_equal
from tapegrad.ops.trigonometric import arctan2
from tapegrad.primitive import Operand, concrete, is_complex
from tapegrad.variables import Var

__all__ = [
    "angle", "conj", "conjugate", "imag", "iscomplex", "iscomplexobj", "isreal", "isrealobj", "real",
    "real_if_close",
]  # fmt: skip


class Parting(Protocol):
    """Each complex element gives a real one."""

    @overload
    def __call__(self, z: complex, /) -> float: ...
    @overload
    def __call__(self, z: Var, /) -> Var: ...
    @overload
    def __call__(self, z: npt.NDArray[np.generic], /) -> npt.NDArray[np.float64]: ...


def parting(original: object) -> Callable[[Callable[[Var], object]], Parting]:
    """Give a function the form `Parting`, and let it answer for `original` of NumPy."""
    return lambda function: cast(Parting, answers(original)(function))


@parting(np.real)
def real(z: object) -> object:
    """The real part; a real number is its own."""
    if not isinstance(z, Operand):
        return np.real(cast(AnyArray, z))
    return moves.real(z) if is_complex(z) else z


@parting(np.imag)
def imag(z: object) -> object:
    """The imaginary part; that of a real number is 0."""
    if not isinstance(z, Operand):
        return np.imag(cast(AnyArray, z))
    return moves.imaginary(z) if is_complex(z) else zeros_like(z)


@applying(np.conjugate)
def conj(z: object) -> object:
    """With the imaginary part negated."""
    if type(z) is float:
        return z
    if not isinstance(z, Operand):
        return np.conjugate(cast(AnyArray, z))
    return moves.conjugate(z) if is_complex(z) else z


conjugate = conj
dispatch.register("conjugate", conj)


@answers(np.angle)
def angle(z: Var, deg: bool = False) -> Var:
    """The angle with the positive real axis, in radians or, with `deg`, in degrees; its derivative at 0 is 0."""
    radians = arctan2(imag(z), real(z))
    return multiply(radians, 180.0 / math.pi) if deg else radians


@asking(np.isreal)
def isreal(z: Var) -> object:
    """Whether the imaginary part of each element is 0."""
    return equal(imag(z), 0.0)


@asking(np.iscomplex)
def iscomplex(z: Var) -> object:
    """Whether the imaginary part of each element is not 0."""
    return not_equal(imag(z), 0.0)


@answers(np.iscomplexobj)
def iscomplexobj(z: object) -> bool:
    """Whether the elements are of a complex kind."""
    return np.iscomplexobj(cast(AnyArray, concrete(z)))


@answers(np.isrealobj)
def isrealobj(z: object) -> bool:
    """Whether the elements are of a real kind."""
    return not iscomplexobj(z)


@answers(np.real_if_close)
def real_if_close(z: ArrayLike, tol: float = 100.0) -> ArrayLike:
    """The real part, if all imaginary parts are close to 0; a `tol` above 1 is in units of the machine epsilon.

    Of a traced `z` the tape notes which it was.
    """
    if not is_complex(z):
        return z
    epsilon = float(np.finfo(cast(npt.NDArray[np.complexfloating], concrete(z)).dtype).eps)
    bound = tol * epsilon if tol > 1.0 else tol
    return real(cast(Var, z)) if np.all(less(absolute(imag(cast(Var, z))), bound)) else z
