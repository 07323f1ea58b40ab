"""Networks as plain functions of their parameters: ``init`` makes a tree of numbers, ``apply`` reads it.

``mlp`` is the fully connected network, ``losses`` what there is to minimise.
"""

from tapegrad.nn import functional, losses, mlp
from tapegrad.nn.attention import multi_head_attention
from tapegrad.nn.compose import parallel, residual, serial
from tapegrad.nn.dropout import dropout
from tapegrad.nn.layer import Layer
from tapegrad.nn.names import count, from_named, named, summary
from tapegrad.nn.normalisation import batch_norm, layer_norm

__all__ = [
    "Layer", "batch_norm", "count", "dropout", "from_named", "functional", "layer_norm", "losses", "mlp",
    "multi_head_attention", "named", "parallel", "residual", "serial", "summary",
]  # fmt: skip
