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

_NOTHING = 1e-14
"""Where the function is below this share of the weights' sum, it is taken as flat."""

_AXES = np.eye(3)[:2]
_IDENTITY = np.eye(2)

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
        tolerance_rad: a climber whose next step is shorter takes it and has arrived. (Near a summit, Newton's
            step lands far closer than its own length.)
        least_gain: so has one whose last step raised the function by a smaller share.
        iterations: after this many steps every climber stays where it is.

    """
    surface = _Surface(sources, weights, profile)
    vectors, values, curvatures = starts.copy(), np.empty(len(starts)), np.empty(len(starts))
    climbers = np.arange(len(starts), dtype=np.intp)
    lengths, limits, places = lengths_rad, lengths_rad, vectors
    here = surface.slope(places, climbers, lengths)
    arrived = np.zeros(len(starts), dtype=np.bool_)
    for _ in range(iterations):
        arrived |= np.minimum(here.reach, limits) <= tolerance_rad
        if 4 * np.count_nonzero(arrived) > len(
            climbers
        ):  # letting a few climb on costs less than sorting them out
            home, away = climbers[arrived], ~arrived
            vectors[home], values[home], curvatures[home] = here.of(arrived).end(
                places[arrived], tolerance_rad
            )
            climbers, places, here = climbers[away], places[away], here.of(away)
            lengths, limits, arrived = lengths[away], limits[away], arrived[away]
        if len(climbers) == 0:
            break
        shorten = np.minimum(1.0, limits / here.reach)
        trial = retract(places, here.steps * shorten[:, None])
        there = surface.slope(trial, climbers, lengths)
        higher = there.values >= here.values * (1.0 - 1e-12)
        arrived |= higher & (there.values <= here.values * (1.0 + least_gain)) & (there.curvatures < 0.0)
        limits = np.minimum(lengths, np.where(higher, 2.0 * limits, 0.25 * shorten * here.reach))
        if higher.all():
            places, here = trial, there
        else:
            places, here = np.where(higher[:, None], trial, places), there.where(higher, here)
    vectors[climbers], values[climbers], curvatures[climbers] = here.end(places, tolerance_rad)
    return Summits(vectors, values, curvatures)


def retract(vectors: Float64, steps: Float64) -> Float64:
    """Return the unit vectors straight below the ends of tangent steps float64[n, 3] (in radii).

    To second order the ends of the great circles of the steps' lengths.
    """
    ends = vectors + steps
    return np.asarray(ends / np.sqrt(np.einsum("ij,ij->i", ends, ends))[:, None], dtype=np.float64)


@dataclass(frozen=True, slots=True, eq=False)
class _Slope:
    """The function, its proposed step and its curvature at some points."""

    values: Float64
    steps: Float64
    reach: Float64
    """The steps' lengths."""
    curvatures: Float64

    def end(self, places: Float64, tolerance_rad: float) -> tuple[Float64, Float64, Float64]:
        """Return the places, after a last step where that is short, with the values and curvatures."""
        short = (self.curvatures < 0.0) & (self.reach <= tolerance_rad)
        return retract(places, np.where(short[:, None], self.steps, 0.0)), self.values, self.curvatures

    def of(self, chosen: NDArray[np.bool_]) -> "_Slope":
        return _Slope(self.values[chosen], self.steps[chosen], self.reach[chosen], self.curvatures[chosen])

    def where(self, mine: NDArray[np.bool_], other: "_Slope") -> "_Slope":
        return _Slope(
            np.where(mine, self.values, other.values),
            np.where(mine[:, None], self.steps, other.steps),
            np.where(mine, self.reach, other.reach),
            np.where(mine, self.curvatures, other.curvatures),
        )


def tangent_bases(vectors: Float64) -> Float64:
    """Return two orthonormal tangent vectors at each unit vector, float64[n, 2, 3].

    The images of the x and y axes in the mirror that sends the z axis to the vector or to its antipode.
    """
    size = 1.0 + np.abs(vectors[:, 2])
    mirror = vectors.copy()
    mirror[:, 2] += np.copysign(1.0, vectors[:, 2])
    return np.asarray(
        _AXES - (vectors[:, :2] / size[:, None])[:, :, None] * mirror[:, None, :], dtype=np.float64
    )


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
        inverse = 1.0 / np.maximum(total, self._nothing)
        gradient = (first @ self._weighted) * inverse[:, None]
        moments = (second @ self._products).reshape(-1, 3, 3)
        bases = tangent_bases(vectors)
        slopes = (bases @ gradient[:, :, None])[:, :, 0]
        radial = np.einsum("ij,ij->i", vectors, gradient)
        hessians = bases @ moments @ bases.transpose(0, 2, 1)
        hessians *= inverse[:, None, None]
        hessians -= radial[:, None, None] * _IDENTITY
        hessians -= slopes[:, :, None] * slopes[:, None, :]
        step, reach, curvatures = _proposed_step(slopes, hessians, lengths)
        return _Slope(total, (step[:, None, :] @ bases)[:, 0, :], reach, curvatures)


def _proposed_step(slopes: Float64, hessians: Float64, lengths: Float64) -> tuple[Float64, Float64, Float64]:
    """Return the step float64[n, 2] in the tangent basis, its length and the larger eigenvalue of the Hessian.

    Along each of the Hessian's axes: gradient over the size of the curvature. That is Newton's step where
    the function is concave and runs away from saddles where it is not. On a saddle itself, where nothing
    pulls, the step follows the axis that curves upwards.
    """
    h11, h12, h22 = hessians[:, 0, 0], hessians[:, 0, 1], hessians[:, 1, 1]
    middle, difference = (h11 + h22) * 0.5, (h11 - h22) * 0.5
    spread = np.hypot(difference, h12)
    largest = middle + spread
    flattest = _FLATTEST / (lengths * lengths)
    # 1/|λ| of a symmetric matrix H is a I + b H, with a and b from its two eigenvalues
    high = 1.0 / np.maximum(np.abs(largest), flattest)
    low = 1.0 / np.maximum(np.abs(middle - spread), flattest)
    b = (high - low) / np.maximum(2.0 * spread, 1e-290)
    a = high - b * largest
    turned = (hessians @ slopes[:, :, None])[:, :, 0]
    step = a[:, None] * slopes + b[:, None] * turned
    reach = np.sqrt(np.einsum("ij,ij->i", step, step))
    short = reach < _STUCK * lengths
    if short.any():
        stuck = short & (largest > flattest)
        angle = 0.5 * np.arctan2(h12, difference)[stuck]
        step[stuck] = 0.3 * lengths[stuck, None] * np.column_stack([np.cos(angle), np.sin(angle)])
        reach[stuck] = 0.3 * lengths[stuck]
    return step, reach, largest
