"""Averages, deviations, medians, and running sums."""

from __future__ import annotations

__all__: list[str] = []
