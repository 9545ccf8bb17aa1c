"""From the neighbours of one photo to everything they say about its place."""

import math
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from geolocdesk.errors import UsageError
from geolocdesk.estimation.density import Density, estimate_density
from geolocdesk.estimation.disc_mass import masses_within
from geolocdesk.estimation.levels import answer_levels
from geolocdesk.estimation.location import (
    LEVELS,
    EstimationParameters,
    LevelAnswer,
    LocationEstimate,
)
from geolocdesk.estimation.modes import climb_to_modes, modes_of
from geolocdesk.estimation.region import highest_density_regions
from geolocdesk.estimation.vo2017 import find_vo2017_position
from geolocdesk.geodesy import Position, unit_vectors
from geolocdesk.reference.neighbours import Neighbours


def estimate_location(neighbours: Neighbours, parameters: EstimationParameters) -> LocationEstimate:
    """Return where the neighbours place the photo. Raises UsageError for parameters that make no sense."""
    return estimate_from_arrays(
        neighbours.latitudes(), neighbours.longitudes(), neighbours.distances(), parameters
    )


def estimate_from_arrays(
    latitudes: NDArray[np.float64],
    longitudes: NDArray[np.float64],
    distances: NDArray[np.float64],
    parameters: EstimationParameters,
    *,
    with_regions: bool = True,
    with_levels: bool = True,
) -> LocationEstimate:
    """Return the estimate from neighbours in rank order, float64[≥ 1] each; the first k are used.

    ``sphere`` answers the density's highest mode and, at each level, the disc that holds the most of it;
    ``nearest`` answers its first neighbour and ``vo2017`` the released program's place, both at every level,
    with the density's mass in the discs round it.

    Without levels or regions, those are empty, which is what an evaluation over thousands of photos needs.
    Raises UsageError for parameters that make no sense or without any neighbour.
    """
    check_parameters(parameters)
    if len(distances) == 0:
        message = "No reference is left to compare with; widen the search or exclude fewer references."
        raise UsageError(message)
    density = estimate_density(latitudes, longitudes, distances, _on_squared_distances(parameters))
    summits = climb_to_modes(density)
    modes = modes_of(density, summits)
    if parameters.estimator == "sphere":
        position = modes[0].position
        levels = answer_levels(density, summits) if with_levels else ()
    else:
        position = find_vo2017_position(density) if parameters.estimator == "vo2017" else _nearest(density)
        levels = levels_at(density, position) if with_levels else ()
    return LocationEstimate(
        parameters=parameters,
        position=position,
        levels=levels,
        regions=highest_density_regions(density) if with_regions else (),
        modes=modes,
        weights=density.weights,
    )


def density_behind(neighbours: Neighbours, estimate: LocationEstimate) -> Density:
    """Return the density that an estimate came from, with the weights it was made with."""
    count = len(estimate.weights)
    return Density(
        latitudes=neighbours.latitudes()[:count],
        longitudes=neighbours.longitudes()[:count],
        weights=estimate.weights,
        bandwidth_deg=estimate.parameters.bandwidth_deg,
    )


def _on_squared_distances(parameters: EstimationParameters) -> EstimationParameters:
    """Return the parameters with twice the exponent for vo2017, whose weights are (1/d²)^m."""
    if parameters.estimator != "vo2017":
        return parameters
    return replace(parameters, exponent=2.0 * parameters.exponent)


def _nearest(density: Density) -> Position:
    return Position(float(density.latitudes[0]), float(density.longitudes[0]))


def check_parameters(parameters: EstimationParameters) -> None:
    """Raise UsageError unless the estimator exists, k ≥ 1, m ≥ 0 and 0 < σ ≤ 180."""
    if parameters.estimator not in ("sphere", "nearest", "vo2017"):
        message = (
            f"The estimator {parameters.estimator} needs a network trained on classes of places, which this "
            "version does not have; choose sphere, nearest or vo2017."
        )
        raise UsageError(message)
    if parameters.neighbours < 1:
        message = f"The number of neighbours must be at least 1, not {parameters.neighbours}."
        raise UsageError(message)
    if not (math.isfinite(parameters.exponent) and parameters.exponent >= 0.0):
        message = f"The exponent must be 0 or more, not {parameters.exponent}."
        raise UsageError(message)
    if not 0.0 < parameters.bandwidth_deg <= 180.0:
        message = f"The bandwidth must lie above 0 and up to 180 degrees, not {parameters.bandwidth_deg}."
        raise UsageError(message)


def levels_at(density: Density, position: Position) -> tuple[LevelAnswer, ...]:
    """Return the same position as every level's answer, with the density's mass in the discs round it."""
    vector = unit_vectors(position.latitude, position.longitude)[None, :]
    masses = masses_within(density, vector, tuple(level.radius_km for level in LEVELS))[0]
    rising = np.clip(np.maximum.accumulate(masses), 0.0, 1.0)
    return tuple(
        LevelAnswer(level, position, float(mass)) for level, mass in zip(LEVELS, rising, strict=True)
    )
