"""Neighbour lists of many kinds, and ways to draw points from a density, for the estimation's tests."""

import numpy as np
from numpy.typing import NDArray

from geolocdesk.estimation.density import Density, estimate_density
from geolocdesk.estimation.location import EstimationParameters
from geolocdesk.geodesy import positions_of

Floats = NDArray[np.float64]


def density_of(
    *positions: tuple[float, float],
    distances: list[float] | None = None,
    bandwidth_deg: float = 4.0,
    exponent: float = 10.0,
) -> Density:
    """Return the density of neighbours at positions, equally distant unless told."""
    latitudes, longitudes = np.array(positions, dtype=np.float64).T
    return estimate_density(
        latitudes,
        longitudes,
        np.array(distances if distances is not None else [0.8] * len(positions)),
        EstimationParameters(bandwidth_deg=bandwidth_deg, exponent=exponent),
    )


def random_places(random: np.random.Generator, count: int) -> tuple[Floats, Floats]:
    """Return scattered, clustered, polar or date-line places, sometimes with duplicates."""
    kind = random.integers(5)
    centres = random.normal(size=(int(random.integers(1, 8)), 3))
    if kind == 1:
        centres = np.array([[0.0, 0.0, 1.0]])
    if kind == 2:
        centres = np.array([[-1.0, 0.0, 0.2]])
    centres /= np.linalg.norm(centres, axis=1)[:, None]
    spread = 10.0 if kind == 0 else 10.0 ** random.uniform(-3.0, -0.5)
    vectors = centres[random.integers(0, len(centres), count)] + spread * random.normal(size=(count, 3))
    if kind == 4:
        vectors = vectors[random.integers(0, count, count)]
    return positions_of(vectors)


def random_density(
    random: np.random.Generator,
    *,
    bandwidths_deg: tuple[float, ...] = (0.01, 0.5, 1.0, 4.0, 16.0, 60.0, 180.0),
    counts: tuple[int, ...] = (1, 2, 3, 10, 40, 100),
) -> Density:
    """Return a density of some random kind."""
    count = int(random.choice(counts))
    latitudes, longitudes = random_places(random, count)
    return estimate_density(
        latitudes,
        longitudes,
        np.sort(1.1 - 0.5 * random.beta(1.2, 3.0, count)),
        EstimationParameters(
            exponent=float(random.choice([0.0, 1.0, 10.0, 30.0])),
            bandwidth_deg=float(random.choice(bandwidths_deg)),
        ),
    )


def sampled(density: Density, count: int, random: np.random.Generator) -> Floats:
    """Return unit vectors drawn from the density: a neighbour by weight, then a point round it by rejection.

    In the neighbour's plane, a flat Gaussian of the angle is thinned by sin θ / θ, which makes it the
    great-circle Gaussian exactly.
    """
    found: list[Floats] = []
    bandwidth = density.bandwidth_rad
    while sum(len(part) for part in found) < count:
        chosen = random.choice(len(density.weights), count, p=density.weights)
        offsets = random.normal(scale=bandwidth, size=(count, 2))
        angles = np.hypot(offsets[:, 0], offsets[:, 1])
        kept = (angles < np.pi) & (random.random(count) < np.sinc(angles / np.pi))
        centres = density.sources[chosen]
        axis = np.where(np.abs(centres[:, 2:]) < 0.9, [[0.0, 0.0, 1.0]], [[1.0, 0.0, 0.0]])
        east = np.cross(axis, centres)
        east /= np.linalg.norm(east, axis=1)[:, None]
        north = np.cross(centres, east)
        direction = (offsets[:, :1] * east + offsets[:, 1:] * north) / angles[:, None]
        points = np.cos(angles)[:, None] * centres + np.sin(angles)[:, None] * direction
        found.append(points[kept])
    return np.concatenate(found)[:count]


def spread_around(density: Density, random: np.random.Generator, per_scale: int) -> Floats:
    """Return unit vectors all over the globe and, ever closer, round the neighbours."""
    vectors = [random.normal(size=(per_scale, 3))]
    for scale in (1.0, 0.3, 0.1, 0.01):
        near = density.sources[random.integers(0, len(density.weights), per_scale)]
        vectors.append(near + scale * density.bandwidth_rad * random.normal(size=(per_scale, 3)))
    every = np.concatenate(vectors)
    return np.asarray(every / np.linalg.norm(every, axis=1)[:, None], dtype=np.float64)
