"""Functions with a derivative of their own: `custom_vjp` and `custom_jvp`, as in JAX.

One rule is enough for both modes: a pushforward is linear in the tangents and a pullback is linear in the
cotangent, so each is the transpose of the other, and `subcalls.transpose` finds it by tracing.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from types import MethodType
from typing import ClassVar, Generic, ParamSpec, TypeVar, cast

import attrs

from tapegrad import tree
from tapegrad.errors import RuleError
from tapegrad.maps import shape_of
from tapegrad.primitive import as_value
from tapegrad.subcalls import Call, CallArguments, Subcall, attach_outputs, innermost, transpose, zero
from tapegrad.trace import name_of
from tapegrad.variables import Var

__all__ = ["CustomJvp", "CustomVjp", "custom_jvp", "custom_vjp"]

P = ParamSpec("P")
R = TypeVar("R")

# ---- the derivative of a call, by the rule of its author ----------------------------------------


@attrs.frozen
class _RuledCall(Subcall):
    function: Callable[..., object]
    rules: tuple[Callable[..., object], ...]
    arguments: CallArguments

    def results(self, operands: Sequence[object]) -> list[object]:
        return tree.leaves(self.function(*self.arguments.rebuild(operands)))

    def unfolded(self, operands: Sequence[object]) -> list[object]:
        function = cast("_Custom[..., object]", self.function).__wrapped__
        return tree.leaves(function(*self.arguments.rebuild(operands)))


@attrs.frozen
class _VjpCall(_RuledCall):
    def pull(self, gs: Sequence[object], operands: Sequence[object]) -> list[object]:
        forward, backward = self.rules
        answer = forward(*self.arguments.rebuild(operands))
        spoken = f"the forward rule of {name_of(self.function)}"
        out, residuals = _pair(answer, spoken, "(output, residuals)")
        outs, structure = tree.flatten(out)
        if len(outs) != len(gs):
            msg = f"{spoken} returned an output of structure {structure}, of {len(outs)} parts, for one of {len(gs)}"
            raise RuleError(msg)
        seeds = [zero(part) if g is None else g for part, g in zip(outs, gs, strict=True)]
        cotangents = backward(residuals, structure.unflatten(seeds))
        return _operand_leaves(self.function, cotangents, self.arguments, operands)

    def push(self, tangents: Mapping[int, object], operands: Sequence[object]) -> list[object]:
        return transpose(
            lambda *gs: [zero(x) if g is None else g for g, x in zip(self.pull(gs, operands), operands, strict=True)],
            self.results(operands),
            [tangents.get(i) for i in range(len(operands))],
        )


@attrs.frozen
class _JvpCall(_RuledCall):
    def push(self, tangents: Mapping[int, object], operands: Sequence[object]) -> list[object]:
        seeds = [tangents[i] if i in tangents else zero(x) for i, x in enumerate(operands)]
        (rule,) = self.rules
        answer = rule(self.arguments.rebuild(operands), self.arguments.tangents(seeds))
        spoken = f"the rule of {name_of(self.function)}"
        out, moved = _pair(answer, spoken, "(output, tangent of the output)")
        leaves, structure = tree.flatten(moved)
        outs, expected = tree.flatten(out)
        if structure != expected:
            msg = f"{spoken} returned a tangent of structure {structure} for an output of structure {expected}"
            raise RuleError(msg)
        for t, part in zip(leaves, outs, strict=True):
            if shape_of(t) != shape_of(part):
                msg = f"{spoken} returned a tangent of shape {shape_of(t)} for an output of shape {shape_of(part)}"
                raise RuleError(msg)
        return leaves

    def pull(self, gs: Sequence[object], operands: Sequence[object]) -> list[object]:
        return transpose(lambda *ts: self.push(dict(enumerate(ts)), operands), operands, gs)


def _pair(answer: object, spoken: str, pair: str) -> tuple[object, object]:
    """`answer`, if it is a pair. Raises RuleError otherwise, naming the rule and what it must return."""
    if isinstance(answer, tuple) and len(answer) == 2:
        return answer
    msg = f"{spoken} must return a pair {pair}"
    raise RuleError(msg)


def _operand_leaves(
    function: Callable[..., object], cotangents: object, arguments: CallArguments, operands: Sequence[object]
) -> list[object]:
    """The cotangents of the operands out of what a backward rule returned.

    Raises RuleError if one misses, or has another structure or shape than its argument.
    """
    primals = arguments.rebuild(operands)
    if not isinstance(cotangents, tuple) or len(cotangents) != len(primals):
        count = f"{len(cotangents)} cotangents" if isinstance(cotangents, tuple) else f"a {type(cotangents).__name__}"
        msg = (
            f"the backward rule of {name_of(function)} returned {count} for {len(primals)} arguments; "
            "return a tuple with one entry for each, None where the derivative is zero"
        )
        raise RuleError(msg)
    leaves: list[object] = []
    for position, (primal, cotangent) in enumerate(zip(primals, cotangents, strict=True)):
        primal_leaves, structure = tree.flatten(primal)
        if cotangent is None:
            leaves += [None] * len(primal_leaves)
            continue
        found, found_structure = tree.flatten(cotangent)
        if found_structure != structure:
            msg = (
                f"the backward rule of {name_of(function)} returned a cotangent of structure {found_structure} "
                f"at position {position}, whose argument has {structure}"
            )
            raise RuleError(msg)
        leaves += found
    chosen = [leaves[position] for position in arguments.positions]
    for g, operand in zip(chosen, operands, strict=True):
        if g is not None and shape_of(g) != shape_of(operand):
            msg = (
                f"the backward rule of {name_of(function)} returned a cotangent of shape {shape_of(g)} for an argument "
                f"of shape {shape_of(operand)}"
            )
            raise RuleError(msg)
    return [g if g is None or isinstance(g, Var) else as_value(g) for g in chosen]


# ---- functions ----------------------------------------------------------------------------------


class _Custom(Generic[P, R]):
    """A function whose derivative is stated by its author, once, before its first call."""

    __slots__ = ("__name__", "__wrapped__", "rules")

    primitive: ClassVar[Call]
    ruled_call: ClassVar[type[_RuledCall]]

    def __init__(self, function: Callable[P, R]) -> None:
        self.__wrapped__ = function
        self.__name__ = getattr(function, "__name__", "function")
        self.rules: tuple[Callable[..., object], ...] = ()

    def _define(self, rules: tuple[Callable[..., object], ...]) -> None:
        if self.rules:
            msg = f"{self.__name__} has a derivative rule already; a rule is stated once"
            raise RuleError(msg)
        self.rules = rules

    def __get__(self, instance: object, owner: type | None = None) -> object:
        """A method with a rule is bound as a function is; its instance is the rule's first argument."""
        return self if instance is None else MethodType(self, instance)

    def __call__(self, *args: P.args, **keywords: P.kwargs) -> R:
        if not self.rules:
            method = f"def{self.primitive.name.removeprefix('custom_')}"
            msg = f"{self.__name__} has no derivative rule yet; state it with {method}"
            raise RuleError(msg)
        return cast(R, self._call(positional(self, args, keywords)))

    def _call(self, args: tuple[object, ...]) -> object:
        """Call the function; if arguments are traced, as one record of the innermost trace."""
        arguments, operands = CallArguments.of(args)
        if not operands:
            return cast(Callable[..., object], self.__wrapped__)(*args)
        recorder, operands = innermost(operands)
        # One transform further out the arguments may be traced still: then this records there as well.
        lowered = [operand.primal if operand.recording is recorder else operand for operand in operands]
        returned = self._call(arguments.rebuild(lowered))
        return attach_outputs(
            recorder, self.primitive, operands, self.ruled_call(self, self.rules, arguments), returned
        )


class CustomVjp(_Custom[P, R]):
    """What `custom_vjp` returns."""

    __slots__ = ()

    primitive = Call("custom_vjp")
    ruled_call = _VjpCall

    def defvjp(self, forward: Callable[..., object], backward: Callable[..., object]) -> CustomVjp[P, R]:
        """State the rule: ``forward(*args) -> (out, residuals)``, ``backward(residuals, g) -> cotangents``.

        `backward` returns a tuple with one entry per argument, of the argument's structure; None says
        that a derivative is zero. Returns the function itself.
        """
        self._define((forward, backward))
        return self


class CustomJvp(_Custom[P, R]):
    """What `custom_jvp` returns."""

    __slots__ = ()

    primitive = Call("custom_jvp")
    ruled_call = _JvpCall

    def defjvp(self, rule: Callable[..., object]) -> CustomJvp[P, R]:
        """State the rule: ``rule(primals, tangents) -> (out, tangent of out)``, linear in the tangents.

        Returns the function itself.
        """
        self._define((rule,))
        return self


def positional(custom: _Custom[P, R], args: tuple[object, ...], keywords: Mapping[str, object]) -> tuple[object, ...]:
    """All arguments by position, which is how a rule takes them. Raises RuleError for keyword-only ones."""
    bound = inspect.signature(custom.__wrapped__).bind(*args, **keywords)
    bound.apply_defaults()
    if bound.kwargs:
        names = ", ".join(bound.kwargs)
        msg = f"{custom.__name__} takes {names} by keyword only, which a derivative rule cannot follow"
        raise RuleError(msg)
    return bound.args


def custom_vjp(function: Callable[P, R]) -> CustomVjp[P, R]:
    """Give a function a reverse rule of its own; forward mode follows from it.

    >>> from tapegrad import grad
    >>> @custom_vjp
    ... def double(x: float) -> float:
    ...     return 2.0 * x
    >>> _ = double.defvjp(lambda x: (double(x), None), lambda residuals, g: (100.0 * g,))
    >>> double(3.0), grad(double)(3.0)
    (6.0, 100.0)
    """
    return CustomVjp(function)


def custom_jvp(function: Callable[P, R]) -> CustomJvp[P, R]:
    """Give a function a forward rule of its own; reverse mode follows from it.

    >>> from tapegrad import grad
    >>> @custom_jvp
    ... def double(x: float) -> float:
    ...     return 2.0 * x
    >>> _ = double.defjvp(lambda primals, tangents: (double(*primals), 100.0 * tangents[0]))
    >>> double(3.0), grad(double)(3.0)
    (6.0, 100.0)
    """
    return CustomJvp(function)
