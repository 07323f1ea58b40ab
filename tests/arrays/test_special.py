"""Special functions, against SciPy's values and central differences, and at their edges."""

from __future__ import annotations

import importlib
import math
import sys
from collections.abc import Callable
from typing import cast

import numpy as np
import numpy.typing as npt
import pytest
import scipy.special
from laws import Row, array, check_row, positive, row
from mpmath import mp

import tapegrad as tg
from tapegrad import special
from tapegrad.errors import MissingExtraError, OperandError
from tapegrad.testing import check_grads

Function = Callable[..., tg.Scalar]
Floats = npt.NDArray[np.float64]

WIDE = 3.0 * array(2, 3)
UP = 4.0 * positive(2, 3)
INSIDE = positive(2, 3) / 1.5  # between 0 and 1

# Where each is smooth.
UNARY: dict[str, Floats] = {
    "digamma": UP, "entr": UP, "erf": WIDE, "erfc": WIDE, "erfcinv": 1.4 * INSIDE, "erfinv": 0.7 * array(2, 3),
    "expit": WIDE, "gamma": WIDE, "gammaln": WIDE, "i0": WIDE, "i0e": WIDE, "i1": WIDE, "i1e": WIDE, "j0": WIDE,
    "j1": WIDE, "log_expit": WIDE, "log_ndtr": WIDE, "loggamma": UP, "logit": INSIDE, "ndtr": WIDE, "ndtri": INSIDE,
    "psi": WIDE, "y0": UP, "y1": UP,
}  # fmt: skip
BINARY: dict[str, tuple[Floats, Floats]] = {
    "beta": (UP, positive(3)),
    "betaln": (UP, positive(3)),
    "kl_div": (UP, positive(3)),
    "rel_entr": (UP, positive(3)),
    "xlog1py": (WIDE, positive(3)),
    "xlogy": (WIDE, positive(3)),
}


def ours(name: str) -> Function:
    return cast(Function, getattr(special, name))


def scipys(name: str) -> Function:
    return cast(Function, getattr(scipy.special, name))


def with_settings(name: str, x: Floats | float, *settings: float) -> Row:
    """A function of which the last argument is differentiated."""
    return row(
        f"{name} {settings} of {np.shape(x)}",
        lambda x: ours(name)(*settings, x),
        x,
        reference=lambda x: scipys(name)(*settings, x),
    )


ROWS = (
    *(row(name, ours(name), x, reference=scipys(name)) for name, x in UNARY.items()),
    *(row(f"{name} of a number", ours(name), float(x[0, 1]), reference=scipys(name)) for name, x in UNARY.items()),
    *(row(name, ours(name), *xs, reference=scipys(name)) for name, xs in BINARY.items()),
    *(row(f"{name} of numbers", ours(name), 0.7, 0.4, reference=scipys(name)) for name in BINARY),
    *(with_settings("polygamma", UP, n) for n in range(3)),
    with_settings("gammainc", UP, 1.7),
    with_settings("gammaincc", UP, 1.7),
    with_settings("betainc", INSIDE, 1.7, 0.6),
    with_settings("zeta", UP, 2.5),
    with_settings("gammainc", 2.3, 1.7),
    with_settings("betainc", 0.3, 1.7, 0.6),
    with_settings("zeta", 2.3, 2.5),
    row("logsumexp", special.logsumexp, WIDE, reference=scipy.special.logsumexp),
    row("logsumexp axis", lambda x: special.logsumexp(x, 0, keepdims=True), WIDE),
    row(
        "logsumexp b",
        lambda x, b: special.logsumexp(x, b=b),
        WIDE,
        UP,
        reference=lambda x, b: scipys("logsumexp")(x, b=b),
    ),
    row("logsumexp b axis", lambda x, b: special.logsumexp(x, -1, b), WIDE, UP),
    row("logsumexp b kept", lambda x, b: special.logsumexp(x, 1, b, keepdims=True), 300.0 * WIDE, UP, float32=False),
    *(
        row(
            f"multigammaln {d}",
            lambda x, d=d: special.multigammaln(x + 2.0, d),
            UP,
            reference=lambda x, d=d: scipys("multigammaln")(x + 2.0, d),
        )
        for d in (1, 3)
    ),
    row("softmax", special.softmax, WIDE, reference=scipy.special.softmax),
    row("softmax axis", lambda x: special.softmax(x, 0), WIDE, reference=lambda x: scipy.special.softmax(x, 0)),
    row("log_softmax", special.log_softmax, WIDE, reference=scipy.special.log_softmax),
    row("gammainc with many a", lambda x: special.gammainc(UP, x), positive(3), float32=False),
)


@pytest.mark.parametrize("case", ROWS, ids=lambda case: case.name)
def test_laws(case: Row) -> None:
    check_row(case)


def test_every_function_has_a_row() -> None:
    tested = " ".join(case.name for case in ROWS)
    assert all(name in tested for name in special.__all__)


@pytest.mark.parametrize("name", [*UNARY, *BINARY])
def test_a_float_gives_a_float(name: str) -> None:
    operands = (0.7,) if name in UNARY else (0.7, 0.4)
    assert type(ours(name)(*operands)) is float
    assert type(tg.grad(ours(name))(*operands)) is float


# ---- edges --------------------------------------------------------------------------------------

EDGES = np.array([0.0, -0.0, 0.5, 1.0, -1.0, 2.0, -2.0, 40.0, -40.0, 1e5, -1e5, math.inf, -math.inf, math.nan])


@pytest.mark.parametrize("name", UNARY)
def test_values_at_the_edges_are_scipys(name: str) -> None:
    x = EDGES[EDGES >= 0.0] if name == "loggamma" else EDGES
    with np.errstate(all="ignore"):
        expected = cast(Floats, scipys(name)(x))
    np.testing.assert_allclose(cast(Floats, ours(name)(x)), expected, rtol=1e-14)
    each = [cast(float, ours(name)(float(item))) for item in x]
    np.testing.assert_allclose(each, expected, rtol=1e-13)


@pytest.mark.parametrize("name", ["entr", "kl_div", "rel_entr", "xlog1py", "xlogy"])
def test_values_of_two_at_the_edges_are_scipys(name: str) -> None:
    x, y = np.meshgrid(EDGES, EDGES)
    operands = (x,) if name == "entr" else (x, y)
    with np.errstate(all="ignore"):
        expected = cast(Floats, scipys(name)(*operands))
    np.testing.assert_allclose(cast(Floats, ours(name)(*operands)), expected, rtol=1e-14)


def slopes(name: str, *at: float) -> tuple[float, ...]:
    return cast(tuple[float, ...], tg.grad(ours(name), argnums=tuple(range(len(at))))(*at))


def test_kinks() -> None:
    assert slopes("xlogy", 0.0, 0.0) == (-math.inf, 0.0)
    assert slopes("xlogy", 0.0, 2.0) == (math.log(2.0), 0.0)
    assert slopes("xlog1py", 0.0, -1.0) == (-math.inf, 0.0)
    assert slopes("entr", 0.0) == (math.inf,)
    assert slopes("rel_entr", 0.0, 1.0) == (-math.inf, 0.0)
    assert slopes("logit", 0.0) == slopes("logit", 1.0) == (math.inf,)
    assert slopes("erfinv", 1.0) == slopes("ndtri", 0.0) == (math.inf,)
    assert slopes("i0e", 0.0) == (0.0,)
    assert slopes("i0", 0.0) == (0.0,)
    assert slopes("i1", 0.0) == slopes("j1", 0.0) == (0.5,)


def test_what_is_cut_off_has_no_derivative() -> None:
    """The gradient of a sum of entropies at probabilities of which one is zero and does not count."""
    p = np.array([0.0, 0.5])
    pullback = tg.vjp(ours("xlogy"), p, p)[1]
    np.testing.assert_array_equal(pullback(cast(tg.Scalar, np.array([0.0, 1.0])))[0], [0.0, math.log(0.5)])


@pytest.mark.parametrize("x", [-1e4, -300.0, -40.0, -5.0, 0.0, 5.0, 40.0])
def test_the_tails_of_log_ndtr(x: float) -> None:
    with mp.workdps(50):
        cdf = mp.erfc(-mp.mpf(x) / mp.sqrt(2)) / 2
        ratio = mp.npdf(x) / cdf
        expected = [float(mp.log(cdf)), float(ratio), float(-ratio * (x + ratio))]
    f = ours("log_ndtr")
    assert f(x) == pytest.approx(expected[0], rel=1e-13)
    assert tg.grad(f)(x) == pytest.approx(expected[1], rel=1e-13)
    assert tg.grad(tg.grad(f))(x) == pytest.approx(expected[2], rel=1e-6)


@pytest.mark.parametrize("x", [-700.0, -40.0, 40.0, 700.0])
def test_the_tails_of_log_expit(x: float) -> None:
    with mp.workdps(400):
        expected = (float(-mp.log(1 + mp.exp(-mp.mpf(x)))), float(1 / (1 + mp.exp(mp.mpf(x)))))
    assert tg.value_and_grad(ours("log_expit"))(x) == pytest.approx(expected, rel=1e-13)


@pytest.mark.parametrize("p", [1e-300, 1e-9, 0.3, 0.5 - 1e-9, 0.5, 0.6, 1.0 - 1e-12])
def test_logit_is_accurate_everywhere(p: float) -> None:
    with mp.workdps(400):
        expected = float(mp.log(mp.mpf(p) / (1 - mp.mpf(p))))
    assert special.logit(p) == pytest.approx(expected, rel=1e-14, abs=0.0)


# ---- what is refused ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("f", "argument"),
    [
        (lambda a: special.gammainc(a, 1.0), "a"),
        (lambda a: special.gammaincc(a, 1.0), "a"),
        (lambda a: special.betainc(a, 1.0, 0.5), "a"),
        (lambda b: special.betainc(1.0, b, 0.5), "b"),
        (lambda x: special.zeta(x, 1.0), "x"),
    ],
)
def test_a_derivative_that_nobody_knows_is_refused(f: Function, argument: str) -> None:
    with pytest.raises(OperandError, match=f"no known derivative by {argument}; pass {argument} as a plain number"):
        tg.grad(f)(2.0)
    with pytest.raises(OperandError, match="no known derivative"):
        tg.jvp(f, (2.0,), (1.0,))
    assert tg.vmap(f)(np.array([2.0, 3.0])).shape == (2,)  # without a derivative it may


def test_without_scipy(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in sys.modules if name.partition(".")[0] == "scipy"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "scipy", None)
    with pytest.raises(ImportError):
        importlib.import_module("scipy.special")
    with pytest.raises(MissingExtraError, match=r'special\.j0 is computed by SciPy: pip install "tapegrad\[special\]"'):
        special.j0(1.0)
    with pytest.raises(MissingExtraError, match=r"special\.psi"):
        tg.grad(special.gammaln)(2.0)
    assert special.gammaln(3.0) == pytest.approx(math.log(2.0))
    assert special.erf(0.5) == math.erf(0.5)
    assert special.i0(0.5) == pytest.approx(1.0634833707413236)
    for name in ("expit", "logit", "log_expit", "entr", "ndtr"):
        assert tg.grad(ours(name))(0.3) == pytest.approx(
            (ours(name)(0.3 + 1e-6) - ours(name)(0.3 - 1e-6)) / 2e-6, rel=1e-6
        )


def test_scipys_own_functions_of_traced_values_are_these() -> None:
    check_grads(lambda x: scipys("expit")(x) * scipys("xlogy")(x, 2.0) + scipys("digamma")(x), (UP,))
    assert tg.grad(scipys("erf"))(0.3) == tg.grad(special.erf)(0.3)
    with pytest.raises(OperandError, match=r"^scipy\.special\.rgamma is not among"):
        tg.grad(scipys("rgamma"))(0.3)


def test_a_weighted_logsumexp_at_infinities() -> None:
    x = np.array([-math.inf, 2.0, -math.inf])
    assert special.logsumexp(x, b=np.ones(3)) == 2.0
    assert special.logsumexp(np.full(2, -math.inf), b=np.ones(2)) == -math.inf
    assert special.logsumexp(np.array([1.0, math.inf]), b=np.ones(2)) == math.inf
    assert math.isnan(special.logsumexp(np.zeros(2), b=np.array([1.0, -2.0])))
    np.testing.assert_array_equal(tg.grad(lambda x: special.logsumexp(x, b=np.ones(3)))(x), [0.0, 1.0, 0.0])
