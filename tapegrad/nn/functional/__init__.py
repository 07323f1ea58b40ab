"""What layers compute, as functions of their weights: of arrays plain and traced alike. The names are PyTorch's."""

from tapegrad.nn.functional.convolution import conv1d, conv2d
from tapegrad.nn.functional.linear import embedding, flatten, linear, one_hot
from tapegrad.nn.functional.pooling import (
    avg_pool1d,
    avg_pool2d,
    global_avg_pool,
    global_max_pool,
    max_pool1d,
    max_pool2d,
)

__all__ = [
    "avg_pool1d", "avg_pool2d", "conv1d", "conv2d", "embedding", "flatten", "global_avg_pool", "global_max_pool",
    "linear", "max_pool1d", "max_pool2d", "one_hot",
]  # fmt: skip
