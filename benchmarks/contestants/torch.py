"""PyTorch, eager: every number a 0-d tensor of float64, the graph in C++."""

from __future__ import annotations

from typing import Any

import torch

from benchmarks.contestants import Contestant
from benchmarks.program import Answer, Differentiated, Operations, Program

__all__ = ["CONTESTANT"]

OPERATIONS = Operations[Any](sin=torch.sin, exp=torch.exp, log=torch.log, relu=torch.relu)


def differentiate(program: Program) -> Differentiated:
    """New leaves, forward, ``torch.autograd.grad``, which leaves no ``.grad`` to be cleared."""

    def value_and_gradient(*point: float) -> Answer:
        leaves = [torch.tensor(x, dtype=torch.float64, requires_grad=True) for x in point]
        out = program(OPERATIONS, *leaves)
        gradient = torch.autograd.grad(out, leaves)
        return out.item(), [g.item() for g in gradient]

    return value_and_gradient


CONTESTANT = Contestant("torch", torch.__version__, "eager 0-d tensors", differentiate)
