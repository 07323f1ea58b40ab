import re
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Literal
from xml.etree import ElementTree

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib.contour import ContourSet

from tapegrad.arrays import Floats
from tapegrad.errors import MissingExtraError
from tapegrad.view import plots

if TYPE_CHECKING:
    from matplotlib.figure import Figure

POINTS = ((0.1, 0.2), (0.8, 0.3), (0.4, 0.9), (0.6, 0.6))


def thirds(points: Floats) -> Floats:
    """Three classes, divided by two upright lines."""
    weights: Floats = np.exp(-40.0 * (points[:, :1] - np.array([0.2, 0.5, 0.8])) ** 2)
    total: Floats = weights.sum(axis=1, keepdims=True)
    return weights / total


def halves(points: Floats) -> Floats:
    p = 1.0 / (1.0 + np.exp(-8.0 * (points[:, 0] - 0.5)))
    return np.stack([1.0 - p, p], axis=1)


def certain(points: Floats) -> Floats:
    return np.tile([1.0, 0.0], (len(points), 1))


def boundary(network: Callable[[Floats], Floats], names: tuple[str, ...]) -> "Figure":
    labels = (0, 1, 0, 0)
    guesses = plots.Guesses(POINTS, labels, tuple(int(x > 0.5) for x, _ in POINTS), names)
    plane = plots.plane(network, *plots.frame(POINTS, ((0.0, 0.0), (1.0, 1.0))))
    return plots.decision_boundary("title", plane, guesses, ("x₁", "x₂"))


def test_a_plane_asks_the_network_about_its_grid_at_once() -> None:
    asked: list[Floats] = []

    def network(points: Floats) -> Floats:
        asked.append(points)
        return points

    plane = plots.plane(network, (0.0, -1.0), (1.0, 3.0))
    (points,) = asked
    assert (plane.x[0], plane.x[-1], plane.y[0], plane.y[-1]) == (0.0, 1.0, -1.0, 3.0)
    assert points.shape == (len(plane.x) * len(plane.y), 2)
    assert points[: len(plane.x), 0].tolist() == plane.x.tolist()  # x runs fastest
    assert points[:: len(plane.x), 1].tolist() == plane.y.tolist()
    assert plane.probabilities is points


FIGURES: dict[str, Callable[[], "Figure"]] = {
    "two classes": lambda: boundary(halves, ("class 0", "class 1")),
    "three classes": lambda: boundary(thirds, ("a", "b", "c")),
    "one region": lambda: boundary(certain, ("a", "b")),
    "loss": lambda: plots.learning_curve("title", [1, 2, 3], {"training": [0.7, 0.5, 0.4]}),
    "confusion": lambda: plots.confusion_matrix("title", [[1, 1, 0], [0, 1, 0], [0, 0, 1]], ["a", "b", "c"]),
    "samples": lambda: plots.samples("title", np.eye(3).reshape(1, 3, 3), [0], ["a"]),
    "filters": lambda: plots.filters("title", np.eye(3).reshape(1, 1, 3, 3)),
    "regression": lambda: plots.predicted_against_true("title", "price ($)", [1.0, 2.0], [1.1, 1.9]),
    "regression of one row": lambda: plots.predicted_against_true("title", "y", [1.0], [1.0]),
    "dollars and underscores": lambda: plots.learning_curve("$a_b$ ^ $", [1], {"training": [0.5]}),
}


@pytest.mark.parametrize("name", FIGURES)
def test_every_figure_renders_as_png_and_svg(name: str) -> None:
    figure = FIGURES[name]()
    assert plots.render(figure, "png").startswith(b"\x89PNG\r\n")
    assert ElementTree.fromstring(plots.render(figure, "svg")).tag.endswith("svg")  # noqa: S314  # our own


@pytest.mark.parametrize("form", ["png", "svg"])
def test_the_same_numbers_give_the_same_bytes(form: Literal["png", "svg"]) -> None:
    first, second = (plots.render(FIGURES["two classes"](), form) for _ in range(2))
    assert first == second


def test_a_boundary_is_square_and_rings_what_is_wrong() -> None:
    (axes,) = boundary(halves, ("class 0", "class 1")).axes
    assert axes.get_box_aspect() == 1.0
    assert (axes.get_xlim(), axes.get_ylim()) == ((0.0, 1.0), (0.0, 1.0))
    drawn = {str(part.get_label()): part for part in axes.collections}
    ringed = drawn["misclassified"].get_offsets()
    assert [tuple(point) for point in ringed.tolist()] == [(0.6, 0.6)]  # type: ignore[union-attr]
    assert len(drawn["class 0"].get_offsets()) == 3  # type: ignore[arg-type]


def test_a_legend_stands_outside_of_the_points() -> None:
    figure = boundary(halves, ("class 0", "class 1"))
    plots.render(figure, "png")  # lays it out
    (axes,) = figure.axes
    (legend,) = figure.legends
    assert legend.get_window_extent().y1 < axes.get_window_extent().y0


def test_the_line_is_where_the_likeliest_class_changes() -> None:
    (axes,) = boundary(thirds, ("a", "b", "c")).axes
    lines = [path for part in axes.collections if isinstance(part, ContourSet) for path in part.get_paths()]
    places = {round(float(x), 2) for path in lines for x in np.asarray(path.vertices)[:, 0]}
    assert places == {0.35, 0.65}


@pytest.mark.parametrize(
    ("points", "square", "corners"),
    [
        (((0.2, 0.3), (0.9, 0.4)), ((0.0, 0.0), (1.0, 1.0)), ((0.0, 0.0), (1.0, 1.0))),
        (((0.0, 0.0), (10.0, 20.0)), None, ((-1.0, -2.0), (11.0, 22.0))),
        (((3.0, 4.0),), None, ((2.0, 3.0), (4.0, 5.0))),
    ],
)
def test_frames(
    points: tuple[plots.Point, ...],
    square: tuple[plots.Point, plots.Point] | None,
    corners: tuple[plots.Point, plots.Point],
) -> None:
    assert plots.frame(points, square) == corners


def test_a_square_grows_to_hold_every_point() -> None:
    low, high = plots.frame(((-0.1, 0.5), (0.5, 1.2)), ((0.0, 0.0), (1.0, 1.0)))
    assert low[0] < -0.1
    assert high[1] > 1.2
    assert (low[1], high[0]) == (0.0, 1.0)  # the other sides stay


def test_the_settings_of_the_user_stay_as_they_are() -> None:
    with mpl.rc_context({"font.size": 33.0, "svg.fonttype": "none"}):
        plots.render(FIGURES["loss"](), "svg")
        assert (mpl.rcParams["font.size"], mpl.rcParams["svg.fonttype"]) == (33.0, "none")


def test_names_are_not_read_as_mathematics() -> None:
    text = plots.render(FIGURES["dollars and underscores"](), "svg").decode()
    assert re.search(r"<!-- \$a_b\$ \^ \$ -->", text)


@pytest.mark.parametrize("name", FIGURES)
def test_without_matplotlib_the_extra_is_named(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    with pytest.raises(MissingExtraError, match=r'pip install "tapegrad\[plot\]"'):
        FIGURES[name]()
