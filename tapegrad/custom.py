"""Functions with a derivative of their own: `custom_vjp` and `custom_jvp`, as in JAX.

One rule is enough for both modes: a pushforward is linear in the tangents and a pullback is linear in the
cotangent, so each is the transpose of the other, and `subcalls.transpose` finds it by tracing.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from typing import Generic, ParamSpec, TypeVar, cast

import attrs

from tapegrad import tree
from tapegrad.errors import RuleError
from tapegrad.recorder import Var
from tapegrad.subcalls import Arguments, Call, Subcall, attach_outputs, innermost, transpose
from tapegrad.trace import name_of

__all__ = ["CustomJvp", "CustomVjp", "custom_jvp", "custom_vjp"]

P = ParamSpec("P")
R = TypeVar("R")

_vjp_call = Call("custom_vjp", None)
_jvp_call = Call("custom_jvp", None)


class _Custom(Generic[P, R]):
    """A function whose derivative is stated by its author, once, before its first call."""

    __slots__ = ("__name__", "__wrapped__", "rules")

    def __init__(self, function: Callable[P, R]) -> None:
        self.__wrapped__ = function
        self.__name__ = getattr(function, "__name__", "function")
        self.rules: tuple[Callable[..., object], ...] = ()

    def _define(self, rules: tuple[Callable[..., object], ...]) -> None:
        if self.rules:
            msg = f"{self.__name__} has a derivative rule already; a rule is stated once"
            raise RuleError(msg)
        self.rules = rules

    def _call(self, primitive: Call, subcall: Callable[[Arguments], Subcall], args: tuple[object, ...]) -> object:
        """Call the function; if arguments are traced, as one record of the innermost trace."""
        if not self.rules:
            method = f"def{primitive.name.removeprefix('custom_')}"
            msg = f"{self.__name__} has no derivative rule yet; state it with {method}"
            raise RuleError(msg)
        arguments, operands = Arguments.of(args)
        function = cast(Callable[..., object], self.__wrapped__)
        if not operands:
            return function(*args)
        recorder = innermost(operands)
        # One transform further out the arguments may be traced still: then this records there as well.
        lowered = [operand.primal if operand.recording is recorder else operand for operand in operands]
        returned = self._call(primitive, subcall, arguments.rebuild(lowered))
        return attach_outputs(recorder, primitive, operands, subcall(arguments), returned)


class CustomVjp(_Custom[P, R]):
    """What `custom_vjp` returns."""

    __slots__ = ()

    def defvjp(self, forward: Callable[..., object], backward: Callable[..., object]) -> CustomVjp[P, R]:
        """State the rule: ``forward(*args) -> (out, residuals)``, ``backward(residuals, g) -> cotangents``.

        `backward` returns a tuple with one entry per argument, of the argument's structure; None says
        that a derivative is zero. Returns the function itself.
        """
        self._define((forward, backward))
        return self

    def __call__(self, *args: P.args, **keywords: P.kwargs) -> R:
        return cast(
            R,
            self._call(
                _vjp_call,
                lambda arguments: _VjpCall(self, self.rules, arguments),
                positional(self, args, keywords),
            ),
        )


class CustomJvp(_Custom[P, R]):
    """What `custom_jvp` returns."""

    __slots__ = ()

    def defjvp(self, rule: Callable[..., object]) -> CustomJvp[P, R]:
        """State the rule: ``rule(primals, tangents) -> (out, tangent of out)``, linear in the tangents.

        Returns the function itself.
        """
        self._define((rule,))
        return self

    def __call__(self, *args: P.args, **keywords: P.kwargs) -> R:
        return cast(
            R,
            self._call(
                _jvp_call,
                lambda arguments: _JvpCall(self, self.rules, arguments),
                positional(self, args, keywords),
            ),
        )


def positional(custom: _Custom[P, R], args: tuple[object, ...], keywords: Mapping[str, object]) -> tuple[object, ...]:
    """All arguments by position, which is how a rule takes them. Raises RuleError for keyword-only ones."""
    if not keywords:
        return args
    bound = inspect.signature(custom.__wrapped__).bind(*args, **keywords)
    if bound.kwargs:
        names = ", ".join(bound.kwargs)
        msg = f"{custom.__name__} takes {names} by keyword only, which a derivative rule cannot follow"
        raise RuleError(msg)
    return bound.args


@attrs.frozen
class _VjpCall(Subcall):
    function: Callable[..., object]
    rules: tuple[Callable[..., object], ...]
    arguments: Arguments

    def results(self, operands: Sequence[object]) -> list[object]:
        return tree.leaves(self.function(*self.arguments.rebuild(operands)))

    def pull(self, gs: Sequence[object], operands: Sequence[object]) -> list[object]:
        forward, backward = self.rules
        answer = forward(*self.arguments.rebuild(operands))
        if not isinstance(answer, tuple) or len(answer) != 2:
            msg = f"the forward rule of {name_of(self.function)} must return a pair (output, residuals)"
            raise RuleError(msg)
        out, residuals = answer
        structure = tree.flatten(out)[1]
        cotangents = backward(residuals, structure.unflatten([0.0 if g is None else g for g in gs]))
        return _operand_leaves(self.function, cotangents, self.arguments)

    def push(self, tangents: Mapping[int, object], operands: Sequence[object]) -> list[object]:
        count = len(self.results(operands))
        return transpose(
            lambda *gs: [0.0 if g is None else g for g in self.pull(gs, operands)],
            count,
            [tangents.get(i) for i in range(len(operands))],
        )


@attrs.frozen
class _JvpCall(Subcall):
    function: Callable[..., object]
    rules: tuple[Callable[..., object], ...]
    arguments: Arguments

    def results(self, operands: Sequence[object]) -> list[object]:
        return tree.leaves(self.function(*self.arguments.rebuild(operands)))

    def push(self, tangents: Mapping[int, object], operands: Sequence[object]) -> list[object]:
        seeds = [tangents.get(i) for i in range(len(operands))]
        zeros = [
            0.0 if isinstance(static, (float, Var)) or static is None else None for static in self.arguments.statics
        ]
        (rule,) = self.rules
        answer = rule(
            self.arguments.rebuild(operands),
            self.arguments.rebuild([0.0 if t is None else t for t in seeds], zeros),
        )
        if not isinstance(answer, tuple) or len(answer) != 2:
            msg = f"the rule of {name_of(self.function)} must return a pair (output, tangent of the output)"
            raise RuleError(msg)
        return tree.leaves(answer[1])

    def pull(self, gs: Sequence[object], operands: Sequence[object]) -> list[object]:
        return transpose(lambda *ts: self.push(dict(enumerate(ts)), operands), len(operands), gs)


def _operand_leaves(function: Callable[..., object], cotangents: object, arguments: Arguments) -> list[object]:
    """The cotangents of the operands out of what a backward rule returned. Raises RuleError if one misses."""
    primals = arguments.rebuild([0.0] * len(arguments.positions))
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
    return [leaves[position] for position in arguments.positions]


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
