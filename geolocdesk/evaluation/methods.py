"""Methods by which a query is located: the paper's, this program's own, and baselines without an image."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from geolocdesk.errors import UsageError
from geolocdesk.estimation.estimate import estimate_from_arrays
from geolocdesk.estimation.location import LEVELS, EstimationParameters
from geolocdesk.geodesy import Position

LONDON = Position(51.5074, -0.1278)
"""The paper's baseline: always the same answer, whatever the photo shows."""


@dataclass(frozen=True, slots=True, eq=False)
class Retrieved:
    """What a method may look at: the neighbours' positions and distances, in rank order."""

    latitudes: NDArray[np.float64]
    longitudes: NDArray[np.float64]
    distances: NDArray[np.float64]


Answers = tuple[Position, ...]
"""One answer a level, in the order of ``LEVELS``."""

Method = Callable[[Retrieved], Answers]


def _everywhere(position: Position) -> Answers:
    return (position,) * len(LEVELS)


def always_london(_seen: Retrieved) -> Answers:
    """Answer London at every level."""
    return _everywhere(LONDON)


def nearest(seen: Retrieved) -> Answers:
    """Answer the place of the nearest neighbour (NN in the paper)."""
    return _everywhere(Position(float(seen.latitudes[0]), float(seen.longitudes[0])))


def density_peak(seen: Retrieved, *, parameters: EstimationParameters) -> Answers:
    """Answer the estimator's one position: for ``sphere`` the density's highest mode (kNN in the paper)."""
    estimate = estimate_from_arrays(
        seen.latitudes,
        seen.longitudes,
        seen.distances,
        parameters,
        with_levels=False,
        with_regions=False,
    )
    return _everywhere(estimate.position)


def answer_per_level(seen: Retrieved) -> Answers:
    """Answer, at each level, the point whose disc holds the most mass (σ = 4)."""
    estimate = estimate_from_arrays(
        seen.latitudes,
        seen.longitudes,
        seen.distances,
        EstimationParameters(),
        with_levels=True,
        with_regions=False,
    )
    return tuple(answer.position for answer in estimate.levels)


METHODS: dict[str, Method] = {
    "london": always_london,
    "nearest": nearest,
    "knn-1": partial(density_peak, parameters=EstimationParameters(bandwidth_deg=1.0)),
    "knn-4": partial(density_peak, parameters=EstimationParameters(bandwidth_deg=4.0)),
    "knn-16": partial(density_peak, parameters=EstimationParameters(bandwidth_deg=16.0)),
    "vo2017": partial(density_peak, parameters=EstimationParameters(estimator="vo2017")),
    "levels": answer_per_level,
}


def chosen_methods(names: str | None) -> dict[str, Method]:
    """Return the methods a comma-separated list names, or all of them. Raises UsageError."""
    if names is None:
        return dict(METHODS)
    wanted = [name.strip() for name in names.split(",") if name.strip()]
    unknown = [name for name in wanted if name not in METHODS]
    if unknown or not wanted:
        message = f"Unknown method {', '.join(unknown) or '(none named)'}; choose from {', '.join(METHODS)}."
        raise UsageError(message)
    return {name: METHODS[name] for name in wanted}
