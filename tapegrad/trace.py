"""Run a function once and keep what it did: `trace`, the public value, and `record`, which every transform uses."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from types import FunctionType
from typing import cast

import attrs
import numpy as np

from tapegrad import tree
from tapegrad.arrays import AnyArray, frozen
from tapegrad.columns import Values
from tapegrad.errors import ArgumentTypeError, IntegerArgumentError, NonScalarOutputError, OutputTypeError
from tapegrad.maps import shape_of
from tapegrad.masks import Mask, symbolic
from tapegrad.primitive import as_float, as_value, concrete, is_complex
from tapegrad.recorder import Recorder, recorder_of
from tapegrad.tape import Tape
from tapegrad.tree import LEAF, Structure
from tapegrad.variables import ArrayVar, Var

__all__ = [
    "Arguments", "Parameters", "Recorded", "Trace", "handed_out", "lower", "name_of", "number_returned",
    "output_index", "record", "refuse_complex", "scalar_output", "trace",
]  # fmt: skip


_LEAVES = frozenset({float, Var, ArrayVar, np.ndarray})  # the commonest trees are one of these


@attrs.frozen(eq=False)
class Recorded:
    """A call that has been recorded: the tape, its values, and which records are inputs and outputs.

    The inputs are records 0 .. n-1, one for each leaf of the arguments. Values are floats, or variables
    of an enclosing trace.
    """

    tape: Tape
    values: Values = attrs.field(repr=False)
    outputs: tuple[int, ...]
    structure: Structure  # of the output
    aux: object
    recorder: Recorder = attrs.field(repr=False)

    def release(self) -> None:
        """Give back the memory of a tape that nobody has seen: it is no longer good for anything."""
        self.recorder.release()

    def output(self) -> object:
        """What the function returned, one transform further out."""
        return self.structure.unflatten([handed_out(self.values[i]) for i in self.outputs])


def record(
    function: Callable[..., object],
    leaves: Sequence[object],
    rebuild: Callable[[Sequence[object]], Sequence[object]],
    keywords: Mapping[str, object],
    has_aux: bool = False,
    *,
    names: Sequence[str] = (),
    locating: bool = False,
    kept: bool = True,
) -> Recorded:
    """Call ``function(*rebuild(variables), **keywords)`` with a variable for each leaf, and record it.

    The trace ends however the function ends; an exception passes through and leaves nothing behind. For a tape
    that somebody looks at, the inputs have `names`, and with `locating` every record knows where it stands in
    the user's program. What is `kept` for later must not change with the user's arrays, so they are copied.
    """
    recorder = Recorder(locating=locating)
    if kept:
        leaves = [frozen(leaf) if isinstance(leaf, np.ndarray) else leaf for leaf in leaves]
    variables = recorder.inputs(leaves, names)
    if not locating:
        recorder.again = lambda again: function(*rebuild(again.inputs(list(map(concrete, leaves)))), **keywords)
    aux: object = None
    try:
        returned = function(*rebuild(variables), **keywords)
        if has_aux:
            returned, aux = split_aux(function, returned)
            aux = lower(aux, recorder)
        if type(returned) in _LEAVES:
            found: list[object] = [returned]
            structure = LEAF
        else:
            found, structure = tree.flatten(returned)
        outputs = tuple(output_index(recorder, leaf, function) for leaf in found)
    finally:
        tape = recorder.seal()
    return Recorded(tape, recorder.values, outputs, structure, aux, recorder)


def split_aux(function: Callable[..., object], returned: object) -> tuple[object, object]:
    """The (output, aux) pair that a function with has_aux=True returns."""
    if isinstance(returned, tuple) and len(returned) == 2:
        return returned
    msg = f"with has_aux=True {name_of(function)} must return a pair (number, rest), not {type(returned).__name__}"
    raise OutputTypeError(msg)


def output_index(recorder: Recorder, leaf: object, function: Callable[..., object]) -> int:
    """The record of one leaf of the output; a plain number becomes a constant."""
    leaf = symbolic(leaf)
    if isinstance(leaf, Var):
        if leaf.recording is recorder:
            return leaf.index
        recorder_of(leaf).writer((leaf,))  # a leaked variable says so
        variable = recorder.adopt(leaf)
        return variable.index if variable.recording is recorder else recorder.constant(variable)
    if isinstance(leaf, (bool, np.bool_)) or not isinstance(leaf, (float, int, np.floating, np.integer, np.ndarray)):
        msg = f"{name_of(function)} returned {leaf!r:.60}, a {type(leaf).__name__}, where a number is needed"
        raise OutputTypeError(msg)
    value = as_value(leaf)
    return recorder.constant(frozen(value) if isinstance(value, np.ndarray) else value)


def number_returned(recorder: Recorder, returned: object, function: Callable[..., object]) -> int:
    """As `scalar_output`, of what the function returned while `recorder` recorded it."""
    leaves, structure = tree.flatten(returned)
    outputs = [output_index(recorder, leaf, function) for leaf in leaves]
    return scalar_output(outputs, structure, recorder.values, function)


def scalar_output(outputs: Sequence[int], structure: Structure, values: Values, function: Callable[..., object]) -> int:
    """The record of the one number that the function returned. Raises NonScalarOutputError otherwise."""
    if structure.is_leaf:
        shape = shape_of(values[outputs[0]])
        if shape:
            msg = (
                f"grad needs one number, but {name_of(function)} returned an array of shape {shape}; "
                "return its sum, tnp.sum(...), or ask for all derivatives with jacobian"
            )
            raise NonScalarOutputError(msg)
        refuse_complex(outputs, values, function)
        return outputs[0]
    if not outputs:
        msg = f"{name_of(function)} returned no number, but {structure}; is a `return` missing?"
        raise OutputTypeError(msg)
    msg = (
        f"grad needs one number, but {name_of(function)} returned {len(outputs)} as {structure}; "
        "return their sum, or ask for all derivatives with jacobian"
    )
    raise NonScalarOutputError(msg)


def refuse_complex(outputs: Sequence[int], values: Values, function: Callable[..., object]) -> None:
    """Raise OutputTypeError if the function returned complex numbers: what has a derivative here is real."""
    if any(is_complex(values[i]) for i in outputs):
        msg = (
            f"derivatives are of real numbers, but {name_of(function)} returned a complex one; return tnp.abs(z), or "
            "tnp.real(z) and tnp.imag(z): on the way to them numbers may be complex"
        )
        raise OutputTypeError(msg)


def handed_out(value: object) -> object:
    """A value as the user gets it: an array that may be written to, or a number."""
    if not isinstance(value, np.ndarray):
        return value
    return value.copy() if value.shape else value[()]


def lower(aux: object, recorder: Recorder) -> object:
    """`aux` with the variables of this trace replaced by their values, so that none leaks."""

    def lowered(leaf: object) -> object:
        traced = symbolic(leaf)
        if not isinstance(traced, Var) or traced.recording is not recorder:
            return handed_out(traced) if isinstance(leaf, Mask) and not isinstance(traced, Var) else leaf
        value = handed_out(traced.primal)
        return Mask(value) if isinstance(leaf, Mask) and isinstance(value, Var) else value

    return tree.map_leaves(lowered, aux)


def name_of(function: Callable[..., object]) -> str:
    """How an error speaks of a function."""
    return f"{getattr(function, '__name__', type(function).__name__)}()"


@attrs.frozen
class Parameters:
    """The names of a function's positional parameters, and that of ``*rest`` for further arguments."""

    names: tuple[str, ...]
    rest: str = "arg"

    @classmethod
    def of(cls, function: Callable[..., object]) -> Parameters:
        """Those of `function`, of what it wraps if it wraps something; none if it does not tell."""
        while hasattr(function, "__wrapped__"):
            function = function.__wrapped__
        if type(function) is FunctionType and not function.__code__.co_flags & inspect.CO_VARARGS:
            code = function.__code__  # a plain function says so at once
            return cls(code.co_varnames[: code.co_argcount])
        try:
            parameters = inspect.signature(function).parameters.values()
        except (TypeError, ValueError):  # some builtins have no signature
            return cls(())
        kinds = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
        rest = (parameter.name for parameter in parameters if parameter.kind is inspect.Parameter.VAR_POSITIONAL)
        return cls(tuple(p.name for p in parameters if p.kind in kinds), next(rest, "arg"))

    def first(self, count: int) -> tuple[str, ...]:
        """The names of the first `count` arguments; ``arg0``, ``arg1`` where there are none.

        >>> Parameters(("x",), "others").first(3)
        ('x', 'others0', 'others1')
        """
        return self.names[:count] + tuple(f"{self.rest}{i}" for i in range(count - len(self.names)))


def differentiable(leaf: object, name: str) -> object:
    """`leaf` as something to differentiate: a Python float, an array of floats, a traced value.

    Raises IntegerArgumentError for integers or bools, ArgumentTypeError for anything else.
    """
    if type(leaf) is float:
        return leaf
    if isinstance(leaf, Var):
        recorder_of(leaf).writer((leaf,))  # a leaked variable says so
        return leaf
    if isinstance(leaf, (float, np.floating)):
        return float(leaf)
    if isinstance(leaf, np.ndarray):
        return _differentiable_array(leaf, name)
    if isinstance(leaf, (int, np.integer, np.bool_)):
        cure = f"write {as_float(leaf)!r}" if not isinstance(leaf, (bool, np.bool_)) else "leave it out of argnums"
        msg = (
            f"argument {name} is {leaf!r}, {'a bool' if isinstance(leaf, (bool, np.bool_)) else 'an int'}, "
            f"which has no derivative; {cure}"
        )
        raise IntegerArgumentError(msg)
    cure = "pass floats, and leave settings out of argnums"
    if isinstance(leaf, (complex, np.complexfloating)):
        cure = _REAL_ARGUMENTS
    msg = f"argument {name} is {leaf!r:.60}, a {type(leaf).__name__}, which cannot be differentiated; {cure}"
    raise ArgumentTypeError(msg)


_REAL_ARGUMENTS = "arguments are real: pass the real and the imaginary part, and combine them as x + 1j * y"


def _differentiable_array(leaf: AnyArray, name: str) -> object:
    """An array of floats; one of float64 without axes is a float."""
    if leaf.dtype.kind in "iub":
        cure = "leave it out of argnums" if leaf.dtype.kind == "b" else f"write {name}.astype(float)"
        msg = f"argument {name} is an array of {leaf.dtype}, which has no derivative; {cure}"
        raise IntegerArgumentError(msg)
    if leaf.dtype.kind != "f":
        cure = _REAL_ARGUMENTS if leaf.dtype.kind == "c" else "pass an array of floats"
        msg = f"argument {name} is an array of {leaf.dtype}, which cannot be differentiated; {cure}"
        raise ArgumentTypeError(msg)
    return float(leaf) if leaf.ndim == 0 and leaf.dtype == np.float64 else leaf


@attrs.frozen(eq=False)
class Arguments:
    """Arguments to differentiate, flattened: leaves ready to be traced, and the way back."""

    leaves: list[object]
    structures: tuple[Structure, ...]
    roots: Sequence[str]  # the name of each argument
    originals: list[object]  # the leaves as they came; the very same list if all are floats

    @classmethod
    def of(cls, arguments: Sequence[object], names: Sequence[str]) -> Arguments:
        """Flatten and check. Raises IntegerArgumentError or ArgumentTypeError."""
        flat: list[object] = []
        structures: list[Structure] = []
        for argument in arguments:
            if type(argument) in _LEAVES:
                flat.append(argument)
                structures.append(LEAF)
            else:
                found, structure = tree.flatten(argument)
                flat += found
                structures.append(structure)
        if set(map(type, flat)) <= {float}:  # the common case, and nothing to do for any of them
            return cls(flat, tuple(structures), names, flat)
        leaf_names = _leaf_names(structures, names)
        checked = [differentiable(leaf, name) for leaf, name in zip(flat, leaf_names, strict=True)]
        return cls(checked, tuple(structures), names, flat)

    @property
    def names(self) -> list[str]:
        """A Python expression for each leaf."""
        return _leaf_names(self.structures, self.roots)

    def rebuild(self, leaves: Sequence[object]) -> tuple[object, ...]:
        """One tree for each argument, with these leaves."""
        trees: list[object] = []
        at = 0
        for structure in self.structures:
            if structure is LEAF:
                trees.append(leaves[at])
            else:
                trees.append(structure.unflatten(leaves[at : at + structure.size]))
            at += structure.size
        return tuple(trees)

    def gradients(self, cotangents: Sequence[object]) -> tuple[object, ...]:
        """One tree for each argument, of what `cotangents_of` answers; a NumPy scalar stays one."""
        if self.leaves is not self.originals:
            cotangents = [_like(original, g) for original, g in zip(self.originals, cotangents, strict=True)]
        return self.rebuild(cotangents)


def _leaf_names(structures: Sequence[Structure], roots: Sequence[str]) -> list[str]:
    names: list[str] = []
    for structure, root in zip(structures, roots, strict=True):
        names += [root] if structure.is_leaf else structure.names(root)
    return names


def _like(original: object, g: object) -> object:
    """A derivative in the form of its argument: a scalar of NumPy, or an array without axes."""
    if isinstance(original, np.ndarray):
        return np.asarray(g) if isinstance(g, (float, np.floating)) else g
    if isinstance(original, np.floating):
        if type(g) is float:
            return type(original)(g)
        if isinstance(g, np.ndarray):  # a block of a Jacobian
            return g.astype(original.dtype)
    return g


@attrs.frozen(eq=False)
class Trace:
    """What one call did: the program, the value of every record, and the result.

    ``values`` are plain numbers and arrays, by record; of a guard 1.0 or 0.0, of an operation with several results a
    tuple, whose items follow it. Nobody can write to the arrays. ``output`` is what the function returned,
    with plain numbers too, or with variables of an enclosing transform; ``outputs`` are the records of its leaves.

    >>> t = trace(lambda x, y: x * y + 1.0, 2.0, 3.0)
    >>> [(record.primitive, record.inputs) for record in t.tape]
    [(input, ()), (input, ()), (multiply, (0, 1)), (constant, ()), (add, (2, 3))]
    >>> t.values, t.output
    ((2.0, 3.0, 6.0, 1.0, 7.0), 7.0)
    """

    tape: Tape
    output: object
    outputs: tuple[int, ...]
    arrays: Mapping[int, object] = attrs.field(factory=dict, repr=False)  # the values that are no numbers

    @cached_property
    def values(self) -> tuple[float, ...]:
        """The value of every record.

        Arrays and tuples are among them, which is more than the type says: few programs have them in mind as well.
        """
        values: list[object] = list(self.tape.columns.numbers[: len(self.tape)])
        for index, array in self.arrays.items():
            values[index] = array
        return cast(tuple[float, ...], tuple(values))

    def __repr__(self) -> str:
        return f"<Trace of {len(self.tape)} records, output {self.output!r:.60}>"


def trace(function: Callable[..., object], *vals: object, **keywords: object) -> Trace:
    """Call ``function(*vals, **keywords)`` on traced values and return its frozen trace.

    Every number in `vals` becomes an input; keywords are passed through.
    Raises what `grad` raises for arguments and outputs that are not numbers.
    """
    arguments = Arguments.of(vals, Parameters.of(function).first(len(vals)))
    leaves, names = arguments.leaves, arguments.names
    recorded = record(function, leaves, arguments.rebuild, keywords, names=names, locating=True)
    readable = {index: _readable(value) for index, value in recorded.values.outers.items()}
    arrays = {index: value for index, value in readable.items() if not isinstance(value, float)}
    return Trace(recorded.tape.compact(), recorded.output(), recorded.outputs, arrays)


def _readable(value: object) -> object:
    """The plain value, for reading."""
    value = concrete(value)
    if isinstance(value, tuple):
        return tuple(map(_readable, value))
    if isinstance(value, np.ndarray):
        value = value.view()
        value.flags.writeable = False
    return value
