"""Fourier transforms: NumPy's `numpy.fft`, for traced arrays too."""

from __future__ import annotations

__all__: list[str] = []
