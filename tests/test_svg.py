import json
import re
from xml.etree import ElementTree

import pytest

import tapegrad as tg
from tapegrad.expression import read
from tapegrad.parser import parse
from tapegrad.view.dot import dot, quoted
from tapegrad.view.drawing import Drawing, draw
from tapegrad.view.html import html
from tapegrad.view.player import Lesson, Program, data, lesson_of
from tapegrad.view.svg import STYLE, clean, svg

SPACE = "{http://www.w3.org/2000/svg}"
TEXTS = [
    "x*x",
    "3",
    "a = x*y; a + sin(a)",
    "x if 0 < x < 100 else y",
    "clip(x, y, 3) / 7e-300",
    "größe = x; größe*größe",
]


def drawing_of(text: str) -> Drawing:
    expression = parse(text)
    reading = read(expression, dict.fromkeys(expression.names, 2.0))
    return draw(reading.trace, reading.names, reading.sources)


def groups(picture: str, name: str) -> list[ElementTree.Element]:
    """The groups of a kind in an SVG text."""
    root = ElementTree.fromstring(picture)  # noqa: S314  # our own text
    return [group for group in root.iter(f"{SPACE}g") if group.get("class", "").split()[0] == name]


def words(group: ElementTree.Element) -> list[str]:
    return [text.text or "" for text in group.iter(f"{SPACE}text")]


@pytest.mark.parametrize("text", TEXTS)
def test_svg_is_xml_with_every_record_and_edge_once(text: str) -> None:
    drawing = drawing_of(text)
    picture = svg(drawing)
    nodes, edges = groups(picture, "node"), groups(picture, "edge")
    assert [node.get("data-record") for node in nodes] == [str(i) for i in range(len(drawing.nodes))]
    assert [(edge.get("data-from"), edge.get("data-to")) for edge in edges] == [
        (str(edge.source), str(edge.target)) for edge in drawing.edges
    ]


def test_nodes_show_name_value_and_adjoint_and_edges_the_local_derivative() -> None:
    reading = read(parse("x3 = x1*x2; x5 = x4 + x3; x5*x6"), {"x1": 3.0, "x2": 4.0, "x4": 5.0, "x6": 2.0})
    picture = svg(draw(reading.trace, reading.names, reading.sources))
    shown = {words(node)[0]: (words(node)[3], words(node)[5]) for node in groups(picture, "node")}
    assert shown == {
        "x1": ("3", "8"),
        "x2": ("4", "6"),
        "x4": ("5", "2"),
        "x6": ("2", "17"),
        "x3": ("12", "2"),
        "x5": ("17", "2"),
        "L": ("34", "1"),
    }
    assert [words(edge) for edge in groups(picture, "edge")] == [["4"], ["3"], ["1"], ["1"], ["2"], ["17"]]


def half(width: tg.Scalar) -> tg.Scalar:
    area = width * width if width < 3.0 else width
    return area / 2.0


def test_tooltips_tell_the_line_and_the_rule() -> None:
    picture = svg(draw(tg.trace(half, 1.5)))
    tooltips = [node.findtext(f"{SPACE}title") or "" for node in groups(picture, "node")]
    product = next(tip for tip in tooltips if "multiply" in tip)
    assert "test_svg.py:" in product
    assert "area = width * width if width < 3.0 else width" in product
    assert "value 2.25\nadjoint 0.5\nd %3 / d width = 1.5\nd %3 / d width = 1.5" in product
    edges = [edge.findtext(f"{SPACE}title") for edge in groups(picture, "edge")]
    assert "%2 looks at width: no derivative" in edges


def test_the_picture_holds_nothing_from_elsewhere_and_follows_the_scheme() -> None:
    picture = svg(drawing_of("x*y"))
    assert set(re.findall(r"https?://[^\s\"<]+", picture)) == {"http://www.w3.org/2000/svg"}
    assert "prefers-color-scheme: dark" in picture
    light, dark = STYLE.split("@media")
    selectors = {line.split("{")[0].strip() for line in dark.splitlines() if line.startswith("  .")}
    assert selectors <= {line.split("{")[0].strip() for line in light.splitlines()}


def test_a_long_name_is_shortened_in_the_box_and_whole_in_the_tooltip() -> None:
    (node,) = groups(svg(drawing_of("an_extraordinarily_long_name_of_a_number")), "node")
    assert words(node)[0] == "an_extraordinarily_lo..."
    assert "an_extraordinarily_long_name_of_a_number" in (node.findtext(f"{SPACE}title") or "")


@pytest.mark.parametrize(
    ("text", "escaped"),
    [
        ("a<b & c", "a&lt;b &amp; c"),
        ('"', "&quot;"),
        ("\x00\x0c\udc80", "���"),
        ("é→\U0001f600", "é→\U0001f600"),
    ],
)
def test_text_is_escaped(text: str, escaped: str) -> None:
    assert clean(text) == escaped
    ElementTree.fromstring(f"<a>{clean(text)}</a>")  # noqa: S314  # our own text


def test_the_page_holds_the_picture_and_the_table() -> None:
    page = html(drawing_of("x if x < 3 else y"), "x if x < 3 else y")
    assert "<h1>x if x &lt; 3 else y</h1>" in page
    assert page.count("<svg ") == page.count("</svg>") == 1
    assert page.count("<tr") == 1 + 4
    assert '<td>less %0 %2</td><td></td><td class="source">x &lt; 3</td>' in page
    assert "<script" not in page


HOSTILE = "</script><script>alert(1)</script><img src=x onerror=alert(2)>"


def lesson(name: str = "x") -> tuple[Drawing, Lesson]:
    def product(x: tg.Scalar) -> tg.Scalar:
        return x * x

    trace = tg.trace(product, 0.1)
    names = {0: name, 1: name}
    return draw(trace, names, {}), lesson_of(trace, names, {}, product, Program("x*x", (name,), {1: 1}))


def test_a_page_with_a_lesson_holds_nothing_from_elsewhere_and_has_the_same_bytes_twice() -> None:
    page = html(lesson()[0], "x*x", lesson()[1])
    assert page == html(lesson()[0], "x*x", lesson()[1])
    assert set(re.findall(r"https?://[^\s\"<]+", page)) == {"http://www.w3.org/2000/svg"}
    assert not re.search(r"(?:src|href)=|@import|url\(", page)
    assert len(re.findall(r'<g class="node[^>]* data-record="\d+"', page)) == page.count("<tr data-record=") + 1 == 2
    assert page.count('class="player"') == page.count("<script>") == page.count("<table class=") - 1 == 1


@pytest.mark.parametrize(
    ("patience", "sentence"),
    [
        (10.0, None),
        (0.0, "Checks and second derivatives are left out: they take too long to compute."),
    ],
)
def test_what_takes_too_long_is_left_out_and_told(
    monkeypatch: pytest.MonkeyPatch, patience: float, sentence: str | None
) -> None:
    monkeypatch.setattr("tapegrad.view.player.PATIENCE", patience)
    drawing, told = lesson()
    page = html(drawing, "x*x", told)
    assert ("left out" in page) == (sentence is not None)
    assert (sentence or "") in page
    assert page.count("Second derivatives</summary>") == page.count("Derivatives, checked") == (sentence is None)


def test_the_numbers_behind_a_page_are_those_of_the_moments() -> None:
    _, told = lesson()
    (text,) = re.findall(r'<script type="application/json" id="moments">(.*?)</script>', data(told))
    assert [moment["sentence"] for moment in json.loads(text)] == [moment.sentence for moment in told.moments]
    assert [moment["adjoints"] for moment in json.loads(text)][-2:] == [{"0": "0", "1": "1"}, {"0": "0.2"}]


def test_a_hostile_name_stays_text_wherever_it_stands() -> None:
    drawing, told = lesson(HOSTILE)
    page = html(drawing, HOSTILE, told)
    assert "<img" not in page
    assert "<script>alert" not in page
    assert page.count("</script>") == 2
    (text,) = re.findall(r'id="moments">(.*?)</script>', page)
    assert HOSTILE in json.loads(text)[0]["sentence"]


@pytest.mark.parametrize("text", TEXTS)
def test_dot_has_a_statement_for_every_record_and_edge(text: str) -> None:
    drawing = drawing_of(text)
    lines = dot(drawing).splitlines()
    string = r'"(?:[^"\\]|\\.)*"'
    nodes = [line for line in lines if re.fullmatch(rf"    r\d+ \[\w+={string}(, \w+={string})*\];", line)]
    edges = [line for line in lines if re.fullmatch(rf"  r\d+ -> r\d+ \[label={string}\];", line)]
    assert len(nodes) == len(drawing.nodes)
    assert len(edges) == len(drawing.edges)
    assert (lines[0], lines[-1]) == ("digraph tape {", "}")


def test_dot_strings_are_quoted() -> None:
    assert quoted('say "\\n"\n') == r'"say \"\\n\"\n"'
