"""What there is to minimise: losses of a batch, from what a network makes of it and what it should be.

    loss = cross_entropy(logits, labels)

``reduction`` says what becomes of the losses of the single elements: their ``"mean"``, which is the default, their
``"sum"``, or ``"none"``, which leaves them in an array. Nothing broadcasts: predictions and targets have one shape.
All take single numbers as well. The entropies work on logits and never on probabilities, so they and their
derivatives are accurate for logits of any size.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Mapping, Sequence
from typing import Literal, Protocol, TypeAlias, cast, overload

import numpy as np
import numpy.typing as npt

import tapegrad.numpy as tnp
from tapegrad.arrays import AnyArray
from tapegrad.errors import DataError, LayerError, SettingError
from tapegrad.maps import shape_of
from tapegrad.numpy.signatures import ArrayLike, operand
from tapegrad.primitive import concrete
from tapegrad.variables import Array, ArrayVar, Scalar, Var

__all__ = ["Labels", "Loss", "Reduction", "binary_cross_entropy", "cross_entropy", "huber", "mae", "mse"]

Reduction: TypeAlias = Literal["mean", "sum", "none"]
"""What becomes of the losses of single elements."""

Integers: TypeAlias = npt.NDArray[np.integer]

Labels: TypeAlias = AnyArray | ArrayVar | Sequence[int] | int
"""Classes, as integers from 0 on: that they are integers is looked at when they are used."""


class Loss(Protocol):
    """A loss of predictions and targets of one shape."""

    @overload
    def __call__(
        self, predictions: ArrayLike, targets: ArrayLike, *, reduction: Literal["mean", "sum"] = "mean"
    ) -> Scalar: ...
    @overload
    def __call__(self, predictions: ArrayLike, targets: ArrayLike, *, reduction: Literal["none"]) -> Array: ...
    @overload
    def __call__(self, predictions: ArrayLike, targets: ArrayLike, *, reduction: Reduction) -> Array | Scalar: ...


def _of_each(each: Callable[[Var, Var], Var]) -> Loss:
    """The loss that is ``each(predictions, targets)``, element by element."""

    @functools.wraps(each)
    def loss(predictions: ArrayLike, targets: ArrayLike, *, reduction: Reduction = "mean") -> object:
        return _reduced(each(*_alike(each.__name__, predictions, targets)), reduction)

    return cast(Loss, loss)


# ---- numbers ------------------------------------------------------------------------------------


@_of_each
def mse(predictions: Var, targets: Var) -> Var:
    """The squared error, (prediction - target)^2. Any shape.

    >>> mse(3.0, 1.0)
    4.0
    """
    return tnp.square(predictions - targets)


@_of_each
def mae(predictions: Var, targets: Var) -> Var:
    """The absolute error, abs(prediction - target), with derivative 0 where it is 0. Any shape."""
    return tnp.abs(predictions - targets)


@overload
def huber(
    predictions: ArrayLike, targets: ArrayLike, delta: float = 1.0, *, reduction: Literal["mean", "sum"] = "mean"
) -> Scalar: ...
@overload
def huber(predictions: ArrayLike, targets: ArrayLike, delta: float = 1.0, *, reduction: Literal["none"]) -> Array: ...
def huber(
    predictions: ArrayLike, targets: ArrayLike, delta: float = 1.0, *, reduction: Reduction = "mean"
) -> Array | Scalar:
    """Half of the squared error e up to an error of `delta`, from there on the line delta (abs(e) - delta / 2).

    Any shape. (Huber 1964.) Raises SettingError for a `delta` that is not positive.
    """
    if not 0.0 < delta < math.inf:
        msg = f"huber: delta, the error from which the loss is a line, is a positive number, not {delta!r}"
        raise SettingError(msg)
    x, y = _alike("huber", predictions, targets)
    error = x - y
    limited = tnp.clip(error, -delta, delta)
    return _reduced(limited * (error - 0.5 * limited), reduction)


# ---- classes ------------------------------------------------------------------------------------


@_of_each
def binary_cross_entropy(logits: Var, targets: Var) -> Var:
    """-log of the probability given to the target, where that of 1 is sigmoid(logit). Any shape.

    It is softplus(-logit) for target 1 and softplus(logit) for target 0; a target in between is the probability of 1,
    and the loss the mean of the two. Raises DataError for a target that is none.

    >>> round(binary_cross_entropy(0.0, 1), 6)
    0.693147
    """
    plain = np.asarray(concrete(targets))
    inside = (plain >= 0.0) & (plain <= 1.0)
    if not inside.all():
        msg = f"binary_cross_entropy: a target is 0, 1 or a probability in between, not {_first(plain, ~inside)}"
        raise DataError(msg)
    is_traced = concrete(targets) is not targets
    if is_traced or not ((plain == 0.0) | (plain == 1.0)).all():
        return targets * tnp.softplus(-logits) + (1.0 - targets) * tnp.softplus(logits)
    if not plain.shape:
        return tnp.softplus(-logits if plain else logits)
    return tnp.softplus(logits * (1.0 - 2.0 * targets))


@overload
def cross_entropy(
    logits: ArrayLike, labels: Labels, smoothing: float = 0.0, *, reduction: Literal["mean", "sum"] = "mean"
) -> Scalar: ...
@overload
def cross_entropy(
    logits: ArrayLike, labels: Labels, smoothing: float = 0.0, *, reduction: Literal["none"]
) -> Array: ...
def cross_entropy(
    logits: ArrayLike, labels: Labels, smoothing: float = 0.0, *, reduction: Reduction = "mean"
) -> Array | Scalar:
    """-log of the probability given to the label, where those of the classes are softmax(logits).

    ``(..., classes), (...) -> ()``: labels are integers from 0 on, and the classes are the last axis of the logits
    (with torch they are axis 1). With `smoothing` s that share of the probability is spread over all classes: the
    target is 1 - s + s / classes for the label, s / classes for the others (Szegedy et al. 2016).

    Raises SettingError for a `smoothing` that is not ``0 <= s < 1``, LayerError for shapes that do not fit, DataError
    for an empty batch or a label that is no class.

    >>> float(round(cross_entropy([[1.0, 1.0, 1.0]], [2]), 6))
    1.098612
    """
    _refuse_pair("cross_entropy", logits)
    if not _is_share(smoothing):
        msg = f"cross_entropy: smoothing is the share of the probability that is spread, 0 <= s < 1, not {smoothing!r}"
        raise SettingError(msg)
    scores = operand(logits)
    chosen = operand(np.asarray(labels) if not isinstance(labels, Var) else labels)
    _require_classes(shape_of(scores), cast(Integers, np.asarray(concrete(chosen))))
    logarithms = tnp.log_softmax(scores)
    # Of an array this costs as little as the softmax; a sum at indices, as its transpose would be, takes longer.
    is_label = cast(ArrayVar, chosen)[..., None] == np.arange(shape_of(scores)[-1])
    losses = -tnp.sum(tnp.where(is_label, logarithms, 0.0), axis=-1)
    if smoothing:
        spread = -tnp.mean(logarithms, axis=-1)
        losses = (1.0 - smoothing) * losses + smoothing * spread
    return _reduced(losses, reduction)


# ---- checks, and what becomes of the elements ---------------------------------------------------


def _is_share(x: object) -> bool:
    return isinstance(x, (float, int, np.floating)) and bool(0.0 <= x < 1.0)


def _reduced(losses: Var, reduction: Reduction) -> Array | Scalar:
    """Their mean, their sum, or they themselves. Raises SettingError for another reduction."""
    if reduction not in ("mean", "sum", "none"):
        msg = f"a reduction of losses is 'mean', 'sum' or 'none', not {reduction!r:.60}"
        raise SettingError(msg)
    if reduction == "none" or not shape_of(losses):
        return losses
    return tnp.mean(losses) if reduction == "mean" else tnp.sum(losses)


def _refuse_pair(name: str, predictions: object) -> None:
    """Raise LayerError for what `apply` returns, which is forgotten easily to be a pair."""
    if not isinstance(predictions, tuple) or len(predictions) != 2:
        return
    out, state = predictions
    if isinstance(out, (np.ndarray, Var)) and isinstance(state, (tuple, Mapping)):
        msg = f"{name}: it was given the pair that apply returns; write out, state = model.apply(params, state, x)"
        raise LayerError(msg)


def _alike(name: str, predictions: ArrayLike, targets: ArrayLike) -> tuple[Var, Var]:
    """Both, of one shape and, unless the targets are traced, of one kind. Raises LayerError or DataError if not."""
    _refuse_pair(name, predictions)
    x, y = operand(predictions), operand(targets)
    shapes = shape_of(x), shape_of(y)
    if shapes[0] != shapes[1]:
        msg = (
            f"{name}: predictions of shape {shapes[0]} and targets of shape {shapes[1]} must have one shape, which one "
            "of them is to be reshaped to: they would broadcast to pairs of an example and another's target"
        )
        raise LayerError(msg)
    if math.prod(shapes[0]) == 0:
        msg = f"{name}: there is no mean of no losses: the batch has the shape {shapes[0]}"
        raise DataError(msg)
    given: object = y
    if isinstance(given, np.ndarray) and given.dtype != x.dtype:
        y = cast(Var, given.astype(x.dtype))
    return x, y


def _require_classes(shape: tuple[int, ...], labels: Integers) -> None:
    """Check that there is one label for each row of logits of `shape`, and that it is one of the classes."""
    if len(shape) < 1 or shape[:-1] != labels.shape:
        msg = (
            f"cross_entropy: logits of shape {shape} and labels of shape {labels.shape} do not fit: they are "
            f"(..., classes) and (...), with the classes along the last axis{_cure(shape, labels)}"
        )
        raise LayerError(msg)
    classes = shape[-1]
    if classes < 2:
        msg = (
            f"cross_entropy: logits of shape {shape} have {classes} classes, and two are the least; "
            "binary_cross_entropy takes one logit for two classes"
        )
        raise LayerError(msg)
    if labels.size == 0:
        msg = f"cross_entropy: there is no mean of no losses: the labels have the shape {labels.shape}"
        raise DataError(msg)
    if labels.dtype.kind not in "iu":
        msg = (
            f"cross_entropy: labels are integers from 0 to {classes - 1}, not of {labels.dtype}; "
            "write labels.astype(int)"
        )
        raise DataError(msg)
    outside = (labels < 0) | (labels >= classes)
    if outside.any():
        msg = (
            f"cross_entropy: a label of {classes} classes lies between 0 and {classes - 1}, "
            f"not {_first(labels, outside)}"
        )
        raise DataError(msg)


def _cure(shape: tuple[int, ...], labels: Integers) -> str:
    if shape == labels.shape:
        return "; of labels that are one-hot take labels.argmax(axis=-1)"
    if len(shape) > len(labels.shape) + 1:
        return "; is there an nn.flatten before the last linear?"
    return ""


def _first(values: AnyArray, wrong: npt.NDArray[np.bool_]) -> str:
    """The first of the values that are wrong, and where it is."""
    if not values.shape:
        return str(values)
    at = tuple(np.argwhere(wrong)[0].tolist())
    return f"{values[at]} at [{', '.join(map(str, at))}]"
