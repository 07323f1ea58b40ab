"""All derivatives of a function of many numbers to many numbers, and second derivatives."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Concatenate, Literal, ParamSpec, TypeVar, overload

import attrs
import numpy as np

from tapegrad.blocks import blocks_forward, blocks_reverse, size_of
from tapegrad.calls import Transform, select
from tapegrad.errors import SettingError
from tapegrad.forward import tangents_of
from tapegrad.primitive import concrete
from tapegrad.reverse import cotangents_of
from tapegrad.trace import Arguments, Parameters, Recorded, record, refuse_complex
from tapegrad.transforms import grad, jvp
from tapegrad.variables import Array, Scalar

__all__ = ["Jacobian", "hessian", "hvp", "jacfwd", "jacobian", "jacrev"]

P = ParamSpec("P")
K = TypeVar("K")
X = TypeVar("X")
Y = TypeVar("Y")
Num = TypeVar("Num", bound=Scalar)
ArrayT = TypeVar("ArrayT", bound=Array)
Mode = Literal["forward", "reverse", "cheaper"]


@attrs.frozen
class Jacobian(Transform):
    """What `jacfwd`, `jacrev` and `jacobian` return."""

    function: Callable[..., object]
    argnums: int | tuple[int, ...]
    mode: Mode
    chunk: int | None = attrs.field()
    parameters: Parameters = attrs.field(init=False, eq=False, repr=False)

    @chunk.validator
    def _check_chunk(self, _: object, chunk: int | None) -> None:
        if chunk is not None and (type(chunk) is not int or chunk < 1):
            msg = f"chunk is how many directions go at once: a positive int or None, not {chunk!r:.40}"
            raise SettingError(msg)

    @parameters.default
    def _parameters_of_function(self) -> Parameters:
        return Parameters.of(self.function)

    def __call__(self, *args: object, **keywords: object) -> object:
        arguments, rebuild = select(self.function, self.parameters, args, self.argnums)
        recorded = record(self.function, arguments.leaves, rebuild, keywords)
        refuse_complex(recorded.outputs, recorded.values, self.function)
        outputs = [recorded.values[i] for i in recorded.outputs]
        fewer_inputs = sum(map(size_of, arguments.leaves)) < sum(map(size_of, outputs))
        forward = self.mode == "forward" or (self.mode == "cheaper" and fewer_inputs)
        if any(isinstance(concrete(value), np.ndarray) for value in recorded.values.outers.values()):
            blocks = blocks_forward if forward else blocks_reverse
            rows = blocks(recorded, arguments, self.chunk, self.function)
        else:
            rows = _rows_forward(recorded, arguments) if forward else _rows_reverse(recorded, arguments)
        by_output = [arguments.gradients(row) for row in rows]
        if isinstance(self.argnums, tuple):
            return recorded.structure.unflatten(by_output)
        return recorded.structure.unflatten([row[0] for row in by_output])


# Of numbers there is one sweep of packed columns for each; of arrays one for many, see `tapegrad.blocks`.


def _rows_reverse(recorded: Recorded, arguments: Arguments) -> list[list[object]]:
    """One sweep per output: (outputs, inputs)."""
    count = len(arguments.leaves)
    return [cotangents_of(recorded.tape, recorded.values, {output: 1.0}, count) for output in recorded.outputs]


def _rows_forward(recorded: Recorded, arguments: Arguments) -> list[list[object]]:
    """One replay per input, transposed: (outputs, inputs)."""
    columns = [
        tangents_of(recorded.tape, recorded.values, {index: 1.0}, recorded.outputs)
        for index in range(len(arguments.leaves))
    ]
    return [[column[i] for column in columns] for i in range(len(recorded.outputs))]


def jacrev(
    function: Callable[P, object], argnums: int | tuple[int, ...] = 0, *, chunk: int | None = None
) -> Callable[P, object]:
    """The Jacobian in reverse mode, one sweep for each number that the function returns: for few of them.

    The result has the structure of the output, with the structure of the argument in place of each leaf. For an
    output of shape ``m`` and an argument of shape ``n`` there stands an array of shape ``(*m, *n)``, of the dtype of
    the argument. Where there are arrays, `chunk` sweeps go at once, which takes memory; all of them without it.

    >>> jacrev(lambda x: {"square": x * x, "cube": x * x * x})(2.0)
    {'square': 4.0, 'cube': 12.0}
    >>> import numpy as np
    >>> jacrev(lambda x: x * x[::-1])(np.array([2.0, 3.0]))
    array([[3., 2.],
           [3., 2.]])
    """
    return Jacobian(function, argnums, "reverse", chunk)


def jacfwd(
    function: Callable[P, object], argnums: int | tuple[int, ...] = 0, *, chunk: int | None = None
) -> Callable[P, object]:
    """The Jacobian in forward mode, one replay for each number of the arguments. The result is that of `jacrev`."""
    return Jacobian(function, argnums, "forward", chunk)


# The overlaps below are meant: an output whose form is known gives a Jacobian of known form. A block for an array has
# more axes than the argument, which its type does not tell.
@overload
def jacobian(  # type: ignore[overload-overlap]
    function: Callable[Concatenate[X, P], Scalar], argnums: Literal[0] = 0, *, chunk: int | None = None
) -> Callable[Concatenate[X, P], X]: ...
@overload
def jacobian(  # type: ignore[overload-overlap]
    function: Callable[Concatenate[X, P], list[Num]], argnums: Literal[0] = 0, *, chunk: int | None = None
) -> Callable[Concatenate[X, P], list[X]]: ...
@overload
def jacobian(  # type: ignore[overload-overlap]
    function: Callable[Concatenate[X, P], tuple[Scalar, Scalar]], argnums: Literal[0] = 0, *, chunk: int | None = None
) -> Callable[Concatenate[X, P], tuple[X, X]]: ...
@overload
def jacobian(  # type: ignore[overload-overlap]
    function: Callable[Concatenate[X, P], tuple[Scalar, ...]], argnums: Literal[0] = 0, *, chunk: int | None = None
) -> Callable[Concatenate[X, P], tuple[X, ...]]: ...
@overload
def jacobian(  # type: ignore[overload-overlap]
    function: Callable[Concatenate[X, P], dict[K, Num]], argnums: Literal[0] = 0, *, chunk: int | None = None
) -> Callable[Concatenate[X, P], dict[K, X]]: ...
@overload
def jacobian(  # type: ignore[overload-overlap]
    function: Callable[Concatenate[ArrayT, P], Array], argnums: Literal[0] = 0, *, chunk: int | None = None
) -> Callable[Concatenate[ArrayT, P], ArrayT]: ...
@overload
def jacobian(
    function: Callable[P, object], argnums: int | tuple[int, ...] = 0, *, chunk: int | None = None
) -> Callable[P, object]: ...
def jacobian(
    function: Callable[P, object], argnums: int | tuple[int, ...] = 0, *, chunk: int | None = None
) -> Callable[P, object]:
    """The Jacobian in the mode that needs fewer sweeps. The result is that of `jacrev`.

    >>> jacobian(lambda v: [v[0] * v[1], v[0] + v[1]])([2.0, 3.0])
    [[3.0, 2.0], [1.0, 1.0]]
    """
    return Jacobian(function, argnums, "cheaper", chunk)


@overload
def hessian(  # type: ignore[overload-overlap]
    function: Callable[Concatenate[Num, P], Scalar], argnums: Literal[0] = 0, *, chunk: int | None = None
) -> Callable[Concatenate[Num, P], Num]: ...
@overload
def hessian(
    function: Callable[Concatenate[list[Num], P], Scalar], argnums: Literal[0] = 0, *, chunk: int | None = None
) -> Callable[Concatenate[list[Num], P], list[list[Num]]]: ...
@overload
def hessian(
    function: Callable[Concatenate[dict[K, Num], P], Scalar], argnums: Literal[0] = 0, *, chunk: int | None = None
) -> Callable[Concatenate[dict[K, Num], P], dict[K, dict[K, Num]]]: ...
@overload
def hessian(
    function: Callable[Concatenate[tuple[Num, Num], P], Scalar], argnums: Literal[0] = 0, *, chunk: int | None = None
) -> Callable[Concatenate[tuple[Num, Num], P], tuple[tuple[Num, Num], tuple[Num, Num]]]: ...
@overload
def hessian(
    function: Callable[Concatenate[tuple[Num, ...], P], Scalar], argnums: Literal[0] = 0, *, chunk: int | None = None
) -> Callable[Concatenate[tuple[Num, ...], P], tuple[tuple[Num, ...], ...]]: ...
@overload
def hessian(
    function: Callable[Concatenate[ArrayT, P], Scalar], argnums: Literal[0] = 0, *, chunk: int | None = None
) -> Callable[Concatenate[ArrayT, P], ArrayT]: ...
@overload
def hessian(
    function: Callable[P, Scalar], argnums: int | tuple[int, ...] = 0, *, chunk: int | None = None
) -> Callable[P, object]: ...
def hessian(
    function: Callable[P, Scalar], argnums: int | tuple[int, ...] = 0, *, chunk: int | None = None
) -> Callable[P, object]:
    """All second derivatives, forward over reverse: the structure of the argument, twice.

    For two arrays of shapes ``m`` and ``n`` there stands one of shape ``(*m, *n)``. `chunk` is that of `jacrev`.

    >>> hessian(lambda v: v[0] * v[0] * v[1])([2.0, 3.0])
    [[6.0, 4.0], [4.0, 0.0]]
    """
    return Jacobian(grad(function, argnums), argnums, "forward", chunk)


@overload
def hvp(function: Callable[[X], Scalar], primals: tuple[X], tangents: tuple[X]) -> X: ...
@overload
def hvp(function: Callable[[X, Y], Scalar], primals: tuple[X, Y], tangents: tuple[X, Y]) -> tuple[X, Y]: ...
@overload
def hvp(function: Callable[..., Scalar], primals: Sequence[object], tangents: Sequence[object]) -> object: ...
def hvp(function: Callable[..., Scalar], primals: Sequence[object], tangents: Sequence[object]) -> object:
    """The Hessian-vector product: the derivative of the gradient along `tangents`, without the Hessian.

    For one primal the result has its structure; for several it is a tuple, one for each.

    >>> hvp(lambda v: v[0] * v[0] * v[1], ([2.0, 3.0],), ([1.0, 0.0],))
    [6.0, 4.0]
    """
    argnums = 0 if len(primals) == 1 else tuple(range(len(primals)))
    return jvp(grad(function, argnums), primals, tangents)[1]
