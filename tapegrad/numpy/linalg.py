"""Linear algebra: NumPy's `numpy.linalg`, for traced arrays too."""

from __future__ import annotations

__all__: list[str] = []
