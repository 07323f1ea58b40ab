"""Every operation has a row, and its value is mpmath's over the whole float range."""

from __future__ import annotations

import importlib
import pkgutil

import pytest
from mpmath import mp
from rows import ROWS, Row, misses

import tapegrad as tg
import tapegrad.ops
from tapegrad import primitive
from tapegrad.elementwise import Binary, Unary, zeros_win

EVERY_ROW = pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)


def declared() -> set[str]:
    modules = [importlib.import_module(f"tapegrad.ops.{m.name}") for m in pkgutil.iter_modules(tapegrad.ops.__path__)]
    return {
        found.name
        for module in (*modules, primitive)
        for found in vars(module).values()
        if isinstance(found, (Unary, Binary))
    }


def test_no_operation_is_without_a_row() -> None:
    assert {row.name for row in ROWS} == declared() | {zeros_win.name}


def test_no_operation_has_two_rows() -> None:
    assert len({row.name for row in ROWS}) == len(ROWS)


@EVERY_ROW
def test_a_row_is_as_wide_as_its_operation(row: Row) -> None:
    assert row.operation.arity == len(row.inside) == len(row.partials)
    assert len(list(row.ladder())) >= 10


@EVERY_ROW
def test_value_over_the_whole_range(row: Row) -> None:
    wrong = [
        (point, found, mp.nstr(reference, 20))
        for point in row.ladder()
        if misses(
            found := row.operation.bind(point),  # type: ignore[arg-type]  # floats give a float
            reference := row.value(*map(mp.mpf, point)),
            row.tolerance(*point),
        )
    ]
    assert wrong == []


@EVERY_ROW
def test_traced_value_is_the_plain_value(row: Row) -> None:
    for point in list(row.ladder())[:40]:
        assert tg.trace(lambda *p: row.operation.bind(p), *point).output == row.operation.bind(point)
