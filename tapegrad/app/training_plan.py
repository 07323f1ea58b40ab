"""What a visitor of the training page asks for: read from the texts of the controls, within what a server can bear."""

from __future__ import annotations

import math
from importlib.util import find_spec
from typing import Final

import attrs

from tapegrad import datasets, jobs
from tapegrad.courses import Course, begun
from tapegrad.datasets import RECOMMENDED, Settings
from tapegrad.errors import SettingError
from tapegrad.jobs import OPTIMISERS

__all__ = [
    "DATA", "MOST_BATCH", "MOST_EPOCHS", "MOST_POINTS", "MOST_RATE", "Plan", "begin", "checked", "described", "listed",
    "whole_numbers",
]  # fmt: skip

HAS_BUNDLED: Final = find_spec("sklearn") is not None
DATA: Final = (*datasets.NAMES, *(datasets.BUNDLED if HAS_BUNDLED else ()))
MOST_POINTS: Final = 2000
MOST_LAYERS: Final = 6
MOST_UNITS: Final = 128
MOST_BATCH: Final = 2000
MOST_EPOCHS: Final = 5000
MOST_RATE: Final = 1e6  # so that a training can be seen to diverge
MOST_SEEDS: Final = 4


@attrs.frozen
class Plan:
    """The trainings that stand side by side: they differ in their seeds alone."""

    data: str
    points: int  # of a data set in the plane; the others have their own
    settings: Settings
    seeds: tuple[int, ...]


def whole_numbers(text: str, what: str, low: int, high: int, most: int) -> tuple[int, ...]:
    """The numbers in ``8, 8``. Raises SettingError for what is none, out of bounds, or too many.

    >>> whole_numbers("8, 8", "hidden units", 1, 128, 6)
    (8, 8)
    """
    words = [word.strip() for word in text.replace(";", ",").split(",")]
    words = words[:-1] if len(words) > 1 and not words[-1] else words  # a comma may end it
    for word in words:
        if not (word.isascii() and word.isdigit() and len(word) <= 20 and low <= int(word) <= high):
            msg = f"{what}: {word!r:.40} is not a whole number from {low} to {high}; write for example {low}, {low + 1}"
            raise SettingError(msg)
    if len(words) > most:
        msg = f"{what}: {len(words)} numbers are more than this page takes; give at most {most}"
        raise SettingError(msg)
    return tuple(int(word) for word in words)


def listed(numbers: tuple[int, ...]) -> str:
    """As a person writes them: ``8, 8``."""
    return ", ".join(map(str, numbers))


def checked(data: str, points: int, settings: tuple[str, str, float, int, int], seeds: str) -> Plan:
    """The plan; `settings` are the hidden units as text, the optimiser, its rate, the batch size and the epochs.

    Raises SettingError for the first that cannot be.
    """
    hidden, optimiser, rate, batch_size, epochs = settings
    if data not in DATA or optimiser not in OPTIMISERS:
        msg = f"there is no data set {data!r:.40} with optimiser {optimiser!r:.40} here; choose both from the lists"
        raise SettingError(msg)
    for what, number, most in (
        ("points", points, MOST_POINTS),
        ("batch size", batch_size, MOST_BATCH),
        ("epochs", epochs, MOST_EPOCHS),
    ):
        if not 1 <= number <= most:
            msg = f"{what}: {number} is not from 1 to {most}, which is what this page takes"
            raise SettingError(msg)
    if not (math.isfinite(rate) and 0.0 < rate <= MOST_RATE):
        msg = f"rate: {rate} is not a positive number up to {MOST_RATE:g}; write for example {RECOMMENDED[data].rate}"
        raise SettingError(msg)
    chosen = whole_numbers(seeds, "seeds", 0, 2**63, MOST_SEEDS)
    if len(set(chosen)) < len(chosen):
        msg = f"seeds: {listed(chosen)} has one twice, which would give the same training twice; leave it out"
        raise SettingError(msg)
    # No number at all is a network without hidden layers, which draws one straight line.
    units = whole_numbers(hidden, "hidden units", 1, MOST_UNITS, MOST_LAYERS) if hidden.strip() else ()
    return Plan(data, points, Settings(units, optimiser, rate, batch_size, epochs), chosen)


def begin(plan: Plan) -> tuple[Course, ...]:
    """A course for every seed, before its first step."""
    if plan.data in datasets.NAMES:
        return tuple(begun(jobs.from_points(plan.data, plan.points, seed, plan.settings)) for seed in plan.seeds)
    return tuple(begun(jobs.from_bundled(plan.data, seed, plan.settings)) for seed in plan.seeds)


def described(plan: Plan) -> str:
    """The plan in a line."""
    points = f"{plan.points} points, " if plan.data in datasets.NAMES else ""
    settings = plan.settings
    hidden = listed(settings.hidden) or "none"
    return (
        f"{plan.data}, {points}hidden {hidden}, {settings.optimiser} at {settings.rate:g}, "
        f"batches of {settings.batch_size}, {settings.epochs} epochs, seed {listed(plan.seeds)}"
    )
