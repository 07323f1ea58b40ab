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


_IMAGES: Final = Settings(hidden=(128,), optimiser="adam", rate=0.002, batch_size=32, epochs=40)
_TABLE: Final = Settings(hidden=(10,), optimiser="adam", rate=0.005, batch_size=16, epochs=20)

RECOMMENDED: Final[Mapping[str, Settings]] = MappingProxyType({
    **dict.fromkeys(("simple", "diag", "split", "xor", "circle"), Settings()),
    "spiral": Settings(hidden=(20, 20), optimiser="adam", rate=0.02),
    "digits": _IMAGES,
    "mnist": attrs.evolve(_IMAGES, batch_size=64, epochs=3),
    "fashion_mnist": attrs.evolve(_IMAGES, batch_size=64, epochs=5),
    **dict.fromkeys(("breast_cancer", "wine", "diabetes"), _TABLE),
    "iris": attrs.evolve(_TABLE, epochs=60),
})  # fmt: skip
"""For each data set, settings with which `tapegrad train` learns it. The spiral, whose arms wind around each other,
takes wider layers, and steps that adapt to each parameter."""
