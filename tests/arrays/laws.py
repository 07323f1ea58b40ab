"""What every function of arrays must obey, as one check of one row.

A row is a call: a function, and arguments at which it is smooth. `check_row` holds it against NumPy's own value,
central differences and the adjoint identity in both modes to second order, the shapes and dtypes of its arguments,
replays in lanes, and a second, traced, way through plain NumPy.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeAlias, cast

import attrs
import numpy as np
import numpy.typing as npt

import tapegrad as tg
import tapegrad.numpy as tnp
from tapegrad import tree
from tapegrad.testing import check_grads

__all__ = ["Row", "array", "check_row", "movement", "positive", "row"]

Function: TypeAlias = Callable[..., object]
Plain: TypeAlias = npt.NDArray[np.float64] | float


@attrs.frozen
class Row:
    """One call. `arguments` are what it is differentiated by; everything else is bound in `function`.

    `reference` is NumPy's (or SciPy's) function with the same bindings, for the value; None if there is none.
    """

    name: str
    function: Function
    arguments: tuple[object, ...]
    reference: Function | None = None
    order: int = 2
    lanes: bool = True  # check vmap as well
    tolerance: float = 1e-5
    float32: bool = True


def row(
    name: str,
    function: Function,
    *arguments: object,
    reference: Function | None = None,
    order: int = 2,
    lanes: bool = True,
    tolerance: float = 1e-5,
    float32: bool = True,
) -> Row:
    """A `Row`, with its arguments as they come."""
    return Row(name, function, arguments, reference, order, lanes, tolerance, float32)


def movement(name: str, function: Function, *arguments: object, lanes: bool = True) -> Row:
    """The row of a function that moves elements: ``function(m, x)``, in which `m` is `tapegrad.numpy` or `numpy`.

    Its elements are squared, so that a second derivative tells where they came from.
    """

    def squares(m: object) -> Function:
        return lambda *xs: tree.map_leaves(lambda leaf: cast(float, leaf) * cast(float, leaf), function(m, *xs))

    return row(name, squares(tnp), *arguments, reference=squares(np), lanes=lanes)


def array(*shape: int, seed: int = 0) -> npt.NDArray[np.float64]:
    """Numbers of about one, of either sign, no two alike and none near zero."""
    generator = np.random.default_rng([seed, *shape])
    size = int(np.prod(shape))
    spaced = generator.permutation(size) / max(size, 1) + 0.3
    numbers: npt.NDArray[np.float64] = spaced * generator.choice([-1.0, 1.0], size) + 0.01 * generator.uniform(
        size=size
    )
    return numbers.reshape(shape)


def positive(*shape: int, seed: int = 0) -> npt.NDArray[np.float64]:
    """As `array`, and positive."""
    return np.abs(array(*shape, seed=seed))


def check_row(case: Row) -> None:
    """Hold one row against every law. Raises AssertionError that says which."""
    arguments = case.arguments
    value = case.function(*arguments)
    if case.reference is not None:
        same(value, case.reference(*arguments), "NumPy's value")
        kinds(value, case.reference(*arguments))
    same(tg.trace(case.function, *arguments).output, value, "the traced value")
    check_grads(case.function, arguments, order=case.order, tolerance=case.tolerance)
    _check_forms(case, arguments)
    if case.float32:
        _check_forms(case, tree.map_leaves(_as_float32, arguments), tolerance=2e-3)
    if case.lanes:
        _check_lanes(case)


def same(found: object, expected: object, what: str, tolerance: float = 1e-10) -> None:
    """Trees of equal shapes and nearly equal numbers."""
    for x, y in zip(tree.leaves(found), tree.leaves(expected), strict=True):
        np.testing.assert_allclose(
            np.asarray(x), np.asarray(y), rtol=tolerance, atol=tolerance, err_msg=f"{what}: {found} is not {expected}"
        )
        assert np.shape(cast(Plain, x)) == np.shape(cast(Plain, y)), what


def kinds(found: object, expected: object) -> None:
    for x, y in zip(tree.leaves(found), tree.leaves(expected), strict=True):
        assert np.asarray(x).dtype == np.asarray(y).dtype, f"dtype {np.asarray(x).dtype}, not {np.asarray(y).dtype}"


def _as_float32(leaf: object) -> object:
    return leaf.astype(np.float32) if isinstance(leaf, np.ndarray) else leaf


def _check_forms(case: Row, arguments: tuple[object, ...], tolerance: float = 1e-10) -> None:
    """A gradient has the shape and dtype of its argument, and both modes agree on it."""
    out, pullback = tg.vjp(case.function, *arguments)
    g = tree.map_leaves(lambda leaf: np.ones_like(leaf) if isinstance(leaf, np.ndarray) else 1.0, out)
    cotangents = pullback(g)
    for x, cotangent in zip(tree.leaves(arguments), tree.leaves(cotangents), strict=True):
        assert type(x) is type(cotangent), f"{type(cotangent)} for {type(x)}"
        assert np.shape(cast(Plain, x)) == np.shape(cast(Plain, cotangent)), "the shape of a gradient"
        assert np.asarray(x).dtype == np.asarray(cotangent).dtype, "the dtype of a gradient"
    gradients = tg.grad(lambda *xs: _sum(case.function(*xs)), tuple(range(len(arguments))))(*arguments)
    same(gradients, cotangents, "the gradient of the sum", tolerance)
    tangents = tree.map_leaves(lambda leaf: np.ones_like(leaf) if isinstance(leaf, np.ndarray) else 1.0, arguments)
    moved = tg.jvp(case.function, arguments, cast(Sequence[object], tangents))[1]
    for x, t in zip(tree.leaves(out), tree.leaves(moved), strict=True):
        assert np.shape(cast(Plain, x)) == np.shape(cast(Plain, t)), "the shape of a tangent"
        assert np.asarray(x).dtype == np.asarray(t).dtype, "the dtype of a tangent"
    np.testing.assert_allclose(_total(moved), _total(cotangents), rtol=tolerance, atol=tolerance)


def _total(values: object) -> float:
    return float(sum(np.sum(np.asarray(leaf, np.float64)) for leaf in tree.leaves(values)))


def _sum(values: object) -> tg.Scalar:
    parts = [tnp.sum(cast(tg.Var, leaf)) for leaf in tree.leaves(values)]
    return cast(tg.Scalar, sum(parts[1:], start=parts[0]))


def _check_lanes(case: Row) -> None:
    """`vmap` gives what a loop over lanes gives, values and gradients."""
    lanes = [tree.map_leaves(lambda leaf, s=scale: leaf * s, case.arguments) for scale in (1.0, 1.01, 0.98)]
    stacked = tuple(
        tree.map_leaves(lambda *leaves: np.stack([np.asarray(leaf) for leaf in leaves]), first, *rest)
        for first, *rest in zip(*lanes, strict=True)
    )

    def slopes(*xs: object) -> object:
        out, pullback = tg.vjp(case.function, *xs)
        return out, pullback(tree.map_leaves(lambda leaf: leaf * 0.0 + 1.0, out))

    each = [slopes(*cast(Sequence[object], lane)) for lane in lanes]
    expected = tree.map_leaves(lambda *leaves: np.stack([np.asarray(leaf) for leaf in leaves]), each[0], *each[1:])
    same(tg.vmap(slopes)(*stacked), expected, "vmap")
