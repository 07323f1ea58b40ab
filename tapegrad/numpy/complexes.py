"""Real and imaginary parts."""

from __future__ import annotations

__all__: list[str] = []
