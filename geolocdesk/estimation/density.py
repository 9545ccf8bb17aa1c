"""The weighted kernel density of the neighbours' places on the sphere."""

import math
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike, NDArray

from geolocdesk.estimation.kernel import kernel_integral, kernel_values, versines
from geolocdesk.estimation.location import EstimationParameters
from geolocdesk.estimation.weights import neighbour_weights, softmax_weights
from geolocdesk.geodesy import EARTH_RADIUS_KM, Position, unit_vectors

_PAIRS_AT_ONCE = 1 << 18


@dataclass(frozen=True, slots=True, eq=False)
class Density:
    """f(x) = Σ wᵢ K(θᵢ) / ∫K: a probability density over the Earth, in 1/km².

    The arrays are float64[k] in rank order and read-only; the weights sum to 1.
    """

    latitudes: NDArray[np.float64]
    longitudes: NDArray[np.float64]
    weights: NDArray[np.float64]
    bandwidth_deg: float
    sources: NDArray[np.float64] = field(init=False, repr=False)
    """float64[k, 3], the neighbours' places as unit vectors."""
    kernel_integral_km2: float = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "sources", unit_vectors(self.latitudes, self.longitudes))
        integral = kernel_integral(self.bandwidth_rad) * EARTH_RADIUS_KM**2
        object.__setattr__(self, "kernel_integral_km2", integral)
        for array in (self.latitudes, self.longitudes, self.weights, self.sources):
            array.setflags(write=False)

    @property
    def bandwidth_rad(self) -> float:
        """Return σ in radians."""
        return math.radians(self.bandwidth_deg)

    def evaluate(self, latitudes: ArrayLike, longitudes: ArrayLike) -> NDArray[np.float64]:
        """Return the density per km² at positions in degrees, in double precision."""
        points = unit_vectors(latitudes, longitudes)
        flat = points.reshape(-1, 3)
        values = np.empty(len(flat), dtype=np.float64)
        step = max(1, _PAIRS_AT_ONCE // len(self.weights))
        for start in range(0, len(flat), step):
            pairs = versines(flat[start : start + step], self.sources)
            values[start : start + step] = kernel_values(pairs, self.bandwidth_rad) @ self.weights
        return values.reshape(points.shape[:-1]) / self.kernel_integral_km2

    def contributions(self, position: Position) -> NDArray[np.float64]:
        """Return each neighbour's share of the density at a position, float64[k], sum 1."""
        point = unit_vectors(position.latitude, position.longitude)[None, :]
        exponents = -0.5 * (_angles(point, self.sources)[0] / self.bandwidth_rad) ** 2
        with np.errstate(divide="ignore"):  # a weight may be too small to be told from 0
            logarithms = np.log(self.weights) + exponents
        shares = np.exp(logarithms - logarithms.max())
        return np.asarray(shares / shares.sum(), dtype=np.float64)


def _angles(points: NDArray[np.float64], sources: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(np.arccos(np.clip(1.0 - versines(points, sources), -1.0, 1.0)), dtype=np.float64)


def estimate_density(
    latitudes: NDArray[np.float64],
    longitudes: NDArray[np.float64],
    distances: NDArray[np.float64],
    parameters: EstimationParameters,
) -> Density:
    """Return the density of the first k neighbours; of all of them where there are fewer than k."""
    count = parameters.neighbours
    weigh = softmax_weights if parameters.estimator == "geoclip" else neighbour_weights
    return Density(
        latitudes=np.array(latitudes[:count], dtype=np.float64),
        longitudes=np.array(longitudes[:count], dtype=np.float64),
        weights=weigh(distances[:count], parameters.exponent),
        bandwidth_deg=parameters.bandwidth_deg,
    )


def reweighted(density: Density, factors: NDArray[np.float64]) -> Density:
    """Return the density with its weights multiplied by ``factors`` (float64[≥ k], above 0), their sum 1 again."""
    weights = density.weights * factors[: len(density.weights)]
    total = weights.sum()
    return Density(
        latitudes=density.latitudes,
        longitudes=density.longitudes,
        weights=weights / total if total > 0.0 else density.weights,
        bandwidth_deg=density.bandwidth_deg,
    )
