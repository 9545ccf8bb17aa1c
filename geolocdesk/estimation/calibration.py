"""From the share of the evidence at each level to the chance of being right, as fitted on photos of known places."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np

from geolocdesk.errors import PackError
from geolocdesk.estimation.density import Density
from geolocdesk.estimation.disc_mass import masses_held
from geolocdesk.estimation.estimate import density_behind
from geolocdesk.estimation.location import (
    LEVELS,
    Calibration,
    EstimationParameters,
    Familiarity,
    LocationEstimate,
)
from geolocdesk.estimation.share_model import Float64, ShareModel
from geolocdesk.geodesy import unit_vectors
from geolocdesk.provenance import JsonValue
from geolocdesk.reference.calibration_file import StoredCalibration
from geolocdesk.reference.neighbours import Neighbours

DENSITY_ESTIMATORS = ("sphere", "vo2017", "nearest", "fused", "geoclip")
"""Estimators whose shares are masses of the neighbours' density, so that their weights can be tempered."""


@dataclass(frozen=True, slots=True)
class FamiliarDistances:
    """The mean distances to their neighbours of the photos a pack was calibrated on.

    The mean over all neighbours that vote tells photos of another kind apart better than the nearest alone.
    """

    percentiles: tuple[float, ...]
    """Rising distances, from the least to the greatest in equal steps of share."""
    limit: float
    """Above it a photo resembles nothing in the pack."""

    def compare(self, distances: Float64, photos: int) -> Familiarity:
        """Return how familiar a photo with these neighbours' distances is."""
        distance = float(distances.mean())
        shares = np.linspace(0.0, 1.0, len(self.percentiles))
        return Familiarity(distance, float(np.interp(distance, self.percentiles, shares)), self.limit, photos)

    def to_json(self) -> dict[str, JsonValue]:
        """Return the distances as plain JSON values."""
        return {"percentiles": [*self.percentiles], "limit": self.limit}


@dataclass(frozen=True, slots=True)
class FittedCalibration:
    """A calibration of one pack for one set of parameters."""

    sha256: str
    """Of its stored content."""
    pack_id: str
    parameters: EstimationParameters
    photos: int
    source: str
    shares: ShareModel
    familiar: FamiliarDistances

    @classmethod
    def from_stored(cls, stored: StoredCalibration) -> "FittedCalibration":
        """Return what a stored calibration holds. Raises PackError where this version cannot use it."""
        try:
            return _calibration_of(stored.sha256, stored.content)
        except (KeyError, TypeError, ValueError) as error:
            message = (
                f"The pack's calibration {stored.sha256[:12]} cannot be used by this version ({error!r}); move "
                "calibration.json away, then calibrate again."
            )
            raise PackError(message) from error

    def apply(self, estimate: LocationEstimate, neighbours: Neighbours) -> LocationEstimate:
        """Return the estimate with calibrated probabilities, and how familiar the photo is."""
        distances = neighbours.distances()
        shares = shares_of(estimate, neighbours, self.shares.temperature)
        (probabilities,) = self.shares.probabilities(shares[None, :], distances[:1])
        calibration = Calibration(self.photos, self.shares.method, self.source)
        return replace(
            estimate,
            levels=tuple(
                replace(answer, probability=float(probability), calibration=calibration)
                for answer, probability in zip(estimate.levels, probabilities, strict=True)
            ),
            familiarity=self.familiar.compare(distances, self.photos),
        )


def calibration_content(
    *,
    pack_id: str,
    parameters: EstimationParameters,
    photos: int,
    source: str,
    shares: ShareModel,
    familiar: FamiliarDistances,
    measured: Mapping[str, JsonValue],
) -> dict[str, JsonValue]:
    """Return what is stored of a calibration; ``measured`` says how it was made and how well it does."""
    return {
        "pack_id": pack_id,
        "parameters": asdict(parameters),
        "photos": photos,
        "source": source,
        "shares": shares.to_json(),
        "familiar": familiar.to_json(),
        "measured": dict(measured),
    }


def _calibration_of(sha256: str, content: Mapping[str, Any]) -> FittedCalibration:
    familiar = content["familiar"]
    return FittedCalibration(
        sha256=sha256,
        pack_id=str(content["pack_id"]),
        parameters=EstimationParameters(**content["parameters"]),
        photos=int(content["photos"]),
        source=str(content["source"]),
        shares=ShareModel.from_json(content["shares"]),
        familiar=FamiliarDistances(
            tuple(float(distance) for distance in familiar["percentiles"]), float(familiar["limit"])
        ),
    )


def newest_for(
    calibrations: Sequence[FittedCalibration], pack_id: str, parameters: EstimationParameters
) -> FittedCalibration | None:
    """Return the newest calibration of this pack for these very parameters, or None."""
    found = [fit for fit in calibrations if fit.pack_id == pack_id and fit.parameters == parameters]
    return found[-1] if found else None


def shares_of(estimate: LocationEstimate, neighbours: Neighbours, temperature: float) -> Float64:
    """Return float64[levels], the share of the evidence within each level's disc, its weights tempered."""
    if temperature == 1.0 or estimate.parameters.estimator not in DENSITY_ESTIMATORS:
        return np.array([answer.probability for answer in estimate.levels], dtype=np.float64)
    density = density_behind(neighbours, estimate)
    return held_by_discs(estimate, density) @ tempered(density.weights, temperature)


def held_by_discs(estimate: LocationEstimate, density: Density) -> Float64:
    """Return float64[levels, k]: how much of each neighbour's kernel lies within each level's disc."""
    places = [answer.position for answer in estimate.levels]
    centres = unit_vectors([place.latitude for place in places], [place.longitude for place in places])
    return masses_held(density, centres, tuple(level.radius_km for level in LEVELS))


def tempered(weights: Float64, temperature: float) -> Float64:
    """Return weights float64[..., k] raised to a power, with sum 1; a weight of 0 stays one."""
    with np.errstate(divide="ignore"):
        logarithms = temperature * np.log(weights)
    raised = np.exp(logarithms - logarithms.max(axis=-1, keepdims=True))
    return np.asarray(raised / raised.sum(axis=-1, keepdims=True), dtype=np.float64)
