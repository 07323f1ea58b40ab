"""Constant folding: what rests on no input is a constant."""

from __future__ import annotations

import numpy as np

from tapegrad.arrays import frozen
from tapegrad.columns import constant
from tapegrad.passes.rewritten import Rewritten, rewritten
from tapegrad.trace import Trace

__all__ = ["fold"]


def fold(trace: Trace) -> Rewritten:
    """The trace in which a record that rests on constants alone is a constant, with the value it has.

    Tracing computes with plain numbers and does not record it; what there is to fold rests on a constant that is
    traced. A guard among it can never have another outcome, and is a constant too. Several results together stay what
    they are, but each of them becomes a constant. Values and derivatives keep every bit: none is with respect to a
    constant.

    >>> from tapegrad import passes, trace
    >>> def f(x):
    ...     two = x.recording.variable(x.recording.constant(2.0))
    ...     return x * (two * two)
    >>> passes.fold(trace(f, 3.0)).trace.tape.constants()
    {1: 2.0, 2: 4.0}
    """
    columns = trace.tape.columns
    known: set[int] = set()
    folded: set[int] = set()
    for index in range(len(trace.tape)):
        inputs = columns.inputs(index)
        if columns.primitive(index) is constant:
            known.add(index)
        elif inputs and known.issuperset(inputs):
            known.add(index)
            if _can_be_kept(trace.arrays.get(index)):
                folded.add(index)
    return rewritten(trace, range(len(trace.tape)), folded)


def _can_be_kept(value: object) -> bool:
    """Whether a value can be that of a constant: a number, or an array that is laid out alike when it is kept.

    In another order of its elements a sum is rounded otherwise.
    """
    if isinstance(value, np.ndarray):
        return frozen(value).strides == value.strides
    return not isinstance(value, tuple)
