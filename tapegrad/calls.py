"""What the transforms of a function have in common: how they look from outside, and which arguments they take."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Sequence
from types import MethodType

from tapegrad.errors import StructureError
from tapegrad.trace import Arguments, Parameters, name_of

__all__ = ["Transform", "select"]


class Transform:
    """A transformed function: it tells the name of the original, and shows its signature."""

    __slots__ = ()
    function: Callable[..., object]

    @abstractmethod
    def __call__(self, *args: object, **keywords: object) -> object: ...

    @property
    def __wrapped__(self) -> Callable[..., object]:
        return self.function

    def __get__(self, instance: object, owner: type | None = None) -> object:
        """A transformed method is bound as a function is; its instance is argument 0."""
        return self if instance is None else MethodType(self, instance)

    @property
    def __name__(self) -> str:
        return f"{self.__class__.__qualname__.lower()}_of_{getattr(self.function, '__name__', 'function')}"


def select(
    function: Callable[..., object],
    parameters: Parameters,
    args: Sequence[object],
    argnums: int | tuple[int, ...],
) -> tuple[Arguments, Callable[[Sequence[object]], Sequence[object]]]:
    """The arguments of `function` to differentiate, and how all of `args` are rebuilt from traced leaves.

    Raises StructureError for an index without an argument, or an argument named twice.
    """
    if argnums == 0 and len(args) == 1:
        arguments = Arguments.of(args, parameters.first(1))
        return arguments, arguments.rebuild
    wanted = argnums if isinstance(argnums, tuple) else (argnums,)
    if not all(type(i) is int for i in wanted):
        msg = f"argnums is an int or a tuple of ints, not {argnums!r:.60}; write (0, 1) for the first two arguments"
        raise StructureError(msg)
    if not args:
        msg = f"{name_of(function)} was given no positional argument to differentiate; keywords are settings"
        raise StructureError(msg)
    for i in wanted:
        if not -len(args) <= i < len(args):
            msg = f"argnums {argnums} asks for argument {i}, but {name_of(function)} was given {len(args)}"
            raise StructureError(msg)
    positions = [i % len(args) for i in wanted]
    if len(set(positions)) < len(positions):
        msg = f"argnums {argnums} names an argument of {name_of(function)} twice; name each once"
        raise StructureError(msg)
    names = parameters.first(len(args))
    arguments = Arguments.of([args[i] for i in positions], [names[i] for i in positions])

    def rebuild(leaves: Sequence[object]) -> Sequence[object]:
        rebuilt = list(args)
        for position, argument in zip(positions, arguments.rebuild(leaves), strict=True):
            rebuilt[position] = argument
        return rebuilt

    return arguments, rebuild
