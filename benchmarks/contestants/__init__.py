"""By whom: one small module for each contestant, which alone imports the library it is named after.

Each has a ``CONTESTANT``: the library used as its own documentation uses it, floats in and floats out.
What a person does once (importing, compiling, making a tape object) happens outside the clock; recording,
sweeping backwards and reading the results happen inside, for all alike.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import cast

import attrs

from benchmarks.program import Differentiated, Program

__all__ = ["BASELINE", "PEERS", "Contestant", "load"]


@attrs.frozen
class Contestant:
    """A way to obtain value and gradient of any `Program`."""

    name: str
    version: str
    use: str
    differentiate: Callable[[Program], Differentiated]
    most: int = 100_000
    """Operations of the largest program it is given: where it needs minutes for more, it gets less."""


BASELINE = "tapegrad"
PEERS = ("object_graph", "micrograd", "xad", "autograd", "torch", "jax", "jax_jit")


def load(name: str) -> Contestant:
    """The contestant of that name. Raises ImportError if its library is not installed."""
    module = importlib.import_module(f"benchmarks.contestants.{name}")
    return cast(Contestant, module.CONTESTANT)
