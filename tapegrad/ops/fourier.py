"""Discrete Fourier transforms along one axis, without factors: linear maps whose matrix is symmetric.

A factor for the length, further axes, padding and cropping are put around them by `tapegrad.numpy.fft`.
"""

from __future__ import annotations

import numpy as np

from tapegrad.arrays import Floats
from tapegrad.maps import Linear, shape_of
from tapegrad.ops.shape import conjugate
from tapegrad.primitive import concrete
from tapegrad.typing import Number

__all__ = ["fft", "irfft", "rfft"]


def _transformed(x: Floats, axis: int, inverse: bool) -> Floats:
    if inverse:
        return np.fft.ifft(x, axis=axis, norm="forward")  # type: ignore[return-value]  # complex
    return np.fft.fft(x, axis=axis)  # type: ignore[return-value]


# sum over j of x[j] exp(-2 pi i j k / n), of the inverse exp(+2 pi i j k / n): as a matrix its own transpose
fft: Linear = Linear(
    "fft", _transformed, lambda g, x, axis, inverse: fft(g, axis=axis, inverse=inverse), {"axis": int, "inverse": bool}
)

# Of real numbers the frequencies k and n - k are conjugates, and those up to n / 2 are enough.


def _multiplicity(x: object, axis: int, n: int) -> Floats:
    """How often each of the frequencies 0 .. n // 2 stands for one of all n, along an axis of `x`."""
    dtype = np.asarray(concrete(x)).real.dtype
    counts = np.full(n // 2 + 1, 2.0, dtype)
    counts[0] = 1.0
    if n % 2 == 0:
        counts[-1] = 1.0
    return counts.reshape(-1, *[1] * (-axis - 1))


def _rfft_transposed(g: Number, x: object, axis: int) -> object:
    n = shape_of(x)[axis]
    return irfft(conjugate(g) / _multiplicity(g, axis, n), axis=axis, n=n)


def _irfft_transposed(g: Number, x: object, axis: int, n: int) -> object:
    del x  # cropping and padding are not done here
    return conjugate(rfft(g, axis=axis)) * _multiplicity(g, axis, n)


rfft: Linear = Linear("rfft", lambda x, axis: np.fft.rfft(x, axis=axis), _rfft_transposed, {"axis": int})

# The sum of x[k] exp(2 pi i j k / n) over all n frequencies, of which `x` has those up to n / 2.
irfft: Linear = Linear(
    "irfft",
    lambda x, axis, n: np.fft.irfft(x, n, axis, norm="forward"),
    _irfft_transposed,
    {"axis": int, "n": int},
)
