"""What a layer is: a frozen pair of pure functions, ``init`` and ``apply``.

    params, state = layer.init(key, x)
    out, state = layer.apply(params, state, x, training=True, key=key)

`x` is a batch, ``(batch, ...)``. Nothing is kept inside a layer: its parameters are a tree that the gradient is taken
by, its state, such as the running means of `batch_norm`, a tree that is handed on from call to call, and random numbers
come from the key of the call. Without ``training=True`` a network is evaluated: it needs no key, and its state stays.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Collection, Mapping
from typing import TYPE_CHECKING, NoReturn, Protocol, TypeAlias, cast

import attrs
import numpy as np
import numpy.typing as npt

from tapegrad.arrays import AnyArray
from tapegrad.errors import LayerError
from tapegrad.maps import shape_of
from tapegrad.random import Key
from tapegrad.variables import Array, ArrayVar, Var

__all__ = [
    "Apply", "Function", "Init", "Input", "Layer", "Params", "State", "Weights", "of_function", "of_weights",
    "require_shapes", "state_of", "weights_of", "within", "written",
]  # fmt: skip

Input: TypeAlias = npt.NDArray[np.generic] | ArrayVar
"""A batch, plain or traced: of floats, or of integers for an embedding."""

Weights: TypeAlias = Mapping[str, Array]
"""The parameters of a single layer, by name."""

Params: TypeAlias = Weights | tuple["Params", ...]
"""The parameters of a network: those of its layers, in order; ``()`` for a layer that has none."""

State: TypeAlias = Mapping[str, AnyArray] | tuple["State", ...]
"""What a network hands on from call to call besides its parameters, in the same form."""

Function: TypeAlias = Callable[[ArrayVar], object]
"""A plain function of a batch, such as ``nn.relu``, which stands for a layer without parameters."""


class Init(Protocol):
    """The parameters and the state of a layer, for batches of the shape and the dtype of `x`."""

    def __call__(self, key: Key, x: Input, /) -> tuple[Params, State]:
        """Make them, from random numbers of `key`. Raises LayerError for a batch that the layer cannot take."""


class Apply(Protocol):
    """What the layer makes of a batch, and its state afterwards."""

    def __call__(
        self, params: Params, state: State, x: Input, /, *, training: bool = False, key: Key | None = None
    ) -> tuple[Array, State]:
        """Compute it. Raises LayerError where the shapes do not fit, naming the layer and the shapes."""


@attrs.frozen(repr=False)
class Layer:
    """A part of a network, or all of it."""

    name: str  # as it is written: conv2d(16, 3)
    init: Init
    apply: Apply
    random: bool = False  # whether a call in training draws random numbers, and so needs a key
    parts: tuple[Layer, ...] = ()  # what it is composed of, in the order of its parameters
    side_by_side: bool = False  # whether each part takes what the whole takes, not what the part before gives

    def __repr__(self) -> str:
        return self.name

    if not TYPE_CHECKING:  # to a type checker a layer is no function

        def __call__(self, *_args: object, **_settings: object) -> NoReturn:
            """Raises LayerError: a layer holds no parameters that it could be called with."""
            msg = f"{self.name}: a layer holds no parameters; write out, state = layer.apply(params, state, x)"
            raise LayerError(msg)


def of_function(function: Function) -> Layer:
    """The layer of a plain function, which has neither parameters nor state."""
    name = getattr(function, "__name__", repr(function))

    def compute(weights: Weights, x: Var) -> object:
        del weights
        out = function(cast(ArrayVar, x))
        if not isinstance(out, (np.ndarray, np.generic, Var)):
            msg = (
                f"{name}: of a batch {shape_of(x)} it made a {type(out).__name__}; in a network functions return arrays"
            )
            raise LayerError(msg)
        return out

    return of_weights(name, (), lambda key, x: {}, compute)


def of_weights(
    name: str,
    names: Collection[str],
    make: Callable[[Key, Input], Weights],
    compute: Callable[[Weights, Var], object],
) -> Layer:
    """The layer ``compute(weights, x)``, which has no state and draws no random numbers.

    ``make(key, x)`` makes its weights, which have these names.
    """

    def init(key: Key, x: Input, /) -> tuple[Params, State]:
        return make(key, x) or (), ()

    def apply(
        params: Params, state: State, x: Input, /, *, training: bool = False, key: Key | None = None
    ) -> tuple[Array, State]:
        del training, key
        out = compute(weights_of(name, params, names), cast(Var, x))
        return cast(Array, out), state

    return Layer(name, init, apply)


def weights_of(name: str, params: Params, names: Collection[str]) -> Weights:
    """`params` as the weights of the layer called `name`. Raises LayerError if they are not those of it."""
    if type(params) is dict and params.keys() == set(names) and names:
        return params
    weights = params if isinstance(params, Mapping) else {}
    if set(weights) == set(names) and bool(params) == bool(names):
        return weights
    expected = f"the parameters {', '.join(names)}" if names else "no parameters"
    given = _described(params)
    msg = f"{name}: it has {expected}, and was given {given}; take the parameters that init made for this network"
    raise LayerError(msg)


def state_of(name: str, state: State, names: Collection[str]) -> Mapping[str, AnyArray]:
    """`state` as that of the layer called `name`. Raises LayerError if it is of another."""
    if isinstance(state, Mapping) and set(state) == set(names):
        return state
    given = _described(state)
    msg = f"{name}: its state is {', '.join(names)}, and it was given {given}; take the state that init made"
    raise LayerError(msg)


def _described(tree: object) -> str:
    """What was given for parameters or for a state."""
    if isinstance(tree, Mapping) and tree:
        return ", ".join(map(str, tree))
    return f"a tuple of {len(tree)}" if isinstance(tree, tuple) else f"{tree!r:.60}"


def require_shapes(name: str, weights: Weights, x: object, **expected: tuple[int, ...]) -> None:
    """Raises LayerError unless the weights that are there have the shapes expected for the batch `x`."""
    for parameter, shape in expected.items():
        if parameter in weights and shape_of(weights[parameter]) != shape:
            found = shape_of(weights[parameter])
            msg = (
                f"{name}: for a batch {shape_of(x)} its {parameter} has the shape {shape}, not {found}; "
                "take batches like the one that init was given"
            )
            raise LayerError(msg)


def written(function: Callable[..., Layer], *args: object, **settings: object) -> str:
    """The call that makes a layer, without the settings that are as they are by default: its name.

    >>> written(lambda features, bias=True: ..., 10, bias=False)
    '<lambda>(10, bias=False)'
    """
    parameters = inspect.signature(function).parameters
    said = [_shown(value) for value in args]
    said += [
        f"{setting}={_shown(value)}"
        for setting, value in settings.items()
        if _shown(value) != _shown(parameters[setting].default)
    ]
    return f"{function.__name__}({', '.join(said)})"


def _shown(value: object) -> str:
    """A setting as it is written; a function by its name."""
    return f"{getattr(value, '__name__', repr(value)):.60}"


class within:  # noqa: N801  # read as a word of a with statement
    """Say of an error of a layer where in a network the layer is: ``with within("layer 2 of 5"): ...``."""

    __slots__ = ("_place",)

    def __init__(self, place: str) -> None:
        self._place = place

    def __enter__(self) -> None:
        """Nothing is to be done."""

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, traceback: object) -> None:
        if isinstance(error, LayerError):
            msg = f"{self._place}: {error}"
            raise LayerError(msg) from None
        if isinstance(error, Exception):
            error.add_note(f"in {self._place}")
