"""PyTorch, eager: every number a 0-d tensor of float64, the graph in C++."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch

from benchmarks.contestants import Contestant, Kept, nodes
from benchmarks.program import Answer, Differentiated, Operations, Program

__all__ = ["CONTESTANT"]

Tensor = Any  # PyTorch may not be installed where this is checked

OPERATIONS = Operations[Tensor](sin=torch.sin, exp=torch.exp, log=torch.log, relu=torch.relu)


def leaves_at(point: Sequence[float]) -> list[Tensor]:
    """A tensor of no dimensions for each number."""
    return [torch.tensor(x, dtype=torch.float64, requires_grad=True) for x in point]


def differentiate(program: Program) -> Differentiated:
    """New leaves, forward, ``torch.autograd.grad``, which leaves no ``.grad`` to be cleared."""

    def value_and_gradient(*point: float) -> Answer:
        leaves = leaves_at(point)
        out = program(OPERATIONS, *leaves)
        gradient = torch.autograd.grad(out, leaves)
        return out.item(), [g.item() for g in gradient]

    return value_and_gradient


def keep(program: Program, point: Sequence[float]) -> Kept:
    """The result, which holds on to the nodes behind it."""
    out = program(OPERATIONS, *leaves_at(point))
    return Kept(out, lambda: nodes(out.grad_fn, lambda node: [parent for parent, _ in node.next_functions if parent]))


CONTESTANT = Contestant("torch", torch.__version__, "eager 0-d tensors", differentiate, keep)
