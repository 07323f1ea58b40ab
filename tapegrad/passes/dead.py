"""Dead code: what neither an output nor a branch of the program rests on."""

from __future__ import annotations

from tapegrad.kernels import INPUT
from tapegrad.passes.rewritten import Rewritten, is_guard, rewritten
from tapegrad.trace import Trace

__all__ = ["dead"]


def dead(trace: Trace) -> Rewritten:
    """The trace without the records that nobody needs.

    Needed are the inputs, which are the program's arguments; the outputs; the guards, that is the comparisons of
    numbers (``greater``, ``equal`` ...) and the looks at the elements of an array (``observed``), since the tape is the
    program only where they have the outcome they had; and what any of these reads. Values and derivatives keep every
    bit: no cotangent reaches what is dropped.

    >>> from tapegrad import passes, trace
    >>> traced = trace(lambda x: (x * x, x + 1.0)[0], 3.0)
    >>> len(traced.tape), len(passes.dead(traced).trace.tape)
    (4, 2)
    """
    columns = trace.tape.columns
    needed = set(trace.outputs)
    for index in range(len(trace.tape) - 1, -1, -1):
        if columns.codes[index] == INPUT or is_guard(columns.primitive(index)):
            needed.add(index)
        if index in needed:
            needed.update(columns.inputs(index))
    return rewritten(trace, [index if index in needed else None for index in range(len(trace.tape))])
