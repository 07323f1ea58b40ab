"""Optimisers, clipping and schedules give the parameters that torch.optim gives, on the same gradients."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pytest

from tapegrad.optim import (
    Optimiser,
    adam,
    adamw,
    add_weight_decay,
    apply_updates,
    chain,
    clip_by_global_norm,
    clip_by_value,
    cosine,
    momentum,
    nesterov,
    rmsprop,
    sgd,
    step_decay,
    warm_up,
)

torch = pytest.importorskip("torch")

Array = npt.NDArray[np.float64]
STEPS = 40
SHAPES = [(4, 3), (4,), (2, 1, 3, 3), ()]


def drawn(seed: int) -> list[Array]:
    """Arrays of all the shapes, of many sizes."""
    rng = np.random.default_rng(seed)
    return [np.asarray(rng.normal(size=shape) * np.exp(rng.normal(size=shape))) for shape in SHAPES]


def require_equal(
    ours: Optimiser,
    theirs: Callable[[object], object],
    clip: Callable[[object], object] = lambda params: None,
    schedule: Callable[[object], object] | None = None,
) -> None:
    """Take the same steps with both."""
    params = drawn(0)
    tensors = [torch.tensor(w, requires_grad=True) for w in params]
    state, reference = ours.init(params), theirs(tensors)
    scheduler = None if schedule is None else schedule(reference)
    for step in range(STEPS):
        gradient = drawn(step + 1)
        updates, state = ours.update(gradient, state, params)
        params = apply_updates(params, updates)
        for tensor, g in zip(tensors, gradient, strict=True):
            tensor.grad = torch.tensor(g)
        clip(tensors)
        reference.step()  # type: ignore[attr-defined]  # an optimiser of torch
        if scheduler is not None:
            scheduler.step()  # type: ignore[attr-defined]  # a scheduler of torch
        for w, tensor in zip(params, tensors, strict=True):
            np.testing.assert_allclose(w, tensor.detach().numpy(), rtol=1e-12, atol=1e-15)


@pytest.mark.parametrize(
    ("ours", "name", "settings"),
    [
        (sgd(0.1), "SGD", {"lr": 0.1}),
        (momentum(0.1), "SGD", {"lr": 0.1, "momentum": 0.9}),
        (momentum(0.05, decay=0.5), "SGD", {"lr": 0.05, "momentum": 0.5}),
        (nesterov(0.1), "SGD", {"lr": 0.1, "momentum": 0.9, "nesterov": True}),
        (chain(add_weight_decay(0.2), sgd(0.1)), "SGD", {"lr": 0.1, "weight_decay": 0.2}),
        (
            chain(add_weight_decay(0.2), nesterov(0.1, 0.8)),
            "SGD",
            {"lr": 0.1, "momentum": 0.8, "nesterov": True, "weight_decay": 0.2},
        ),
        (rmsprop(0.01), "RMSprop", {"lr": 0.01}),
        (rmsprop(0.01, decay=0.9, epsilon=1e-3), "RMSprop", {"lr": 0.01, "alpha": 0.9, "eps": 1e-3}),
        (chain(add_weight_decay(0.2), rmsprop(0.01)), "RMSprop", {"lr": 0.01, "weight_decay": 0.2}),
        (adam(0.01), "Adam", {"lr": 0.01}),
        (adam(0.1, 0.8, 0.9, 1e-2), "Adam", {"lr": 0.1, "betas": (0.8, 0.9), "eps": 1e-2}),
        (chain(add_weight_decay(0.2), adam(0.01)), "Adam", {"lr": 0.01, "weight_decay": 0.2}),
        (adamw(0.01), "AdamW", {"lr": 0.01}),
        (adamw(0.1, weight_decay=0.3), "AdamW", {"lr": 0.1, "weight_decay": 0.3}),
    ],
)
def test_optimisers(ours: Optimiser, name: str, settings: dict[str, object]) -> None:
    require_equal(ours, lambda tensors: getattr(torch.optim, name)(tensors, **settings))


@pytest.mark.parametrize("limit", [0.5, 8.0, 1e3])
def test_clipping_by_the_norm(limit: float) -> None:
    require_equal(
        chain(clip_by_global_norm(limit), momentum(0.1)),
        lambda tensors: torch.optim.SGD(tensors, lr=0.1, momentum=0.9),
        clip=lambda tensors: torch.nn.utils.clip_grad_norm_(tensors, limit),
    )


def test_clipping_by_value() -> None:
    require_equal(
        chain(clip_by_value(0.5), adam(0.1)),
        lambda tensors: torch.optim.Adam(tensors, lr=0.1),
        clip=lambda tensors: torch.nn.utils.clip_grad_value_(tensors, 0.5),
    )


def test_clipping_and_decay_together() -> None:
    require_equal(
        chain(clip_by_global_norm(1.0), add_weight_decay(0.1), adam(0.1)),
        lambda tensors: torch.optim.Adam(tensors, lr=0.1, weight_decay=0.1),
        clip=lambda tensors: torch.nn.utils.clip_grad_norm_(tensors, 1.0),
    )


def test_a_staircase() -> None:
    require_equal(
        adam(step_decay(0.1, 7, 0.5)),
        lambda tensors: torch.optim.Adam(tensors, lr=0.1),
        schedule=lambda reference: torch.optim.lr_scheduler.StepLR(reference, 7, 0.5),
    )


@pytest.mark.parametrize("last", [0.0, 0.01])
def test_a_cosine(last: float) -> None:
    require_equal(
        adamw(cosine(0.1, STEPS, last)),
        lambda tensors: torch.optim.AdamW(tensors, lr=0.1),
        schedule=lambda reference: torch.optim.lr_scheduler.CosineAnnealingLR(reference, STEPS, last),
    )


def test_a_warm_up() -> None:
    require_equal(
        momentum(warm_up(10, 0.1, first=0.25)),
        lambda tensors: torch.optim.SGD(tensors, lr=0.1, momentum=0.9),
        schedule=lambda reference: torch.optim.lr_scheduler.LinearLR(reference, 0.25, 1.0, 10),
    )


def test_a_warm_up_into_a_cosine() -> None:
    schedulers = torch.optim.lr_scheduler
    require_equal(
        sgd(warm_up(10, cosine(0.1, 40), first=0.25)),
        lambda tensors: torch.optim.SGD(tensors, lr=0.1),
        schedule=lambda reference: schedulers.SequentialLR(
            reference,
            [schedulers.LinearLR(reference, 0.25, 1.0, 10), schedulers.CosineAnnealingLR(reference, 40)],
            [10],
        ),
    )
