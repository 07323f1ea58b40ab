"""All passes, one after the other."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final

from tapegrad.passes.common import common
from tapegrad.passes.dead import dead
from tapegrad.passes.fold import fold
from tapegrad.passes.rewritten import Rewritten
from tapegrad.passes.simplify import simplify
from tapegrad.trace import Trace

__all__ = ["PASSES", "shortened"]

PASSES: Final[Mapping[str, Callable[[Trace], Rewritten]]] = MappingProxyType(
    {"fold": fold, "simplify": simplify, "common": common, "dead": dead}
)
"""All of them, in the order of `shortened`."""


def shortened(trace: Trace) -> Rewritten:
    """The trace after all `PASSES`, in their order.

    Once is enough, since none makes work for one before it, or for itself: what is folded can be the 1 of an identity,
    what is simplified can make two records the same, and all of them leave records behind that are dead.

    >>> from tapegrad import passes, trace
    >>> traced = trace(lambda x: (x * 1.0 + 2.0) * (x + 6.0 / 3.0), 3.0)
    >>> passes.shortened(traced).trace.tape
    <Tape of 4 records: 1 input, 1 constant, 1 add, 1 multiply>
    """
    first, *others = PASSES.values()
    so_far = first(trace)
    for further in others:
        so_far = so_far.then(further(so_far.trace))
    return so_far
