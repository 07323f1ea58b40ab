"""The look that the pictures share: sizes, colours, text that fits, and files of the same bytes.

The colours are those of Okabe and Ito, which people with any colour vision can tell apart
(https://jfly.uni-koeln.de/color/); classes differ by their markers as well.
"""

from __future__ import annotations

import io
import textwrap
from bisect import bisect
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Literal

from tapegrad.errors import MissingExtraError

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = [
    "INK",
    "MARKERS",
    "PALE",
    "PALETTE",
    "blank",
    "colour",
    "look",
    "points_wide",
    "render",
    "require_matplotlib",
    "shortened",
    "single",
    "wrapped",
]

INK = "#333333"
PALE = "#BBBBBB"
PALETTE = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000", "#B8A900")
MARKERS = ("o", "s", "^", "D", "v", "P", "X", "*")
TITLE_SIZE = 12
STYLE: dict[str, object] = {
    "axes.axisbelow": True,
    "axes.edgecolor": INK,
    "axes.grid": False,
    "axes.labelcolor": INK,
    "axes.labelsize": 11,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.titlelocation": "left",
    "axes.titlesize": TITLE_SIZE,
    "figure.dpi": 150,
    "figure.titlesize": TITLE_SIZE,
    "font.family": ["DejaVu Sans"],
    "font.size": 10,
    "image.composite_image": False,  # many images on a page stay as sharp as one
    "legend.fontsize": 10,
    "legend.frameon": False,
    "svg.fonttype": "path",  # looks the same whatever fonts the reader has
    "svg.hashsalt": "tapegrad",  # element names that do not change from run to run
    "text.color": INK,
    "text.parse_math": False,  # a dollar in the name of a column is a dollar
    "xtick.color": INK,
    "ytick.color": INK,
}


def require_matplotlib() -> None:
    """Load matplotlib. Raises MissingExtraError where it is not installed."""
    try:
        import matplotlib.figure  # noqa: F401, PLC0415  # loaded when used: importing tapegrad stays fast
    except ImportError as error:
        msg = f'pictures need matplotlib ({error}); install it with: pip install "tapegrad[plot]"'
        raise MissingExtraError(msg) from None


# ---- figures ------------------------------------------------------------------------------------


def look() -> AbstractContextManager[None]:
    """The project's look, for as long as a figure is made or drawn; the user's settings come back after."""
    require_matplotlib()
    from matplotlib import style  # noqa: PLC0415  # loaded when used

    return style.context(["default", STYLE])


def blank(width: float, height: float, layout: Literal["constrained"] | None = "constrained") -> Figure:
    """An empty figure of this size in inches; no window is opened. To be asked within `look`, as the next."""
    from matplotlib.figure import Figure  # noqa: PLC0415  # loaded when used

    return Figure(figsize=(width, height), layout=layout)


def single(title: str, width: float, height: float) -> tuple[Figure, Axes]:
    """A figure of this size in inches, and its empty axes."""
    figure = blank(width, height)
    axes = figure.add_subplot()
    axes.set_title(wrapped(title, width - 1.0), pad=10)
    return figure, axes


def render(figure: Figure, form: Literal["png", "svg"]) -> bytes:
    """The figure as a file: the same bytes for the same figure."""
    buffer = io.BytesIO()
    with look():
        figure.savefig(buffer, format=form, metadata={"Date": None} if form == "svg" else {"Software": None})
    return buffer.getvalue()


def colour(one: int) -> str:
    """The colour of a class or a curve, counted from 0."""
    return PALETTE[one % len(PALETTE)]


# ---- text that fits -----------------------------------------------------------------------------


def points_wide(text: str, size: float) -> float:
    """How wide the text is in points, of which an inch has 72. To be asked within `look`."""
    from matplotlib.textpath import TextPath  # noqa: PLC0415  # loaded when used

    return float(TextPath((0.0, 0.0), text, size=size).get_extents().width) if text.strip() else 0.0


def shortened(text: str, size: float, points: float) -> str:
    """The text, or as much of its start as fits into so many points, and an ellipsis."""
    if points_wide(text, size) <= points:
        return text
    letters = bisect(range(1, len(text)), points, key=lambda count: points_wide(f"{text[:count]}…", size))
    return f"{text[:letters].rstrip()}…"


def wrapped(title: str, width: float) -> str:
    """The title in lines that fit into so many inches."""
    letters = int(width * 72.0 / (0.62 * TITLE_SIZE))  # a letter is on average so much narrower than high
    return "\n".join(textwrap.fill(line, letters) for line in title.split("\n"))
