"""Arrays put together, and taken apart."""

from __future__ import annotations

__all__: list[str] = []
