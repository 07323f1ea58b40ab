"""PyTorch, eager: every number a 0-d tensor of float64, every array a tensor, the graph in C++."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch

from benchmarks.contestants import Contestant, Kept, OverArrays, nodes
from benchmarks.program import Answer, ArrayOperations, ArrayProgram, Differentiated, Program

__all__ = ["CONTESTANT"]

Tensor = Any  # PyTorch may not be installed where this is checked

OPERATIONS = ArrayOperations[Tensor](
    sin=torch.sin,
    exp=torch.exp,
    log=torch.log,
    relu=torch.relu,
    tanh=torch.tanh,
    matmul=torch.matmul,
    sum=torch.sum,
    max=torch.amax,
    convolve=lambda x, kernel: torch.nn.functional.conv2d(x, kernel, padding=1),
    pool=lambda x: torch.nn.functional.max_pool2d(x, 2),
    flatten=lambda x: torch.flatten(x, 1),
)


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


def differentiate_arrays(program: ArrayProgram) -> Differentiated:
    """The same of tensors, of which the first become leaves."""

    def value_and_gradient(*tensors: Tensor) -> Answer:
        leaves = [x.detach().requires_grad_() for x in tensors[: program.count]]
        out = program(OPERATIONS, *leaves, *tensors[program.count :])
        return out.item(), torch.autograd.grad(out, leaves)

    return value_and_gradient


def keep(program: Program, point: Sequence[float]) -> Kept:
    """The result, which holds on to the nodes behind it."""
    out = program(OPERATIONS, *leaves_at(point))
    return Kept(out, lambda: nodes(out.grad_fn, lambda node: [parent for parent, _ in node.next_functions if parent]))


CONTESTANT = Contestant(
    "torch",
    torch.__version__,
    "eager, float64, of numbers 0-d tensors",
    differentiate,
    keep,
    over_arrays=OverArrays(differentiate_arrays, torch.tensor),
)
