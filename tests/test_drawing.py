import math
from itertools import combinations, pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import tapegrad as tg
import tapegrad.numpy as tnp
from tapegrad.errors import DrawingError
from tapegrad.expression import read
from tapegrad.parser import parse
from tapegrad.view.drawing import MOST_RECORDS, Drawing, Edge, Node, draw, text_width
from tapegrad.view.steps import format_number, steps_of

POINT = {"x": 0.7, "y": -1.3, "z": 2.5}


def drawing_of(text: str) -> Drawing:
    expression = parse(text)
    reading = read(expression, {name: POINT[name] for name in expression.names})
    return draw(reading.trace, reading.names, reading.sources)


def programs() -> st.SearchStrategy[str]:
    """Texts of expressions, some of whose parts are named and used again."""
    leaves = st.sampled_from(["x", "y", "z", "2", "0.5", "pi"])

    def larger(part: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
        return st.one_of(
            st.builds("({} {} {})".format, part, st.sampled_from("+-*/"), part),
            st.builds("{}({})".format, st.sampled_from(["sin", "exp", "sqrt", "floor"]), part),
            st.builds("clip({}, {}, {})".format, part, part, part),
            st.builds("({} if {} < {} else {})".format, part, part, part, part),
        )

    parts = st.recursive(leaves, larger, max_leaves=8)
    return st.builds("u = {}; v = {} + u*u; {} * v - u".format, parts, parts, parts)


def between(edge: Edge, nodes: tuple[Node, ...]) -> list[Node]:
    """The nodes that a level section of `edge` runs through, its two ends apart."""
    return [
        node
        for node in nodes
        if node.step.index not in {edge.source, edge.target}
        for (x0, y0), (x1, y1) in pairwise(edge.points)
        if y0 == y1 and x0 < node.x + node.width and node.x < x1 and node.y < y0 < node.y + node.height
    ]


def check(drawing: Drawing) -> None:
    """The laws of a drawing."""
    nodes = drawing.nodes
    assert [node.step.index for node in nodes] == list(range(len(nodes)))
    assert all(first.column <= second.column for first, second in pairwise(nodes))
    for first, second in combinations(nodes, 2):
        apart = first.x + first.width < second.x or second.x + second.width < first.x
        assert apart or first.y + first.height < second.y or second.y + second.height < first.y
    reads = [(i, node.step.index, p) for node in nodes for p, i in enumerate(node.step.inputs)]
    assert [(edge.source, edge.target, edge.position) for edge in drawing.edges] == reads
    for edge in drawing.edges:
        assert all(x0 < x1 for (x0, _), (x1, _) in pairwise(edge.points))
        assert edge.points[0][0] == nodes[edge.source].x + nodes[edge.source].width
        (level, y0), (end, y1) = edge.points[-2:]
        assert (end, y0) == (nodes[edge.target].x, y1)
        assert end - level > text_width(edge.label)
        assert between(edge, nodes) == []
        assert nodes[edge.source].column < nodes[edge.target].column
    for x, y in [*((n.x, n.y) for n in nodes), *((n.x + n.width, n.y + n.height) for n in nodes)]:
        assert 0.0 < x < drawing.width
        assert 0.0 < y < drawing.height
    for edge in drawing.edges:
        assert all(0.0 < y < drawing.height for _, y in edge.points)


@settings(deadline=None, max_examples=60)
@given(programs())
def test_laws_of_random_programs(text: str) -> None:
    check(drawing_of(text))


@pytest.mark.parametrize(
    ("text", "records"),
    [
        ("2*3 + 4", 1),
        ("x", 1),
        ("x*x", 2),
        ("x*x + sin(x) + cos(x)*x + exp(x)/x + (x - 1)**2 + x", 16),
        ("a = x*y if x > 0 else y; b = a if 0 < a < 100 else -a; sqrt(b) if y != 0 else b", 11),
        ("+".join(["x"] * 90), 90),
    ],
)
def test_laws_of_awkward_programs(text: str, records: int) -> None:
    drawing = drawing_of(text)
    check(drawing)
    assert len(drawing.nodes) == records


def test_both_operands_of_a_square_have_an_edge_of_their_own() -> None:
    first, second = drawing_of("x*x").edges
    assert (first.source, first.target, second.source, second.target) == (0, 1, 0, 1)
    assert second.points[-1][1] - first.points[-1][1] >= 12.0


def test_the_textbook_graph() -> None:
    reading = read(parse("x3 = x1*x2; x5 = x4 + x3; x5*x6"), {"x1": 3.0, "x2": 4.0, "x4": 5.0, "x6": 2.0})
    drawing = draw(reading.trace, reading.names, reading.sources)
    check(drawing)
    adjoints = {step.name: step.adjoint for step in drawing.steps}
    assert adjoints == {"L": 1.0, "x6": 17.0, "x5": 2.0, "x4": 2.0, "x3": 2.0, "x2": 6.0, "x1": 8.0}
    assert drawing.steps[-1].value == 34.0
    named = {index: step.name for index, step in enumerate(drawing.steps)}
    labels = {(named[edge.source], named[edge.target]): edge.label for edge in drawing.edges}
    assert labels == {
        ("x1", "x3"): "4",
        ("x2", "x3"): "3",
        ("x4", "x5"): "1",
        ("x3", "x5"): "1",
        ("x5", "L"): "2",
        ("x6", "L"): "17",
    }


def network(w: tuple[tg.Scalar, ...]) -> tg.Scalar:
    """A 2-3-1 network at one point, with 13 parameters."""
    h1 = tnp.tanh(w[0] * 0.5 + w[1] * -1.2 + w[2])
    h2 = tnp.tanh(w[3] * 0.5 + w[4] * -1.2 + w[5])
    h3 = tnp.tanh(w[6] * 0.5 + w[7] * -1.2 + w[8])
    y = tnp.sigmoid(w[9] * h1 + w[10] * h2 + w[11] * h3 + w[12])
    loss = -tnp.log(y)
    return loss  # noqa: RET504  # named, so that the drawing shows the name


def test_a_traced_function_is_drawn_with_the_names_and_lines_of_its_source() -> None:
    drawing = draw(tg.trace(network, tuple(0.1 * i for i in range(13))))
    check(drawing)
    by_name = {step.name: step for step in drawing.steps}
    assert by_name["h2"].operation == "tanh"
    assert by_name["loss"].is_output
    assert by_name["w[12]"].kind == "input"
    assert by_name["y"].source.startswith("test_drawing.py:")
    assert by_name["y"].source.endswith("y = tnp.sigmoid(w[9] * h1 + w[10] * h2 + w[11] * h3 + w[12])")


def test_an_input_that_is_not_used_is_drawn_and_has_adjoint_zero() -> None:
    drawing = draw(tg.trace(lambda x, y: x * 2.0 if y is not None else y, 3.0, 4.0))
    check(drawing)
    assert [(step.name, step.adjoint) for step in drawing.steps][:2] == [("x", 2.0), ("y", 0.0)]


def test_several_outputs_have_the_adjoints_of_their_sum() -> None:
    steps = steps_of(tg.trace(lambda x, y: (x * y, x, x), 3.0, 4.0))
    assert [step.adjoint for step in steps] == [6.0, 3.0, 1.0]
    assert [step.is_output for step in steps] == [True, False, True]


def repeated(x: tg.Scalar, times: int) -> tg.Scalar:
    for _ in range(times):
        x = tnp.sin(x)
    return x


def test_a_tape_too_long_to_read_is_refused_with_the_cure() -> None:
    check(draw(tg.trace(repeated, 1.0, times=MOST_RECORDS - 1)))
    with pytest.raises(DrawingError, match=r"401 records is too long to draw \(at most 400\); trace a smaller"):
        draw(tg.trace(repeated, 1.0, times=MOST_RECORDS))


def test_an_empty_trace_is_an_empty_drawing() -> None:
    assert draw(tg.trace(lambda: ())).nodes == ()


def test_guards_and_piecewise_constants_say_what_their_local_derivatives_are() -> None:
    steps = {step.operation: step for step in drawing_of("floor(x) if x > y else y").steps}
    assert steps["greater"].partials == (None, None)
    assert (steps["greater"].value_text, steps["greater"].adjoint_text) == ("true", "")
    assert steps["floor"].partials == (0.0,)


def test_local_derivatives_may_be_infinite_or_nan() -> None:
    reading = read(parse("sqrt(x) + log(0 - y)"), {"x": 0.0, "y": 1.0})
    partials = {step.operation: step.partial_texts for step in steps_of(reading.trace)}
    assert partials["sqrt"] == ("inf",)
    assert format_number(math.nan) == "nan"


@pytest.mark.parametrize(
    ("x", "text"),
    [
        (0.0, "0"),
        (-0.0, "-0"),
        (34.0, "34"),
        (0.1, "0.1"),
        (1 / 3, "0.333333"),
        (-123456.0, "-123456"),
        (1234567.0, "1234567"),
        (2.0**49, "562949953421312"),
        (1e15, "1e+15"),
        (2.0**60, "1.15292e+18"),
        (1e-9, "1e-09"),
        (5e-324, "4.94066e-324"),
        (math.inf, "inf"),
        (-math.inf, "-inf"),
    ],
)
def test_numbers_to_read(x: float, text: str) -> None:
    assert format_number(x) == text


def doubled(x: tg.Scalar) -> tg.Scalar:
    y = x * 2.0
    return y  # noqa: RET504  # named, so that the drawing shows the name


def test_a_constant_does_not_take_the_name_of_what_is_computed_from_it() -> None:
    assert [step.name for step in steps_of(tg.trace(doubled, 1.0))] == ["x", "", "y"]
