"""Networks out of layers: one after the other, side by side, or around a shortcut.

    model = serial(conv2d(16, 3, padding="same"), relu, max_pool2d(2), flatten, dropout(0.5), linear(10))

Plain functions stand for layers without parameters. The parameters of what is composed are a tuple of those of its
parts; a key is parted among the layers that draw random numbers.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from types import FunctionType
from typing import TypeAlias, TypeGuard, cast

import tapegrad.numpy as tnp
from tapegrad.errors import LayerError
from tapegrad.maps import shape_of
from tapegrad.nn.layer import Function, Input, Layer, Params, State, of_function, within
from tapegrad.random import Key, fold_in, split
from tapegrad.variables import Array, ArrayVar

__all__ = ["Part", "parallel", "residual", "serial"]

Part: TypeAlias = Layer | Function
"""What networks are composed of."""


def serial(*parts: Part) -> Layer:
    """Each layer takes what the one before it gives. Without any, it gives what it takes."""
    layers = _layers(parts)
    name = f"serial({', '.join(layer.name for layer in layers)})"
    places = _places("layer", layers)

    def init(key: Key, x: Input, /) -> tuple[Params, State]:
        made = []
        for layer, its_key, place in zip(layers, split(key, len(layers)), places, strict=True):
            with place:
                params, state = layer.init(its_key, x)
                x, _ = layer.apply(params, state, x)
            made.append((params, state))
        return tuple(params for params, _ in made), tuple(state for _, state in made)

    def apply(
        params: Params, state: State, x: Input, /, *, training: bool = False, key: Key | None = None
    ) -> tuple[Array, State]:
        following = []
        for at, (layer, own, old) in enumerate(_each(name, layers, params, state)):
            with places[at]:
                x, new = layer.apply(own, old, x, training=training, key=_key_of(layer, key, at))
            following.append(new)
        return cast(Array, x), tuple(following)

    return Layer(name, init, apply, any(layer.random for layer in layers), layers)


def parallel(*parts: Part, axis: int = 1) -> Layer:
    """Each layer takes the same batch; what they give is joined along `axis`: that of features, or of channels."""
    layers = _layers(parts)
    name = f"parallel({', '.join(layer.name for layer in layers)})"
    places = _places("branch", layers)

    def init(key: Key, x: Input, /) -> tuple[Params, State]:
        made = []
        for layer, its_key, place in zip(layers, split(key, len(layers)), places, strict=True):
            with place:
                made.append(layer.init(its_key, x))
        return tuple(params for params, _ in made), tuple(state for _, state in made)

    def apply(
        params: Params, state: State, x: Input, /, *, training: bool = False, key: Key | None = None
    ) -> tuple[Array, State]:
        outputs, following = [], []
        for at, (layer, own, old) in enumerate(_each(name, layers, params, state)):
            with places[at]:
                out, new = layer.apply(own, old, x, training=training, key=_key_of(layer, key, at))
            outputs.append(out)
            following.append(new)
        return _joined(name, outputs, axis), tuple(following)

    return Layer(name, init, apply, any(layer.random for layer in layers), layers, side_by_side=True)


def residual(*parts: Part) -> Layer:
    """What the layers, one after the other, add to what they take: ``x + serial(*parts)(x)``."""
    inner = serial(*parts)
    name = f"residual{inner.name.removeprefix('serial')}"

    def apply(
        params: Params, state: State, x: Input, /, *, training: bool = False, key: Key | None = None
    ) -> tuple[Array, State]:
        with within("residual"):
            change, state = inner.apply(params, state, x, training=training, key=key)
        if shape_of(change) != shape_of(x):
            msg = f"{name}: the layers give {shape_of(change)} for {shape_of(x)}; the two must be alike to be added"
            raise LayerError(msg)
        return cast(Array, cast(ArrayVar, x) + change), state

    return Layer(name, inner.init, apply, inner.random, inner.parts)


def _layers(parts: Sequence[object]) -> tuple[Layer, ...]:
    layers = []
    for at, part in enumerate(parts):
        if isinstance(part, Layer):
            layers.append(part)
        elif _makes_layers(part):
            msg = f"part {at} of a network is the function {part.__name__}, which makes layers: {part.__name__}(...)"
            raise LayerError(msg)
        elif callable(part) and not isinstance(part, type):
            layers.append(of_function(part))
        else:
            msg = f"part {at} of a network is {part!r:.60}, which is neither a layer nor a function of a batch"
            raise LayerError(msg)
    return tuple(layers)


def _makes_layers(part: object) -> TypeGuard[FunctionType]:
    """Whether it is a function such as `linear`, by what it says that it returns."""
    return isinstance(part, FunctionType) and part.__annotations__.get("return") in (Layer, "Layer", "nn.Layer")


def _places(kind: str, layers: Sequence[Layer]) -> list[within]:
    """What to say of an error in each of the layers."""
    return [within(f"{kind} {at} of {len(layers)}") for at in range(len(layers))]


def _each(name: str, layers: Sequence[Layer], params: Params, state: State) -> Iterator[tuple[Layer, Params, State]]:
    """Each layer with its own parameters and state. Raises LayerError if they are not of this network."""
    for what, tree in (("parameters", params), ("state", state)):
        if not isinstance(tree, tuple) or len(tree) != len(layers):
            given = f"a tuple of {len(tree)}" if isinstance(tree, tuple) else f"{tree!r:.40}"
            msg = f"{name}: its {what} are a tuple of {len(layers)}, one for each layer, not {given}"
            raise LayerError(msg)
    return zip(layers, cast(tuple[Params, ...], params), cast(tuple[State, ...], state), strict=True)


def _key_of(layer: Layer, key: Key | None, at: int) -> Key | None:
    return None if key is None or not layer.random else fold_in(key, at)


def _joined(name: str, outputs: Sequence[Array], axis: int) -> Array:
    shapes = [shape_of(out) for out in outputs]
    others = {(*shape[:axis], *shape[axis:][1:]) for shape in shapes}
    if not outputs or len(others) > 1 or not -len(shapes[0]) <= axis < len(shapes[0]):
        msg = f"{name}: the branches give {', '.join(map(str, shapes))}, which do not join along axis {axis}"
        raise LayerError(msg)
    return tnp.concatenate(outputs, axis)
