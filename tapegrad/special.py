"""Special functions of statistics and physics, under SciPy's names; those NumPy lacks need the extra ``special``."""

from __future__ import annotations

__all__: list[str] = []
