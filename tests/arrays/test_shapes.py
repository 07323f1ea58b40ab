"""Functions that give the same elements another shape."""

from __future__ import annotations

import numpy as np
import pytest
from laws import Row, array, check_row, row

import tapegrad.numpy as tnp

ROWS = (
    row("reshape", lambda x: tnp.reshape(x, (3, 2)) * tnp.reshape(x, (3, -1)), array(2, 3)),
    row("ravel", lambda x: tnp.ravel(x) ** 2, array(2, 3), reference=lambda x: np.ravel(x) ** 2),
    row("transpose", lambda x: tnp.transpose(x, (1, 2, 0)) * 2.0 * x[0, 0, 0], array(2, 3, 4)),
    row("sum axis", lambda x: tnp.sum(x * x, axis=1), array(2, 3), reference=lambda x: np.sum(x * x, axis=1)),
)


@pytest.mark.parametrize("case", ROWS, ids=lambda case: case.name)
def test_laws(case: Row) -> None:
    check_row(case)
