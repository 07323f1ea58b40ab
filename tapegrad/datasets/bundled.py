"""The data sets that come with scikit-learn: small, real, and already on the disk.

    digits          1797 x (1, 8, 8)   handwritten digits, ten classes; grey from 0 to 1
    breast_cancer    569 x 30          tumours, malignant and benign
    wine             178 x 13          three growers
    iris             150 x 4           three species
    diabetes         442 x 10          how far the disease went in a year: a number from 25 to 346

The columns of the tables are as they were measured: `standardise` makes them fit for a network.
"""

from __future__ import annotations

import difflib
import importlib
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType, ModuleType
from typing import Final

from tapegrad.datasets.dataset import Dataset
from tapegrad.errors import DataError, MissingExtraError

__all__ = ["BUNDLED", "load"]

_BLACKEST: Final = 16.0  # a pixel of the digits counts the dots in a square of 4 x 4


def _digits(library: ModuleType) -> Dataset:
    bunch = library.load_digits()
    images = bunch.images[:, None] / _BLACKEST
    return Dataset("digits", images, bunch.target, _texts(bunch.target_names))


def _table(name: str) -> Callable[[ModuleType], Dataset]:
    def from_library(library: ModuleType) -> Dataset:
        bunch = getattr(library, f"load_{name}")()
        return Dataset(name, bunch.data, bunch.target, _texts(bunch.target_names), _texts(bunch.feature_names))

    return from_library


def _diabetes(library: ModuleType) -> Dataset:
    bunch = library.load_diabetes(scaled=False)  # scaled, the examples to test with would have had their say
    return Dataset("diabetes", bunch.data, bunch.target, features=_texts(bunch.feature_names))


def _texts(names: Sequence[object]) -> tuple[str, ...]:
    return tuple(map(str, names))


_LOADERS: Final[Mapping[str, Callable[[ModuleType], Dataset]]] = MappingProxyType({
    "digits": _digits,
    "breast_cancer": _table("breast_cancer"),
    "wine": _table("wine"),
    "iris": _table("iris"),
    "diabetes": _diabetes,
})  # fmt: skip

BUNDLED: Final = tuple(_LOADERS)


def load(name: str) -> Dataset:
    """The data set `name`, one of `BUNDLED`.

    Raises DataError for an unknown name, MissingExtraError where scikit-learn is not installed.
    """
    if name not in _LOADERS:
        near = difflib.get_close_matches(name.lower(), BUNDLED, n=1)
        hint = f"did you mean {near[0]}? " if near else ""
        msg = f"there is no bundled data set {name!r:.60}; {hint}choose one of {', '.join(BUNDLED)}"
        raise DataError(msg)
    try:
        library = importlib.import_module("sklearn.datasets")  # optional, and slow to load
    except ImportError as error:
        msg = f'{name} comes with scikit-learn ({error}); install it with: pip install "tapegrad[data]"'
        raise MissingExtraError(msg) from None
    return _LOADERS[name](library)
