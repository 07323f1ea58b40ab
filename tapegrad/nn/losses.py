"""What there is to minimise: losses of one example, from the outputs of a network.

The two entropies work on logits and never on probabilities, so they and their derivatives are accurate
for outputs of any size.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import tapegrad.numpy as tnp
from tapegrad.errors import DataError, StructureError
from tapegrad.functional import reduce
from tapegrad.variables import Scalar

__all__ = ["binary_cross_entropy", "softmax_cross_entropy", "squared_error"]


def binary_cross_entropy(logit: Scalar, label: int) -> Scalar:
    """-log of the probability given to `label`, 0 or 1, where that of 1 is sigmoid(logit).

    It is softplus(-logit) for label 1 and softplus(logit) for label 0. Raises DataError for another label.

    >>> round(binary_cross_entropy(0.0, 1), 6)
    0.693147
    """
    if label not in (0, 1):
        msg = f"a label of two classes is 0 or 1, not {label!r:.60}"
        raise DataError(msg)
    return tnp.softplus(-logit if label else logit)


def softmax_cross_entropy(logits: Sequence[Scalar], label: int) -> Scalar:
    """-log of the probability given to class `label`, where those of all classes are softmax(logits).

    With d_j = z_j - z_label it is log(1 + sum of exp(d_j) over the other classes j): the softplus of their
    logsumexp. (classes) -> ()

    Raises StructureError for fewer than two logits, DataError for a label that has no logit.

    >>> round(softmax_cross_entropy((1.0, 1.0, 1.0), 2), 6)
    1.098612
    """
    if len(logits) < 2:
        msg = f"softmax_cross_entropy needs a logit for each of two classes or more, not {len(logits)}"
        raise StructureError(msg)
    if not 0 <= label < len(logits):
        msg = f"a label of {len(logits)} classes lies between 0 and {len(logits) - 1}, not {label!r:.60}"
        raise DataError(msg)
    add_logs: Callable[[Scalar, Scalar], Scalar] = tnp.logaddexp
    first, *rest = (logit - logits[label] for j, logit in enumerate(logits) if j != label)
    return tnp.softplus(reduce(add_logs)(first)(rest))


def squared_error(output: Scalar, target: float) -> Scalar:
    """(output - target)^2.

    >>> squared_error(3.0, 1.0)
    4.0
    """
    return tnp.square(output - target)
