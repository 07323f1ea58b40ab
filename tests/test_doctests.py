"""The examples in docstrings. They are read from the sources: a compiled module does not keep them all."""

from __future__ import annotations

import ast
import doctest
import importlib
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent.parent / "tapegrad"
SOURCES = sorted(path for path in PACKAGE.rglob("*.py") if ">>>" in path.read_text(encoding="utf-8"))


def examples(path: Path) -> list[doctest.DocTest]:
    """Every docstring of a source that holds examples, to be run in the module as it was imported."""
    module = ".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts).removesuffix(".__init__")
    names = vars(importlib.import_module(module))
    parser = doctest.DocTestParser()
    tests: list[doctest.DocTest] = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if not isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef)):
            continue
        text = ast.get_docstring(node)
        if text and ">>>" in text:
            name = f"{module}.{getattr(node, 'name', '')}".rstrip(".")
            line = node.body[0].lineno - 1
            tests.append(parser.get_doctest(text, dict(names), name, str(path), line))
    return tests


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_examples_in_docstrings(path: Path) -> None:
    found = examples(path)
    assert found
    for test in found:
        report: list[str] = []
        failures, _ = doctest.DocTestRunner().run(test, out=report.append)
        assert failures == 0, "".join(report)
