"""The functions between the layers of a network, and the error function they lean on."""

from __future__ import annotations

import math

from tapegrad import arrays, floats
from tapegrad.elementwise import Unary, chain, unary
from tapegrad.ops.exponential import exp, sigmoid

__all__ = ["erf", "erfc", "gelu", "normal_cdf", "normal_pdf", "relu", "silu", "softplus", "step"]

erf = unary("erf", floats.erf, arrays.erf, lambda out, x: {0: 2.0 / math.sqrt(math.pi) * exp(-(x * x))})
erfc = unary("erfc", floats.erfc, arrays.erfc, lambda out, x: {0: -2.0 / math.sqrt(math.pi) * exp(-(x * x))})

step = unary("step", floats.step, arrays.step, None)  # 0 at 0: the slope of relu
relu = unary("relu", floats.relu, arrays.relu, lambda out, x: {0: step(x)})
softplus = unary("softplus", floats.softplus, arrays.softplus, lambda out, x: {0: sigmoid(x)})


# x s(x), with slope s(x) (1 + x s(-x))
silu = unary(
    "silu",
    floats.silu,
    arrays.silu,
    lambda out, x: {0: chain(sigmoid(x), 1.0 + chain(sigmoid(-x), x))},
)


normal_pdf: Unary = unary(
    "normal_pdf",
    floats.normal_pdf,
    arrays.normal_pdf,
    lambda out, x: {0: -chain(out, x)},
)
normal_cdf = unary("normal_cdf", floats.normal_cdf, arrays.normal_cdf, lambda out, x: {0: normal_pdf(x)})

# x Phi(x), the exact form (Hendrycks and Gimpel 2016), with slope Phi(x) + x phi(x)
gelu = unary(
    "gelu",
    floats.gelu,
    arrays.gelu,
    lambda out, x: {0: normal_cdf(x) + chain(normal_pdf(x), x)},
)
