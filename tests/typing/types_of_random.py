"""What the checker knows about random numbers: no shape gives a number, a shape an array. See tests/test_types.py."""

from __future__ import annotations

from typing import reveal_type

import numpy as np
import numpy.typing as npt

from tapegrad.random import Key, bernoulli, normal, randint, uniform


def numbers(key: Key) -> None:
    reveal_type(uniform(key))  # R: float
    reveal_type(normal(key, ()))  # R: float
    reveal_type(bernoulli(key, 0.5))  # R: bool
    reveal_type(randint(key, 0, 9))  # R: int


def arrays(key: Key, shape: tuple[int, ...]) -> None:
    reveal_type(uniform(key, (2, 3)))  # R: NDArray[float64]
    reveal_type(normal(key, shape))  # R: NDArray[float64]
    reveal_type(bernoulli(key, 0.5, shape))  # R: NDArray[bool]


def shapes_of_arrays(key: Key, x: npt.NDArray[np.float64]) -> None:
    reveal_type(uniform(key, x.shape, -1.0, 1.0))  # R: NDArray[float64]
    reveal_type(normal(key, x.shape))  # R: NDArray[float64]
    reveal_type(normal(key, x.shape[1:]))  # R: NDArray[float64]
    reveal_type(bernoulli(key, 0.5, x.shape))  # R: NDArray[bool]
