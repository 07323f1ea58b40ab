import math
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import tapegrad as tg
import tapegrad.numpy as tnp
from tapegrad.errors import ExpressionError
from tapegrad.expression import FUNCTIONS, read
from tapegrad.numpy import elementwise
from tapegrad.parser import MAX_LENGTH, parse

POINT = {"x": 0.7, "y": -1.3, "z": 2.5}


def evaluate(text: str) -> float:
    expression = parse(text)
    value = expression.evaluate({name: POINT[name] for name in expression.names})
    assert isinstance(value, float)
    return value


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("x", 0.7),
        ("3", 3.0),
        ("1_000", 1000.0),
        ("0xff", 255.0),
        ("2*3 + 4", 10.0),
        ("1/0", math.inf),
        ("-2**2", -4.0),
        ("2**3**2", 512.0),
        ("7 // 2", 3.0),
        ("-7 % 3", 2.0),
        ("+x - -y", 0.7 - 1.3),
        ("(x + y) * z", (0.7 - 1.3) * 2.5),
        ("pi + e", math.pi + math.e),
        ("-inf", -math.inf),
        ("x if x > y else y", 0.7),
        ("x if y < x < 0 else y", -1.3),
        ("x if less(x, y) else z", 2.5),
        ("x if isclose(x, x) else y", 0.7),
        ("where(x != 0, x, y)", 0.7),
        ("clip(z, 0, 1)", 1.0),
        ("hypot(3, 4)", 5.0),
        ("a = x + 1; b = a*a; b - a", 1.7 * 1.7 - 1.7),
        ("a = x + 1\n  b = a*a\n  b - a  # the end", 1.7 * 1.7 - 1.7),
        ("a = x;", 0.7),
        ("(x +\n y)", 0.7 - 1.3),
    ],
)
def test_value(text: str, expected: float) -> None:
    assert evaluate(text) == expected


def test_the_branch_not_taken_is_not_evaluated() -> None:
    reading = read(parse("sqrt(x) if x > 0 else log(x)"), {"x": 4.0})
    assert [record.primitive.name for record in reading.trace.tape] == [
        "input",
        "constant",
        "greater",
        "sqrt",
    ]


def test_names_stand_in_order_of_appearance_without_the_assigned() -> None:
    expression = parse("c = b*a; pi*c + d + a")
    assert expression.names == ("b", "a", "d")
    assert expression == parse("c = b*a; pi*c + d + a")
    assert hash(expression) == hash(parse("c = b*a; pi*c + d + a"))


@pytest.mark.parametrize(
    ("text", "name"), [("x", "L"), ("y = x", "y"), ("L*2", "L0"), ("L = x; L*L", "L0"), ("L*L0", "L1")]
)
def test_the_result_has_a_name_of_its_own(text: str, name: str) -> None:
    assert parse(text).result_name == name


def test_every_name_of_the_numpy_face_that_is_a_function_of_numbers_is_known() -> None:
    of_numbers = {name for name in elementwise.__all__ if callable(getattr(tnp, name))}
    assert set(FUNCTIONS) == of_numbers | {"clip", "isclose", "where"}


def test_derivatives_of_an_expression_are_those_of_the_function_it_writes() -> None:
    expression = parse("s = sigmoid(x*y); s**2 + clip(x, 0, 1) * arctan2(y, x)")

    def written(x: tg.Scalar, y: tg.Scalar) -> tg.Scalar:
        s = tnp.sigmoid(x * y)
        return s**2.0 + tnp.clip(x, 0.0, 1.0) * tnp.arctan2(y, x)

    def parsed(x: tg.Scalar, y: tg.Scalar) -> tg.Scalar:
        return expression.evaluate({"x": x, "y": y})

    assert tg.grad(parsed, argnums=(0, 1))(0.4, 1.3) == tg.grad(written, argnums=(0, 1))(0.4, 1.3)


def test_every_record_knows_its_piece_of_the_text() -> None:
    reading = read(parse("u = x*y if x > 0 else 1; clip(u, 0, 100) + sin(u)"), {"x": 2.0, "y": 3.0})
    told = [
        (record.primitive.name, reading.names.get(i, ""), reading.sources[i])
        for i, record in enumerate(reading.trace.tape)
    ]
    assert told == [
        ("input", "x", "x"),
        ("input", "y", "y"),
        ("constant", "", "x > 0"),
        ("greater", "", "x > 0"),
        ("multiply", "u", "x*y"),
        ("constant", "", "clip(u, 0, 100)"),
        ("maximum", "", "clip(u, 0, 100)"),
        ("constant", "", "clip(u, 0, 100)"),
        ("minimum", "", "clip(u, 0, 100)"),
        ("sin", "", "sin(u)"),
        ("add", "L", "clip(u, 0, 100) + sin(u)"),
    ]


@pytest.mark.parametrize(
    ("text", "values", "operations"),
    [
        ("2*3", {}, ["constant"]),
        ("x", {"x": 1.0}, ["input"]),
        ("y = x; y", {"x": 1.0}, ["input"]),
        ("1 if x > 0 else 2", {"x": 1.0}, ["input", "constant", "greater", "constant"]),
    ],
)
def test_small_programs_are_recorded_whole(text: str, values: dict[str, float], operations: list[str]) -> None:
    reading = read(parse(text), values)
    assert [record.primitive.name for record in reading.trace.tape.check()] == operations
    assert set(reading.sources) == set(range(len(operations)))
    assert reading.names[reading.trace.outputs[0]] in {"L", "x"}


@pytest.mark.parametrize(
    ("text", "piece", "cure"),
    [
        ("__import__('os')", "'__import__'", "not a known function"),
        ("__import__('os').system('ls')", "system", "attribute"),
        ("import os", "'import os'", "not arithmetic"),
        ("().__class__", "__class__", "attribute"),
        ("__x", "'__x'", "out of reach"),
        ("x.real", "'x.real'", "plain name"),
        ("sin(x)(y)", "'sin(x)'", "not the name of a function"),
        ("'a'", "'a'", "text"),
        ("f'{x}'", "f'{x}'", "text"),
        ("lambda x: x", "'lambda x: x'", "write its body"),
        ("[i for i in x]", "'[i for i in x]'", "not arithmetic"),
        ("x[0]", "'x[0]'", "a name of its own"),
        ("(x := 3)", "'x := 3'", "statement of its own"),
        ("x^2", "'x^2'", "x**y"),
        ("x and y", "'x and y'", "nest them"),
        ("not x > 0", "'not x > 0'", "other way"),
        ("x in y", "'x in y'", "not arithmetic"),
        ("1j", "'1j'", "real number"),
        ("True", "'True'", "real number"),
        ("1e999", "'1e999'", "write inf"),
        ("9" * 400, "'999", "write inf"),
        ("9" * 5000, "5000 characters", str(MAX_LENGTH)),
        ("sinn(x)", "'sinn'", "did you mean sin?"),
        ("ln(x)", "'ln'", "did you mean log?"),
        ("frobnicate(x)", "'frobnicate'", "tapegrad.numpy"),
        ("sin(x, y)", "'sin(x, y)'", "takes 1"),
        ("clip(x)", "'clip(x)'", "takes 3"),
        ("isclose(x)", "'isclose(x)'", "takes 2 to 4"),
        ("sin(x=1)", "'sin(x=1)'", "by position"),
        ("sin(*x)", "'sin(*x)'", "by position"),
        ("sin + x", "'sin'", "call it"),
        ("sin = x", "'sin'", "call it"),
        ("e = x", "'e'", "choose another name"),
        ("x > 0", "'x > 0'", "1 if x > 0 else 0"),
        ("(x > 0)*y", "'x > 0'", "1 if x > 0 else 0"),
        ("x if y else z", "'y'", "y != 0"),
        ("where(x, y, z)", "'x'", "x != 0"),
        ("a = x; a = y", "'a = y'", "new name"),
        ("a = x; x = a", "'x = a'", "new name"),
        ("a = b = x", "'a = b = x'", "name = ..."),
        ("a, b = x", "'a, b = x'", "name = ..."),
        ("x += 1", "'x += 1'", "y = x*x"),
        ("x + 1; y", "'x + 1'", "only the last"),
        ("", "empty", "x*y"),
        ("# x", "empty", "x*y"),
        ("2x", "'2x'", "x*y"),
        ("x*", "'x*'", "x*y"),
        ("(x", "'(x'", "never closed"),
        ("1if x", "'1if x'", "x*y"),
        ("\0", r"'\x00'", "x*y"),
        ("\udc80", r"'\udc80'", "x*y"),
        ("(" * 300 + "x" + ")" * 300, "'((((", "nested"),
        ("-" * 1900 + "x", "'----", "nested"),
        ("+".join(["x"] * 200), "x+x", "nested"),
    ],
)
def test_what_is_no_arithmetic_is_refused_in_one_line(text: str, piece: str, cure: str) -> None:
    with pytest.raises(ExpressionError) as caught:
        parse(text)
    message = str(caught.value)
    assert piece in message
    assert cure in message
    assert "\n" not in message
    assert len(message) < 240


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"x": 1.0}, "'y' has no value; give it one: y=2"),
        ({"x": 1.0, "Y": 2.0}, r"'y' has no value"),
        (
            {"x": 1.0, "y": 2.0, "w": 3.0},
            "'w' has a value but is not used; the names in the expression are: x, y",
        ),
        ({"x": 1.0, "y": 2.0, "u": 3.0}, "'u' is computed by the expression"),
        ({"x": 1.0, "y": 2.0, "pi": 3.0}, "'pi' is the constant"),
        ({"x": 1.0, "y": 2.0, "sin": 3.0}, "'sin' is a function"),
    ],
)
def test_values_must_be_those_the_expression_asks_for(values: dict[str, float], message: str) -> None:
    with pytest.raises(ExpressionError, match=message):
        read(parse("u = x*y; u + 1"), values)


BODY = """
s = 0
for i in range(3):
    s += sin(x)**i
return s*y"""


@pytest.mark.parametrize("text", ["x*x*y", "u = x*y; u*u + exp(x)", BODY, "x*y if x > y else y", "x + 0*y"])
@pytest.mark.parametrize("by", ["x", "y"])
def test_the_tape_of_a_derivative_is_that_of_the_gradient(text: str, by: str) -> None:
    expression = parse(text)
    names = expression.names

    def value(*variables: tg.Scalar) -> tg.Scalar:
        return expression.evaluate(dict(zip(names, variables, strict=True)))

    point = [POINT[name] for name in names]
    derivative = read(expression, dict(zip(names, point, strict=True)), by)
    assert derivative.trace.output == tg.grad(value, names.index(by))(*point)
    assert derivative.result_name == f"dL/d{by}"
    forward = read(expression, dict(zip(names, point, strict=True)))
    shared = range(len(forward.trace.tape))
    assert [derivative.sources[i] for i in shared] == [forward.sources[i] for i in shared]
    assert derivative.lines == forward.lines
    assert {derivative.sources[i] for i in range(len(shared), len(derivative.trace.tape))} <= {f"dL/d{by}"}
    assert {i: name for i, name in forward.names.items() if name != f"dL/d{by}"}.items() <= derivative.names.items()


def test_there_is_a_derivative_by_inputs_alone() -> None:
    with pytest.raises(ExpressionError, match="no derivative by 'z', which is no input; the inputs are: x, y"):
        read(parse("u = x*y; u"), {"x": 1.0, "y": 2.0}, "z")


def test_sources_are_placed_where_there_are_several_lines() -> None:
    point = {"x": 1.0, "y": 2.0}
    assert read(parse("x*y"), point).placed_sources[2] == "x*y"
    placed = read(parse(BODY), point).placed_sources
    assert (placed[0], placed[2], max(placed.values())) == ("x", "4: sin(x)", "y")


def test_nothing_the_parser_meets_is_run(capsys: pytest.CaptureFixture[str]) -> None:
    before = set(sys.modules)
    for text in ("print(1)", "__import__('this')", "exec('import this')", "x if print(1) else y"):
        with pytest.raises(ExpressionError):
            parse(text)
    assert capsys.readouterr().out == ""
    assert "this" not in set(sys.modules) - before


def refusal(text: str) -> str:
    """What the parser says against `text`; "" if it reads it."""
    try:
        parse(text)
    except ExpressionError as error:
        return str(error)
    return ""


@settings(deadline=None, max_examples=200)
@given(st.text(alphabet="xyz01.9+-*/%()<>=!,; \nifelsnpow'\"[]{}:\\@#_\x00é", max_size=60))
def test_any_text_is_read_or_refused_in_one_line(text: str) -> None:
    assert len(refusal(text).splitlines()) <= 1
