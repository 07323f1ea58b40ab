"""The same elements in other places: repeated, flipped, rolled, padded, along diagonals."""

from __future__ import annotations

__all__: list[str] = []
