"""What an optimiser is: the pair ``(init, update)``, and the state that it hands from step to step."""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, Protocol, TypeVar, cast

import attrs

from tapegrad import tree
from tapegrad.errors import StructureError

__all__ = ["Init", "Optimiser", "OptimiserState", "Update", "apply_updates", "zip_leaves"]

P = TypeVar("P")
"""The parameters: any tree of numbers."""


@attrs.frozen
class OptimiserState(Generic[P]):
    """The memory of an optimiser: the number of steps taken, and averages shaped as the parameters."""

    count: int
    averages: tuple[P, ...]


class Init(Protocol):
    """The state before the first step."""

    def __call__(self, params: P, /) -> OptimiserState[P]:
        """Make it, for these parameters."""


class Update(Protocol):
    """One step: what to add to the parameters, and the next state."""

    def __call__(self, gradient: P, state: OptimiserState[P], params: P, /) -> tuple[P, OptimiserState[P]]:
        """Take it, without changing anything."""


@attrs.frozen
class Optimiser:
    """A pair of pure functions, as in optax.

    ``init(params) -> state`` and ``update(gradient, state, params) -> (updates, state)``. `update` raises
    StructureError if the gradient, or the state, does not have the structure of the parameters.
    """

    init: Init
    update: Update


def apply_updates(params: P, updates: P) -> P:
    """``params + updates``, leaf by leaf. Raises StructureError if their structures differ.

    >>> apply_updates({"w": 1.0}, {"w": -0.25})
    {'w': 0.75}
    """
    return zip_leaves(lambda w, change: w + change, params, updates=updates)


def zip_leaves(function: Callable[..., float], params: P, **others: object) -> P:
    """The tree of ``function(leaf, *leaves of the others)``, all of which have the structure of `params`.

    Raises StructureError that calls the odd one by its keyword.
    """
    leaves, structure = tree.flatten(params)
    columns = [leaves]
    for name, other in others.items():
        found, its_structure = tree.flatten(other)
        if its_structure != structure:
            msg = f"{name} has the structure {its_structure}, but the parameters have {structure}"
            raise StructureError(msg)
        columns.append(found)
    return cast(P, structure.unflatten(map(function, *columns)))
