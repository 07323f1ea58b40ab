"""Common subexpressions: what is computed twice is computed once."""

from __future__ import annotations

import struct

import numpy as np

from tapegrad.arrays import AnyArray, FrozenArray, FrozenIndex
from tapegrad.kernels import INPUT
from tapegrad.passes.rewritten import Rewritten, rewritten
from tapegrad.trace import Trace

__all__ = ["common"]


def common(trace: Trace) -> Rewritten:
    """The trace in which a record that repeats an earlier one is that one.

    It repeats it if it is the same operation on the same operands, which may be repetitions themselves, with the same
    static facts. Constants and facts are the same if all their bits are: 0.0 is not -0.0, but nan is nan. An input is
    like no other, and so is a call of a function that has its own derivative, unless the very same call is kept.

    Values keep every bit. Derivatives are sums of the same terms, but where two records have become one the terms are
    added in another order, so that the sums may be rounded otherwise.

    >>> from tapegrad import passes, trace
    >>> passes.common(trace(lambda x, y: x * y + x * y, 2.0, 3.0)).trace.tape
    <Tape of 4 records: 2 input, 1 multiply, 1 add>
    """
    columns = trace.tape.columns
    firsts: dict[object, int] = {}
    becomes: list[int] = []
    for index in range(len(trace.tape)):
        if columns.codes[index] == INPUT:
            becomes.append(index)
            continue
        operands = tuple(becomes[i] for i in columns.inputs(index))
        key = (columns.primitive(index), operands, _bits(columns.params_at(index)))
        becomes.append(firsts.setdefault(key, index))
    return rewritten(trace, becomes)


def _bits(fact: object) -> object:
    """A key that two static facts share if they are the same to the bit; anything unknown is itself alone."""
    if isinstance(fact, tuple):
        return tuple(map(_bits, fact))
    if isinstance(fact, float):
        return ("float", struct.pack("d", fact))
    if isinstance(fact, FrozenArray):
        return _bits_of_array(fact.array)
    if isinstance(fact, FrozenIndex):
        return ("index", _bits(tuple(fact.parts())))
    if fact is None or fact is Ellipsis or isinstance(fact, (bool, int, str)):
        return (type(fact), fact)
    return ("object", id(fact))  # which the tape keeps alive


def _bits_of_array(array: AnyArray) -> object:
    """Its strides are among them: in another order of its elements a sum is rounded otherwise."""
    return (array.dtype.str, array.shape, array.strides, np.ascontiguousarray(array).tobytes())
