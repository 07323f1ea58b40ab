"""tapegrad without its compiled core: the same sources, interpreted."""

from __future__ import annotations

import attrs

import tapegrad as tg
from benchmarks.contestants import ENVIRONMENT, INTERPRETED, tapegrad

__all__ = ["CONTESTANT"]

if tg.compiled:
    msg = f"the interpreted core needs a process that was started with {dict(ENVIRONMENT[INTERPRETED])}"
    raise ImportError(msg)

CONTESTANT = attrs.evolve(tapegrad.CONTESTANT, name="tapegrad, interpreted")
