"""Tapes of programs with arrays, to look at; and how arrays lie in memory and are broadcast."""

from __future__ import annotations

from typing import cast
from xml.etree import ElementTree

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import tapegrad as tg
import tapegrad.numpy as tnp
from tapegrad import view
from tapegrad.arrays import AnyArray, Floats
from tapegrad.view.broadcasting import broadcast
from tapegrad.view.dot import dot
from tapegrad.view.drawing import draw
from tapegrad.view.html import html
from tapegrad.view.steps import FEW, Step, form_of, format_array, steps_of
from tapegrad.view.strides import strides
from tapegrad.view.svg import svg
from tapegrad.view.table import print_table

SPACE = "{http://www.w3.org/2000/svg}"
POINTS: Floats = np.array([[0.5, -1.0], [2.0, 0.25], [-1.5, 1.0], [0.0, 3.0]])
W: Floats = np.array([[0.5, -0.25, 1.0], [-1.0, 0.75, 0.125]])
ROW: Floats = np.array([0.1, -0.2, 1 / 3])


def network(w: tg.Array, b: tg.Array, rate: tg.Scalar) -> tg.Scalar:
    hidden = tnp.tanh(POINTS @ w + b)
    if bool((hidden > 0.9).any()):
        hidden = hidden * 0.5
    loss = tnp.sum(hidden * hidden) + rate * 2.0
    return loss  # noqa: RET504  # named, so that the drawing shows the name


@pytest.fixture(scope="module")
def trace() -> tg.Trace:
    return tg.trace(network, W, ROW, 0.1)


def by_name(steps: tuple[Step, ...]) -> dict[str, Step]:
    return {step.name or step.operation: step for step in steps}


# ---- steps, tables, drawings -------------------------------------------------------------------


def test_the_adjoints_of_arrays_are_the_gradients(trace: tg.Trace) -> None:
    steps = by_name(steps_of(trace))
    gradients = tg.grad(network, argnums=(0, 1, 2))(W, ROW, 0.1)
    for name, gradient in zip(("w", "b", "rate"), cast(tuple[Floats, ...], gradients), strict=True):
        np.testing.assert_allclose(cast(Floats, steps[name].adjoint), gradient, rtol=1e-12)


def test_a_step_says_form_value_and_adjoint_as_far_as_there_are_any(trace: tg.Trace) -> None:
    steps = by_name(steps_of(trace))
    assert steps["b"].rows[:2] == (("array", "float64[3]"), ("value", "[0.1 -0.2 0.333]"))
    assert steps["w"].value_text == "[[0.5 -0.25 1] [-1 0.75 0.125]]"
    assert [word for word, _ in steps["rate"].rows] == ["value", "adjoint"]
    assert steps["is_greater"].rows == (("array", "bool[4,3]"), ("value", "2 of 12 true"))
    assert (steps["observed"].kind, steps["observed"].rows) == ("guard", (("value", "true"),))
    assert steps["matmul"].partials == (None, None)
    assert steps["matmul"].value_text == "-3 to 2.25"
    assert steps["loss"].partials == (1.0, 1.0)


@pytest.mark.parametrize(
    ("array", "text"),
    [
        (np.zeros((0, 3)), "[]"),
        (np.array(2.5, np.float32), "2.5"),
        (np.array([True, False]), "[true false]"),
        (np.arange(FEW), "[0 1 2 3 4 5]"),
        (np.arange(FEW + 1), "0 to 6"),
        (np.ones((20, 30)), "all 1"),
        (np.array([np.nan] * 7), "nan to nan"),
        (np.array([np.inf, np.nan]), "[inf nan]"),
        (np.array([1 + 2j]), "[1+2j]"),
        (np.full(10, 3 + 4j), "of size all 5"),
    ],
)
def test_arrays_to_read(array: AnyArray, text: str) -> None:
    assert format_array(array) == text


def test_forms() -> None:
    assert form_of(np.zeros((2, 0), np.float32)) == "float32[2,0]"
    assert form_of(1.0) == ""


def test_the_table_has_forms_and_numbers(trace: tg.Trace, capsys: pytest.CaptureFixture[str]) -> None:
    print_table(steps_of(trace))
    printed = capsys.readouterr().out
    assert "float64[3] [0.1 -0.2 0.333]" in printed
    assert "float64[4,3] -3 to 2.25" in printed


def test_the_drawing_has_every_row_inside_its_box_and_no_label_between_arrays(trace: tg.Trace) -> None:
    drawing = draw(trace)
    for node in drawing.nodes:
        assert node.height >= 16.0 * (1 + len(node.step.rows))
        assert node.width > 7.0 * max(len(text) for _, text in node.step.rows)
    labels = {(edge.source, edge.target): edge.label for edge in drawing.edges}
    arrays = {step.index for step in drawing.steps if step.form}
    assert all(not label for (source, target), label in labels.items() if {source, target} & arrays)
    picture = svg(drawing)
    root = ElementTree.fromstring(picture)  # noqa: S314  # our own text
    titles = {
        (edge.get("data-from"), edge.get("data-to")): edge.findtext(f"{SPACE}title")
        for edge in root.iter(f"{SPACE}g")
        if edge.get("class", "").startswith("edge")
    }
    steps = by_name(drawing.steps)
    w, product = steps["w"].index, steps["matmul"].index
    assert titles[str(w), str(product)] == f"d %{product} / d w: from float64[2,3] to float64[4,3]"
    assert sum("edge guarded" in line for line in picture.splitlines()) == 1, "the look at the mask"
    tooltip = f"value float64[2,3]\n{W}"
    assert any(tooltip in (title.text or "") for title in root.iter(f"{SPACE}title"))


def test_pages_and_graphs_show_arrays(trace: tg.Trace) -> None:
    drawing = draw(trace)
    assert "float64[3] [0.1 -0.2 0.333]" in html(drawing, "network")
    assert r"b: input\narray float64[3]\nvalue [0.1 -0.2 0.333]\nadjoint " in dot(drawing)


def test_outputs_that_are_arrays_or_masks() -> None:
    steps = steps_of(tg.trace(lambda x: (x * 2.0, x, x > 0.0), ROW))
    np.testing.assert_array_equal(cast(AnyArray, steps[0].adjoint), np.full(3, 3.0))
    assert [step.is_output for step in steps] == [True, False, True, False, True], "the mask is the comparison"
    assert steps[-1].adjoint is None


def test_an_array_that_is_not_used_has_adjoint_zero() -> None:
    (unused, *_) = steps_of(tg.trace(lambda x, y: y * 2.0, ROW, 1.0))
    assert unused.adjoint_text == "[0 0 0]"


def twice_and_sum(x: tg.Array) -> tuple[tg.Array, tg.Scalar]:
    return x * 2.0, tnp.sum(x)


def test_operations_with_several_results_are_shown() -> None:
    def f(x: tg.Array) -> tg.Scalar:
        doubled, total = tg.checkpoint(twice_and_sum)(x)
        return tnp.sum(doubled) * total

    trace = tg.trace(f, ROW)
    steps = by_name(steps_of(trace))
    assert steps["checkpoint"].rows == (("value", "2 results"),)
    np.testing.assert_allclose(cast(Floats, steps["x"].adjoint), np.full(3, 4.0 * ROW.sum()))
    assert "from 2 results to a number" in svg(draw(trace))


def square(x: tg.Scalar) -> tg.Scalar:
    return x * x


def test_a_call_from_a_number_to_a_number_has_its_local_derivative() -> None:
    steps = steps_of(tg.trace(lambda x: tg.checkpoint(square)(x) * 3.0, 2.0))
    assert steps[1].partials == (4.0,)


def test_steps_are_compared_by_the_bits_of_their_arrays(trace: tg.Trace) -> None:
    assert steps_of(trace) == steps_of(trace)
    assert steps_of(trace) != steps_of(tg.trace(network, W, ROW + 1e-9, 0.1))


# ---- strides -----------------------------------------------------------------------------------


@st.composite
def views_of_a_range(draw: st.DrawFn) -> npt.NDArray[np.int64]:
    """Any view of memory in which each element says its position."""
    shape = draw(hnp.array_shapes(min_dims=1, max_dims=4, max_side=5))
    memory: npt.NDArray[np.int64] = np.arange(int(np.prod(shape)))
    array = memory.reshape(shape)
    if draw(st.booleans()):
        array = array.T
    array = array[draw(hnp.basic_indices(array.shape, min_dims=1, allow_newaxis=True))]
    return np.broadcast_to(array, (2, *array.shape)) if draw(st.booleans()) else array


@settings(deadline=None, max_examples=200)
@given(views_of_a_range())
def test_positions_are_where_the_elements_are(array: npt.NDArray[np.int64]) -> None:
    found = strides(array)
    np.testing.assert_array_equal(found.positions(), array)
    for index in np.ndindex(array.shape):
        assert found.position(*index) == array[index]
    assert found.owns is bool(array.flags.owndata)
    assert ("C" in found.order.split()) is array.flags.c_contiguous
    assert ("F" in found.order.split()) is array.flags.f_contiguous
    for text in (str(found), found.to_html()):
        assert text
    ElementTree.fromstring(f"<a>{found.to_html()}</a>")  # noqa: S314  # our own text


def test_a_transposed_array_is_a_view_with_its_strides_exchanged() -> None:
    whole = np.zeros((2, 3), np.float32)
    assert strides(whole).owns
    assert (strides(whole).steps, strides(whole.T).steps) == ((3, 1), (1, 3))
    assert (strides(whole.T).in_bytes, strides(whole.T).order, strides(whole.T).owns) == ((4, 12), "F", False)


def test_a_field_of_a_record_has_fractional_strides() -> None:
    records = np.zeros(3, np.dtype([("flag", np.uint8), ("x", np.float64)]))
    found = strides(records["x"])
    assert (found.steps, found.offset) == ((9 / 8,), 1 / 8)


def test_a_traced_array_is_explained_by_its_value() -> None:
    seen = []

    def f(x: tg.Array) -> tg.Scalar:
        seen.append(strides(x.T))
        return tnp.sum(x)

    tg.grad(f)(np.ones((2, 3)))
    assert seen == [strides(np.ones((2, 3)).copy().T)]
    assert view.strides is strides


@pytest.mark.parametrize("shape", [(), (0, 3), (1,), (3, 0, 2), (100, 100), (2, 3, 4), (20, 1, 1)])
def test_any_shape_is_shown_and_large_ones_in_part(shape: tuple[int, ...]) -> None:
    found = strides(np.zeros(shape))
    lines = str(found).splitlines()
    assert len(lines) < 40
    assert lines[0].split(maxsplit=1) == ["shape", str(shape)]
    assert len(found.to_html()) < 30_000


def test_the_page_marks_what_the_array_uses_of_its_memory() -> None:
    page = strides(np.arange(6.0)[1::2]).to_html()
    assert page.count('<td class="used">') == 3
    assert '<td></td><td class="used">0</td><td></td><td class="used">1</td><td></td><td class="used">2</td>' in page
    repeated = strides(np.broadcast_to(np.ones(1), (5,))).to_html()
    assert '<td class="used">0 ...</td>' in repeated


# ---- broadcasting ------------------------------------------------------------------------------

SHAPES = hnp.mutually_broadcastable_shapes(num_shapes=3, max_dims=3, max_side=3)


@settings(deadline=None, max_examples=100)
@given(SHAPES)
def test_the_gradient_is_summed_over_the_axes_that_are_named(shapes: hnp.BroadcastableShapes) -> None:
    found = broadcast(*shapes.input_shapes)
    assert found.shape == np.broadcast_shapes(*shapes.input_shapes)
    g = np.random.default_rng(0).normal(size=found.shape)
    operands = [np.ones(shape) for shape in shapes.input_shapes]
    gradients = tg.vjp(lambda x, y, z: x + y + z, *operands)[1](g if g.ndim else float(g))
    for operand, gradient in zip(found.operands, gradients, strict=True):
        summed = np.sum(g, axis=operand.summed, keepdims=True).reshape(operand.shape)
        np.testing.assert_allclose(cast(Floats, gradient), summed, atol=1e-12)
    ElementTree.fromstring(f"<a>{found.to_html()}</a>")  # noqa: S314  # our own text
    assert len(str(found).splitlines()) == 5


def test_arrays_numbers_and_traced_values_have_their_shapes() -> None:
    assert broadcast(np.ones((2, 1)), 3.0, [1.0, 2.0]).shape == (2, 2)
    seen = []

    def f(x: tg.Array) -> tg.Scalar:
        seen.append(broadcast(x, x[0], (4, 1, 1)).shape)
        return tnp.sum(x)

    tg.grad(f)(np.ones((2, 3)))
    assert seen == [(4, 2, 3)]
    assert broadcast().shape == ()


def test_repeated_axes_are_marked_on_the_page() -> None:
    page = broadcast((4, 1), (3,)).to_html()
    assert page.count('class="stretched"') == 2
    assert '<td class="stretched">1-&gt;3</td>' in page
    assert '<td class="stretched">+4</td>' in page


@pytest.mark.parametrize(
    ("shapes", "fault"),
    [
        (((2, 3), (4, 3)), r"\(2, 3\), \(4, 3\) do not broadcast: along axis -2, .* the lengths 2 and 4"),
        (((5,), (3,), (1,)), "axis -1, .* the lengths 3 and 5"),
        (((0,), (3,)), "axis -1, .* the lengths 0 and 3"),
        (((-1,),), "no shape"),
    ],
)
def test_shapes_that_do_not_fit_are_named(shapes: tuple[tuple[int, ...], ...], fault: str) -> None:
    with pytest.raises(ValueError, match=fault):
        broadcast(*shapes)
