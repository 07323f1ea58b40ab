"""What layers compute, as functions of their weights: of arrays plain and traced alike. The names are PyTorch's."""

from tapegrad.nn.functional.attention import scaled_dot_product_attention
from tapegrad.nn.functional.convolution import conv1d, conv2d
from tapegrad.nn.functional.dropout import dropout
from tapegrad.nn.functional.linear import embedding, flatten, linear, one_hot
from tapegrad.nn.functional.normalisation import batch_norm, layer_norm, standardise
from tapegrad.nn.functional.pooling import (
    avg_pool1d,
    avg_pool2d,
    global_avg_pool,
    global_max_pool,
    max_pool1d,
    max_pool2d,
)

__all__ = [
    "avg_pool1d", "avg_pool2d", "batch_norm", "conv1d", "conv2d", "dropout", "embedding", "flatten", "global_avg_pool",
    "global_max_pool", "layer_norm", "linear", "max_pool1d", "max_pool2d", "one_hot", "scaled_dot_product_attention",
    "standardise",
]  # fmt: skip
