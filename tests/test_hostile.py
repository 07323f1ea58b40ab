"""Whatever is typed, nothing of it is run by Python, and the answer is there within two seconds, in one line."""

import math
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tapegrad.bodies import MAX_OPERATIONS, MAX_TURNS
from tapegrad.errors import ExpressionError
from tapegrad.expression import read
from tapegrad.parser import MAX_LENGTH, parse

SECONDS = 2.0

# What Python would say while it runs something: `sys.addaudithook`. Translating a text is a "compile" alone.
EVENTS: list[str] = []
WATCHED = (
    "exec",
    "import",
    "open",
    "os.",
    "subprocess.",
    "socket.",
    "shutil.",
    "ctypes.",
    "builtins.input",
    "builtins.breakpoint",
    "code.",
)
WATCHING = [False]


def hook(event: str, arguments: tuple[object, ...]) -> None:
    looks_for_the_mistake = event == "open" and arguments[0] == ""  # Python's parser does, in a file of no name
    if WATCHING[0] and event.startswith(WATCHED) and not looks_for_the_mistake:
        EVENTS.append(f"{event} {arguments}"[:200])


sys.addaudithook(hook)


@contextmanager
def witnessed() -> Iterator[list[str]]:
    """Whatever is run, imported or opened meanwhile."""
    EVENTS.clear()
    WATCHING[0] = True
    try:
        yield EVENTS
    finally:
        WATCHING[0] = False


@contextmanager
def watched() -> Iterator[None]:
    """Fails if anything is run, imported or opened meanwhile."""
    with witnessed() as events:
        yield
    assert events == []


def answer(text: str) -> str:
    """What comes of `text`: the refusal, or the value; every name has the value 0.5."""
    with watched():
        started = time.monotonic()
        try:
            expression = parse(text)
            reading = read(expression, dict.fromkeys(expression.names, 0.5))
            found = repr(reading.trace.output)
        except ExpressionError as error:
            found = str(error)
        assert time.monotonic() - started < SECONDS
    assert len(found.splitlines()) == 1
    return found


# Terms that must be refused wherever a term may stand.
TERMS = """
__import__('os')
__import__('os').system('id')
__import__("subprocess").run(["id"])
eval('1')
exec('import os')
compile('1', '', 'eval')
open('/etc/passwd')
open('/etc/passwd').read()
input()
print(1)
exit()
quit()
breakpoint()
help()
globals()
locals()
vars()
dir()
getattr(x, 'real')
setattr(x, 'real', 1)
type(x)
object()
super()
id(x)
hash(x)
iter(x)
memoryview(x)
bytearray(1000000000)
bytes(9999999999)
list(range(1000000000))
sum(range(1000000000))
tuple(x)
str(x)
int(x)
float('nan')
complex(1, 2)
max(x, y)
().__class__
().__class__.__bases__[0].__subclasses__()
(1).__class__.__mro__
x.__class__
x.__dict__
x.__init__.__globals__
sin.__globals__
sin.__code__
sin.__self__
sin.__module__
''.join(x)
'{0.__class__}'.format(x)
f'{x}'
f'{__import__("os")}'
f"{x!r:>{10**9}}"
'a'*1000000000
b'a'
"text"
'''text'''
u'text'
lambda: 1
lambda x: x
(lambda: 1)()
(lambda f: f(f))(lambda f: f(f))
[x for x in y]
{x for x in y}
{x: x for x in y}
(x for x in y)
[x]
[*x]
{x}
{x: y}
{**x}
{}
()
(x,)
x, y
x[0]
x[0:1]
x[...]
x[:, None]
...
None
True
False
__debug__
__builtins__
__name__
__file__
__loader__
__spec__
__x__
(x := 1)
(y := __import__('os'))
sin((x := 1))
await x
yield
yield x
yield from x
*x
sin(*x)
sin(**x)
sin(x=1)
sin(x, *y)
clip(x, lo=0, hi=1)
clip(x, 0)
sin()
sin(x)(x)
sin(sin)
sin
where
x @ y
x << 1000000000
x >> y
x & y
x | y
x ^ y
~x
not x
x and y
x or y
x in y
x not in y
x is y
x is not y
x == y
x < y < z
1j
1e400
0x""".strip().split("\n")
TERMS[-1] = "0x" + "f" * 300
TERMS += [
    "9" * 1900,
    "1" + "_0" * 900,
    "(" * 250 + "x" + ")" * 250,
    "[" * 900 + "]" * 900,
    "-" * 1900 + "x",
    "not " * 400 + "x",
    "~" * 1900 + "x",
    "+".join(["x"] * 900),
    "**".join(["x"] * 600),
    "sin(" * 300 + "x" + ")" * 300,
    "x if x > 0 else " * 120 + "x",
    "lambda:" * 200 + "x",
    "x" * (MAX_LENGTH + 1),
    "x" + " " * 10_000_000,
    "ｐｒｉｎｔ(1)",
    "ｅｖａｌ('1')",
    "__ｉｍｐｏｒｔ__('os')",
    "＿＿class＿＿",
    "x\u200b",
    "x\u202ey",
    "x\u2028__import__('os')",
    "x\x00",
    "\ufeffx.y",
    "\ud800",
    "٣x",
    "x²",
    "√x",
    "∞",
    "“x”",
    "x−y",
    "$x",
    "x?",
    "!x",
    "`x`",
    "x\\y",
    "'",
    "'''",
    "f'{",
    "(",
    ")",
]
BODIES = [
    "import os",
    "from os import *",
    "import os as x; x",
    "from __future__ import braces",
    "def f(): return 1",
    "def f(x=__import__('os')): return x",
    "async def f(): return 1",
    "class A: x = 1",
    "class A(metaclass=print): pass",
    "@print\ndef f(): return 1",
    "@__import__('os').system\nclass A: pass",
    "try:\n x = 1\nexcept: pass",
    "try:\n a = 1\nfinally:\n a = 2\na",
    "try:\n a = 1\nexcept* ValueError:\n a = 2\na",
    "with x: a = 1\na",
    "with open('/etc/passwd') as f: a = 1\na",
    "async with x: a = 1",
    "async for i in range(3): a = 1",
    "del x",
    "global x",
    "nonlocal x",
    "assert x",
    "assert 0, __import__('os')",
    "raise x",
    "raise ValueError('x')",
    "pass",
    "break",
    "continue",
    "return",
    "return 1; 2",
    "while 1: a = 1",
    "while x > 0:\n a = 1\na",
    "while True: pass\nelse: pass",
    "match x:\n case 1: a = 1\na",
    "match x:\n case __import__('os'): a = 1\na",
    "x: int = 1",
    "x: __import__('os') = 1\nx",
    "x: float",
    "type X = int",
    "a = b = x",
    "a, b = x, y",
    "(a) = b = x",
    "[a, b] = x",
    "*a, = x",
    "x.y = 1",
    "x[0] = 1",
    "sin = x",
    "pi = 3\npi",
    "__builtins__ = x",
    "__import__ = x; 1",
    "x += 1",
    "x.y += 1",
    "x[0] += 1",
    "a = 1\na @= x\na",
    "a = 1\na <<= 1000000000\na",
    "a = 1\na ^= x\na",
    "a = 1\na |= x\na",
    "if x: a = 1\na",
    "if True: a = 1\na",
    "if (y := x) > 0: a = 1\na",
    "if x > 0:\n return x\nx",
    "if x > 1:\n a = 1\na",
    "if x > 1:\n a = 1\nelse:\n b = 1\na + b",
    "if x > 0: pass\nx",
    "if x > 0: a = 1",
    "if print(1): a = 1\nx",
    "b = a\na = 1\nb",
    "for i in x: a = 1\na",
    "for i in [1, 2]: a = 1\na",
    "for i in 'ab': a = 1\na",
    "for i in print: a = 1\na",
    "for i in range: a = 1\na",
    "for i in range(): a = 1\na",
    "for i in range(1, 2, 3, 4): a = 1\na",
    "for i in range(*x): a = 1\na",
    "for i in range(stop=3): a = 1\na",
    "for i in range(x): a = 1\na",
    "for i in range('3'): a = 1\na",
    "for i in range(1.5): a = 1\na",
    "for i in range(1/0): a = 1\na",
    "for i in range(1e308*10): a = 1\na",
    "for i in range(0*(1/0)): a = 1\na",
    "for i in range(3, 0, 0): a = 1\na",
    "for i in range(1 > 0): a = 1\na",
    "for i in range(9**9**9): a = 1\na",
    "for i in range(2**2**2**2**2**2): a = 1\na",
    "for i in range(10**9): a = 1\na",
    "for i in range(10**9, 0, -1): a = 1\na",
    "for i in range(99999999999999999999): a = 1\na",
    "for i in range(20001): a = 1\na",
    "for i in range(0): a = 1\na",
    "for i in range(3): return i",
    "for i in range(3): break\nx",
    "for i in range(3): continue\nx",
    "for i in range(3): i = x\ni",
    "for i in range(3): i += 1\ni",
    "for i in range(3): sin(x)\nx",
    "for i in range(3): a = 1",
    "for i in range(3):\n a = 1\nelse:\n a = 2\na",
    "for i, j in range(3): a = 1\na",
    "for x.y in range(3): a = 1\na",
    "for x[0] in range(3): a = 1\na",
    "for sin in range(3): a = 1\na",
    "for __x in range(3): a = 1\na",
    "for range in range(range): a = 1\na",
    "for i in range(3):\na = 1",
    "  for i in range(3):\n a = 1\na",
    "if x > 0: a = 1\n   b = 2\na",
    "if x > 0:\n\ta = 1\n        b = 1\na",
    "if x > 0:\na",
    "s = 0; for i in range(3): s += x",
    "else: a = 1",
    "elif x > 0: a = 1",
    "s = 0\nfor i in range(200):\n for j in range(200):\n  s += x\ns",
    "s = 0\nfor i in range(20000):\n s += x*x\ns",
    "s = x\nfor i in range(20000):\n " + "; ".join(["s = s*s"] * 200) + "\ns",
    "a = 0\nfor i in range(20000):\n " + "; ".join(f"b{k}=1" for k in range(280)) + "\na.b",
    "\n".join(" " * depth + f"for i{depth} in range(9):" for depth in range(8)) + "\n" + " " * 8 + "a = 1\na",
    "\n".join(" " * depth + "if x>0:" for depth in range(55)) + "\n" + " " * 55 + "a=1\na.b",
    "if x>0:a=1\n" + "elif x>0:a=1\n" * 120 + "a",
    "if x > 0:\n a = " + "-" * 1000 + "x\na",
    "if " + "x > 0 and " * 150 + "x:\n a = 1\na",
    "if " + "not " * 300 + "x > 0:\n a = 1\na",
    "exec\x0c('1')",
    "# coding: rot13\nvzcbeg bf",
    "#!/usr/bin/python\nimport os",
    "%run x",
    "!ls",
    "?x",
    "",
    ";",
    "\n\n",
    "#",
    "\\",
    "\t",
]
HOSTILE = [*TERMS, *BODIES]

# These mean what they say, and what they say is harmless: the rest of what is typed is refused.
HARMLESS = {
    "a = 1\nfor i in range(0): a = x\na": "1.0",
    "x**9**9": "0.0",
    "9.0**9.0**9.0": "inf",
    "exp(exp(exp(exp(9))))": "inf",
    "-x**-9999": "-inf",
    "0*(1/0)": "nan",
    "x % 0": "nan",
    "(-x)**x": "nan",
    "1e308*10": "inf",
    "1_0": "10.0",
    "ｘ + x": "1.0",
    "ﬁ": "0.5",
    "range = x\nrange": "0.5",
    "print = x\nprint": "0.5",
    "for i in range(-3): x = 1\n2": "2.0",
    "for i in range(3, 0, -1): a = i\na": "1.0",
    "if not (x > 1 or x < 0 and x != 2): a = 1\nelse: a = 2\na": "1.0",
    "x\u2028": "0.5",
    "NotImplemented": "0.5",
    "(" * 150 + "x" + ")" * 150: "0.5",
    "_ = x\n_": "0.5",
}


@pytest.fixture(autouse=True, scope="module")
def warm() -> None:
    """Whatever is imported on first use has been imported."""
    expression = parse("s = 0\nfor i in range(2):\n s += x\ns")
    read(expression, {"x": 1.0})
    for text in ("x(", " x\n  y", "1 if sin else 2", "9" * 400):
        with pytest.raises(ExpressionError):
            parse(text)


def test_there_are_enough_of_them_and_each_is_another() -> None:
    assert len(set(HOSTILE)) == len(HOSTILE) >= 250


@pytest.mark.parametrize("text", HOSTILE, ids=[repr(text[:40]) for text in HOSTILE])
def test_what_is_hostile_is_refused(text: str, capsys: pytest.CaptureFixture[str]) -> None:
    found = answer(text)
    with pytest.raises(ValueError, match="could not convert"):
        float(found)
    assert len(found) < 300
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize("term", TERMS, ids=[repr(term[:40]) for term in TERMS])
@pytest.mark.parametrize("place", ["a = {}\na", "a = 1\na += {}\na", "for i in range({}):\n a = 1\na", "return {}"])
def test_what_is_hostile_is_refused_wherever_it_stands(term: str, place: str) -> None:
    with pytest.raises(ValueError, match="could not convert"):
        float(answer(place.format(term)))


@pytest.mark.parametrize(("text", "value"), HARMLESS.items(), ids=[repr(text) for text in HARMLESS])
def test_what_only_looks_hostile_has_its_value(text: str, value: str) -> None:
    assert answer(text) == value


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("s = 0\nfor i in range(20000):\n s += x*x\ns", f"line 3: more than {MAX_OPERATIONS} operations"),
        (
            "a = 0\n\nfor i in range(10**9): a = x\na",
            f"line 3: the loops ask for {10**9} turns, and at most {MAX_TURNS}",
        ),
        ("for i in range(9):\n for j in range(9999):\n  a = 1\na", "line 2: the loops ask for 20007 turns"),
        ("for i in range(10**10): a = x\na", "line 1: '10**10' is 10000000000.0; range takes whole numbers"),
        ("a = " + "-(" * 120 + "x" + ")" * 120, "nested too deeply"),
    ],
)
def test_a_limit_names_itself_and_the_line(text: str, words: str) -> None:
    assert words in answer(text)


def test_the_time_of_a_run_is_limited(monkeypatch: pytest.MonkeyPatch) -> None:
    expression = parse("s = 0\nfor i in range(100):\n  s += x\ns")
    clock = iter(range(1000))
    monkeypatch.setattr(time, "monotonic", lambda: 0.1 * next(clock))
    with pytest.raises(ExpressionError, match=r"line \d: the run takes more than 1.5 seconds"):
        expression.evaluate({"x": 1.0})
    assert next(clock) < 20


WORDS = """
x y s i 0 1 2.5 1e308 9**9 + - * / // % ** ( ) , : ; = += *= < > == != and or not if elif else for in range range(3)
while return pass break def lambda import del with try None __class__ . [ ] ' f' := @ sin exp where isclose clip # é
"""
TOKENS = st.sampled_from([*WORDS.split(), "\n", "\n ", "\n  ", " ", "\t", "\\", "\u2028", "\x00"])
PROGRAMS = [
    "s = 0\nfor i in range(3):\n  if x > i:\n    s += x*i\n  else:\n    s = s - y\nreturn s",
    "a = x*y; b = sin(a) if a > 0 else clip(y, 0, 1)\nb**2",
    "p = 1\nfor i in range(1, 6, 2):\n for j in range(i + 1):\n  p *= x + j\np",
    "if not x > 0 and y < 1 or x == y:\n a = 1\nelif x > y: a = 2\nelse:\n a = exp(x)\na / y",
]


@settings(deadline=None, max_examples=300, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(TOKENS, max_size=40))
def test_any_soup_of_tokens_has_an_answer(tokens: list[str]) -> None:
    answer(" ".join(tokens))


@settings(deadline=None, max_examples=300, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_any_mutation_of_a_program_has_an_answer(data: st.DataObject) -> None:
    text = data.draw(st.sampled_from(PROGRAMS))
    for _ in range(data.draw(st.integers(1, 4))):
        start = data.draw(st.integers(0, len(text)))
        stop = data.draw(st.integers(start, min(start + 6, len(text))))
        text = text[:start] + data.draw(TOKENS | st.just("")) + text[stop:]
    answer(text)


@pytest.mark.parametrize("text", PROGRAMS)
def test_the_programs_that_are_mutated_are_programs(text: str) -> None:
    assert math.isfinite(float(answer(text)))
