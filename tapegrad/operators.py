"""The operators of Python for operands that record: each says which operation it is, and how that is applied.

How it is done is up to the operand: a traced variable writes to its tape, a symbol builds a formula.
"""

from __future__ import annotations

from typing import Final, Self, cast, overload

import numpy as np
import numpy.typing as npt
from mypy_extensions import mypyc_attr

from tapegrad.arrays import AnyArray
from tapegrad.elementwise import Binary, Unary
from tapegrad.ops.arithmetic import absolute, add, divide, floor_divide, multiply, negative, remainder, subtract
from tapegrad.ops.exponential import power
from tapegrad.ops.selection import equal, greater, greater_equal, less, less_equal, not_equal
from tapegrad.primitive import Comparison, Operand, is_number
from tapegrad.typing import ArrayT_co, HasArrays, Number, Traced

__all__ = ["Operators"]

# The compiler keeps a Final of this module in a pointer, and looks up one of another module in a dictionary.
_ADD: Final = add
_SUBTRACT: Final = subtract
_MULTIPLY: Final = multiply
_DIVIDE: Final = divide
_FLOOR_DIVIDE: Final = floor_divide
_REMAINDER: Final = remainder
_POWER: Final = power
_NEGATIVE: Final = negative
_ABSOLUTE: Final = absolute
_LESS: Final = less
_LESS_EQUAL: Final = less_equal
_GREATER: Final = greater
_GREATER_EQUAL: Final = greater_equal
_EQUAL: Final = equal
_NOT_EQUAL: Final = not_equal

# A method may answer NotImplemented, Python's way to let the other side try, whatever it promises. That an operand
# which is an array is an operand too is no mistake: the first overload is for it.
# mypy: disable-error-code="return-value, overload-overlap"


@mypyc_attr(allow_interpreted_subclasses=True, acyclic=True)
class Operators(Operand):  # noqa: PLW1641  # each kind of operand says whether it can be hashed
    """Arithmetic with numbers gives an operand of the same kind, with arrays that for arrays.

    A comparison answers with a plain bool, of arrays with an array of them.
    """

    __slots__ = ()

    @property
    def _array(self) -> Traced:
        return self

    # ---- how: what a subclass may do faster ------------------------------------------------

    def before(self, operation: Binary, other: object) -> object:
        """``operation(self, other)``, or NotImplemented if the other is no number."""
        return operation.bind((self, other)) if is_number(other) else NotImplemented

    def after(self, operation: Binary, other: object) -> object:
        """``operation(other, self)``, or NotImplemented if the other is no number."""
        return operation.bind((other, self)) if is_number(other) else NotImplemented

    def alone(self, operation: Unary) -> Self:
        """``operation(self)``."""
        return cast(Self, operation.bind((self,)))

    def compared(self, comparison: Comparison, other: object) -> object:
        """``comparison(self, other)``, or NotImplemented if the other is no number."""
        return comparison.evaluate((self, other), ()) if is_number(other) else NotImplemented

    # ---- which -----------------------------------------------------------------------------

    @overload
    def __add__(self: HasArrays[ArrayT_co], other: AnyArray | ArrayT_co) -> ArrayT_co: ...
    @overload
    def __add__(self, other: Number | complex) -> Self: ...
    def __add__(self, other: object) -> object:
        return self.before(_ADD, other)

    @overload
    def __radd__(self: HasArrays[ArrayT_co], other: AnyArray | ArrayT_co) -> ArrayT_co: ...
    @overload
    def __radd__(self, other: Number | complex) -> Self: ...
    def __radd__(self, other: object) -> object:
        return self.after(_ADD, other)

    @overload
    def __sub__(self: HasArrays[ArrayT_co], other: AnyArray | ArrayT_co) -> ArrayT_co: ...
    @overload
    def __sub__(self, other: Number | complex) -> Self: ...
    def __sub__(self, other: object) -> object:
        return self.before(_SUBTRACT, other)

    @overload
    def __rsub__(self: HasArrays[ArrayT_co], other: AnyArray | ArrayT_co) -> ArrayT_co: ...
    @overload
    def __rsub__(self, other: Number | complex) -> Self: ...
    def __rsub__(self, other: object) -> object:
        return self.after(_SUBTRACT, other)

    @overload
    def __mul__(self: HasArrays[ArrayT_co], other: AnyArray | ArrayT_co) -> ArrayT_co: ...
    @overload
    def __mul__(self, other: Number | complex) -> Self: ...
    def __mul__(self, other: object) -> object:
        return self.before(_MULTIPLY, other)

    @overload
    def __rmul__(self: HasArrays[ArrayT_co], other: AnyArray | ArrayT_co) -> ArrayT_co: ...
    @overload
    def __rmul__(self, other: Number | complex) -> Self: ...
    def __rmul__(self, other: object) -> object:
        return self.after(_MULTIPLY, other)

    @overload
    def __truediv__(self: HasArrays[ArrayT_co], other: AnyArray | ArrayT_co) -> ArrayT_co: ...
    @overload
    def __truediv__(self, other: Number | complex) -> Self: ...
    def __truediv__(self, other: object) -> object:
        return self.before(_DIVIDE, other)

    @overload
    def __rtruediv__(self: HasArrays[ArrayT_co], other: AnyArray | ArrayT_co) -> ArrayT_co: ...
    @overload
    def __rtruediv__(self, other: Number | complex) -> Self: ...
    def __rtruediv__(self, other: object) -> object:
        return self.after(_DIVIDE, other)

    @overload
    def __floordiv__(self: HasArrays[ArrayT_co], other: AnyArray | ArrayT_co) -> ArrayT_co: ...
    @overload
    def __floordiv__(self, other: Number | complex) -> Self: ...
    def __floordiv__(self, other: object) -> object:
        return self.before(_FLOOR_DIVIDE, other)

    @overload
    def __rfloordiv__(self: HasArrays[ArrayT_co], other: AnyArray | ArrayT_co) -> ArrayT_co: ...
    @overload
    def __rfloordiv__(self, other: Number | complex) -> Self: ...
    def __rfloordiv__(self, other: object) -> object:
        return self.after(_FLOOR_DIVIDE, other)

    @overload
    def __mod__(self: HasArrays[ArrayT_co], other: AnyArray | ArrayT_co) -> ArrayT_co: ...
    @overload
    def __mod__(self, other: Number | complex) -> Self: ...
    def __mod__(self, other: object) -> object:
        return self.before(_REMAINDER, other)

    @overload
    def __rmod__(self: HasArrays[ArrayT_co], other: AnyArray | ArrayT_co) -> ArrayT_co: ...
    @overload
    def __rmod__(self, other: Number | complex) -> Self: ...
    def __rmod__(self, other: object) -> object:
        return self.after(_REMAINDER, other)

    @overload
    def __pow__(self: HasArrays[ArrayT_co], other: AnyArray | ArrayT_co) -> ArrayT_co: ...
    @overload
    def __pow__(self, other: Number | complex) -> Self: ...
    def __pow__(self, other: object) -> object:
        return self.before(_POWER, other)

    @overload
    def __rpow__(self: HasArrays[ArrayT_co], other: AnyArray | ArrayT_co) -> ArrayT_co: ...
    @overload
    def __rpow__(self, other: Number | complex) -> Self: ...
    def __rpow__(self, other: object) -> object:
        return self.after(_POWER, other)

    def __neg__(self) -> Self:
        return self.alone(_NEGATIVE)

    def __abs__(self) -> Self:
        return self.alone(_ABSOLUTE)

    @overload  # type: ignore[override]  # of arrays too
    def __lt__(self: HasArrays[ArrayT_co], other: AnyArray | ArrayT_co) -> npt.NDArray[np.bool_]: ...
    @overload
    def __lt__(self, other: Number) -> bool: ...
    def __lt__(self, other: object) -> object:
        return self.compared(_LESS, other)

    @overload  # type: ignore[override]  # of arrays too
    def __le__(self: HasArrays[ArrayT_co], other: AnyArray | ArrayT_co) -> npt.NDArray[np.bool_]: ...
    @overload
    def __le__(self, other: Number) -> bool: ...
    def __le__(self, other: object) -> object:
        return self.compared(_LESS_EQUAL, other)

    @overload  # type: ignore[override]  # of arrays too
    def __gt__(self: HasArrays[ArrayT_co], other: AnyArray | ArrayT_co) -> npt.NDArray[np.bool_]: ...
    @overload
    def __gt__(self, other: Number) -> bool: ...
    def __gt__(self, other: object) -> object:
        return self.compared(_GREATER, other)

    @overload  # type: ignore[override]  # of arrays too
    def __ge__(self: HasArrays[ArrayT_co], other: AnyArray | ArrayT_co) -> npt.NDArray[np.bool_]: ...
    @overload
    def __ge__(self, other: Number) -> bool: ...
    def __ge__(self, other: object) -> object:
        return self.compared(_GREATER_EQUAL, other)

    @overload
    def __eq__(self: HasArrays[ArrayT_co], other: AnyArray | ArrayT_co) -> npt.NDArray[np.bool_]: ...
    @overload
    def __eq__(self, other: object) -> bool: ...
    def __eq__(self, other: object) -> object:
        return self.compared(_EQUAL, other)

    @overload
    def __ne__(self: HasArrays[ArrayT_co], other: AnyArray | ArrayT_co) -> npt.NDArray[np.bool_]: ...
    @overload
    def __ne__(self, other: object) -> bool: ...
    def __ne__(self, other: object) -> object:
        return self.compared(_NOT_EQUAL, other)
