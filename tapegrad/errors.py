"""Every error tapegrad raises. The docstring of a class is its manual page: cause, example, cure.

All derive from `TapegradError`; where Python has a fitting class of its own (TypeError, ValueError)
they derive from that too, so existing ``except`` clauses keep working.
"""

from __future__ import annotations

__all__ = [
    "ArgumentTypeError",
    "BranchError",
    "CaptureError",
    "ConversionError",
    "DataError",
    "DivergenceError",
    "DrawingError",
    "ExpressionError",
    "IntegerArgumentError",
    "LayerError",
    "LeakedVariableError",
    "MathFunctionError",
    "MissingExtraError",
    "NonScalarOutputError",
    "OperandError",
    "OutputFolderError",
    "OutputTypeError",
    "ParameterFileError",
    "RuleError",
    "SettingError",
    "StructureError",
    "TapeError",
    "TapeFormatError",
    "TapegradError",
]


class TapegradError(Exception):
    """The family: ``except TapegradError`` catches every mistake that tapegrad reports."""


# ---- arguments and results of transforms -------------------------------------------------------


class IntegerArgumentError(TapegradError, TypeError):
    """An argument to be differentiated is an int or a bool, which has no derivative.

    Example: ``grad(f)(3)``.
    Cure: write a float, ``grad(f)(3.0)``; or leave the argument out of ``argnums``, or pass it by
    keyword, if it is a setting.
    """


class ArgumentTypeError(TapegradError, TypeError):
    """An argument to be differentiated is neither a number nor a tree of numbers.

    Example: ``grad(f)("2.0")`` or ``grad(f)({"w": 1.0, "name": "first"})``.
    Cure: pass floats; leave settings out of ``argnums``; in a dataclass or attrs class mark a field
    that carries no derivative with ``metadata={"static": True}``.
    """


class StructureError(TapegradError, ValueError):
    """Two trees that must have the same structure differ, or an argument index does not exist.

    Example: ``jvp(f, ({"w": 1.0},), ({"v": 1.0},))``; a pullback given a pair where f returned one
    number; ``grad(f, argnums=2)`` of two arguments.
    Cure: give tangents the structure of the primals, and cotangents the structure of the output.
    """


class NonScalarOutputError(TapegradError, TypeError):
    """`grad` needs one number, and the function returned several.

    Example: ``grad(lambda x: (x, x * x))(2.0)``.
    Cure: return their sum, or ask for every derivative with ``jacobian``; to return something beside
    the number, use ``has_aux=True`` and return ``(number, rest)``.
    """


class OutputTypeError(TapegradError, TypeError):
    """A function under a transform returned something that is not a number or a tree of numbers.

    Example: ``grad(lambda x: None)(2.0)``, usually a forgotten ``return``.
    Cure: return the number; return anything else through ``has_aux=True``.
    """


# ---- traced values -----------------------------------------------------------------------------


class OperandError(TapegradError, TypeError):
    """An operation was given something that is not a real number.

    Example: ``tnp.sin("1")`` or ``np.ones(3) * x`` with a traced ``x``.
    Cure: pass floats or traced values.
    """


class ConversionError(TapegradError, TypeError):
    """A traced value was to become a plain float, int or dictionary key, which would lose its derivative.

    Example: ``float(x)``, ``int(x)``, ``round(x)`` or ``{x: 1}`` inside a differentiated function.
    Cure: keep computing with ``x``; use ``x.value`` where the plain number is really meant, as in
    printing, and ``tnp.floor(x)`` for rounding.
    """


class MathFunctionError(ConversionError):
    """A function of Python's ``math`` module was applied to a traced value.

    Example: ``math.sin(x)`` inside a differentiated function.
    Cure: ``import tapegrad.numpy as tnp`` and write ``tnp.sin(x)``; it takes plain floats as well.
    """


class LeakedVariableError(TapegradError, RuntimeError):
    """A traced value was used after the transform that made it had finished.

    Example: appending ``x`` to a list outside of ``f`` during ``grad(f)(2.0)`` and computing with it later.
    Cure: return the value from ``f`` (``has_aux=True`` carries extra results), or keep ``x.value``.
    """


class BranchError(TapegradError, RuntimeError):
    """A tape was replayed at inputs for which the program would have taken another branch.

    Example: tracing ``x if x > 0 else -x`` at 2.0 and evaluating the tape at -1.0.
    Cure: trace the function again at the new inputs; only the branch that was taken is on the tape.
    """


class CaptureError(TapegradError, RuntimeError):
    """A function with its own rule, or a checkpointed one, closes over a traced value it cannot follow.

    Example: ``custom_vjp`` of a function that reads a traced ``w`` from the enclosing function.
    Cure: pass the value as an argument.
    """


class RuleError(TapegradError, ValueError):
    """A derivative rule does not answer for the arguments of its operation.

    Example: ``elementwise("f", lambda x, y: x * y, lambda out, x, y: {0: y})``: position 1 is missing;
    or the backward pass of a ``custom_vjp`` that returns one cotangent for two arguments.
    Cure: state every position; ``{1: 0.0}`` says that a derivative is zero.
    """


# ---- tapes and files ---------------------------------------------------------------------------


class TapeError(TapegradError, ValueError):
    """A tape is not a program: an input does not precede its use, or a record has the wrong arity.

    Example: ``Tape().append(Record(multiply, (0, 0)))``: there is no record 0 yet.
    Cure: append the records an operation reads before the operation.
    """


class TapeFormatError(TapegradError, ValueError):
    """A saved tape cannot be read: truncated, malformed, of a newer version, or naming an unknown operation.

    Example: ``Tape.from_json("{")``.
    Cure: save it again with ``tape.to_json()``; read files of a newer version with a newer tapegrad.
    """


class DrawingError(TapegradError, ValueError):
    """A tape is too long to be drawn, or holds arrays and cannot be replayed number by number.

    Example: the drawing of a network trained on many points.
    Cure: draw the trace of one point; the table and the text of a tape have no such limit. Replay a program of numbers.
    """


class ParameterFileError(TapegradError, ValueError):
    """A parameter file cannot be read: missing, truncated, malformed, or of other settings.

    Example: resuming a training with a file of another network.
    Cure: start again without ``--resume``, or give the settings the file was made with.
    """


class DataError(TapegradError, ValueError):
    """A data set is unknown, or a table, a file or an array of examples cannot be used.

    Example: a column that does not exist, text among numbers, no rows at all, a file that is cut off.
    Cure: as the message says, with the line of the file.
    """


class DivergenceError(TapegradError, ArithmeticError):
    """A step of a training gave a loss or parameters that are not finite; the states before it are intact.

    Example: a learning rate of 1e6.
    Cure: take a smaller learning rate, or clip the gradient; look for values in the data that are very large.
    """


class ExpressionError(TapegradError, ValueError):
    """An expression uses something other than numbers, names, arithmetic and the known functions.

    Example: ``tapegrad show "__import__('os')"``.
    Cure: write arithmetic, such as ``"x*y + sin(x)"``, and give every name a value: ``x=2``.
    """


class LayerError(TapegradError, ValueError):
    """A layer of a network cannot take what it is given; the message names the layer and the shapes.

    Example: ``linear(10)`` with parameters for 64 features, given a batch of ``(32, 60)``; parameters of another
    network; dropout in training without a key, or with the key of the call before.
    Cure: as the message says.
    """


class SettingError(TapegradError, ValueError):
    """A setting of a network, an optimiser or a training has no meaning.

    Example: ``--hidden 0`` or ``--rate nan``.
    Cure: as the message says.
    """


class OutputFolderError(TapegradError, OSError):
    """The results of a run cannot be written where asked.

    Example: ``--out /proc/here``.
    Cure: choose a folder you may write to.
    """


class MissingExtraError(TapegradError, ImportError):
    """An optional library is needed for this.

    Example: pictures without matplotlib.
    Cure: ``pip install "tapegrad[plot]"``, or the extra that the message names.
    """
