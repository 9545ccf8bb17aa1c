"""The density's modes, by mean shift on the sphere from every neighbour, finished with Newton's method."""

import numpy as np
from numpy.typing import NDArray

from geolocdesk.estimation.ascent import Summits, ascend
from geolocdesk.estimation.density import Density
from geolocdesk.estimation.kernel import Float64, kernel_profile, rough_kernel_profile, versines
from geolocdesk.estimation.location import Mode
from geolocdesk.geodesy import Position, positions_of

NEGLIGIBLE_WEIGHT = 1e-9
"""Neighbours below this share of the heaviest one's weight start no climb: their modes would be invisible."""

_SAME_MODE_BANDWIDTHS = 0.01
_ROUGH_TOLERANCE = 0.01
"""In bandwidths. The step that is still taken leaves about the square of this."""

_TOLERANCE_RAD = 1e-6
"""6 m on the ground. The step that is still taken leaves less than a millimetre."""


def find_modes(density: Density) -> tuple[Mode, ...]:
    """Return every local maximum of the density reached from a neighbour, highest first, to the metre.

    Among modes of equal height, the one reached from the nearer neighbour (lower rank) comes first.
    """
    return modes_of(density, climb_to_modes(density))


def modes_of(density: Density, summits: Summits) -> tuple[Mode, ...]:
    """Return the summits that ``climb_to_modes`` found as positions and densities."""
    latitudes, longitudes = positions_of(summits.vectors)
    heights = summits.values / density.kernel_integral_km2
    return tuple(
        Mode(Position(float(latitude), float(longitude)), float(height))
        for latitude, longitude, height in zip(latitudes, longitudes, heights, strict=True)
    )


def climb_to_modes(density: Density) -> Summits:
    """Return the distinct modes as unit vectors with the kernel sum Σ wᵢ K there, highest first."""
    bandwidth = density.bandwidth_rad
    heavy = np.flatnonzero(density.weights >= NEGLIGIBLE_WEIGHT * density.weights.max())
    starts = density.sources[heavy]
    starts = starts[_first_of_each(starts, _SAME_MODE_BANDWIDTHS * bandwidth)]
    rough = ascend(
        starts,
        density.sources,
        density.weights,
        lambda versine, _climbers: rough_kernel_profile(versine, bandwidth),
        lengths_rad=np.full(len(starts), bandwidth),
        tolerance_rad=_ROUGH_TOLERANCE * bandwidth,
        least_gain=1e-5,
    )
    distinct = _first_of_each(rough.vectors, _SAME_MODE_BANDWIDTHS * bandwidth)
    fine = ascend(
        rough.vectors[distinct],
        density.sources,
        density.weights,
        lambda versine, _climbers: kernel_profile(versine, bandwidth),
        lengths_rad=np.full(len(distinct), bandwidth),
        tolerance_rad=_TOLERANCE_RAD,
        least_gain=1e-10,
    )
    order = _highest_first(fine, bandwidth)
    order = order[_first_of_each(fine.vectors[order], _SAME_MODE_BANDWIDTHS * bandwidth)]
    return Summits(fine.vectors[order], fine.values[order], fine.curvatures[order])


def _highest_first(summits: Summits, bandwidth: float) -> NDArray[np.intp]:
    """Return the numbers of the proper maxima by height, equal heights (to 1e-12) in their present order."""
    proper = np.flatnonzero(summits.curvatures * bandwidth**2 < 1e-6)
    if len(proper) == 0:
        proper = np.array([np.argmax(summits.values)], dtype=np.intp)
    order = proper[np.argsort(-summits.values[proper], kind="stable")]
    highest = summits.values[order[0]]
    level = np.count_nonzero(summits.values[order] >= highest * (1.0 - 1e-12))
    return np.concatenate([np.sort(order[:level]), order[level:]])


def _first_of_each(vectors: Float64, angle_rad: float) -> NDArray[np.intp]:
    """Return the numbers of the vectors that no earlier one comes closer to than an angle (over 1e-7)."""
    close = versines(vectors, vectors) < angle_rad**2 / 2.0
    return np.flatnonzero(close.argmax(axis=1) == np.arange(len(vectors)))
