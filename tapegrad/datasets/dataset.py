"""What all data sets are: arrays of inputs and labels that nobody can change, with the names that belong to them."""

from __future__ import annotations

from collections.abc import Iterable

import attrs
import numpy as np

from tapegrad.arrays import AnyArray, Floats, frozen, is_array
from tapegrad.errors import DataError

__all__ = ["Dataset"]


def _read_only(x: AnyArray) -> AnyArray:
    return frozen(x) if is_array(x) else x  # what is no array is refused below, by name


def _names(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(names)


def _summary(x: AnyArray) -> str:
    return f"{x.dtype}[{','.join(map(str, x.shape))}]"


@attrs.frozen
class Dataset:
    """Examples to learn from: what goes into a network, and what shall come out.

    It is a tree with two leaves, `inputs` and `labels`: `tapegrad.tree` maps over it and `batches` cuts it. Two are
    equal if their names and numbers are.

    Raises DataError, naming the data set, for inputs that are not finite floats, for no examples, for different
    numbers of inputs and labels, for labels that are not classes, or not finite floats where there are no classes, and
    for another number of feature names than of columns.
    """

    name: str = attrs.field(metadata={"static": True})
    inputs: Floats = attrs.field(converter=_read_only, eq=attrs.cmp_using(eq=np.array_equal), repr=_summary)
    """``(examples, ...)``; images are ``(examples, channels, height, width)``."""
    labels: AnyArray = attrs.field(converter=_read_only, eq=attrs.cmp_using(eq=np.array_equal), repr=_summary)
    """``(examples,)``: the class of each, counted from 0; or the number to be predicted."""
    classes: tuple[str, ...] = attrs.field(default=(), converter=_names, metadata={"static": True})
    """Their names; empty where a number is to be predicted."""
    features: tuple[str, ...] = attrs.field(default=(), converter=_names, metadata={"static": True})
    """The names of the columns of a table."""

    def __len__(self) -> int:
        """The number of examples."""
        return len(self.inputs)

    def __attrs_post_init__(self) -> None:
        fault = (
            _fault_of_inputs(self.inputs)
            or _fault_of_labels(self.labels, self.classes)
            or _fault_of_sizes(self.inputs, self.labels, self.features)
        )
        if fault:
            raise DataError(f"{self.name}: {fault}")


def _fault_of_inputs(inputs: object) -> str:
    if not is_array(inputs):
        return f"the inputs are a {type(inputs).__name__}, not an array; write np.array(inputs)"
    if inputs.dtype.kind != "f":
        return f"the inputs are of {inputs.dtype}, which has no derivative; write inputs.astype(float)"
    if inputs.ndim == 0 or len(inputs) == 0:
        return f"there are no examples in inputs of shape {inputs.shape}; the first axis counts them"
    if not np.isfinite(inputs).all():
        at = tuple(np.argwhere(~np.isfinite(inputs))[0].tolist())
        return f"inputs[{', '.join(map(str, at))}] is {inputs[at]}; correct it, or leave the example out"
    return ""


def _fault_of_labels(labels: object, classes: tuple[str, ...]) -> str:
    if not is_array(labels):
        return f"the labels are a {type(labels).__name__}, not an array; write np.array(labels)"
    if labels.ndim != 1:
        return f"the labels are of shape {labels.shape}; there is one for each example: (examples,)"
    if not classes:
        if labels.dtype.kind != "f":
            return (
                f"the labels are of {labels.dtype}; name the classes, or write labels.astype(float) to predict numbers"
            )
        wrong, cure = ~np.isfinite(labels), "correct it, or leave the example out"
    else:
        if labels.dtype.kind not in "iu":
            return f"the labels are of {labels.dtype}; a class is an integer: write labels.astype(int)"
        wrong, cure = (labels < 0) | (labels >= len(classes)), f"the {len(classes)} classes count from 0"
    if wrong.any():
        at = int(np.argmax(wrong))
        return f"labels[{at}] is {labels[at]}; {cure}"
    return ""


def _fault_of_sizes(inputs: Floats, labels: AnyArray, features: tuple[str, ...]) -> str:
    if len(inputs) != len(labels):
        return f"there are {len(inputs)} inputs and {len(labels)} labels; every input has one label"
    if features and inputs.shape[1:] != (len(features),):
        return f"there are {len(features)} feature names for inputs of shape {inputs.shape}; name every column, or none"
    return ""
