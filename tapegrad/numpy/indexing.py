"""Parts of arrays: chosen by conditions, taken by indices, put into copies."""

from __future__ import annotations

__all__: list[str] = []
