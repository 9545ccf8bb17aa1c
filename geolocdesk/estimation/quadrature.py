"""How much of a function lies above a threshold, from its values and slopes at a mesh's vertices.

Each vertex stands for a cell, a disc of the vertex's share of area. In the cell the function is taken to rise
evenly from its mean less a spread to its mean plus that spread, the spread being what the slope makes of the
cell's size: cells that the threshold divides count with the part above it.
"""

import math
from collections.abc import Sequence

import numpy as np

from geolocdesk.estimation.kernel import Float64
from geolocdesk.estimation.mesh import Mesh
from geolocdesk.estimation.sums import Field

_SMALLEST = 1e-37


def thresholds_for(mesh: Mesh, field: Field, total: float, masses: Sequence[float]) -> list[float]:
    """Return the values above which the field holds the given shares of its total over the sphere.

    They are right where the mesh covers every place above them; 0 where the whole mesh holds less. On a mesh
    of the whole sphere its own sum stands for the total, so that even nearly constant fields are told apart.
    """
    squared_radii = mesh.areas / math.pi
    whole = float(mesh.areas.sum())
    on_globe = whole > 4.0 * math.pi * (1.0 - 1e-9)
    laplacians = field.laplacians
    if on_globe:  # a Laplacian's integral over the sphere is 0
        laplacians = laplacians - float(laplacians @ mesh.areas) / whole
    means = np.maximum(field.values + squared_radii / 8.0 * laplacians, _SMALLEST)
    # an even spread with the same variance as a slope across a disc
    slopes = np.sqrt(np.einsum("ij,ij->i", field.gradients, field.gradients))
    spreads = np.minimum(np.sqrt(0.75 * squared_radii) * slopes, means) + _SMALLEST
    order = np.argsort(-means)
    held = np.cumsum((means * mesh.areas)[order])
    if on_globe:
        total = float(held[-1])
    integrals = [mass * total for mass in masses]
    guesses = means[order[np.minimum(np.searchsorted(held, integrals), len(order) - 1)]].tolist()
    return [
        _solve(means, spreads, mesh.areas, integral, guess) if integral < held[-1] else 0.0
        for integral, guess in zip(integrals, guesses, strict=True)
    ]


def _solve(means: Float64, spreads: Float64, areas: Float64, integral: float, guess: float) -> float:
    """Return the threshold by Newton's method within a shrinking bracket."""
    low, high = 0.0, float((means + spreads).max())
    threshold = guess
    for _ in range(30):
        above = np.clip((means + spreads - threshold) / (2.0 * spreads), 0.0, 1.0)
        cut = (above > 0.0) & (above < 1.0)
        # mean height of the part above, times its share of the cell
        heights = np.where(cut, (means + spreads + threshold) / 2.0, means)
        excess = float((areas * above) @ heights) - integral
        low, high = (threshold, high) if excess > 0.0 else (low, threshold)
        if abs(excess) < 1e-6 * integral or high - low < 1e-9 * high:
            break
        fall = threshold * float((areas[cut] / (2.0 * spreads[cut])).sum())
        step = threshold + excess / fall if fall > 0.0 else -1.0
        threshold = step if low < step < high else (low + high) / 2.0
    return threshold
