"""How much each neighbour counts: w = (1/d)^m."""

import numpy as np
from numpy.typing import NDArray

DISTANCE_FLOOR = 1e-3
"""Descriptor distances below this count as this.

Two descriptors of the same picture computed by different engines or in different batches may differ by about
1e-3 (unit length), so smaller distances carry no information, and an exact duplicate keeps a finite weight.
"""


def neighbour_weights(distances: NDArray[np.float64], exponent: float) -> NDArray[np.float64]:
    """Return the weights (1/d)^m divided by their sum, float64[k], for any m ≥ 0.

    Computed from logarithms, so no exponent overflows: for large m the nearest neighbours share everything.
    """
    logarithms = -exponent * np.log(np.maximum(np.asarray(distances, dtype=np.float64), DISTANCE_FLOOR))
    weights = np.exp(logarithms - logarithms.max())
    return np.asarray(weights / weights.sum(), dtype=np.float64)


def softmax_weights(distances: NDArray[np.float64], scale: float) -> NDArray[np.float64]:
    """Return the softmax of ``scale`` times the cosines, float64[k], sum 1.

    Between unit-length descriptors the cosine is 1 − d²/2.
    """
    logarithms = -0.5 * scale * np.square(np.asarray(distances, dtype=np.float64))
    weights = np.exp(logarithms - logarithms.max())
    return np.asarray(weights / weights.sum(), dtype=np.float64)
