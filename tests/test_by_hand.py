"""The network that is trained by hand: its derivatives, its boundary, its arrows, and the markup of all of them."""

from __future__ import annotations

import re
from collections.abc import Callable
from xml.etree import ElementTree

import numpy as np
import pytest

from tapegrad.arrays import Floats
from tapegrad.errors import SettingError, TapegradError
from tapegrad.view.by_hand import ACTIVATIONS, LIMIT, REACH, Settings, groups, look_at, moved, start
from tapegrad.view.by_hand_page import arrow, by_hand_page, by_hand_svg, table
from tapegrad.view.by_hand_plane import boundary, clipped
from tapegrad.view.steps import format_number

KINDS = [
    Settings(data, 24, 1, hidden, activation)
    for data, hidden, activation in [
        ("xor", 2, "tanh"),
        ("circle", 3, "relu"),
        ("spiral", 3, "tanh"),
        ("simple", 2, "relu"),
    ]
]


@pytest.mark.parametrize("settings", KINDS, ids=str)
def test_the_gradient_is_that_of_central_differences(settings: Settings) -> None:
    values = {name: x + 0.1 for name, x in start(settings.hidden).items()}
    sight = look_at(settings, values)
    assert list(sight.gradient) == [name for names in groups(settings.hidden).values() for name in names]
    for name, derivative in sight.gradient.items():
        ends = [look_at(settings, {**values, name: values[name] + way}).loss for way in (1e-6, -1e-6)]
        assert derivative == pytest.approx((ends[0] - ends[1]) / 2e-6, abs=2e-9)


@pytest.mark.parametrize("settings", KINDS, ids=str)
def test_the_network_is_the_sum_that_a_person_writes(settings: Settings) -> None:
    v = start(settings.hidden)
    sight = look_at(settings, v)
    function = np.tanh if settings.activation == "tanh" else lambda x: max(x, 0.0)
    losses = []
    for (x, y), label, right in zip(sight.points, sight.labels, sight.right, strict=True):
        units = [function(v[f"w1[{h},0]"] * x + v[f"w1[{h},1]"] * y + v[f"b1[{h}]"]) for h in range(settings.hidden)]
        z = sum(v[f"w2[{h}]"] * unit for h, unit in enumerate(units)) + v["b2"]
        p = 1.0 / (1.0 + np.exp(-z))
        losses.append(-np.log(p if label else 1.0 - p))
        assert right == ((p > 0.5) == bool(label))
    assert sight.loss == pytest.approx(np.mean(losses), rel=1e-12)
    assert sight.size == pytest.approx(np.sqrt(sum(g * g for g in sight.gradient.values())))


def test_steps_go_down_and_end_where_the_sliders_do() -> None:
    settings, values = Settings("diag", 40, 0, 3), start(3)
    losses = []
    for _ in range(60):
        sight = look_at(settings, values)
        losses.append(sight.loss)
        values = moved(values, sight.gradient, 0.5)
    assert losses == sorted(losses, reverse=True)
    assert losses[-1] < 0.5 * losses[0]
    assert moved({"a": 7.0, "b": -7.0, "c": 1.0}, {"a": -9.0, "b": 9.0, "c": 0.5}, 1.0) == {
        "a": LIMIT, "b": -LIMIT, "c": 0.5,
    }  # fmt: skip


@pytest.mark.parametrize("settings", [Settings(activation="sin"), Settings(data="moons"), Settings("spiral", 13)])
def test_settings_without_a_meaning(settings: Settings) -> None:
    with pytest.raises(TapegradError):
        look_at(settings, start(settings.hidden))


def test_the_boundary_is_where_the_sign_changes() -> None:
    surfaces: list[tuple[Callable[[Floats, Floats], Floats], float]] = [
        (lambda x, y: x - 2.0 * y + 0.3, 1e-12),
        (lambda x, y: x * x + y * y - 0.6, 2e-3),
        (lambda x, y: x * y, 1e-12),
    ]
    axis = np.linspace(-REACH, REACH, 41)
    for surface, error in surfaces:
        ends = np.array(boundary(surface(*np.meshgrid(axis, axis)))).reshape(-1, 2)
        assert len(ends) > 40
        assert np.abs(surface(ends[:, 0], ends[:, 1])).max() < error
    for level in (1.0, -1.0, 0.0):
        assert boundary(np.full((5, 5), level)) == []


@pytest.mark.parametrize("seed", range(40))
def test_the_line_of_a_unit_ends_at_the_edges(seed: int) -> None:
    a, b, bias = np.random.default_rng(seed).normal(size=3).tolist()
    axis = np.linspace(-REACH, REACH, 400)
    grid: Floats = a * axis[:, None] + b * axis + bias
    segment = clipped((a, b), bias)
    assert (segment is not None) == bool((grid > 0.0).any() and (grid < 0.0).any())
    for x, y in segment or ():
        assert a * x + b * y + bias == pytest.approx(0.0, abs=1e-12)
        assert max(abs(x), abs(y)) == pytest.approx(REACH)


def test_a_unit_without_a_line() -> None:
    assert clipped((0.0, 0.0), 1.0) is None
    assert clipped((0.0, 1.0), 1.2) is None
    assert sorted(clipped((0.0, -2.0), 1.0) or ()) == [(-REACH, 0.5), (REACH, 0.5)]


@pytest.mark.parametrize(
    ("derivative", "tip", "said"),
    [
        (-1.0, 197.0, "falls as b2 grows"),
        (1.0, 3.0, "falls as b2 shrinks"),
        (-0.5, 148.5, "falls as b2 grows"),
        (1e-9, 96.0, "falls as b2 shrinks"),  # as short as a direction can be seen
        (-7.0, 197.0, "falls as b2 grows"),
        (0.0, None, "is level"),
    ],
)
def test_an_arrow_points_to_where_the_loss_falls(derivative: float, tip: float | None, said: str) -> None:
    markup = arrow("b2", derivative, 1.0)
    found = re.findall(r'class="head" d="M([\d.]+) ', markup)
    assert [float(x) for x in found] == ([] if tip is None else [tip])
    assert f'aria-label="the loss {said}"' in markup
    assert f"∂loss = {format_number(derivative)}<" in markup


@pytest.mark.parametrize("settings", KINDS, ids=str)
def test_the_page_and_the_picture_have_every_number_and_point(settings: Settings) -> None:
    sight = look_at(settings, start(settings.hidden))
    picture = ElementTree.fromstring(by_hand_svg(sight))  # noqa: S314  # our own text
    by_class = [element.get("class") for element in picture.iter()]
    assert by_class.count("point") == len(sight.points)
    assert by_class.count("ring") == int((~sight.right).sum())
    assert by_class.count("unit") == settings.hidden
    rows = re.findall(r'scope="row">([^<]+)</th><td>([^<]+)</td>.*?<td>([^<]+)</td></tr>', table(sight))
    assert rows == [(n, format_number(x), format_number(sight.gradient[n])) for n, x in sight.values.items()]
    page = by_hand_page(sight)
    assert page.startswith("<!DOCTYPE html>")
    assert f"<dd>{format_number(sight.loss)}</dd>" in page
    assert re.findall('https?://[^"]+', page) == ["http://www.w3.org/2000/svg"]


def test_the_largest_values_stay_finite() -> None:
    for activation in ACTIVATIONS:
        sight = look_at(Settings(hidden=3, activation=activation), dict.fromkeys(start(3), LIMIT))
        assert np.isfinite([sight.loss, sight.size, *sight.plane.ravel()]).all()
        by_hand_page(sight)


def test_an_unknown_activation_is_named() -> None:
    with pytest.raises(SettingError, match="no activation 'gelu' here; choose tanh or relu"):
        look_at(Settings(activation="gelu"), start(2))
