"""The pictures of images: examples, mistakes, filters and feature maps."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Literal

import numpy as np
import numpy.typing as npt
import pytest
from matplotlib.transforms import Bbox

from tapegrad.errors import DataError
from tapegrad.view import plots
from tapegrad.view.plots.checks import stretched
from tapegrad.view.plots.grid import tidy

if TYPE_CHECKING:
    from matplotlib.figure import Figure

DIGITS = [str(one) for one in range(10)]
GARMENTS = ["T-shirt/top", "a pullover of the longest and warmest kind"] * 5
RANDOM = np.random.default_rng(0)
IMAGES = RANDOM.random((40, 8, 8))
LABELS = np.arange(40) % 10


def mistakes(count: int, classes: list[str], images: npt.ArrayLike = IMAGES[:, None]) -> "Figure":
    """So many images, all taken for the next class, each surer than the one before."""
    predicted = (LABELS[:count] + 1) % 10
    probabilities = np.zeros((count, 10))
    probabilities[np.arange(count), predicted] = 0.5 + 0.01 * np.arange(count)
    pictures = np.asarray(images)[:count]
    return plots.misclassified("title", pictures, LABELS[:count], predicted, probabilities, classes, 360)


def weights(*shape: int) -> npt.NDArray[np.float64]:
    return np.random.default_rng(1).normal(size=shape)


FIGURES: dict[str, tuple[Callable[[], "Figure"], int]] = {  # with the number of images on the page
    "samples": (lambda: plots.samples("title", IMAGES, LABELS, DIGITS), 24),
    "samples of few": (lambda: plots.samples("title", IMAGES[:3], LABELS[:3], GARMENTS), 3),
    "samples in colour": (lambda: plots.samples("t", RANDOM.random((2, 3, 5, 7)), [0, 1], GARMENTS), 2),
    "samples of none": (lambda: plots.samples("title", np.zeros((0, 8, 8)), [], DIGITS), 0),
    "samples all the same": (lambda: plots.samples("title", np.full((5, 8, 8), 7), LABELS[:5], DIGITS), 5),
    "samples of one row": (lambda: plots.samples("title", RANDOM.random((5, 1, 90)), LABELS[:5], DIGITS), 5),
    "samples of one column": (lambda: plots.samples("title", RANDOM.random((5, 90, 1)), LABELS[:5], DIGITS), 5),
    "mistakes": (lambda: mistakes(40, DIGITS), 24),
    "mistakes with long names": (lambda: mistakes(40, GARMENTS), 24),
    "one mistake": (lambda: mistakes(1, DIGITS), 1),
    "no mistake": (lambda: mistakes(0, DIGITS), 0),
    "filters": (lambda: plots.filters("title", weights(8, 1, 5, 5)), 8),
    "one filter of one number": (lambda: plots.filters("title", weights(1, 1, 1, 1)), 1),
    "a hundred filters": (lambda: plots.filters("title", weights(100, 1, 3, 3)), 100),
    "more filters than fit": (lambda: plots.filters("title", weights(512, 1, 3, 3)), 100),
    "filters of channels": (lambda: plots.filters("title", weights(4, 3, 3, 5)), 12),
    "more filters and channels than fit": (lambda: plots.filters("title", weights(64, 32, 3, 3)), 96),
    "filters of zeros": (lambda: plots.filters("title", np.zeros((4, 1, 3, 3))), 4),
    "filters of huge numbers": (lambda: plots.filters("title", 1e308 * np.sign(weights(4, 1, 3, 3))), 4),
    "maps": (lambda: plots.feature_maps("t", IMAGES[0], {"1": weights(8, 6, 6), "2": weights(16, 2, 2)}), 25),
    "maps of one number": (lambda: plots.feature_maps("t", IMAGES[:3], {"a": np.zeros((3, 1, 1))}), 4),
    "more maps than fit": (lambda: plots.feature_maps("t", IMAGES[:1], {"name " * 30: weights(64, 2, 9)}), 33),
}


def texts(figure: "Figure") -> list[str]:
    """The title, the note, and the headings and captions in reading order."""
    return [text.get_text() for text in figure.axes[0].texts if text.get_text()]


def overlap(first: Bbox, second: Bbox) -> bool:
    """Whether the two have more in common than an edge."""
    common = Bbox.intersection(first, second)
    return common is not None and common.width > 0.5 and common.height > 0.5


@pytest.mark.parametrize("name", FIGURES)
def test_nothing_overlaps_or_leaves_the_page(name: str) -> None:
    make, count = FIGURES[name]
    figure = make()
    plots.render(figure, "png")
    assert len(figure.axes[0].images) == count
    written = [*figure.axes[0].texts, *(label for axes in figure.axes[1:] for label in axes.get_xticklabels())]
    boxes = [text.get_window_extent() for text in written if text.get_text()]
    tiles = [image.get_window_extent() for image in figure.axes[0].images]
    assert all(figure.bbox.x0 <= box.x0 and box.x1 <= figure.bbox.x1 for box in boxes + tiles)
    assert all(figure.bbox.y0 <= box.y0 and box.y1 <= figure.bbox.y1 for box in boxes + tiles)
    everything = boxes + tiles
    for at, box in enumerate(everything):
        assert not any(overlap(box, other) for other in everything[at + 1 :])


@pytest.mark.parametrize("name", ["mistakes", "filters", "maps", "samples"])
@pytest.mark.parametrize("form", ["png", "svg"])
def test_the_same_arrays_give_the_same_bytes(name: str, form: Literal["png", "svg"]) -> None:
    make, _ = FIGURES[name]
    assert plots.render(make(), form) == plots.render(make(), form)


# ---- examples and mistakes ----------------------------------------------------------------------


def test_examples_are_named_by_their_class() -> None:
    figure = plots.samples("title", IMAGES[:3], [2, 0, 1], ["a", "b", "c"])
    assert texts(figure) == ["title", "c", "a", "b"]
    assert np.asarray(figure.axes[0].images[1].get_array()).argmax() == IMAGES[1].argmax()


def test_of_many_examples_the_first_are_shown() -> None:
    assert texts(FIGURES["samples"][0]())[1] == "the first 24 of 40"


def test_the_surest_mistakes_come_first() -> None:
    figure = mistakes(40, DIGITS)
    assert texts(figure)[1:4] == [
        "misclassified: 40 of 360 images; here are the 24 with the highest probability",
        "9 → 0 (89 %)",
        "8 → 9 (88 %)",
    ]
    first = np.asarray(figure.axes[0].images[0].get_array())
    assert first.argmax() == IMAGES[39].argmax()


def test_long_names_take_three_lines() -> None:
    assert texts(mistakes(2, GARMENTS))[-1].startswith("T-shirt/top\n→ a pullover")
    assert texts(mistakes(2, GARMENTS))[-1].endswith("…\n(50 %)")


def test_what_is_right_is_left_out() -> None:
    probabilities = np.full((3, 2), 0.5)
    figure = plots.misclassified("t", IMAGES[:3], [0, 1, 1], [0, 0, 1], probabilities, ["a", "b"], 3)
    assert texts(figure) == ["t", "misclassified: 1 of 3 images", "b → a (50 %)"]


@pytest.mark.parametrize("count", [0, 3])
def test_where_nothing_is_wrong_the_page_says_so(count: int) -> None:
    labels, probabilities = LABELS[:count], np.zeros((count, 10))
    figure = plots.misclassified("t", IMAGES[:count], labels, labels, probabilities, DIGITS, 360)
    assert texts(figure) == ["t", "misclassified: none of 360 images"]


@pytest.mark.parametrize("shape", [(4, 5, 6), (4, 1, 5, 6)])
def test_grey_images_have_one_level_a_pixel(shape: tuple[int, ...]) -> None:
    figure = mistakes(4, DIGITS, RANDOM.random(shape))
    assert {np.asarray(image.get_array()).shape for image in figure.axes[0].images} == {(5, 6)}


def test_coloured_images_have_three_levels_a_pixel() -> None:
    images = RANDOM.integers(0, 256, (4, 3, 5, 6))
    drawn = np.asarray(mistakes(4, DIGITS, images).axes[0].images[0].get_array())
    assert drawn.shape == (5, 6, 3)
    np.testing.assert_array_equal(drawn.argmax(axis=-1), images[3].argmax(axis=0))  # the surest is the last


# ---- filters and maps ---------------------------------------------------------------------------


def test_filters_share_a_scale_around_zero() -> None:
    figure = plots.filters("t", np.array([0.1, -0.4]).reshape(2, 1, 1, 1))
    page, bar = figure.axes
    assert {image.get_clim() for image in page.images} == {(-1.0, 1.0)}
    assert [np.asarray(image.get_array()).item() for image in page.images] == [0.25, -1.0]
    assert [label.get_text() for label in bar.get_xticklabels()] == ["−0.4", "0", "0.4"]
    assert texts(figure) == ["t", "2 filters of 1 × 1", "0", "1"]


def test_each_channel_has_its_row_of_filters() -> None:
    figure = plots.filters("t", weights(2, 3, 3, 3))
    assert texts(figure) == ["t", "2 filters of 3 × 3, 3 channels", *[
        text for one in range(3) for text in (f"channel {one}", "0", "1")
    ]]  # fmt: skip


def test_what_is_not_shown_is_said() -> None:
    note = texts(plots.filters("t", weights(64, 32, 3, 3)))[1]
    assert note == "the first 16 of 64 filters of 3 × 3, the first 6 of 32 channels"


def test_the_maps_of_a_layer_share_a_scale_that_is_said() -> None:
    maps = np.array([[[0.0, 1.0]], [[2.0, 4.0]]])
    figure = plots.feature_maps("t", IMAGES[0], {"conv": maps, "dead": np.zeros((1, 2, 2))})
    assert texts(figure) == [
        "t",
        "input",
        "conv: 2 maps of 1 × 2, from 0 to 4",
        "0",
        "1",
        "dead: 1 map of 2 × 2, all 0",
        "0",
    ]
    drawn = [np.asarray(image.get_array()).tolist() for image in figure.axes[0].images[1:3]]
    assert drawn == [[[0.0, 0.25]], [[0.5, 1.0]]]


# ---- the parts ----------------------------------------------------------------------------------


def test_the_columns_leave_the_fewest_gaps() -> None:
    assert [tidy(count) for count in (1, 2, 3, 4, 5, 8, 16, 24, 100)] == [1, 2, 3, 2, 3, 4, 4, 6, 10]


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([-1.0, 0.0, 3.0], [0.0, 0.25, 1.0]),
        ([7.0, 7.0], [0.5, 0.5]),
        ([-1.7e308, 1.7e308, 0.0], [0.0, 1.0, 0.5]),
        ([np.nan, 0.0, 1.0, np.inf, -np.inf], [0.0, 0.0, 1.0, 1.0, 0.0]),
        ([np.nan, np.nan], [0.5, 0.5]),
        ([], []),
    ],
)
def test_values_are_stretched_to_shades(values: list[float], expected: list[float]) -> None:
    assert stretched(np.array(values)).tolist() == expected


# ---- mistakes of the caller ---------------------------------------------------------------------

WRONG: dict[str, tuple[Callable[[], object], str]] = {
    "flat images": (lambda: plots.samples("t", np.zeros((4, 64)), [0] * 4, DIGITS), r"not \(4, 64\)"),
    "two channels": (lambda: plots.samples("t", np.zeros((4, 2, 8, 8)), [0] * 4, DIGITS), r"not \(4, 2, 8, 8\)"),
    "no pixels": (lambda: plots.samples("t", np.zeros((4, 0, 8)), [0] * 4, DIGITS), r"no pixels: .*\(4, 0, 8\)"),
    "labels missing": (lambda: plots.samples("t", IMAGES, [0], DIGITS), r"each of 40 examples, .*\(1,\)"),
    "unknown class": (lambda: plots.samples("t", IMAGES[:1], [10], DIGITS), "from 10 to 10, and there are 10 classes"),
    "text": (lambda: plots.samples("t", [[["a"]]], [0], DIGITS), "images are real numbers, not <U1"),
    "ragged": (lambda: plots.samples("t", [[[1.0], [1.0, 2.0]]], [0], DIGITS), "images are lists of different lengths"),
    "flat probabilities": (
        lambda: plots.misclassified("t", IMAGES[:2], [0, 1], [1, 0], [0.5, 0.5], DIGITS, 2),
        r"probabilities are \(n, classes\), here \(2, 10\), not \(2,\)",
    ),
    "flat weights": (lambda: plots.filters("t", np.zeros((4, 9))), r"\(out, in, height, width\), .*\(4, 9\)"),
    "no weights": (lambda: plots.filters("t", np.zeros((0, 1, 3, 3))), r"not empty; .*\(0, 1, 3, 3\)"),
    "flat image": (lambda: plots.feature_maps("t", np.zeros(64), {}), r"an image is .* not \(64,\)"),
    "image of two channels": (lambda: plots.feature_maps("t", np.zeros((2, 8, 8)), {}), r"not \(1, 2, 8, 8\)"),
    "flat maps": (lambda: plots.feature_maps("t", IMAGES[0], {"conv 1": np.zeros(3)}), r"the maps of conv 1 .*\(3,\)"),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_shape_is_named(name: str) -> None:
    make, mistake = WRONG[name]
    with pytest.raises(DataError, match=mistake):
        make()
