"""Closed-form metric learning: descriptors turned and stretched so that photos of one place come together.

Mikolajczyk and Matas, *Improving Descriptors for Fast Tree Matching by Optimal Linear Projection* (2007), as
retrieval networks use it (Radenović, Tolias and Chum, 2018): the differences between photos of one place are made
equally large in all directions, so that a direction in which they differ much counts little.
"""

import numpy as np
from numpy.typing import NDArray

from geolocdesk.errors import UsageError
from geolocdesk.features.projection import fit_projection

_KEPT_DIMENSION = 512
_SHRINKAGE = 0.1
"""This share of the differences is taken to be equal in all directions: few places cannot tell them all apart."""

_SAME_PLACE_DECIMALS = 3
"""Photos in the same thousandth of a degree (110 m) show one place."""

Float64 = NDArray[np.float64]


def half_whitening(descriptors: NDArray[np.float32]) -> tuple[Float64, Float64]:
    """Return the mean float64[D] and the matrix float64[D, d] of principal components, half whitened."""
    projection = fit_projection(descriptors, _KEPT_DIMENSION)
    return projection.mean.astype(np.float64), projection.matrix.astype(np.float64)


def place_whitening(values: Float64, positions: Float64) -> Float64:
    """Return the matrix float64[d, d] that makes differences within places alike in all directions.

    ``values`` is float64[n, d] and ``positions`` float64[n, 2]. Raises UsageError where no two photos show one
    place.
    """
    _, place = np.unique(np.round(positions, _SAME_PLACE_DECIMALS), axis=0, return_inverse=True)
    place = place.ravel()
    counts = np.bincount(place)
    if counts.max() < 2:
        message = "No two photos lie within 110 m of each other, so there is no telling how photos of one place differ."
        raise UsageError(message)
    sums = np.zeros((len(counts), values.shape[1]))
    np.add.at(sums, place, values)
    differences = values - (sums / counts[:, None])[place]
    within = differences.T @ differences
    within = (1.0 - _SHRINKAGE) * within / np.trace(within) + _SHRINKAGE * np.eye(len(within)) / len(within)
    variances, directions = np.linalg.eigh(within)
    signs = np.sign(directions[np.abs(directions).argmax(axis=0), np.arange(len(directions))])
    return np.asarray(directions * (signs / np.sqrt(variances)), np.float64)
