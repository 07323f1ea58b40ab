"""Images of a data set with their classes: examples, and those that a network gets wrong."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt

from tapegrad.errors import DataError
from tapegrad.view.plots.checks import class_numbers, numeric, pictures
from tapegrad.view.plots.grid import CAPTION_SIZE, Section, page, tidy, tile_width
from tapegrad.view.plots.style import look, points_wide

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["misclassified", "samples"]

MOST: Final = 24
"""So many images a page holds at most."""


def samples(title: str, images: npt.ArrayLike, labels: npt.ArrayLike, classes: Sequence[str]) -> Figure:
    """Examples of a data set with the names of their classes: the first 24 of those given.

    images: ``(n, height, width)`` or ``(n, 1 or 3, height, width)``, brightest where largest;
    labels: ``(n,)``, classes counted from 0. Raises DataError for other shapes.
    """
    drawn = pictures("images", images)
    count = len(drawn)
    names = [classes[label] for label in class_numbers("labels", labels, count, len(classes))][:MOST]
    if not count:
        return page(title, "there are no images", [])
    note = f"the first {MOST} of {count}" if count > MOST else ""
    return page(title, note, [Section(drawn[:MOST], names, tidy(len(names)))])


def misclassified(
    title: str,
    images: npt.ArrayLike,
    labels: npt.ArrayLike,
    predicted: npt.ArrayLike,
    probabilities: npt.ArrayLike,
    classes: Sequence[str],
    total: int,
) -> Figure:
    """The images that were given a wrong class, as "true → predicted (probability)": the 24 it was surest of.

    images: ``(n, height, width)`` or ``(n, 1 or 3, height, width)``; labels, predicted: ``(n,)``, classes
    counted from 0; probabilities: ``(n, classes)``; total: how many images were examined. Those that were
    given their class are left out, so that the images may be the wrong ones or all. Raises DataError for
    other shapes.
    """
    drawn = pictures("images", images)
    count = len(drawn)
    true = class_numbers("labels", labels, count, len(classes))
    given = class_numbers("predicted", predicted, count, len(classes))
    sure = numeric("probabilities", probabilities)
    if sure.shape != (count, len(classes)):
        msg = f"probabilities are (n, classes), here {(count, len(classes))}, not {sure.shape}"
        raise DataError(msg)
    sure = sure[np.arange(count), given]
    wrong = np.flatnonzero(true != given)
    if not wrong.size:
        return page(title, f"misclassified: none of {total} images", [])
    shown = wrong[np.argsort(-sure[wrong], kind="stable")][:MOST]
    columns = tidy(len(shown))
    captions = _captions([(classes[true[at]], classes[given[at]], float(sure[at])) for at in shown], columns)
    note = f"misclassified: {wrong.size} of {total} images"
    if wrong.size > MOST:
        note += f"; here are the {MOST} with the highest probability"
    return page(title, note, [Section(drawn[shown], captions, columns)])


def _captions(mistakes: Sequence[tuple[str, str, float]], columns: int) -> list[str]:
    """A line for each, or where one would be too long, three."""
    lines = [f"{true} → {given} ({share:.0%})".replace("%", " %") for true, given, share in mistakes]
    with look():
        widest = max(points_wide(line, CAPTION_SIZE) for line in lines)
    if widest <= 72.0 * tile_width(columns):
        return lines
    return [f"{true}\n→ {given}\n({share:.0%})".replace("%)", " %)") for true, given, share in mistakes]
