"""The door for new operations: declare one, and every mode and engine knows it.

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
"""

from __future__ import annotations

from tapegrad.elementwise import Elementwise, Nary, chain, elementwise
from tapegrad.primitive import Primitive, lookup
from tapegrad.testing import check_grads

__all__ = ["Elementwise", "Nary", "Primitive", "chain", "check_rule", "elementwise", "lookup"]


def check_rule(operation: Nary, *operands: float, order: int = 2) -> None:
    """Hold a declaration against central differences at a point, in both modes, to the given order.

    Raises RuleError if a position is missing, and AssertionError, naming the mode and the numbers, if a
    derivative is wrong.
    """
    operation.partials(operation(*operands), operands)
    check_grads(operation, operands, order=order)
