"""From the neighbours of one photo to everything they say about its place."""

import math
from dataclasses import replace
from typing import get_args

import numpy as np
from numpy.typing import NDArray

from geolocdesk.errors import UsageError
from geolocdesk.estimation.cells import (
    answer_cell_levels,
    cell_modes,
    cell_regions,
    most_probable_position,
    shown_cells,
)
from geolocdesk.estimation.classes import CLASS_EXPONENT, class_weights, classify
from geolocdesk.estimation.density import Density, estimate_density, reweighted
from geolocdesk.estimation.disc_mass import masses_within
from geolocdesk.estimation.levels import answer_levels
from geolocdesk.estimation.location import (
    LEVELS,
    EstimationParameters,
    EstimatorName,
    LevelAnswer,
    LocationEstimate,
)
from geolocdesk.estimation.modes import climb_to_modes, modes_of
from geolocdesk.estimation.region import REGION_MASSES, highest_density_regions
from geolocdesk.estimation.vo2017 import find_vo2017_position
from geolocdesk.features.class_heads import ClassHeads
from geolocdesk.features.descriptor import FloatArray
from geolocdesk.geodesy import Position, unit_vectors
from geolocdesk.reference.neighbours import Neighbours


def estimate_location(
    neighbours: Neighbours,
    parameters: EstimationParameters,
    *,
    vector: FloatArray | None = None,
    heads: ClassHeads | None = None,
    with_regions: bool = True,
) -> LocationEstimate:
    """Return where the photo was taken, as its neighbours say or as its model classifies it.

    ``vector`` is the photo's descriptor and ``heads`` are the model's; only ``classes`` and ``fused`` need them.
    Without regions, those are empty, which is what an evaluation over thousands of photos needs.
    Raises UsageError for parameters that make no sense, or where either is asked of a model without classes.
    """
    if parameters.estimator == "classes":
        needed = _needed(parameters, vector, heads)
        return _estimate_from_classes(neighbours, parameters, *needed, with_regions=with_regions)
    likely = None
    if parameters.estimator == "fused":
        vector, heads = _needed(parameters, vector, heads)
        positions = np.column_stack([neighbours.latitudes(), neighbours.longitudes()])
        likely = class_weights(heads, vector, positions) ** CLASS_EXPONENT
    return estimate_from_arrays(
        neighbours.latitudes(),
        neighbours.longitudes(),
        neighbours.distances(),
        parameters,
        likely=likely,
        with_regions=with_regions,
    )


def _needed(
    parameters: EstimationParameters, vector: FloatArray | None, heads: ClassHeads | None
) -> tuple[FloatArray, ClassHeads]:
    if vector is None or heads is None:
        message = (
            f"The estimator {parameters.estimator} needs a model trained on classes of places, which this pack's "
            "model is not; choose sphere, nearest or vo2017, or build the pack with a model that geolocdesk train "
            "made."
        )
        raise UsageError(message)
    return vector, heads


def estimate_from_arrays(
    latitudes: NDArray[np.float64],
    longitudes: NDArray[np.float64],
    distances: NDArray[np.float64],
    parameters: EstimationParameters,
    *,
    likely: NDArray[np.float64] | None = None,
    with_regions: bool = True,
    with_levels: bool = True,
) -> LocationEstimate:
    """Return the estimate from neighbours in rank order, float64[≥ 1] each; the first k are used.

    ``sphere`` answers the density's highest mode and, at each level, the disc that holds the most of it;
    ``nearest`` answers its first neighbour and ``vo2017`` the released program's place, both at every level,
    with the density's mass in the discs round it. ``geoclip`` answers its most probable place, which is its first
    neighbour, and at each level the disc that holds the most of the places' probability.

    ``fused`` does as ``sphere`` with weights that are multiplied by ``likely``, float64[≥ 1].

    Without levels or regions, those are empty, which is what an evaluation over thousands of photos needs.
    Raises UsageError for parameters that make no sense or without any neighbour.
    """
    check_parameters(parameters)
    if parameters.estimator == "fused" and likely is None:
        message = "The estimator fused needs what a model's classes make of the neighbours' places."
        raise UsageError(message)
    if parameters.estimator == "classes":
        message = "The estimator classes works on a photo's descriptor, not on its neighbours."
        raise UsageError(message)
    if len(distances) == 0:
        message = "No reference is left to compare with; widen the search or exclude fewer references."
        raise UsageError(message)
    density = estimate_density(latitudes, longitudes, distances, _on_squared_distances(parameters))
    if likely is not None:
        density = reweighted(density, likely)
    summits = climb_to_modes(density)
    modes = modes_of(density, summits)
    if parameters.estimator in ("sphere", "fused"):
        position = modes[0].position
        levels = answer_levels(density, summits) if with_levels else ()
    elif parameters.estimator == "geoclip":
        position = _nearest(density)
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


def _estimate_from_classes(
    neighbours: Neighbours,
    parameters: EstimationParameters,
    vector: FloatArray,
    heads: ClassHeads,
    *,
    with_regions: bool,
) -> LocationEstimate:
    check_parameters(parameters)
    density = classify(heads, vector, parameters.cells)
    return LocationEstimate(
        parameters=parameters,
        position=most_probable_position(density),
        levels=answer_cell_levels(density),
        regions=cell_regions(density, REGION_MASSES) if with_regions else (),
        modes=cell_modes(density),
        weights=estimate_density(
            neighbours.latitudes(), neighbours.longitudes(), neighbours.distances(), parameters
        ).weights,
        cells=shown_cells(density),
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
    if parameters.estimator not in get_args(EstimatorName):
        message = f"There is no estimator {parameters.estimator}; choose one of {', '.join(get_args(EstimatorName))}."
        raise UsageError(message)
    if parameters.cells is not None and parameters.estimator != "classes":
        message = f"Cells are chosen for the estimator classes, not for {parameters.estimator}."
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
