"""The functions between the layers of a network, and the error function they lean on."""

from __future__ import annotations

import math

from tapegrad import floats
from tapegrad.elementwise import Unary, chain, unary
from tapegrad.ops.exponential import exp, sigmoid

__all__ = ["erf", "erfc", "gelu", "normal_cdf", "normal_pdf", "relu", "silu", "softplus", "step"]

erf = unary("erf", math.erf, lambda out, x: {0: 2.0 / math.sqrt(math.pi) * exp(-(x * x))})
erfc = unary("erfc", math.erfc, lambda out, x: {0: -2.0 / math.sqrt(math.pi) * exp(-(x * x))})

step = unary("step", lambda x: 1.0 if x > 0.0 else 0.0, None)  # 0 at 0: the slope of relu
relu = unary("relu", lambda x: floats.maximum(x, 0.0), lambda out, x: {0: step(x)})
softplus = unary("softplus", floats.softplus, lambda out, x: {0: sigmoid(x)})


def _zero_wins(x: float, y: float) -> float:
    """x * y, and 0 if x is: the limit of an exponentially small x against an infinite y."""
    return 0.0 if x == 0.0 else x * y


# x s(x), with slope s(x) (1 + x s(-x))
silu = unary(
    "silu",
    lambda x: _zero_wins(floats.sigmoid(x), x),
    lambda out, x: {0: chain(sigmoid(x), 1.0 + chain(sigmoid(-x), x))},
)


def _normal_cdf(x: float) -> float:
    return 0.5 * math.erfc(-x / math.sqrt(2.0))  # erfc keeps the left tail


normal_pdf: Unary = unary(
    "normal_pdf",
    lambda x: math.exp(-0.5 * x * x) / math.sqrt(2.0 * math.pi),
    lambda out, x: {0: -chain(out, x)},
)
normal_cdf = unary("normal_cdf", _normal_cdf, lambda out, x: {0: normal_pdf(x)})

# x Phi(x), the exact form (Hendrycks and Gimpel 2016), with slope Phi(x) + x phi(x)
gelu = unary(
    "gelu",
    lambda x: _zero_wins(_normal_cdf(x), x),
    lambda out, x: {0: normal_cdf(x) + chain(normal_pdf(x), x)},
)
