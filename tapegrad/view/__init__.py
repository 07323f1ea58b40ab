"""Pictures: of a tape (steps, drawing, svg, html, dot, table), its rules, arrays (strides, broadcasting), trainings."""

from tapegrad.view.broadcasting import broadcast
from tapegrad.view.strides import strides

__all__ = ["broadcast", "strides"]
