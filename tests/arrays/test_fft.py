"""Fourier transforms, as real functions see them."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import cast

import numpy as np
import pytest
from laws import Row, array, check_row, row, same

import tapegrad as tg
import tapegrad.numpy as tnp
from tapegrad.errors import OperandError
from tapegrad.numpy import fft as ours

Function = Callable[..., tg.Var]

COMPLEX = ("fft", "ifft")
REAL = ("rfft", "ihfft")
HALF = ("irfft", "hfft")
SEVERAL = ("fft2", "ifft2", "fftn", "ifftn")
NORMS = (None, "backward", "ortho", "forward")


def parts(z: tg.Var) -> tuple[tg.Var, tg.Var]:
    return tnp.real(z), tnp.imag(z)


def named(name: str, module: object = ours) -> Function:
    return cast(Function, getattr(module, name))


def call(name: str, *shape: int, real: bool = False, **keywords: object) -> Row:
    """A row of a transform of ``x + i y``, or of real numbers, with a derivative of second order."""

    def of(module: object) -> Function:
        f = named(name, module)
        if real:
            return lambda x: parts(f(x * x, **keywords))  # type: ignore[return-value]  # a tree of numbers
        return lambda x, y: parts(f(x * y + 1j * y, **keywords))  # type: ignore[return-value]

    arguments = [array(*shape, seed=seed) for seed in range(1 if real else 2)]
    return row(f"{name} {shape} {keywords}", of(ours), *arguments, reference=of(np.fft))


ROWS = (
    *(call(name, n) for name in (*COMPLEX, *HALF) for n in (4, 5)),
    *(call(name, n, real=True) for name in (*COMPLEX, *REAL) for n in (1, 4, 5)),
    *(call(name, 5, n=n, norm=norm) for name in COMPLEX for n in (3, 8) for norm in NORMS[1:]),
    *(call(name, 5, real=True, n=n, norm=norm) for name in REAL for n in (3, 4, 7, 8) for norm in NORMS[1:]),
    *(call(name, 4, n=n, norm=norm) for name in HALF for n in (1, 4, 5, 6, 7, 9) for norm in NORMS[1:]),
    *(call(name, 2, 3, 2, axis=axis) for name in (*COMPLEX, *HALF) for axis in (0, 1, -2)),
    *(call(name, 2, 3, 2, real=True, axis=axis, n=4) for name in REAL for axis in (0, 1, -2)),
    *(call(name, 2, 3, 4) for name in (*SEVERAL, "irfft2", "irfftn")),
    *(call(name, 2, 3, 4, real=True) for name in ("rfft2", "rfftn", "fftn")),
    *(call(name, 2, 3, 4, s=(5, 3), axes=(0, -1), norm="ortho") for name in (*SEVERAL, "irfft2", "irfftn")),
    *(call(name, 2, 3, 4, real=True, s=(2, 3), axes=(-1, 0)) for name in ("rfft2", "rfftn")),
    *(call(name, 2, 3, axes=(1,)) for name in ("fftn", "irfftn")),
    *(call(name, n, real=True) for name in ("fftshift", "ifftshift") for n in (1, 4, 5)),
    *(call(name, 2, 3, 5, axes=axes) for name in ("fftshift", "ifftshift") for axes in (None, 0, (1, -1))),
)


@pytest.mark.parametrize("case", ROWS, ids=lambda case: case.name)
def test_laws(case: Row) -> None:
    check_row(case)


# ---- programs ------------------------------------------------------------------------------------


def spectrum(x: tg.Var) -> tg.Var:
    return cast(tg.Var, abs(ours.rfft(x)) ** 2)


def convolved(x: tg.Var, y: tg.Var) -> tg.Var:
    n = x.shape[-1] + y.shape[-1] - 1
    return ours.irfft(ours.rfft(x, n) * ours.rfft(y, n), n)


PROGRAMS = (
    row("power spectrum", spectrum, array(6), reference=lambda x: abs(np.fft.rfft(x)) ** 2),
    row("convolution", convolved, array(5), array(3), reference=np.convolve),
    row("round trip", lambda x: ours.ifft(ours.fft(x)).real * x, array(5), reference=lambda x: x * x),
    row("real round trip", lambda x: ours.irfft(ours.rfft(x), 5) * x, array(5), reference=lambda x: x * x),
    row("round trip of planes", lambda x: ours.irfft2(ours.rfft2(x)) * x, array(2, 3, 4), reference=lambda x: x * x),
    row("shifted back", lambda x: ours.ifftshift(ours.fftshift(x)) * x, array(3, 5), reference=lambda x: x * x),
    row("filter", lambda x, w: ours.ifft(w * ours.fft(x)).real, array(6), array(6)),
    row("phase", lambda x: tnp.angle(ours.rfft(x)[1:3]), array(6)),
    row("through NumPy", lambda x: np.fft.irfft(abs(np.fft.rfft(x)), 6), array(6)),
)


@pytest.mark.parametrize("case", PROGRAMS, ids=lambda case: case.name)
def test_programs(case: Row) -> None:
    check_row(case)


def test_parsevals_gradient() -> None:
    """The sum of the power spectrum is n times that of the squares, whose gradient is 2 n x."""
    x = array(7)
    same(tg.grad(lambda x: tnp.sum(abs(ours.fft(x)) ** 2))(x), 14.0 * x, "Parseval")


@pytest.mark.parametrize(("name", "n"), [*itertools.product((*COMPLEX, "irfft", "hfft"), (4, 5))])
def test_numpys_function_of_a_traced_array_is_ours(name: str, n: int) -> None:
    x = array(n)

    def slope(f: Function) -> object:
        return tg.vjp(lambda x: tnp.real(f(x * (1.0 + 2.0j))), x)[1](named(name, np.fft)(x).real)

    same(slope(named(name, np.fft)), slope(named(name)), name)


def test_frequencies() -> None:
    np.testing.assert_array_equal(ours.fftfreq(5, 0.1), np.fft.fftfreq(5, 0.1))
    np.testing.assert_array_equal(ours.rfftfreq(5, 0.1), np.fft.rfftfreq(5, 0.1))
    by_spacing = tg.jvp(lambda d: cast(tg.Var, ours.fftfreq(4, d)), (0.5,), (1.0,))
    same(by_spacing, (np.fft.fftfreq(4, 0.5), -2.0 * np.fft.fftfreq(4, 0.5)), "the spacing may be traced")


# ---- what is refused -----------------------------------------------------------------------------


def test_refusals() -> None:
    x = array(4)
    with pytest.raises(OperandError, match="rfft is of real numbers"):
        ours.rfft(x + 1j)
    with pytest.raises(ValueError, match="at least one number along axis -1, not 0"):
        ours.fft(x, 0)
    with pytest.raises(ValueError, match="at least one number"):
        ours.irfft(x[:1])
    with pytest.raises(ValueError, match='"backward", "ortho" or "forward"'):
        ours.fft(x, norm="none")  # type: ignore[call-overload]
    with pytest.raises(ValueError, match="2 lengths are given for 1 axes"):
        ours.fftn(x, (2, 3), (0,))
    with pytest.raises(np.exceptions.AxisError):
        ours.fft(x, axis=1)
