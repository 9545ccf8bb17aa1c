"""How the share of the evidence at a level becomes a chance of being right: curves that were fitted elsewhere."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from geolocdesk.estimation.weights import DISTANCE_FLOOR
from geolocdesk.provenance import JsonValue

Float64 = NDArray[np.float64]

_SMALLEST_SHARE = 1e-12


@dataclass(frozen=True, slots=True)
class LogisticCurve:
    """logit P = share_slope · ln s − rest_slope · ln(1 − s) − distance_slope · ln d + intercept, slopes ≥ 0.

    s is the share of the evidence, d the distance of the nearest reference. Without the distance this is beta
    calibration (Kull, Silva Filho and Flach, 2017, equation 4).
    """

    share_slope: float
    rest_slope: float
    distance_slope: float
    intercept: float

    def values(self, shares: Float64, nearest: Float64) -> Float64:
        """Return the probabilities, float64[n]."""
        slopes = np.array([self.share_slope, self.rest_slope, self.distance_slope])
        logit = logistic_terms(shares, nearest) @ slopes + self.intercept
        return np.asarray(1.0 / (1.0 + np.exp(-np.clip(logit, -500.0, 500.0))), dtype=np.float64)

    def to_json(self) -> dict[str, JsonValue]:
        """Return the curve as plain JSON values."""
        return {
            "share_slope": self.share_slope,
            "rest_slope": self.rest_slope,
            "distance_slope": self.distance_slope,
            "intercept": self.intercept,
        }


@dataclass(frozen=True, slots=True)
class StepCurve:
    """Probabilities at rising scores (the logit of the share), straight between them: isotonic regression."""

    scores: tuple[float, ...]
    probabilities: tuple[float, ...]

    def values(self, shares: Float64, nearest: Float64) -> Float64:
        """Return the probabilities, float64[n]."""
        del nearest
        return np.asarray(np.interp(share_score(shares), self.scores, self.probabilities), dtype=np.float64)

    def to_json(self) -> dict[str, JsonValue]:
        """Return the curve as plain JSON values."""
        return {"scores": [*self.scores], "probabilities": [*self.probabilities]}


Curve = LogisticCurve | StepCurve

UNCHANGED = LogisticCurve(1.0, 1.0, 0.0, 0.0)
"""The share itself."""


@dataclass(frozen=True, slots=True)
class ShareModel:
    """How shares become probabilities at all levels: tempered weights, one curve a level, and bounds."""

    method: str
    """In words, as cited with every probability."""
    temperature: float
    """The neighbours' weights are raised to this power before the shares are taken; 1 leaves them as they are."""
    curves: tuple[Curve, ...]
    """One a level, in the order of ``LEVELS``."""
    lowest: float
    highest: float
    """No probability lies outside: a sample cannot tell how rare the rarest thing is."""

    def probabilities(self, shares: Float64, nearest: Float64) -> Float64:
        """Return float64[n, levels] from shares of the same shape and float64[n] nearest distances.

        They never fall from a level to the next coarser one: where the curves would, neighbouring levels share
        their mean.
        """
        columns = [curve.values(shares[:, level], nearest) for level, curve in enumerate(self.curves)]
        pooled = never_falling(np.clip(np.stack(columns, axis=1), self.lowest, self.highest))
        return np.clip(pooled, self.lowest, self.highest)  # a mean of bounds may round beyond them

    def to_json(self) -> dict[str, JsonValue]:
        """Return the model as plain JSON values."""
        return {
            "method": self.method,
            "temperature": self.temperature,
            "curves": [curve.to_json() for curve in self.curves],
            "lowest": self.lowest,
            "highest": self.highest,
        }

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> "ShareModel":
        """Return the model that ``to_json`` wrote. Raises KeyError, TypeError or ValueError on other input."""
        return cls(
            method=str(value["method"]),
            temperature=float(value["temperature"]),
            curves=tuple(_curve_of(curve) for curve in value["curves"]),
            lowest=float(value["lowest"]),
            highest=float(value["highest"]),
        )


def _curve_of(value: Mapping[str, Any]) -> Curve:
    if "scores" in value:
        return StepCurve(
            tuple(float(score) for score in value["scores"]),
            tuple(float(probability) for probability in value["probabilities"]),
        )
    return LogisticCurve(
        float(value["share_slope"]),
        float(value["rest_slope"]),
        float(value["distance_slope"]),
        float(value["intercept"]),
    )


def logistic_terms(shares: Float64, nearest: Float64) -> Float64:
    """Return float64[n, 3]: ln s, −ln(1 − s) and −ln d, each finite."""
    clipped = np.clip(shares, _SMALLEST_SHARE, 1.0 - _SMALLEST_SHARE)
    terms = [np.log(clipped), -np.log1p(-clipped), -np.log(np.maximum(nearest, DISTANCE_FLOOR))]
    return np.stack(terms, axis=1)


def share_score(shares: Float64) -> Float64:
    """Return the logit of shares, finite at 0 and 1."""
    clipped = np.clip(shares, _SMALLEST_SHARE, 1.0 - _SMALLEST_SHARE)
    return np.asarray(np.log(clipped) - np.log1p(-clipped), dtype=np.float64)


def never_falling(rows: Float64) -> Float64:
    """Return the rising rows nearest to the given ones in squares, float64[n, levels]: pooled where they fall."""
    count = rows.shape[1]
    sums = np.concatenate([np.zeros((len(rows), 1)), np.cumsum(rows, axis=1)], axis=1)
    rising = np.empty_like(rows)
    for place in range(count):
        # the greatest, over where a run may begin, of the least mean, over where it may end
        least = [
            np.minimum.reduce(
                [(sums[:, end] - sums[:, start]) / (end - start) for end in range(place + 1, count + 1)]
            )
            for start in range(place + 1)
        ]
        rising[:, place] = np.maximum.reduce(least)
    return rising
