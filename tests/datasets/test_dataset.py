"""A data set is a value of arrays; what cannot be learned from is refused by name."""

from __future__ import annotations

import attrs
import numpy as np
import pytest

from tapegrad import tree
from tapegrad.arrays import AnyArray, Floats
from tapegrad.datasets import Dataset
from tapegrad.errors import DataError

INPUTS = np.arange(6.0).reshape(3, 2)
CLASSES = np.array([0, 1, 1])
NUMBERS = np.array([0.5, -1.0, 2.0])


def test_a_data_set_is_a_value_that_nobody_can_change() -> None:
    inputs, labels = INPUTS.copy(), CLASSES.copy()
    data = Dataset("toy", inputs, labels, ("no", "yes"), ("x", "y"))
    inputs[0, 0] = 7.0
    labels[0] = 1
    assert data == Dataset("toy", INPUTS, CLASSES, ("no", "yes"), ("x", "y"))
    assert data != attrs.evolve(data, inputs=inputs)
    assert data != attrs.evolve(data, labels=labels)
    with pytest.raises(ValueError, match="read-only"):
        data.inputs[0, 0] = 1.0
    with pytest.raises(ValueError, match="read-only"):
        data.labels[0] = 1
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        data.name = "other"  # type: ignore[misc]  # what is tested
    assert len(data) == 3
    assert repr(data) == (
        "Dataset(name='toy', inputs=float64[3,2], labels=int64[3], classes=('no', 'yes'), features=('x', 'y'))"
    )


def test_arrays_that_cannot_be_written_to_are_not_copied() -> None:
    inputs = INPUTS.copy()
    inputs.flags.writeable = False
    assert Dataset("toy", inputs, NUMBERS).inputs is inputs


def test_a_data_set_is_a_tree_of_two_arrays() -> None:
    data = Dataset("toy", INPUTS, CLASSES, ("no", "yes"))
    assert tree.leaf_names(data, "data") == ["data.inputs", "data.labels"]
    last = tree.map_leaves(lambda x: x[2:], data)
    assert last == Dataset("toy", INPUTS[2:], CLASSES[2:], ("no", "yes"))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_dtype_of_the_inputs_is_kept(dtype: type[np.floating]) -> None:
    assert Dataset("toy", INPUTS.astype(dtype), NUMBERS).inputs.dtype == dtype


@pytest.mark.parametrize(
    ("inputs", "labels", "message"),
    [
        ([[1.0], [2.0], [3.0]], NUMBERS, r"the inputs are a list, not an array; write np\.array\(inputs\)"),
        (INPUTS.astype(int), NUMBERS, r"inputs are of int64, .* write inputs\.astype\(float\)"),
        (INPUTS.astype(complex), NUMBERS, "inputs are of complex128"),
        (np.float64(1.0), NUMBERS, "inputs are a float64, not an array"),
        (np.array(1.0), NUMBERS, r"no examples in inputs of shape \(\)"),
        (np.zeros((0, 2)), np.zeros(0), r"no examples in inputs of shape \(0, 2\)"),
        (np.array([[0.0, 1.0], [2.0, np.nan]]), NUMBERS[:2], r"inputs\[1, 1\] is nan; correct it"),
        (np.array([-np.inf]), NUMBERS[:1], r"inputs\[0\] is -inf"),
        (INPUTS, [1.0, 2.0, 3.0], "the labels are a list"),
        (INPUTS, NUMBERS[:, None], r"labels are of shape \(3, 1\)"),
        (INPUTS, NUMBERS[:2], "3 inputs and 2 labels"),
        (INPUTS, CLASSES, r"labels are of int64; name the classes, or write labels\.astype\(float\)"),
        (INPUTS, np.array([0.0, np.inf, 1.0]), r"labels\[1\] is inf"),
    ],
)
def test_numbers_that_cannot_be_predicted_are_refused(inputs: Floats, labels: AnyArray, message: str) -> None:
    with pytest.raises(DataError, match=f"^toy: .*{message}"):
        Dataset("toy", inputs, labels)


@pytest.mark.parametrize(
    ("labels", "features", "message"),
    [
        (NUMBERS, (), r"labels are of float64; a class is an integer: write labels\.astype\(int\)"),
        (np.array([True, False, True]), (), "labels are of bool"),
        (np.array([0, 2, 1]), (), r"labels\[1\] is 2; the 2 classes count from 0"),
        (np.array([0, 1, -1]), (), r"labels\[2\] is -1"),
        (CLASSES, ("x",), r"1 feature names for inputs of shape \(3, 2\)"),
    ],
)
def test_labels_that_are_no_classes_are_refused(labels: AnyArray, features: tuple[str, ...], message: str) -> None:
    with pytest.raises(DataError, match=f"^toy: .*{message}"):
        Dataset("toy", INPUTS, labels, ("no", "yes"), features)


def test_images_have_no_feature_names() -> None:
    with pytest.raises(DataError, match=r"2 feature names for inputs of shape \(3, 1, 2\)"):
        Dataset("toy", INPUTS[:, None], NUMBERS, features=("x", "y"))
