"""A probability for each of many cells of the Earth: mass in discs, best discs, regions and their outlines.

Within a cell the probability is spread evenly over its area.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from geolocdesk.estimation.cell_outlines import outline_of
from geolocdesk.estimation.kernel import Float64, gauss_legendre
from geolocdesk.estimation.location import (
    LEVELS,
    CellProbabilities,
    Level,
    LevelAnswer,
    Mode,
    Region,
    SphericalPolygon,
)
from geolocdesk.estimation.region import region_within
from geolocdesk.geodesy import EARTH_RADIUS_KM, Position, positions_of, rectangle_areas_km2, unit_vectors

_NODES = 24
_CANDIDATES = 24
"""So many of the most probable cells, and as many of the densest, are tried as the middle of a disc."""

_CLIMBS, _STEPS = 6, 6
_NEGLECT = 1e-4
"""The least probable cells, up to this share together, are left out where a disc is looked for."""

_SHOWN_MASS, _SHOWN_CELLS = 0.99, 200
_MODES = 10
_TOUCHING_DEG = 1e-9


@dataclass(frozen=True, slots=True, eq=False)
class CellDensity:
    """``bounds`` float64[c, 4] (south, north, west, east), cells that cover the Earth; ``probabilities`` sum to 1."""

    bounds: Float64
    probabilities: Float64
    areas_km2: Float64 = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "areas_km2", rectangle_areas_km2(self.bounds))

    @property
    def densities(self) -> Float64:
        """Return float64[c], the probability per km²."""
        return self.probabilities / self.areas_km2

    def middles(self) -> Float64:
        """Return float64[c, 2]: each cell's middle latitude and longitude, the paper's answer for a class."""
        south, north, west, east = self.bounds.T
        return np.stack([(south + north) / 2.0, (west + east) / 2.0], axis=1)


def most_probable_position(density: CellDensity) -> Position:
    """Return the middle of the most probable cell: C in the paper."""
    latitude, longitude = density.middles()[int(np.argmax(density.probabilities))].tolist()
    return Position(latitude, longitude)


def masses_in_discs(density: CellDensity, centres: Float64, radius_km: float) -> Float64:
    """Return float64[n]: how much of the density lies within discs round positions float64[n, 2] in degrees."""
    return overlaps_km2(density.bounds, centres, radius_km) @ density.densities


def overlaps_km2(bounds: Float64, centres: Float64, radius_km: float) -> Float64:
    """Return float64[n, c]: the areas that discs round positions float64[n, 2] share with rectangles.

    Gauss–Legendre quadrature over latitude, of the stretch of each parallel that lies within both; latitudes
    are spaced so that the square roots at the disc's northern and southern end do no harm.
    """
    nodes, node_weights = gauss_legendre(_NODES)
    radius = radius_km / EARTH_RADIUS_KM
    south, north, west, east = np.radians(bounds.T)
    turn = 2.0 * math.pi
    shared = np.zeros((len(centres), len(bounds)), np.float64)
    for row, (latitude, longitude) in enumerate(np.radians(centres).tolist()):
        low = np.maximum(south, latitude - radius)
        high = np.minimum(north, latitude + radius)
        start = (west - longitude + math.pi) % (2.0 * math.pi) - math.pi
        widest = _widest(latitude, radius)
        beside = (start <= widest) & (start + east - west >= -widest) | (start + east - west >= turn - widest)
        near = np.flatnonzero((low < high) & beside)
        half = (high[near] - low[near])[:, None] / 2.0
        parallels = (low[near] + high[near])[:, None] / 2.0 + half * (1.5 * nodes - 0.5 * nodes**3)
        steps = half * (1.5 - 1.5 * nodes**2) * node_weights
        reach = _half_width(parallels, latitude, radius)
        end = start[near] + east[near] - west[near]
        stretch = _shared_stretch(start[near][:, None], end[:, None], reach)
        shared[row, near] = EARTH_RADIUS_KM**2 * (stretch * np.cos(parallels) * steps).sum(axis=1)
    return shared


def _widest(latitude: float, radius: float) -> float:
    """Return how far a disc reaches to either side of its middle, in radians of longitude, up to π."""
    if abs(latitude) + radius >= math.pi / 2.0:
        return math.pi  # it holds a pole
    return math.asin(min(math.sin(radius) / math.cos(latitude), 1.0)) + 1e-12


def _half_width(parallels: Float64, latitude: float, radius: float) -> Float64:
    """Return how far a disc reaches to either side along parallels, in radians of longitude, up to π."""
    flat = np.maximum(np.cos(parallels) * math.cos(latitude), 1e-15)
    cosine = (math.cos(radius) - np.sin(parallels) * math.sin(latitude)) / flat
    return np.asarray(np.arccos(np.clip(cosine, -1.0, 1.0)), np.float64)


def _shared_stretch(start: Float64, end: Float64, reach: Float64) -> Float64:
    """Return the length of [start, end] within ±reach, and within the same stretch once round the Earth."""
    turn = 2.0 * math.pi
    here = np.minimum(end, reach) - np.maximum(start, -reach)
    beyond = np.minimum(end, turn + reach) - np.maximum(start, turn - reach)
    return np.asarray(np.maximum(here, 0.0) + np.maximum(beyond, 0.0), np.float64)


def answer_cell_levels(density: CellDensity, levels: Sequence[Level] = LEVELS) -> tuple[LevelAnswer, ...]:
    """Return the best answer found at each level: the point whose disc of its radius holds the most.

    The probability is the mass inside, not calibrated; it never falls from a smaller radius to a larger one.
    """
    order = np.argsort(-density.probabilities, kind="stable")
    held = np.cumsum(density.probabilities[order])
    kept = order[: int(np.searchsorted(held, 1.0 - _NEGLECT)) + 1]
    answers: dict[float, tuple[Position, float]] = {}
    before = np.empty((0, 2))
    least = 0.0
    for radius_km in sorted({level.radius_km for level in levels}):
        centre, mass = _best_disc(density, kept, radius_km, before)
        least = min(1.0, max(least, mass))
        answers[radius_km] = (Position(float(centre[0]), float(centre[1])), least)
        before = centre[None]
    return tuple(LevelAnswer(level, *answers[level.radius_km]) for level in levels)


def _best_disc(
    density: CellDensity, kept: NDArray[np.intp], radius_km: float, before: Float64
) -> tuple[Float64, float]:
    """Return the middle and the mass of the best disc found, ``before`` (float64[n, 2]) tried as well."""
    bounds, densities = density.bounds[kept], density.densities[kept]
    middles = density.middles()[kept]
    densest = np.argsort(-densities, kind="stable")[:_CANDIDATES]
    centres = np.concatenate([before, middles[:_CANDIDATES], middles[densest]])
    masses = overlaps_km2(bounds, centres, radius_km) @ densities
    sources = unit_vectors(middles[:, 0], middles[:, 1])
    climbers = centres[np.argsort(-masses, kind="stable")[:_CLIMBS]]
    for _ in range(_STEPS):
        pull = overlaps_km2(bounds, climbers, radius_km) * densities @ sources
        climbers = np.column_stack(positions_of(pull / np.linalg.norm(pull, axis=1, keepdims=True)))
        centres = np.concatenate([centres, climbers])
        masses = np.concatenate([masses, overlaps_km2(bounds, climbers, radius_km) @ densities])
    best = int(np.argmax(masses >= masses.max() * (1.0 - 1e-9)))
    return centres[best], float(masses_in_discs(density, centres[best : best + 1], radius_km)[0])


def cell_regions(density: CellDensity, masses: Sequence[float]) -> tuple[Region, ...]:
    """Return, for each mass, the smallest area of whole cells that holds at least that much."""
    order = np.argsort(-density.densities, kind="stable")
    held = np.cumsum(density.probabilities[order])
    regions = []
    for mass in masses:
        chosen = order[: int(np.searchsorted(held, mass * (1.0 - 1e-12))) + 1]
        area_km2 = float(density.areas_km2[chosen].sum())
        regions.append(Region(mass=mass, area_km2=area_km2, parts=cell_parts(density.bounds[chosen])))
    return tuple(regions)


def cell_parts(bounds: Float64) -> tuple[SphericalPolygon, ...]:
    """Return what cells float64[c, 4] cover, each connected part once; nothing where they cover the whole Earth."""
    vertices, lengths = outline_of(bounds)
    return region_within(1.0, vertices, lengths).parts if len(lengths) else ()


def cell_modes(density: CellDensity) -> tuple[Mode, ...]:
    """Return the densest cells' middles, densest first, without those that touch a denser cell."""
    densities, middles = density.densities, density.middles()
    modes: list[Mode] = []
    for number in np.argsort(-densities, kind="stable")[: 20 * _MODES].tolist():
        if not (densities[_touching(density.bounds, number)] > densities[number]).any():
            modes.append(Mode(Position(*middles[number].tolist()), float(densities[number])))
        if len(modes) == _MODES:
            break
    return tuple(modes)


def _touching(bounds: Float64, number: int) -> NDArray[np.bool_]:
    """Return which cells share a border or a corner with one."""
    south, north, west, east = bounds[number].tolist()
    in_latitude = (bounds[:, 0] <= north + _TOUCHING_DEG) & (bounds[:, 1] >= south - _TOUCHING_DEG)
    beside = np.zeros(len(bounds), np.bool_)
    for turn in (-360.0, 0.0, 360.0):
        beside |= (bounds[:, 2] + turn <= east + _TOUCHING_DEG) & (
            bounds[:, 3] + turn >= west - _TOUCHING_DEG
        )
    return np.asarray(in_latitude & beside, np.bool_)


def shown_cells(density: CellDensity) -> CellProbabilities:
    """Return the most probable cells, most probable first, as far as a table or a map shows them."""
    order = np.argsort(-density.probabilities, kind="stable")
    needed = int(np.searchsorted(np.cumsum(density.probabilities[order]), _SHOWN_MASS)) + 1
    chosen = order[: min(needed, _SHOWN_CELLS)]
    return CellProbabilities(
        bounds=density.bounds[chosen], probabilities=density.probabilities[chosen], cells=len(order)
    )
