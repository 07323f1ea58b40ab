"""Isolines of values on a grid and the regions above them, cell by cell.

Marching squares: the values are taken for linear along the sides of a cell (Lorensen and Cline 1987, in the plane).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, TypeAlias

import attrs
import numpy as np
import numpy.typing as npt

from tapegrad.arrays import Floats

__all__ = ["Place", "Relief"]

Place: TypeAlias = tuple[float, float]
"""Across and upwards, in cells of the grid."""

STEEP: Final = 2.5
"""A cell whose corners differ so many times as much as those of the calmest cell beside it lies on a jump or a pole."""

Mask: TypeAlias = npt.NDArray[np.bool_]


@attrs.frozen(eq=False)
class Relief:
    """Values at the corners of cells, ``(across, upwards)``, and what is known of each cell."""

    values: Floats
    finite: Mask  # whether all four corners are
    torn: Mask  # whether it lies on a jump or a pole, and so is wholly what most of its corners are

    @classmethod
    def of(cls, values: Floats, jump: float = np.inf) -> Relief:
        """`jump` is the least difference of corners of a torn cell, which also dwarfs that of a cell beside it."""
        corners = np.stack([values[:-1, :-1], values[1:, :-1], values[1:, 1:], values[:-1, 1:]])
        finite: Mask = np.asarray(np.isfinite(corners).all(axis=0))
        with np.errstate(invalid="ignore"):
            spread = np.where(finite, corners.max(axis=0) - corners.min(axis=0), np.inf)
        around = np.pad(spread, 1, constant_values=np.inf)
        calmest = np.min([around[:-2, 1:-1], around[2:, 1:-1], around[1:-1, :-2], around[1:-1, 2:]], axis=0)
        return cls(values, finite, finite & (spread > jump) & (spread > STEEP * calmest))

    def above(self, level: float) -> tuple[Mask, list[tuple[int, int]]]:
        """The cells that are wholly at or above the level, and those through which it passes."""
        over = self.values >= level
        corners = np.stack([over[:-1, :-1], over[1:, :-1], over[1:, 1:], over[:-1, 1:]])
        count = corners.sum(axis=0)
        whole = np.where(self.torn, (count > 2) | ((count == 2) & corners[0]), count == 4) & self.finite
        mixed = (count > 0) & (count < 4) & self.finite & ~self.torn
        return whole, [(int(i), int(j)) for i, j in np.argwhere(mixed)]

    def outline(self, level: float, i: int, j: int) -> tuple[list[Place], list[int]]:
        """The part of a cell at or above the level, as a polygon; and which of its points are on the isoline."""
        corners = ((i, j), (i + 1, j), (i + 1, j + 1), (i, j + 1))
        heights = [float(self.values[corner]) - level for corner in corners]
        points: list[Place] = []
        crossings: list[int] = []
        for k in range(4):
            (a, b), (c, d) = corners[k], corners[k - 3]  # the next one around the cell
            here, there = heights[k], heights[k - 3]
            if here >= 0.0:
                points.append((a, b))
            if (here >= 0.0) != (there >= 0.0):
                share = here / (here - there)
                crossings.append(len(points))
                points.append((a + share * (c - a), b + share * (d - b)))
        return points, crossings

    def isoline(self, level: float) -> Iterator[tuple[Place, Place]]:
        """Its segments, cell by cell. Of a saddle they cut off the corners below the level.

        >>> list(Relief.of(np.array([[0.0, 0.0], [1.0, 1.0]]), 9.0).isoline(0.25))
        [((0.25, 1.0), (0.25, 0.0))]
        """
        for cell in self.above(level)[1]:
            points, crossings = self.outline(level, *cell)
            for one, other in zip(crossings, crossings[1:] + crossings[:1], strict=True):
                if other == (one + 1) % len(points):  # no corner at or above the level between them
                    yield points[one], points[other]
