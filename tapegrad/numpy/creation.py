"""New arrays, and lists of traced values as arrays."""

from __future__ import annotations

__all__: list[str] = []
