"""The pictures of what a network predicts and of how its training went."""

import itertools
import math
from collections.abc import Sequence
from typing import Literal

import numpy as np
import numpy.typing as npt
import pytest
from matplotlib.image import AxesImage
from matplotlib.text import Text

from tapegrad.errors import DataError
from tapegrad.view import plots

# ---- curves -------------------------------------------------------------------------------------


def test_losses_and_scores_stand_in_two_panels_over_the_same_epochs() -> None:
    figure = plots.learning_curve("t", [1, 2, 3], {"training": [0.7, 0.5, 0.4]}, {"test": [0.5, 0.8, 0.9]})
    upper, lower = figure.axes
    assert (upper.get_ylabel(), lower.get_ylabel(), lower.get_xlabel()) == ("training loss", "test accuracy", "epoch")
    assert upper.get_xlim() == lower.get_xlim()
    assert upper.get_ylim()[0] == 0.0
    assert not figure.legends
    assert upper.lines[0].get_color() != lower.lines[0].get_color()


def test_several_curves_are_told_apart_by_one_legend() -> None:
    both = {"training": [0.7, 0.5], "test": [0.8, 0.6]}
    figure = plots.learning_curve("t", [1, 2], both, both)
    (legend,) = figure.legends
    assert [text.get_text() for text in legend.get_texts()] == ["training", "test"]
    upper, lower = figure.axes
    assert [line.get_color() for line in upper.lines] == [line.get_color() for line in lower.lines]
    plots.render(figure, "png")  # lays it out
    assert legend.get_window_extent().y1 < lower.get_window_extent().y0


@pytest.mark.parametrize("scores", [None, {}, {"test": [None, None]}, {"test": [math.nan, math.nan]}])
def test_without_a_score_there_is_one_panel(scores: plots.Curves | None) -> None:
    assert len(plots.learning_curve("t", [1, 2], {"training": [0.7, 0.5]}, scores).axes) == 1


def test_epochs_without_a_score_are_passed_over() -> None:
    figure = plots.learning_curve("t", [1, 2, 3], {"training": [3.0, 2.0, 1.0]}, {"test": [None, 0.5, 0.6]}, "RMSE")
    (line,) = figure.axes[1].lines
    assert np.asarray(line.get_xydata()).tolist() == [[2.0, 0.5], [3.0, 0.6]]
    assert figure.axes[1].get_ylabel() == "test RMSE"


@pytest.mark.parametrize(
    ("losses", "scale"),
    [
        ([0.7, 0.5], "linear"),
        ([0.7, 0.0001], "log"),
        ([0.5, 1e308], "log"),
        ([0.5, math.inf], "log"),
        ([0.5, 0.0], "linear"),
        ([0.0, 0.0], "linear"),
        ([-1.0, -90.0], "linear"),
        ([math.nan, math.nan], "linear"),
        ([0.5, math.nan], "linear"),
    ],
)
def test_losses_of_every_size_are_drawn_within_the_axes(losses: list[float], scale: str) -> None:
    figure = plots.learning_curve("t", [1, 2], {"training": losses})
    plots.render(figure, "png")
    (axes,) = figure.axes
    assert axes.get_yscale() == scale
    low, high = axes.get_ylim()
    drawn = [float(value) for line in axes.lines for value in np.asarray(line.get_ydata())]
    assert all(low <= value <= high for value in drawn)
    assert len(drawn) == sum(not math.isnan(loss) for loss in losses)


def test_of_one_epoch_the_axis_names_that_epoch_only() -> None:
    figure = plots.learning_curve("t", [7], {"training": [0.7]}, {"test": [0.9]})
    plots.render(figure, "png")
    low, high = figure.axes[1].get_xlim()
    shown = [tick for tick in figure.axes[1].get_xticks() if low <= tick <= high]
    assert shown == [7.0]
    assert figure.axes[0].lines[0].get_marker() == "o"


def test_accuracies_are_percents_and_end_at_a_hundred() -> None:
    figure = plots.learning_curve("t", [1, 2], {"training": [0.7, 0.1]}, {"test": [0.9, 1.0]})
    plots.render(figure, "png")
    axes = figure.axes[1]
    assert axes.get_ylim()[1] == 1.0
    assert [text.get_text() for text in axes.get_yticklabels()][-1] == "100 %"


def test_a_thousand_epochs_are_a_line_without_points() -> None:
    figure = plots.learning_curve("t", range(1, 1001), {"training": np.geomspace(1.0, 1e-9, 1000).tolist()})
    assert figure.axes[0].lines[0].get_marker() == "None"


def test_a_long_title_is_broken_into_lines_that_fit() -> None:
    figure = plots.learning_curve("a title of many words " * 6, [1], {"training": [0.7]})
    plots.render(figure, "png")
    (title,) = (part for part in figure.findobj(Text) if "words" in part.get_text())
    assert title.get_window_extent().x1 <= figure.bbox.x1
    assert " ".join(title.get_text().split()) == " ".join(["a title of many words"] * 6)


def test_a_curve_has_a_value_for_each_epoch() -> None:
    with pytest.raises(DataError, match="'test' has 1 values for 2 epochs"):
        plots.learning_curve("t", [1, 2], {"training": [0.7, 0.5]}, {"test": [0.5]})


# ---- confusion ----------------------------------------------------------------------------------


def cells(table: npt.ArrayLike, classes: Sequence[str]) -> tuple[list[Text], AxesImage]:
    (axes,) = plots.confusion_matrix("t", table, classes).axes
    (image,) = axes.images
    return list(axes.texts), image


def test_rows_are_true_classes_and_wrong_is_not_the_colour_of_right() -> None:
    texts, image = cells([[3, 1], [0, 9]], ["a", "b"])
    assert {text.get_position(): text.get_text() for text in texts} == {
        (0, 0): "3",
        (1, 0): "1",
        (0, 1): "0",
        (1, 1): "9",
    }
    tints = np.asarray(image.get_array())
    red, _, blue = tints[0, 0]
    assert blue > red
    red, _, blue = tints[0, 1]
    assert red > blue
    assert tints[1, 0].tolist() == [1.0, 1.0, 1.0]


@pytest.mark.parametrize(
    ("count", "name"),
    [(1, "{}"), (2, "{}"), (2, "W" * 40 + "{}"), (10, "{}"), (10, "class {}"), (30, "a long name of class {}")],
)
def test_numbers_and_names_do_not_overlap(count: int, name: str) -> None:
    classes = [name.format(one) for one in range(count)]
    figure = plots.confusion_matrix("t", np.full((count, count), 12345), classes)
    plots.render(figure, "png")
    (axes,) = figure.axes
    side = axes.get_window_extent().width / count
    assert all(text.get_window_extent().width <= side for text in axes.texts)
    assert len(axes.texts) == count * count
    names = [label.get_window_extent() for label in axes.get_yticklabels()]
    assert all(name.x0 >= 0.0 for name in names)
    assert all(upper.y0 >= lower.y1 for upper, lower in itertools.pairwise(names))
    across = axes.get_xticklabels()
    assert all(label.get_window_extent().y0 >= 0.0 for label in across)
    if across[0].get_rotation() == 0.0:
        assert all(label.get_window_extent().width <= side for label in across)


def test_of_very_many_classes_the_colours_speak() -> None:
    texts, _ = cells(np.eye(150, dtype=int), [str(one) for one in range(150)])
    assert not texts


@pytest.mark.parametrize("form", ["png", "svg"])
def test_the_same_table_gives_the_same_bytes(form: Literal["png", "svg"]) -> None:
    first, second = (plots.render(plots.confusion_matrix("t", [[3, 1], [0, 9]], ["a", "b"]), form) for _ in range(2))
    assert first == second


@pytest.mark.parametrize(
    ("table", "mistake"),
    [
        (np.eye(3, dtype=int), r"\(2, 2\) of counts, not int64 of shape \(3, 3\)"),
        (np.eye(2), r"of counts, not float64 of shape \(2, 2\)"),
        ([[1, -1], [0, 2]], "numbers below 0"),
        ([1, 2], r"shape \(2,\)"),
    ],
)
def test_what_is_no_table_of_counts_is_refused(table: npt.ArrayLike, mistake: str) -> None:
    with pytest.raises(DataError, match=mistake):
        plots.confusion_matrix("t", table, ["a", "b"])
