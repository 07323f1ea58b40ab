"""Pictures of a training: its curves, what the network gets right and wrong, and what it sees.

Each function takes plain numbers and arrays and returns a figure; `render` gives its bytes, the same for the
same numbers. matplotlib is loaded when the first figure is made, and drawn without a screen.
"""

from __future__ import annotations

from tapegrad.view.plots.boundary import Guesses, Plane, Point, decision_boundary, frame, plane
from tapegrad.view.plots.curves import Curves, learning_curve
from tapegrad.view.plots.images import misclassified, samples
from tapegrad.view.plots.layers import feature_maps, filters
from tapegrad.view.plots.predictions import confusion_matrix, predicted_against_true
from tapegrad.view.plots.style import render, require_matplotlib

__all__ = [
    "Curves",
    "Guesses",
    "Plane",
    "Point",
    "confusion_matrix",
    "decision_boundary",
    "feature_maps",
    "filters",
    "frame",
    "learning_curve",
    "misclassified",
    "plane",
    "predicted_against_true",
    "render",
    "require_matplotlib",
    "samples",
]
