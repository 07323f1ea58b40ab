"""Pictures: of a tape (steps, drawing, svg, html, dot, table), its rules, arrays (strides), trainings (plots, film)."""

from tapegrad.view.strides import broadcast, strides

__all__ = ["broadcast", "strides"]
