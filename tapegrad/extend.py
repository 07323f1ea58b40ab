"""The door for new operations: declare one, and every mode and engine knows it.

Of numbers, and of arrays element by element:

>>> import tapegrad as tg
>>> from tapegrad.extend import check_rule, elementwise
>>> import tapegrad.numpy as tnp
>>> import math
>>> gaussian = elementwise(
...     "doctest_gaussian",
...     lambda x: math.exp(-x * x),
...     lambda out, x: {0: -2.0 * x * out},
... )
>>> tg.grad(gaussian)(0.0), tg.grad(tg.grad(gaussian))(0.0)
(0.0, -2.0)
>>> check_rule(gaussian, 0.7)

Of whole arrays there are four kinds. A linear map of one operand states its transpose. Static facts are parameters
by keyword; axes are counted from the end, so that the lanes of `vmap` can come first:

>>> import numpy as np
>>> from tapegrad.extend import General, Joint, Linear, Multilinear
>>> roll = Linear(
...     "doctest_roll",
...     lambda x, by: np.roll(x, by, axis=-1),
...     lambda g, x, by: roll(g, by=-by),
...     {"by": int},
... )
>>> tg.grad(lambda x: roll(x, by=1) @ np.array([1.0, 2.0, 3.0]))(np.zeros(3))
array([2., 3., 1.])
>>> check_rule(roll, np.arange(3.0), by=1)

A map that is linear in all operands together states a transpose that answers for each of them:

>>> butterfly = Joint(
...     "doctest_butterfly",
...     lambda x, y: np.concatenate((x + y, x - y), axis=-1),
...     lambda g, xy: (g[..., :2] + g[..., 2:], g[..., :2] - g[..., 2:]),
... )
>>> check_rule(butterfly, np.array([1.0, 2.0]), np.array([3.0, 5.0]))

A map that is linear in each operand while the others stand still states one transpose for each:

>>> weighted = Multilinear(
...     "doctest_weighted",
...     lambda w, x: np.sum(w * x, axis=-1),
...     (lambda g, w, x: tnp.expand_dims(g, -1) * x, lambda g, w, x: tnp.expand_dims(g, -1) * w),
... )
>>> tg.grad(weighted, (0, 1))(np.array([1.0, 2.0]), np.array([3.0, 5.0]))
(array([3., 5.]), array([1., 2.]))
>>> check_rule(weighted, np.array([1.0, 2.0]), np.array([3.0, 5.0]))

Of any other the tangent of the value is written out, from those tangents that are not zero; reverse mode is found
from it:

>>> unit = General(
...     "doctest_unit",
...     1,
...     lambda x: x / np.sqrt(np.sum(x * x, axis=-1, keepdims=True)),
...     lambda ts, out, x: (
...         (ts[0] - out * tnp.sum(out * ts[0], axis=-1, keepdims=True))
...         / tnp.sqrt(tnp.sum(x * x, axis=-1, keepdims=True))
...     ),
... )
>>> tg.jacobian(unit)(np.array([3.0, 4.0]))
array([[ 0.128, -0.096],
       [-0.096,  0.072]])
>>> check_rule(unit, np.array([3.0, 4.0]))
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from tapegrad import tree
from tapegrad.elementwise import Elementwise, Nary, chain, elementwise
from tapegrad.maps import General, Joint, Linear, Multilinear
from tapegrad.primitive import Primitive, lookup
from tapegrad.testing import check_grads
from tapegrad.typing import Static
from tapegrad.vmap import vmap

__all__ = [
    "Elementwise", "General", "Joint", "Linear", "Multilinear", "Nary", "Primitive", "chain", "check_rule",
    "elementwise", "lookup",
]  # fmt: skip


def check_rule(
    operation: Primitive, *operands: float | npt.NDArray[np.float64], order: int = 2, **facts: Static
) -> None:
    """Hold a declaration against central differences at a point, in both modes, to the given order.

    Then hold it against itself in the lanes of `vmap`. Raises RuleError if a position is missing, and
    AssertionError, naming the mode and the numbers, if a derivative is wrong.
    """
    if isinstance(operation, Elementwise):
        operation.partials(operation.evaluate(operands, ()), operands)

    def call(*xs: object) -> object:
        return operation.evaluate(xs, tuple(facts.items()))

    check_grads(call, operands, order=order)
    expected = call(*operands)
    found = vmap(call)(*[np.stack([x, x]) for x in operands])
    for lanes, value in zip(tree.leaves(found), tree.leaves(expected), strict=True):
        twice = np.stack([np.asarray(value)] * 2)
        if np.shape(np.asarray(lanes)) != twice.shape or not np.allclose(np.asarray(lanes), twice, equal_nan=True):
            msg = f"in lanes: two that are alike give {lanes!r}, one alone gives {value!r}"
            raise AssertionError(msg)
