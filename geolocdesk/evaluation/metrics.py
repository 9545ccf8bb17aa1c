"""Accuracy at the paper's levels, with intervals that respect photos of one place."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from geolocdesk.estimation.location import LEVELS
from geolocdesk.provenance import JsonValue

BOOTSTRAP_SAMPLES = 2000
CONFIDENCE_PERCENT = 95.0


@dataclass(frozen=True, slots=True)
class Accuracy:
    """How often one method was right, in percent at each level of ``LEVELS``."""

    method: str
    queries: int
    accuracy_percent: tuple[float, ...]
    interval_percent: tuple[tuple[float, float], ...]
    """95 % bootstrap interval a level."""

    def to_json(self) -> dict[str, JsonValue]:
        """Return the accuracy as plain JSON values."""
        return {
            "method": self.method,
            "queries": self.queries,
            "accuracy_percent": list(self.accuracy_percent),
            "interval_percent": [[low, high] for low, high in self.interval_percent],
        }


@dataclass(frozen=True, slots=True)
class Difference:
    """How much more often one result is right than another, in points of a percent at each level."""

    result: str
    versus: str
    points: tuple[float, ...]
    interval_points: tuple[tuple[float, float], ...]
    """95 %, the same places resampled for both."""

    def to_json(self) -> dict[str, JsonValue]:
        """Return the difference as plain JSON values."""
        return {
            "result": self.result,
            "versus": self.versus,
            "points": list(self.points),
            "interval_points": [[low, high] for low, high in self.interval_points],
        }


def difference_of(
    result: str,
    versus: str,
    hits: NDArray[np.float64],
    other_hits: NDArray[np.float64],
    groups: Sequence[str],
    *,
    seed: int = 2017,
) -> Difference:
    """Return how two results differ on the same queries, from hits (0 or 1) float64[queries, levels]."""
    gained = hits - other_hits
    low, high = _bootstrap_interval(gained, groups, seed)
    return Difference(
        result=result,
        versus=versus,
        points=tuple(float(value) for value in 100.0 * gained.mean(axis=0)),
        interval_points=tuple((float(a), float(b)) for a, b in zip(low, high, strict=True)),
    )


def accuracy_of(
    method: str, errors_km: NDArray[np.float64], groups: Sequence[str], *, seed: int = 2017
) -> Accuracy:
    """Return the accuracy of a method from its errors float64[queries, levels] in kilometres.

    A query counts at a level if its error is at most the level's radius. The interval resamples whole
    groups (places), because photos of one place are right or wrong together.
    """
    radii = np.array([level.radius_km for level in LEVELS])
    hits = (errors_km <= radii).astype(np.float64)
    percent = 100.0 * hits.mean(axis=0)
    low, high = _bootstrap_interval(hits, groups, seed)
    return Accuracy(
        method=method,
        queries=len(hits),
        accuracy_percent=tuple(float(value) for value in percent),
        interval_percent=tuple((float(a), float(b)) for a, b in zip(low, high, strict=True)),
    )


def _bootstrap_interval(
    hits: NDArray[np.float64], groups: Sequence[str], seed: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    percent = 100.0 * bootstrap_shares(hits, groups, seed)
    tail = (100.0 - CONFIDENCE_PERCENT) / 2.0
    low, high = np.percentile(percent, [tail, 100.0 - tail], axis=0)
    return low, high


def bootstrap_shares(values: NDArray[np.float64], groups: Sequence[str], seed: int) -> NDArray[np.float64]:
    """Return float64[samples, columns]: the means of values float64[n, columns] with whole groups resampled."""
    _, group_of = np.unique(np.array(groups), return_inverse=True)
    sizes = np.bincount(group_of).astype(np.float64)
    sums = np.stack([np.bincount(group_of, weights=column) for column in values.T], axis=1)
    drawn = bootstrap_draws(len(sizes), seed)
    return np.asarray((drawn @ sums) / (drawn @ sizes)[:, np.newaxis], dtype=np.float64)


def bootstrap_draws(groups: int, seed: int) -> NDArray[np.float64]:
    """Return how often each group is drawn, float64[samples, groups]: a row a bootstrap sample."""
    generator = np.random.default_rng(seed)
    drawn = generator.multinomial(groups, np.full(groups, 1.0 / groups), BOOTSTRAP_SAMPLES)
    return np.asarray(drawn, dtype=np.float64)


def percentile_interval(samples: NDArray[np.float64]) -> tuple[float, float]:
    """Return the 95 % interval of bootstrap samples."""
    tail = (100.0 - CONFIDENCE_PERCENT) / 2.0
    low, high = np.percentile(samples, [tail, 100.0 - tail])
    return float(low), float(high)
