"""A small transformer that learns a text by heart, character by character, and recites it.

The text is the licence of this project. The network sees up to 32 characters and says at each of them which one comes
next: characters and their places become vectors, and two blocks of attention and a network for each place, every one of
them added to what it was given, turn those into scores. `positions` shows how a layer of your own is written: as a pair
of functions.

    python examples/tiny_transformer.py
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import count, islice
from pathlib import Path
from typing import cast

import numpy as np
import numpy.typing as npt

import tapegrad as tg
from tapegrad import nn, training
from tapegrad.nn.layer import Input, Weights
from tapegrad.optim import adam, chain, clip_by_global_norm
from tapegrad.random import Key, fold_in, key, normal, split, uniform

TEXT = (Path(__file__).parents[1] / "LICENSE").read_text(encoding="utf-8")
CHARACTERS = sorted(set(TEXT))
WINDOW, FEATURES, HEADS, BLOCKS = 32, 32, 4, 2
BATCH, EPOCHS, RATE = 32, 8, 5e-3


def positions() -> nn.Layer:
    """Adds to every vector the one of its place, which is learned: ``(batch, time, features)``, the same again."""

    def init(key: Key, x: Input, /) -> tuple[nn.Params, nn.State]:
        return {"weight": normal(key, x.shape[1:]).astype(x.dtype)}, ()

    def apply(
        params: nn.Params, state: nn.State, x: Input, /, *, training: bool = False, key: Key | None = None
    ) -> tuple[tg.Array, nn.State]:
        weight = cast(Weights, params)["weight"]
        return cast(tg.Array, x) + weight[: x.shape[1]], state

    return nn.Layer("positions()", init, apply)


def block() -> nn.Layer:
    """Attention to what was before, and a network for each place, both added to what they are given."""
    return nn.serial(
        nn.residual(nn.layer_norm(), nn.multi_head_attention(HEADS, causal=True)),
        nn.residual(nn.layer_norm(), nn.linear(4 * FEATURES), nn.gelu, nn.linear(FEATURES)),
    )


MODEL = nn.serial(  # (batch, time) -> (batch, time, characters)
    nn.embedding(len(CHARACTERS), FEATURES, np.float32),
    positions(),
    *(block() for _ in range(BLOCKS)),
    nn.layer_norm(),
    nn.linear(len(CHARACTERS)),
)


def encode(text: str) -> npt.NDArray[np.int64]:
    """Every character as its number."""
    return np.array([CHARACTERS.index(character) for character in text])


def recite(params: nn.Params, state: nn.State, beginning: str, key: Key, temperature: float) -> Iterator[str]:
    """The text that goes on from its beginning, without an end: each character is drawn by its probability."""
    text = beginning
    for step in count():
        logits, _ = MODEL.apply(params, state, encode(text[-WINDOW:])[None])
        shares = np.cumsum(nn.softmax(np.asarray(logits)[0, -1] / temperature))
        drawn = np.searchsorted(shares, uniform(fold_in(key, step)) * shares[-1], side="right")
        text += CHARACTERS[drawn]
        yield CHARACTERS[drawn]


def main() -> None:
    """Train, and recite with one key and with another."""
    for_network, for_training, for_text, for_another = split(key(0), 4)
    windows = np.lib.stride_tricks.sliding_window_view(encode(TEXT), WINDOW + 1)
    data = (windows[:, :-1], windows[:, 1:])

    params, layer_state = MODEL.init(for_network, data[0][:1])
    print(f"{len(TEXT)} characters, {len(CHARACTERS)} different ones; {nn.count(params):,} parameters")
    print(f"loss of knowing nothing: ln {len(CHARACTERS)} = {math.log(len(CHARACTERS)):.3f}")

    optimiser = chain(clip_by_global_norm(1.0), adam(RATE))
    objective = training.objective(MODEL, nn.losses.cross_entropy)
    state = training.start(params, optimiser, for_training, layer_state)
    for state in training.train(objective, data, state, optimiser, batch_size=BATCH, epochs=EPOCHS):
        print(f"epoch {state.epoch:2}   loss {state.loss:.3f}")

    for temperature, its_key in ((0.2, for_text), (0.2, for_another), (1.0, for_text)):
        characters = recite(state.params, state.layer_state, "Permission", its_key, temperature)
        print(f"\ntemperature {temperature}, {its_key}:\nPermission" + "".join(islice(characters, 250)))


if __name__ == "__main__":
    main()
