"""What layers compute, as plain functions of arrays and weights."""

from tapegrad.nn.functional.attention import scaled_dot_product_attention
from tapegrad.nn.functional.dropout import dropout
from tapegrad.nn.functional.normalisation import batch_norm, layer_norm, standardise

__all__ = ["batch_norm", "dropout", "layer_norm", "scaled_dot_product_attention", "standardise"]
