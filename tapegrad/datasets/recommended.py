"""How each data set is best learned, as far as has been found out."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

import attrs

__all__ = ["RECOMMENDED", "Settings"]


@attrs.frozen
class Settings:
    """How a network is made and trained. In a network for images `hidden` comes behind its convolutions."""

    hidden: tuple[int, ...] = (10, 10)  # the units of each hidden layer
    optimiser: str = "sgd"  # the name of a function of `tapegrad.optim`
    rate: float = 0.5
    batch_size: int = 10
    epochs: int = 500


_IMAGES: Final = Settings(hidden=(64,), optimiser="adam", rate=0.002, batch_size=64, epochs=30)
_TABLE: Final = Settings(hidden=(10,), optimiser="adam", rate=0.01, batch_size=16, epochs=60)

RECOMMENDED: Final[Mapping[str, Settings]] = MappingProxyType({
    **dict.fromkeys(("simple", "diag", "split", "xor", "circle"), Settings()),
    "spiral": Settings(hidden=(20, 20), optimiser="adam", rate=0.01),
    "digits": _IMAGES,
    "mnist": attrs.evolve(_IMAGES, epochs=3),
    "fashion_mnist": attrs.evolve(_IMAGES, epochs=5),
    **dict.fromkeys(("breast_cancer", "wine", "iris", "diabetes"), _TABLE),
})  # fmt: skip
"""For each data set, settings with which `tapegrad train` learns it. The spiral, whose arms wind around each other,
takes wider layers, and steps that adapt to each parameter."""
