"""What is held out of a training, and inputs of one size: the statistics come from the training examples alone."""

from __future__ import annotations

import attrs
import numpy as np
import numpy.typing as npt

from tapegrad.arrays import Floats
from tapegrad.datasets.dataset import Dataset
from tapegrad.errors import DataError, SettingError
from tapegrad.random import Key, order

__all__ = ["Scaler", "split", "standardise"]


def split(data: Dataset, key: Key, test: float = 0.25) -> tuple[Dataset, Dataset]:
    """A training set and a test set, drawn by `key`; in both the examples keep their order.

    `test` is the share of the examples that is held out. So is it of the examples of every class, to within one.

    Raises SettingError for a share that is not between 0 and 1, DataError if one of the two sets would be empty.
    """
    if not 0.0 < test < 1.0:
        msg = f"the share of examples to test with lies between 0 and 1, and {test!r} does not; for example 0.25"
        raise SettingError(msg)
    shuffled = order(key, len(data))
    if data.classes:
        shuffled = shuffled[np.argsort(data.labels[shuffled], kind="stable")]
    # Systematic sampling: going through the classes one after another, an example is taken whenever the
    # share of those gone by has grown by a whole example.
    due = np.floor(np.arange(len(data) + 1) * test + 0.5)
    held_out = np.zeros(len(data), dtype=np.bool_)
    held_out[shuffled] = np.diff(due) > 0.0
    count = int(held_out.sum())
    if count in {0, len(data)}:
        kinds = "test" if count == 0 else "train"
        msg = f"{data.name}: a share of {test} of {len(data)} examples leaves none to {kinds} with; take another share"
        raise DataError(msg)
    return _chosen(data, ~held_out), _chosen(data, held_out)


def _chosen(data: Dataset, mask: npt.NDArray[np.bool_]) -> Dataset:
    return attrs.evolve(data, inputs=data.inputs[mask], labels=data.labels[mask])


@attrs.frozen
class Scaler:
    """Brings numbers to mean 0 and standard deviation 1: ``(x - mean) / scale``, each column by its own."""

    mean: Floats
    scale: Floats

    @classmethod
    def of(cls, x: Floats) -> Scaler:
        """That of the columns of ``(examples, ...)``: inputs, or numbers to be predicted. A constant becomes 0.

        Raises DataError for numbers so large that their squares are none.
        """
        is_constant = (x == x[0]).all(axis=0)
        with np.errstate(over="ignore", invalid="ignore"):
            mean = np.where(is_constant, x[0], x.mean(axis=0, dtype=np.float64))  # whose rounding would be left
            deviation = x.std(axis=0, dtype=np.float64)
        if not np.isfinite(deviation).all():
            msg = f"numbers up to {np.abs(x).max():.3g} are too large to be standardised; divide them by a power of ten"
            raise DataError(msg)
        scale = np.where(is_constant | (deviation == 0.0), 1.0, deviation)  # 0 where squares vanish
        return cls(mean.astype(x.dtype), scale.astype(x.dtype))

    def standardise(self, x: Floats) -> Floats:
        """From the unit of the columns to the network's: any number of examples, or one."""
        return (x - self.mean) / self.scale

    def restore(self, z: Floats) -> Floats:
        """From the network's unit to that of the columns."""
        return self.mean + self.scale * z


def standardise(train: Dataset, test: Dataset) -> tuple[Dataset, Dataset]:
    """Both sets with the inputs of `train` at mean 0 and deviation 1: `test` has no say in how.

    Raises what `Scaler.of` raises.
    """
    scaler = Scaler.of(train.inputs)
    return (
        attrs.evolve(train, inputs=scaler.standardise(train.inputs)),
        attrs.evolve(test, inputs=scaler.standardise(test.inputs)),
    )
