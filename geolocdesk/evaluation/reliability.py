"""Whether probabilities are what they say: among answers given 70 %, about 70 % should be right."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from geolocdesk.evaluation.metrics import bootstrap_draws, percentile_interval
from geolocdesk.provenance import JsonValue

Float64 = NDArray[np.float64]

_MEAN_DISTANCE = math.sqrt(2.0 / math.pi)
"""Of a normal variable from its mean, in standard deviations."""

BINS = 10
"""Equally wide from 0 to 1."""


@dataclass(frozen=True, slots=True)
class ReliabilityBin:
    """The answers whose probabilities fall into one tenth."""

    photos: int
    mean_probability: float
    share_right: float


@dataclass(frozen=True, slots=True)
class Reliability:
    """How well the probabilities of one level hold."""

    level: str
    photos: int
    places: int
    mean_probability: float
    share_right: float
    expected_calibration_error: float
    """The mean distance between probability and share right over the tenths, weighed by their photos."""
    expected_by_chance: float
    """How far off probabilities that hold exactly would be found to be on so many places: what is beyond it counts."""
    interval: tuple[float, float]
    """95 %, whole places resampled; the distance that resampling itself adds to each tenth is taken off."""
    bins: tuple[ReliabilityBin, ...]
    """Those that hold any photo, the lowest first."""

    def to_json(self) -> dict[str, JsonValue]:
        """Return the reliability as plain JSON values."""
        return {
            "level": self.level,
            "photos": self.photos,
            "places": self.places,
            "mean_probability": self.mean_probability,
            "share_right": self.share_right,
            "expected_calibration_error": self.expected_calibration_error,
            "expected_by_chance": self.expected_by_chance,
            "interval": [*self.interval],
            "bins": [
                {
                    "photos": found.photos,
                    "mean_probability": found.mean_probability,
                    "share_right": found.share_right,
                }
                for found in self.bins
            ],
        }


def reliability_of(
    level: str,
    probabilities: Float64,
    right: NDArray[np.bool_],
    groups: Sequence[object],
    *,
    seed: int = 2017,
) -> Reliability:
    """Return the reliability of one level's probabilities float64[n] for answers that were right or not."""
    bins = np.minimum((probabilities * BINS).astype(np.int64), BINS - 1)
    _, group_of = np.unique(np.array(groups), return_inverse=True)
    photos, said, happened = (
        _sums(group_of, bins, values) for values in (np.ones(len(bins)), probabilities, right.astype(float))
    )
    draws = bootstrap_draws(len(photos), seed)
    off = (draws @ (said - happened)) / (draws @ photos.sum(axis=1))[:, None]
    noise = off.var(axis=0)
    errors = np.sqrt(np.maximum(off**2 - noise, 0.0)).sum(axis=1)
    total, said_in_all, happened_in_all = (sums.sum(axis=0) for sums in (photos, said, happened))
    return Reliability(
        level=level,
        photos=len(bins),
        places=len(photos),
        mean_probability=float(probabilities.mean()),
        share_right=float(right.mean()),
        expected_calibration_error=float(np.abs(said_in_all - happened_in_all).sum() / len(bins)),
        expected_by_chance=float(_MEAN_DISTANCE * np.sqrt(noise).sum()),
        interval=percentile_interval(errors),
        bins=tuple(
            ReliabilityBin(int(count), float(one / count), float(other / count))
            for count, one, other in zip(total, said_in_all, happened_in_all, strict=True)
            if count > 0
        ),
    )


def _sums(group_of: NDArray[np.intp], bins: NDArray[np.int64], values: Float64) -> Float64:
    """Return float64[groups, bins], the values summed up."""
    sums = np.zeros((int(group_of.max()) + 1, BINS))
    np.add.at(sums, (group_of, bins), values)
    return sums
