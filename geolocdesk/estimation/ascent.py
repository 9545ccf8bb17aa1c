"""Climbing to the local maxima of a weighted sum of radial functions on the sphere, many starts at once.

The function climbed is log Σ wᵢ F(x·xᵢ). The step is Newton's with the curvatures' sizes in place of the
curvatures, so that it leads uphill everywhere and away from saddles; it is never longer than the length over
which the function changes, and it is shortened until the function rises. Gradient and Hessian on the sphere: P g and P M P − (x·g) P, with g = Σ wᵢ F' xᵢ, M = Σ wᵢ F'' xᵢ xᵢᵀ and P
the projection on the tangent plane at x.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from geolocdesk.estimation.kernel import Float64, versines

Profile = Callable[[Float64, NDArray[np.intp]], tuple[Float64, Float64, Float64]]
"""(t = 1 − cos θ as float64[n, k], the climbers' numbers intp[n]) → F and its two derivatives by cos θ."""

_NOTHING = 1e-100
"""Where the function is below this share of the weights' sum, it is taken as flat."""

_FLATTEST = 2e-3
"""Curvatures, in units of 1/length², are taken to be at least this."""

_STUCK = 1e-3
"""A step this short, in lengths, from a place that curves upwards means a saddle or a hollow."""


@dataclass(frozen=True, slots=True, eq=False)
class Summits:
    """Where each climber ended."""

    vectors: Float64
    """float64[n, 3], unit length."""
    values: Float64
    """float64[n]: Σ wᵢ F there."""
    curvatures: Float64
    """float64[n]: the larger eigenvalue of the logarithm's Hessian; negative at a proper maximum."""


@dataclass(frozen=True, slots=True, eq=False)
class _Slope:
    """The function, its proposed step and its curvature at some points."""

    values: Float64
    steps: Float64
    curvatures: Float64


def ascend(
    starts: Float64,
    sources: Float64,
    weights: Float64,
    profile: Profile,
    *,
    lengths_rad: Float64,
    tolerance_rad: float,
    least_gain: float,
    iterations: int = 60,
) -> Summits:
    """Return the summits reached from the starts.

    Args:
        starts: unit vectors float64[n, 3].
        sources: unit vectors float64[k, 3].
        weights: float64[k].
        profile: the radial function.
        lengths_rad: float64[n], the length over which the function changes, for each start.
        tolerance_rad: a climber whose next step is shorter has arrived.
        least_gain: so has one whose last step raised the function by a smaller share. (Near a summit the
            step that gained so little has landed far closer than its own length.)
        iterations: after this many steps every climber stays where it is.

    """
    vectors = starts.copy()
    climbers = np.arange(len(vectors), dtype=np.intp)
    surface = _Surface(sources, weights, profile)
    slope = surface.slope(vectors, climbers, lengths_rad)
    values, steps, curvatures = slope.values.copy(), slope.steps.copy(), slope.curvatures.copy()
    limits = lengths_rad.copy()
    arrived = np.zeros(len(vectors), dtype=np.bool_)
    for _ in range(iterations):
        reach = np.sqrt(np.einsum("ij,ij->i", steps, steps))
        climbers = np.flatnonzero(~arrived & (np.minimum(reach, limits) > tolerance_rad))
        if len(climbers) == 0:
            break
        shorten = np.minimum(1.0, limits[climbers] / reach[climbers])
        trial = move(vectors[climbers], steps[climbers] * shorten[:, None])
        slope = surface.slope(trial, climbers, lengths_rad[climbers])
        before = values[climbers]
        higher = slope.values >= before * (1.0 - 1e-12)
        arrived[climbers] = higher & (slope.values <= before * (1.0 + least_gain)) & (slope.curvatures < 0.0)
        limits[climbers] = np.where(higher, 2.0 * limits[climbers], 0.25 * shorten * reach[climbers])
        np.minimum(limits, lengths_rad, out=limits)
        risen = climbers[higher]
        vectors[risen], values[risen] = trial[higher], slope.values[higher]
        steps[risen], curvatures[risen] = slope.steps[higher], slope.curvatures[higher]
    return Summits(vectors, values, curvatures)


def move(vectors: Float64, steps: Float64) -> Float64:
    """Return the unit vectors reached along great circles by tangent steps float64[n, 3] in radians."""
    lengths = np.sqrt(np.einsum("ij,ij->i", steps, steps))[:, None]
    ratio = np.divide(np.sin(lengths), lengths, out=np.ones_like(lengths), where=lengths > 0.0)
    moved = np.cos(lengths) * vectors + ratio * steps
    moved /= np.sqrt(np.einsum("ij,ij->i", moved, moved))[:, None]
    return np.asarray(moved, dtype=np.float64)


def tangent_bases(vectors: Float64) -> Float64:
    """Return two orthonormal tangent vectors at each unit vector, float64[n, 2, 3] (Duff et al., 2017)."""
    x, y, z = vectors.T
    sign = np.copysign(1.0, z)
    scale = -1.0 / (sign + z)
    product = x * y * scale
    bases = np.empty((len(vectors), 2, 3), dtype=np.float64)
    bases[:, 0, 0] = 1.0 + sign * x * x * scale
    bases[:, 0, 1] = sign * product
    bases[:, 0, 2] = -sign * x
    bases[:, 1, 0] = product
    bases[:, 1, 1] = sign + y * y * scale
    bases[:, 1, 2] = -y
    return bases


class _Surface:
    """The function's value, step and curvature, with what does not change from step to step worked out once."""

    def __init__(self, sources: Float64, weights: Float64, profile: Profile) -> None:
        self._sources = sources
        self._weights = weights
        self._profile = profile
        self._nothing = _NOTHING * float(weights.sum())
        self._weighted = weights[:, None] * sources
        self._products = (self._weighted[:, :, None] * sources[:, None, :]).reshape(-1, 9)

    def slope(self, vectors: Float64, climbers: NDArray[np.intp], lengths: Float64) -> _Slope:
        """Return the slope at unit vectors float64[n, 3], which are the given climbers' places."""
        values, first, second = self._profile(versines(vectors, self._sources), climbers)
        total = values @ self._weights
        inverse = np.divide(1.0, total, out=np.zeros_like(total), where=total > self._nothing)
        gradient = (first @ self._weighted) * inverse[:, None]
        moments = (second @ self._products).reshape(-1, 3, 3)
        bases = tangent_bases(vectors)
        gradients = (bases @ gradient[:, :, None])[:, :, 0]
        hessians = bases @ moments @ bases.transpose(0, 2, 1)
        radial = (vectors[:, None, :] @ gradient[:, :, None])[:, 0, 0]
        hessians *= inverse[:, None, None]
        hessians[:, (0, 1), (0, 1)] -= radial[:, None]
        hessians -= gradients[:, :, None] * gradients[:, None, :]
        step, curvatures = _proposed_step(gradients, hessians, lengths)
        return _Slope(total, (step[:, None, :] @ bases)[:, 0, :], curvatures)


def _proposed_step(gradients: Float64, hessians: Float64, lengths: Float64) -> tuple[Float64, Float64]:
    """Return the step float64[n, 2] in the tangent basis and the larger eigenvalue of the Hessian.

    Along each of the Hessian's axes: gradient over the size of the curvature. That is Newton's step where
    the function is concave and runs away from saddles where it is not. On a saddle itself, where nothing
    pulls, the step follows the axis that curves upwards.
    """
    g1, g2 = gradients.T
    h11, h12, h22 = hessians[:, 0, 0], hessians[:, 0, 1], hessians[:, 1, 1]
    middle, difference = (h11 + h22) / 2.0, (h11 - h22) / 2.0
    spread = np.hypot(difference, h12)
    largest, smallest = middle + spread, middle - spread
    angle = 0.5 * np.arctan2(h12, difference)
    cosine, sine = np.cos(angle), np.sin(angle)
    flattest = _FLATTEST / (lengths * lengths)
    along = (cosine * g1 + sine * g2) / np.maximum(np.abs(largest), flattest)
    across = (cosine * g2 - sine * g1) / np.maximum(np.abs(smallest), flattest)
    stuck = (largest > flattest) & (np.abs(along) + np.abs(across) < _STUCK * lengths)
    along = np.where(stuck, 0.3 * lengths, along)
    step = np.empty((len(g1), 2), dtype=np.float64)
    step[:, 0] = cosine * along - sine * across
    step[:, 1] = sine * along + cosine * across
    return step, largest
