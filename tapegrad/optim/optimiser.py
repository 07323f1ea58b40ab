"""What an optimiser is: the pair ``(init, update)``, the state that goes from step to step, and how pairs are chained.

An *update* is what is to be added to the parameters. A *transformation* of gradients is the same pair, but what it
returns is still a gradient, to be given to the next in a chain; the optimiser at its end makes updates of it.

>>> halve = Transformation(*leafwise((), lambda step, gradients: lambda g, w: (0.5 * g,)))
>>> descend = Optimiser(*leafwise((), lambda step, gradients: lambda g, w: (-0.1 * g,)))
>>> optimiser = chain(halve, descend)
>>> updates, state = optimiser.update({"w": 8.0}, optimiser.init({"w": 1.0}), {"w": 1.0})
>>> updates, state.count
({'w': -0.4}, 1)
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Generic, Protocol, TypeAlias, TypeVar, cast, overload

import attrs

from tapegrad import tree
from tapegrad.arrays import quiet
from tapegrad.errors import SettingError, StructureError
from tapegrad.maps import zeros_like
from tapegrad.optim.leaves import Leaf, aligned, like

__all__ = [
    "Init", "LeafRule", "Optimiser", "OptimiserState", "Rule", "Transformation", "Update", "apply_updates", "chain",
    "leafwise", "require_optimiser",
]  # fmt: skip

P = TypeVar("P")
"""The parameters: any tree of floats and arrays."""


# ---- the pair -----------------------------------------------------------------------------------


@attrs.frozen
class OptimiserState(Generic[P]):
    """The memory of an optimiser: the number of steps taken, and averages of the form of the parameters, by name.

    A chain has no averages of its own, but the memories of its `parts`.
    """

    count: int
    averages: dict[str, P]
    parts: tuple[OptimiserState[P], ...] = ()


class Init(Protocol):
    """The state before the first step."""

    def __call__(self, params: P, /) -> OptimiserState[P]:
        """Make it, for these parameters."""


class Update(Protocol):
    """One step: what becomes of a gradient, and the next state."""

    def __call__(self, gradient: P, state: OptimiserState[P], params: P, /) -> tuple[P, OptimiserState[P]]:
        """Take it, without changing anything."""


@attrs.frozen
class Transformation:
    """A pair of pure functions, as in optax: what is done to gradients before they are followed.

    ``init(params) -> state`` and ``update(gradient, state, params) -> (gradient, state)``. Every leaf of the result has
    the shape and the dtype of the parameter. `update` raises StructureError if the gradient or the state is not
    of the form of the parameters, or the state is of another optimiser; both functions raise IntegerArgumentError
    or ArgumentTypeError for a parameter that is not made of floats.
    """

    init: Init
    update: Update


@attrs.frozen
class Optimiser(Transformation):
    """A transformation whose results are updates, to be added to the parameters by `apply_updates`."""


def require_optimiser(given: object) -> None:
    """Raise SettingError for what is none, as a function that makes some, or a chain that ends in a gradient."""
    if not isinstance(given, Optimiser):
        msg = f"an optimiser is needed, such as sgd(0.1), or a chain that ends in one, not {_called(given)}"
        raise SettingError(msg)


def _called(given: object) -> str:
    name = getattr(given, "__name__", None)
    return f"the function {name}, which is to be called" if name else f"{given!r:.60}"


@quiet
def apply_updates(params: P, updates: P) -> P:
    """``params + updates``, leaf by leaf. Raises StructureError if their structures or shapes differ.

    >>> apply_updates({"w": 1.0}, {"w": -0.25})
    {'w': 0.75}
    """
    (weights, changes), structure = aligned(params, {"updates": updates})
    moved = [like(w, w + change) for w, change in zip(weights, changes, strict=True)]
    return cast(P, structure.unflatten(moved))


# ---- chains -------------------------------------------------------------------------------------


@overload
def chain(*steps: *tuple[*tuple[Transformation, ...], Optimiser]) -> Optimiser: ...
@overload
def chain(*steps: Transformation) -> Transformation: ...
def chain(*steps: Transformation) -> Transformation:  # type: ignore[misc]  # mypy takes what is unpacked for one argument
    """One transformation that applies `steps` in turn; an `Optimiser` if the last of them is one.

    Raises SettingError if an optimiser stands before the end: what it returns is no gradient any more; or for a step
    that is no transformation.
    """
    for step in steps:
        _require_transformation(step)
    for step in steps[:-1]:
        if isinstance(step, Optimiser):
            msg = "an optimiser ends a chain: what follows it would take its updates for a gradient; put it last"
            raise SettingError(msg)

    def init(params: P) -> OptimiserState[P]:
        return OptimiserState(0, {}, tuple([step.init(params) for step in steps]))

    def update(gradient: P, state: OptimiserState[P], params: P) -> tuple[P, OptimiserState[P]]:
        _require_own(state, (), len(steps))
        parts: list[OptimiserState[P]] = []
        for step, part in zip(steps, state.parts, strict=True):
            gradient, after = step.update(gradient, part, params)
            parts.append(after)
        return gradient, OptimiserState(state.count + 1, {}, tuple(parts))

    ends_in_updates = bool(steps) and isinstance(steps[-1], Optimiser)
    return Optimiser(init, update) if ends_in_updates else Transformation(init, update)


def _require_transformation(step: object) -> None:
    if not isinstance(step, Transformation):
        msg = f"a chain is made of transformations, chain(clip_by_value(1.0), sgd(0.1)), not of {_called(step)}"
        raise SettingError(msg)


# ---- pairs that are made of a rule for leaves ---------------------------------------------------

LeafRule: TypeAlias = Callable[..., tuple[Leaf, ...]]
"""``(gradient, parameter, *averages) -> (what becomes of the gradient, *averages)``, each a leaf of one shape."""

Rule: TypeAlias = Callable[[int, Sequence[Leaf]], LeafRule]
"""What a step does to each leaf, by its number, counted from 0, and all leaves of the gradient."""


def leafwise(averages: tuple[str, ...], rule: Rule) -> tuple[Init, Update]:
    """The pair that goes by `rule` at every leaf and keeps the running averages of these names, zero at first."""

    def init(params: P) -> OptimiserState[P]:
        aligned(params, {})
        return OptimiserState(0, {name: tree.map_leaves(zeros_like, params) for name in averages})

    @quiet
    def update(gradient: P, state: OptimiserState[P], params: P) -> tuple[P, OptimiserState[P]]:
        _require_own(state, averages, 0)
        kept = {f"the average {name!r} of the state": state.averages[name] for name in averages}
        (weights, gradients, *columns), structure = aligned(params, {"gradient": gradient, **kept})
        at_leaf = rule(state.count, gradients)
        after: list[list[Leaf]] = [[] for _ in ("updates", *averages)]
        for weight, g, *others in zip(weights, gradients, *columns, strict=True):
            for column, x in zip(after, at_leaf(like(weight, g), weight, *others), strict=True):
                column.append(like(weight, x))
        updates, *moved = [cast(P, structure.unflatten(column)) for column in after]
        return updates, OptimiserState(state.count + 1, dict(zip(averages, moved, strict=True)))

    return init, update


def _require_own(state: object, averages: tuple[str, ...], parts: int) -> None:
    """Raise StructureError for what is not a state, or is one of an optimiser that keeps other things."""
    if not isinstance(state, OptimiserState):
        found = f"it is {state!r:.60}"
    elif state.averages.keys() == set(averages) and len(state.parts) == parts:
        return
    else:
        found = f"it holds {_contents(tuple(state.averages), len(state.parts))}"
    msg = (
        f"the state is of another optimiser: {found}, not {_contents(averages, parts)}; "
        "begin with optimiser.init(params)"
    )
    raise StructureError(msg)


def _contents(averages: tuple[str, ...], parts: int) -> str:
    if parts:
        return f"the states of {parts} parts"
    return f"the averages {', '.join(averages)}" if averages else "no averages"
