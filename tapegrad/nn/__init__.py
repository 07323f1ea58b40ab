"""Networks as plain functions of their parameters: ``init`` makes a tree of numbers, ``apply`` reads it.

    model = nn.serial(nn.conv2d(16, 3, padding="same"), nn.relu, nn.max_pool2d(2), nn.flatten, nn.linear(10))
    params, state = model.init(key(0), images)
    logits, state = model.apply(params, state, images)

`functional` has what layers compute as functions of weights. ``mlp`` is the fully connected network on one example at a
time, ``losses`` what there is to minimise.
"""

from tapegrad.nn import functional, initialisers, losses, mlp
from tapegrad.nn.activations import (
    elu,
    gelu,
    leaky_relu,
    log_softmax,
    relu,
    sigmoid,
    silu,
    softmax,
    softplus,
    tanh,
)
from tapegrad.nn.attention import multi_head_attention
from tapegrad.nn.compose import parallel, residual, serial
from tapegrad.nn.convolution import conv1d, conv2d
from tapegrad.nn.dropout import dropout
from tapegrad.nn.layer import Function, Input, Layer, Params, State, Weights, of_weights
from tapegrad.nn.linear import embedding, flatten, linear, one_hot
from tapegrad.nn.names import count, from_named, named, summary
from tapegrad.nn.normalisation import batch_norm, layer_norm
from tapegrad.nn.pooling import avg_pool1d, avg_pool2d, global_avg_pool, global_max_pool, max_pool1d, max_pool2d

__all__ = [
    "Function", "Input", "Layer", "Params", "State", "Weights", "avg_pool1d", "avg_pool2d", "batch_norm", "conv1d",
    "conv2d", "count", "dropout", "elu", "embedding", "flatten", "from_named", "functional", "gelu", "global_avg_pool",
    "global_max_pool", "initialisers", "layer_norm", "leaky_relu", "linear", "log_softmax", "losses", "max_pool1d",
    "max_pool2d", "mlp", "multi_head_attention", "named", "of_weights", "one_hot", "parallel", "relu", "residual",
    "serial", "sigmoid", "silu", "softmax", "softplus", "summary", "tanh",
]  # fmt: skip
