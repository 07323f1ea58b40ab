"""First derivatives: `grad`, `value_and_grad`, `derivatives`, `vjp`, `jvp`, `stop_gradient`.

Each traces the function once and hands the tape to an interpreter. A transform of a function is a frozen
object around it that can be called, nested, and pickled if the function can.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Concatenate, Literal, ParamSpec, TypeVar, cast, overload

import attrs

from tapegrad import tree
from tapegrad.calls import Transform, select
from tapegrad.cotangents import seeds_of
from tapegrad.direct import value_and_gradient
from tapegrad.errors import StructureError
from tapegrad.forward import tangents_of
from tapegrad.naming import names_of_records
from tapegrad.ops import structural
from tapegrad.reverse import cotangents_of
from tapegrad.seeds import cotangent_leaves, tangent_leaves
from tapegrad.trace import Arguments, Parameters, Recorded, handed_out, name_of, record, refuse_complex, scalar_output
from tapegrad.variables import Scalar, Var

__all__ = ["Gradient", "Pullback", "derivatives", "grad", "jvp", "stop_gradient", "value_and_grad", "vjp"]

P = ParamSpec("P")
X = TypeVar("X")
Y = TypeVar("Y")
Aux = TypeVar("Aux")
Out = TypeVar("Out")
Num = TypeVar("Num", bound=Scalar)


@attrs.frozen
class Gradient(Transform):
    """What `grad` and `value_and_grad` return: called as the function is, it answers with derivatives."""

    function: Callable[..., object]
    argnums: int | tuple[int, ...]
    has_aux: bool
    with_value: bool
    positions: Sequence[int] = attrs.field(init=False, eq=False, repr=False)
    parameters: Parameters = attrs.field(init=False, eq=False, repr=False)

    @positions.default
    def _positions_of_argnums(self) -> Sequence[int]:
        """What `value_and_gradient` can use: distinct ints, or no valid position."""
        wanted = self.argnums if isinstance(self.argnums, tuple) else (self.argnums,)
        plain = all(type(i) is int for i in wanted) and len(set(wanted)) == len(wanted) > 0
        return wanted if plain else (-1,)

    @parameters.default
    def _parameters_of_function(self) -> Parameters:
        return Parameters.of(self.function)

    def __call__(self, *args: object, **keywords: object) -> object:
        if not keywords and not self.has_aux:
            found = value_and_gradient(self.function, self.positions, args)
            if found is not None:
                value, gradients = found
                gradient = tuple(gradients) if isinstance(self.argnums, tuple) else gradients[0]
                return (value, gradient) if self.with_value else gradient
        return self._of_trees(args, keywords)

    def _of_trees(self, args: tuple[object, ...], keywords: Mapping[str, object]) -> object:
        """The answer for arguments of any structure."""
        arguments, rebuild = select(self.function, self.parameters, args, self.argnums)
        recorded = record(self.function, arguments.leaves, rebuild, keywords, self.has_aux, kept=False)
        output = scalar_output(recorded.outputs, recorded.structure, recorded.values, self.function)
        count = len(arguments.leaves)
        value = handed_out(recorded.values[output])
        cotangents = cotangents_of(recorded.tape, recorded.values, {output: 1.0}, count, spend=True)
        gradients = arguments.gradients(cotangents)
        gradient = gradients if isinstance(self.argnums, tuple) else gradients[0]
        recorded.release()
        if not self.with_value:
            return (gradient, recorded.aux) if self.has_aux else gradient
        return ((value, recorded.aux) if self.has_aux else value), gradient


# The overlaps below are meant: an argument index that is a literal keeps the type of that argument.
@overload
def grad(  # type: ignore[overload-overlap]
    function: Callable[Concatenate[X, P], Scalar], argnums: Literal[0] = 0, has_aux: Literal[False] = False
) -> Callable[Concatenate[X, P], X]: ...
@overload
def grad(  # type: ignore[overload-overlap]
    function: Callable[Concatenate[X, P], tuple[Scalar, Aux]],
    argnums: Literal[0] = 0,
    *,
    has_aux: Literal[True],
) -> Callable[Concatenate[X, P], tuple[X, Aux]]: ...
@overload
def grad(  # type: ignore[overload-overlap]
    function: Callable[Concatenate[X, Y, P], Scalar], argnums: Literal[1], has_aux: Literal[False] = False
) -> Callable[Concatenate[X, Y, P], Y]: ...
@overload
def grad(  # type: ignore[overload-overlap]
    function: Callable[Concatenate[X, Y, P], Scalar],
    argnums: tuple[Literal[0], Literal[1]],
    has_aux: Literal[False] = False,
) -> Callable[Concatenate[X, Y, P], tuple[X, Y]]: ...
@overload
def grad(
    function: Callable[P, Scalar], argnums: int | tuple[int, ...], has_aux: Literal[False] = False
) -> Callable[P, object]: ...
@overload
def grad(
    function: Callable[P, tuple[Scalar, Aux]], argnums: int | tuple[int, ...], *, has_aux: Literal[True]
) -> Callable[P, tuple[object, Aux]]: ...
def grad(
    function: Callable[..., object], argnums: int | tuple[int, ...] = 0, has_aux: bool = False
) -> Callable[..., object]:
    """The derivative of a function that returns one number.

    ``argnums`` says which positional arguments: an int gives one derivative, a tuple gives a tuple. A
    derivative has the structure of its argument (tuples, lists, dicts, dataclasses, attrs classes). With
    ``has_aux`` the function returns ``(number, rest)`` and the result is ``(derivative, rest)``.

    >>> grad(lambda x, y: x * y + x)(2.0, 3.0)
    4.0
    >>> grad(lambda p: p["w"] * p["w"] + p["b"])({"w": 3.0, "b": 1.0})
    {'w': 6.0, 'b': 1.0}

    Raises IntegerArgumentError, ArgumentTypeError, StructureError (no such argument),
    NonScalarOutputError, OutputTypeError.
    """
    return Gradient(function, argnums, has_aux, with_value=False)


@overload
def value_and_grad(  # type: ignore[overload-overlap]
    function: Callable[Concatenate[X, P], Num], argnums: Literal[0] = 0, has_aux: Literal[False] = False
) -> Callable[Concatenate[X, P], tuple[Num, X]]: ...
@overload
def value_and_grad(  # type: ignore[overload-overlap]
    function: Callable[Concatenate[X, P], tuple[Num, Aux]], argnums: Literal[0] = 0, *, has_aux: Literal[True]
) -> Callable[Concatenate[X, P], tuple[tuple[Num, Aux], X]]: ...
@overload
def value_and_grad(  # type: ignore[overload-overlap]
    function: Callable[Concatenate[X, Y, P], Num], argnums: Literal[1], has_aux: Literal[False] = False
) -> Callable[Concatenate[X, Y, P], tuple[Num, Y]]: ...
@overload
def value_and_grad(  # type: ignore[overload-overlap]
    function: Callable[Concatenate[X, Y, P], Num],
    argnums: tuple[Literal[0], Literal[1]],
    has_aux: Literal[False] = False,
) -> Callable[Concatenate[X, Y, P], tuple[Num, tuple[X, Y]]]: ...
@overload
def value_and_grad(
    function: Callable[P, Num], argnums: int | tuple[int, ...], has_aux: Literal[False] = False
) -> Callable[P, tuple[Num, object]]: ...
@overload
def value_and_grad(
    function: Callable[P, tuple[Num, Aux]], argnums: int | tuple[int, ...], *, has_aux: Literal[True]
) -> Callable[P, tuple[tuple[Num, Aux], object]]: ...
def value_and_grad(
    function: Callable[..., object], argnums: int | tuple[int, ...] = 0, has_aux: bool = False
) -> Callable[..., object]:
    """As `grad`, with the value: ``(value, derivative)``, or ``((value, rest), derivative)`` with has_aux.

    >>> value_and_grad(lambda x: x * x)(3.0)
    (9.0, 6.0)
    """
    return Gradient(function, argnums, has_aux, with_value=True)


@attrs.frozen
class Derivatives(Transform):
    """What `derivatives` returns."""

    function: Callable[..., object]
    intermediates: bool

    def __call__(self, *args: object, **vals: object) -> dict[str, object]:
        names = (*Parameters.of(self.function).first(len(args)), *vals)
        if len(set(names)) != len(names):
            msg = f"{name_of(self.function)} has two arguments of one name among {', '.join(names)}; pass each once"
            raise StructureError(msg)
        arguments = Arguments.of((*args, *vals.values()), names)

        def rebuild(leaves: Sequence[object]) -> Sequence[object]:
            trees = arguments.rebuild(leaves)
            return (trees[: len(args)], dict(zip(vals, trees[len(args) :], strict=True)))

        def call(positional: tuple[object, ...], keywords: Mapping[str, object]) -> object:
            return self.function(*positional, **keywords)

        recorded = record(call, arguments.leaves, rebuild, {}, locating=self.intermediates)
        output = scalar_output(recorded.outputs, recorded.structure, recorded.values, self.function)
        count = len(recorded.tape) if self.intermediates else len(arguments.leaves)
        cotangents = cotangents_of(recorded.tape, recorded.values, {output: 1.0}, count)
        gradients = arguments.gradients(cotangents[: len(arguments.leaves)])
        found = dict(zip(names, gradients, strict=True))
        if self.intermediates:
            for index, name in names_of_records(recorded.tape, len(arguments.leaves)).items():
                found.setdefault(name, cotangents[index])
        return found


def derivatives(function: Callable[P, Scalar], intermediates: bool = False) -> Callable[P, dict[str, object]]:
    """The derivative dictionary ``{parameter name: derivative}`` of all arguments.

    With ``intermediates`` it also has the adjoint of every value that the source gives a name by plain
    assignment, the last one where a name is assigned again; the source must be readable.

    >>> derivatives(lambda x, y: x * y)(x=2.0, y=3.0)
    {'x': 3.0, 'y': 2.0}
    """
    return Derivatives(function, intermediates)


@attrs.frozen(eq=False)
class Pullback:
    """The transposed derivative at one point: cotangent of the output -> cotangents of the primals.

    It can be called any number of times, and changes nothing.
    """

    recorded: Recorded
    arguments: Arguments

    def __call__(self, g: object) -> tuple[object, ...]:
        seeds = seeds_of(self.recorded.outputs, cotangent_leaves(self.recorded, g))
        count = len(self.arguments.leaves)
        return self.arguments.gradients(cotangents_of(self.recorded.tape, self.recorded.values, seeds, count))


@overload
def vjp(function: Callable[[X], Out], x: X, /) -> tuple[Out, Callable[[Out], tuple[X]]]: ...
@overload
def vjp(function: Callable[[X, Y], Out], x: X, y: Y, /) -> tuple[Out, Callable[[Out], tuple[X, Y]]]: ...
@overload
def vjp(function: Callable[..., Out], *primals: object) -> tuple[Out, Callable[[Out], tuple[object, ...]]]: ...
def vjp(function: Callable[..., Out], *primals: object) -> tuple[Out, Callable[[Out], tuple[object, ...]]]:
    """The value at `primals`, and the pullback there: vector-Jacobian products.

    ``pullback(g)`` takes a cotangent with the structure of the output and returns a tuple with one
    cotangent per primal. Raises StructureError if the cotangent has another structure or other shapes.

    >>> out, pullback = vjp(lambda x, y: x * y, 2.0, 3.0)
    >>> out, pullback(1.0), pullback(2.0)
    (6.0, (3.0, 2.0), (6.0, 4.0))
    """
    arguments = Arguments.of(primals, Parameters.of(function).first(len(primals)))
    recorded = record(function, arguments.leaves, arguments.rebuild, {})
    refuse_complex(recorded.outputs, recorded.values, function)
    return cast(Out, recorded.output()), Pullback(recorded, arguments)


def jvp(function: Callable[..., Out], primals: Sequence[object], tangents: Sequence[object]) -> tuple[Out, Out]:
    """The value at `primals`, and its derivative along `tangents`: a Jacobian-vector product.

    >>> jvp(lambda x, y: x * y, (2.0, 3.0), (1.0, 0.0))
    (6.0, 3.0)

    Raises StructureError if the tangents do not have the structure and the shapes of the primals.
    """
    arguments = Arguments.of(primals, Parameters.of(function).first(len(primals)))
    seeds = tangent_leaves(arguments, tangents)
    recorded = record(function, arguments.leaves, arguments.rebuild, {}, kept=False)
    refuse_complex(recorded.outputs, recorded.values, function)
    moved = tangents_of(recorded.tape, recorded.values, dict(enumerate(seeds)), recorded.outputs)
    return cast(Out, recorded.output()), cast(Out, recorded.structure.unflatten(moved))


def stop_gradient(x: X) -> X:
    """x, with derivative zero in every mode; trees are mapped.

    >>> grad(lambda x: x * stop_gradient(x))(3.0)
    3.0
    """
    return tree.map_leaves(lambda leaf: structural.stop_gradient(leaf) if isinstance(leaf, Var) else leaf, x)
