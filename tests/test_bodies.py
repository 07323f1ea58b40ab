from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import tapegrad as tg
import tapegrad.numpy as tnp
from tapegrad.errors import ExpressionError
from tapegrad.expression import Expression, Reading, read
from tapegrad.parser import parse
from tapegrad.view.steps import steps_of

HORNER = """
s = 0

for i in range(3):
    if i > 0 and x > 1:
        s += x**i * y
    else:
        s = s + y
return s
"""


def evaluate(text: str, **values: float) -> float:
    value = parse(text).evaluate(values)
    assert isinstance(value, float)
    return value


def refusal(text: str, **values: float) -> str:
    with pytest.raises(ExpressionError) as caught:
        read(parse(text), values)
    message = str(caught.value)
    assert "\n" not in message
    return message


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (HORNER, 21.0),
        ("s = 0\nfor i in range(4): s += i\ns", 6.0),
        ("s = 0\nfor i in range(1, 4): s += i\ns", 6.0),
        ("s = 0\nfor i in range(9, 0, -3): s = 10*s + i\ns", 963.0),
        ("s = 0\nfor i in range(4):\n\tfor j in range(i, 2*i - 1): s += 1\ns", 3.0),
        ("s = 0\nfor i in range(0): s += x\ns", 0.0),
        ("s = 0\nfor i in range(2): s += 1\nfor i in range(3): s += 1\ns + i", 7.0),
        ("a = x\na += 1\na -= y\na *= 4\na /= 3\na **= 2\na", 0.0),
        ("a = x; a //= 1.5; a", 1.0),
        ("a = y; a %= 2; a", 1.0),
        ("a = x\na = a*y\na = a*y\nreturn a", 18.0),
        ("a = x; a += y", 5.0),
        ("if x > 5:\n  a = 1\nelif x > 1:\n  a = 2\nelse:\n  a = 3\na", 2.0),
        ("a = 1\nif x > y: a = 5\na", 1.0),
        ("a = 0\nif not x > y or x == 2 and y < 0: a = 1\na", 1.0),
        ("1 if x > 0 and not (y > 9 or x > 9) else 0", 1.0),
        ("    a = x\n    if a > 0:\n        a += 1\n    return a\n", 3.0),
        ("# a comment\nreturn x  # and another", 2.0),
        ("return x", 2.0),
        ("a = x\r\nif a > 0:\r\n  a += 1\r\na", 3.0),
    ],
)
def test_value(text: str, expected: float) -> None:
    names = parse(text).names
    assert evaluate(text, **{name: value for name, value in {"x": 2.0, "y": 3.0}.items() if name in names}) == expected


def test_a_program_is_a_value() -> None:
    assert parse(HORNER) == parse(HORNER)
    assert hash(parse(HORNER)) == hash(parse(HORNER))
    assert parse(HORNER).names == ("x", "y")
    assert parse(HORNER).result_name == "L"


def told(reading: Reading) -> list[tuple[str, str, str, int]]:
    """The operation, name, source and line of each record; line 0 for an input."""
    return [
        (record.primitive.name, reading.names.get(i, ""), reading.sources[i], reading.lines.get(i, 0))
        for i, record in enumerate(reading.trace.tape)
    ]


def test_every_record_knows_its_piece_of_the_text_and_the_line_of_it() -> None:
    reading = read(
        parse("s = 0\nfor i in range(2):\n  s += (x +\n    i)*y\nif s > 1: s = sin(s)\ns"), {"x": 2.0, "y": 3.0}
    )
    assert told(reading) == [
        ("input", "x", "x", 0),
        ("input", "y", "y", 0),
        ("constant", "", "x + i", 3),
        ("add", "", "x + i", 3),
        ("multiply", "", "(x + i)*y", 3),
        ("constant", "", "s += (x + i)*y", 3),
        ("add", "s", "s += (x + i)*y", 3),
        ("constant", "", "x + i", 3),
        ("add", "", "x + i", 3),
        ("multiply", "", "(x + i)*y", 3),
        ("add", "s", "s += (x + i)*y", 3),
        ("constant", "", "s > 1", 5),
        ("greater", "", "s > 1", 5),
        ("sin", "s", "sin(s)", 5),
    ]


@pytest.mark.parametrize("text", ["2*3", "a = 2\nfor i in range(2): a += i\nreturn a", "a = 1\nif x > 0: a = 2\na"])
def test_a_constant_result_is_a_record_of_the_last_line(text: str) -> None:
    expression = parse(text)
    reading = read(expression, dict.fromkeys(expression.names, 1.0))
    operation, name, _, line = told(reading)[-1]
    assert (operation, name, line) == ("constant", "L", len(text.splitlines()))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a = 1\nif x > 1: b = 2\na + b", "line 3: 'b' has no value here, as the lines that assign it did not run"),
        ("for i in range(0): a = x\nx + a", "line 2: 'a' has no value here"),
        ("for i in range(0): a = x\nx + i", "line 2: 'i' has no value here"),
        ("b = a\na = x\nb", "line 2: 'a = x' gives a a value after line 1 used it; assign it before"),
        ("x += 1\nx", "line 1: 'x += 1' changes x, which has no value of its own; assign a name first"),
        ("a = 1\na = 2\na", "line 2: 'a = 2' gives a a second value before the first is used"),
        ("while x > 0:\n  a = 1\na", "for i in range(10)"),
        ("s = 0; for i in range(3): s += x", "begin 'for' on a line of its own"),
        ("for i in range(x): a = 1\na", "line 1: 'x' is not known before the run"),
        ("n = 3\nfor i in range(n): a = 1\na", "line 2: 'n' is not known before the run"),
        ("for i in range(3):\n  i = x\ni", "line 2: 'i = x' assigns i, which counts a loop"),
        ("i = 1\nfor i in range(3): a = x\na", "line 2: 'i' counts a loop and has a value already"),
        ("for i in range(3): a = x", "leaves no result; end with a line that names it"),
        ("if x > 0:\n  return x\n-x", "line 2: 'return x' does not return a value on the last line"),
        ("a = 1\nif a:\n  a = x\na", "line 2: 'a' is a number where a condition is needed"),
        ("a = 1\nb = sinn(a)\nb", "line 2: 'sinn' is not a known function; did you mean sin?"),
        ("a = 1\nb = \nb", "line 2: 'b =' is not well formed"),
        ("if x > 0:\n  a = 1\n b = 2\na", "line 3: 'b = 2' is not well formed"),
        ("a = x\n__b", "line 2: '__b' is a name of Python's own machinery"),
    ],
)
def test_a_mistake_is_told_with_its_line(text: str, message: str) -> None:
    assert message in refusal(text, x=0.5)


def test_what_a_program_assigns_takes_no_value() -> None:
    text = "for i in range(2):\n  if x > 0: a = x\n  else: b = x\nx"
    for name in ("a", "b", "i"):
        assert f"'{name}' is computed by the expression" in refusal(text, x=1.0, **{name: 1.0})


# ---- the same program, by Python itself ----------------------------------------------------------

INDENT = "  "


@st.composite
def terms(draw: st.DrawFn, names: tuple[str, ...], depth: int = 2) -> str:
    """A term on `names`; nothing in it raises in plain Python either."""
    if depth == 0 or draw(st.booleans()):
        return draw(st.sampled_from([*names, "x", "y", "0.5", "3.0", "-1.25"]))
    a, b = draw(terms(names, depth - 1)), draw(terms(names, depth - 1))
    shapes = ["({a} + {b})", "({a} - {b})", "{a}*{b}", "{a}/2.5", "sin({a})", "tanh({a})**2.0", "-{a}", "{a} % 1.5"]
    if depth == 2:
        condition = draw(conditions(names))
        shapes += [f"({{a}} if {condition} else {{b}})", f"where({draw(comparisons(names))}, {{a}}, {{b}})"]
    return draw(st.sampled_from(shapes)).format(a=f"({a})", b=f"({b})")


@st.composite
def comparisons(draw: st.DrawFn, names: tuple[str, ...]) -> str:
    a, b = draw(terms(names, 1)), draw(terms(names, 1))
    return f"{a} {draw(st.sampled_from(['<', '<=', '>', '>=', '==', '!=']))} {b}"


@st.composite
def conditions(draw: st.DrawFn, names: tuple[str, ...]) -> str:
    a, b = draw(comparisons(names)), draw(comparisons(names))
    return draw(st.sampled_from(["{a}", "not {a}", "{a} and {b}", "{a} or not {b}", "not ({a} or {b})"])).format(
        a=a, b=b
    )


Lines = list[str]


@st.composite
def blocks(
    draw: st.DrawFn, names: tuple[str, ...], loops: tuple[str, ...], depth: int
) -> tuple[Lines, tuple[str, ...]]:
    """Lines of statements after which `names` and those returned have values; `loops` count around them."""
    lines: Lines = []
    for _ in range(draw(st.integers(1, 3))):
        kind = draw(st.sampled_from(["assign", "change", "if", "for"] if depth else ["assign", "change"]))
        readable = (*names, *loops)
        if kind == "assign" or not names:
            name, term = draw(st.sampled_from("abc")), draw(terms(readable))
            lines.append(f"{name} = {name}*0.5 + {term}" if name in names else f"{name} = {term}")
            names = (*names, name) if name not in names else names
        elif kind == "change":
            operator = draw(st.sampled_from(["+=", "-=", "*="]))
            lines.append(f"{draw(st.sampled_from(names))} {operator} {draw(terms(readable))}")
        elif kind == "if":
            chosen, after = draw(blocks(names, loops, depth - 1))
            lines += [f"if {draw(conditions(readable))}:", *(INDENT + line for line in chosen)]
            other: tuple[str, ...] = names
            for word in draw(st.sampled_from([[], ["else"], ["elif", "else"]])):
                block, found = draw(blocks(names, loops, depth - 1))
                head = f"elif {draw(conditions(readable))}:" if word == "elif" else "else:"
                lines += [head, *(INDENT + line for line in block)]
                after = tuple(name for name in after if name in found)
                other = after
            names = other
        else:
            loop = "ijk"[len(loops)]
            bounds = ["3", "0", "1, 4", "5, 0, -2", *(f"{outer} + 1" for outer in loops), *(f"2, -{x}" for x in loops)]
            body, _ = draw(blocks(names, (*loops, loop), depth - 1))
            lines += [f"for {loop} in range({draw(st.sampled_from(bounds))}):", *(INDENT + line for line in body)]
    return lines, names


@st.composite
def programs(draw: st.DrawFn) -> str:
    lines, names = draw(blocks((), (), 2))
    return "\n".join([*lines, "return " + " + ".join(["x*y", *names])])


def by_python(text: str) -> Callable[[tg.Scalar, tg.Scalar], tg.Scalar]:
    """The function whose body is `text`, which Python runs; the numbers of a loop are floats there as well."""
    namespace: dict[str, Callable[..., object]] = {
        "range": lambda *bounds: map(float, range(*map(int, bounds))),
        "sin": tnp.sin,
        "tanh": tnp.tanh,
        "where": tnp.where,
    }
    exec("def f(x, y):\n" + "\n".join(INDENT + line for line in text.split("\n")), namespace)  # noqa: S102
    return namespace["f"]  # type: ignore[return-value]


def by_tapegrad(expression: Expression) -> Callable[[tg.Scalar, tg.Scalar], tg.Scalar]:
    return lambda x, y: expression.evaluate({"x": x, "y": y})


@settings(deadline=None, max_examples=300)
@given(programs(), st.floats(-2, 2), st.floats(-2, 2))
def test_value_and_derivatives_are_those_of_the_program_that_python_runs(text: str, x: float, y: float) -> None:
    written, typed = by_python(text), by_tapegrad(parse(text))
    assert repr(typed(x, y)) == repr(written(x, y))
    expected = tg.grad(written, argnums=(0, 1))(x, y)
    assert repr(tg.grad(typed, argnums=(0, 1))(x, y)) == repr(expected)
    reading = read(parse(text), {"x": x, "y": y})
    adjoints = {step.name: step.adjoint for step in steps_of(reading.trace, reading.names) if step.kind == "input"}
    assert repr((adjoints["x"], adjoints["y"])) == repr(expected)


@settings(deadline=None, max_examples=100)
@given(programs(), st.floats(-2, 2), st.floats(-2, 2))
def test_every_record_of_any_program_has_a_source_on_its_line(text: str, x: float, y: float) -> None:
    reading = read(parse(text), {"x": x, "y": y})
    lines = text.split("\n")
    assert sorted(reading.lines) == list(range(2, len(reading.trace.tape)))
    assert sorted(reading.sources) == list(range(len(reading.trace.tape)))
    for index, line in reading.lines.items():
        assert reading.sources[index] in lines[line - 1]
