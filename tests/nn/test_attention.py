"""Attention against its definition and torch; masks; and what it refuses."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

import numpy as np
import numpy.typing as npt
import pytest
from laws import Row, array, check_row, row

import tapegrad as tg
import tapegrad.numpy as tnp
from tapegrad import nn, random
from tapegrad.errors import LayerError, SettingError
from tapegrad.nn.functional import scaled_dot_product_attention
from tapegrad.nn.layer import Params

Floats = npt.NDArray[np.float64]
KEY = random.key(1)
SEEN = np.array([[True, False, True, True], [False, True, False, False], [True, True, True, False]])
Q, K, V = array(2, 3, 5), array(2, 4, 5, seed=1), array(2, 4, 2, seed=2)


def by_hand(q: Floats, k: Floats, v: Floats, seen: npt.NDArray[np.bool_]) -> Floats:
    """The definition, query by query: only keys that are seen take part."""
    out = np.zeros((*q.shape[:-1], v.shape[-1]))
    for at in np.ndindex(q.shape[:-1]):
        chosen = np.flatnonzero(seen[at[-1]])
        if chosen.size:
            weights = np.exp([q[at] @ k[at[:-1]][j] / np.sqrt(q.shape[-1]) for j in chosen])
            out[at] = weights / weights.sum() @ v[at[:-1]][chosen]
    return out


ALL, LOWER = np.ones((3, 4), bool), np.tri(3, 4, dtype=bool)

CASES: dict[str, tuple[dict[str, Any], npt.NDArray[np.bool_]]] = {
    "all": ({}, ALL),
    "causal": ({"causal": True}, LOWER),
    "booleans": ({"mask": SEEN}, SEEN),
    "both": ({"mask": SEEN, "causal": True}, SEEN & LOWER),
    "infinities": ({"mask": np.where(SEEN, 0.0, -np.inf)}, SEEN),
    "none seen": ({"mask": SEEN & [[True], [False], [True]]}, SEEN & [[True], [False], [True]]),
    "one for all": ({"mask": np.array([True, False, True, True])}, ALL & [True, False, True, True]),
}


@pytest.mark.parametrize(
    "case",
    [
        row(
            name,
            lambda q, k, v, options=options: scaled_dot_product_attention(q, k, v, **options),
            Q, K, V,
            reference=lambda q, k, v, seen=seen: by_hand(q, k, v, seen),
        )
        for name, (options, seen) in CASES.items()
    ],
    ids=lambda case: case.name,
)  # fmt: skip
def test_laws(case: Row) -> None:
    check_row(case)


def test_a_mask_of_floats_is_added_and_has_a_gradient() -> None:
    check_row(row("bias", scaled_dot_product_attention, Q, K, V, array(3, 4, seed=3), lanes=False))


@pytest.mark.parametrize("mask", [np.zeros((3, 4), bool), np.full((3, 4), -np.inf)])
def test_who_sees_nothing_has_zeros_and_no_nan(mask: npt.NDArray[np.generic]) -> None:
    def attended(q: Floats, k: Floats, v: Floats) -> tg.Scalar:
        return tnp.sum(scaled_dot_product_attention(q, k, v, cast(Floats, mask)) ** 2)

    np.testing.assert_array_equal(scaled_dot_product_attention(Q, K, V, cast(Floats, mask)), np.zeros((2, 3, 2)))
    for gradient in cast(tuple[Floats, ...], tg.grad(attended, (0, 1, 2))(Q, K, V)):
        np.testing.assert_array_equal(gradient, np.zeros_like(gradient))


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("causal", [True, False])
def test_the_layer_is_differentiable(bias: bool, causal: bool) -> None:
    layer, x = nn.multi_head_attention(2, causal=causal, bias=bias), array(2, 3, 4)
    params, state = layer.init(KEY, x)
    check_row(row("layer", lambda params, x: layer.apply(params, state, x)[0], params, x, lanes=False))
    shapes = {name: weight.shape for name, weight in nn.named(params).items()}
    biases = {"in_proj_bias": (12,), "out_proj.bias": (4,)} if bias else {}
    assert shapes == {"in_proj_weight": (12, 4), "out_proj.weight": (4, 4), **biases}


def test_causal_attention_does_not_look_ahead() -> None:
    layer, x = nn.multi_head_attention(2, causal=True), array(1, 5, 4)
    params, state = layer.init(KEY, x)
    changed = x.copy()
    changed[:, 3:] += 1.0
    one, other = (np.asarray(layer.apply(params, state, each)[0]) for each in (x, changed))
    np.testing.assert_allclose(one[:, :3], other[:, :3], rtol=1e-14)
    assert np.abs(one[:, 3:] - other[:, 3:]).min() > 0.0


def test_float32_stays() -> None:
    layer, x = nn.multi_head_attention(2), array(2, 3, 4).astype(np.float32)
    params, state = layer.init(KEY, x)
    assert {weight.dtype for weight in nn.named(params).values()} == {np.dtype(np.float32)}
    assert layer.apply(params, state, x)[0].dtype == np.float32
    assert scaled_dot_product_attention(x, x, x, causal=True).dtype == np.float32


# ---- torch --------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["all", "causal", "booleans", "infinities", "none seen"])
def test_torch_has_the_same_function(name: str) -> None:
    torch = pytest.importorskip("torch")
    options, _ = CASES[name]
    mask = options.get("mask")
    tensors = [torch.tensor(each, requires_grad=True) for each in (Q, K, V)]
    expected = torch.nn.functional.scaled_dot_product_attention(
        *tensors, None if mask is None else torch.tensor(mask), is_causal=bool(options.get("causal"))
    )
    (expected**3).sum().backward()

    def loss(q: Floats, k: Floats, v: Floats) -> tg.Scalar:
        return tnp.sum(scaled_dot_product_attention(q, k, v, **options) ** 3)

    found = tg.grad(loss, (0, 1, 2))(Q, K, V)
    for gradient, tensor in zip(cast(tuple[Floats, ...], found), tensors, strict=True):
        np.testing.assert_allclose(gradient, tensor.grad.numpy(), rtol=1e-11, atol=1e-13)


@pytest.mark.parametrize("causal", [True, False])
def test_torch_has_the_same_layer(causal: bool) -> None:
    torch = pytest.importorskip("torch")
    module = torch.nn.MultiheadAttention(6, 3, batch_first=True, dtype=torch.float64)
    for at, weight in enumerate(module.parameters()):
        weight.data = torch.tensor(array(*weight.shape, seed=at))
    x = array(2, 4, 6)
    layer = nn.multi_head_attention(3, causal=causal)
    like, state = layer.init(KEY, x)
    params = nn.from_named(like, {name: w.detach().numpy() for name, w in module.named_parameters()})
    tensor = torch.tensor(x, requires_grad=True)
    hidden = torch.tensor(~np.tri(4, dtype=bool)) if causal else None
    expected, _ = module(tensor, tensor, tensor, attn_mask=hidden)
    (expected**3).sum().backward()

    def loss(params: Params, x: Floats) -> tg.Scalar:
        return tnp.sum(cast(tg.ArrayVar, layer.apply(params, state, x)[0]) ** 3)

    np.testing.assert_allclose(
        np.asarray(layer.apply(params, state, x)[0]), expected.detach().numpy(), rtol=1e-12, atol=1e-13
    )
    slopes, to_x = tg.grad(loss, (0, 1))(params, x)
    np.testing.assert_allclose(to_x, tensor.grad.numpy(), rtol=1e-10, atol=1e-11)
    for name, weight in module.named_parameters():
        np.testing.assert_allclose(np.asarray(nn.named(slopes)[name]), weight.grad.numpy(), rtol=1e-10, atol=1e-11)


# ---- mistakes -----------------------------------------------------------------------------------


def applied(heads: int, at: tuple[int, ...], then: tuple[int, ...]) -> object:
    layer = nn.multi_head_attention(heads)
    params, state = layer.init(KEY, np.ones(at))
    return layer.apply(params, state, np.ones(then))


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: applied(4, (2, 3, 6), (2, 3, 6)), LayerError, r"4\): 4 heads .* 6 features of \(2, 3, 6\)"),
        (lambda: applied(2, (2, 6), (2, 6)), LayerError, r"\(batch, time, features\), not \(2, 6\)"),
        (lambda: applied(2, (2, 3, 6), (2, 3, 4)), LayerError, r"batches \(batch, time, 6\), not \(2, 3, 4\)"),
        (lambda: nn.multi_head_attention(0), SettingError, r"attention\(0\): .* heads is a whole number from 1 on"),
        (lambda: scaled_dot_product_attention(Q, V, K), LayerError, r"shapes \(2, 3, 5\), \(2, 4, 2\), \(2, 4, 5\)"),
        (lambda: scaled_dot_product_attention(Q, K, Q), LayerError, r"shapes \(2, 3, 5\), \(2, 4, 5\), \(2, 3, 5\)"),
        (lambda: scaled_dot_product_attention(Q, K, V, np.ones((4, 3))), LayerError, r"shape \(4, 3\) .* \(2, 3, 4\)"),
        (lambda: scaled_dot_product_attention(Q, K, V, np.ones((3, 4), int)), LayerError, "of booleans, .* of int64"),
    ],
)  # fmt: skip
def test_mistakes_are_refused(call: Callable[[], object], error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        call()
