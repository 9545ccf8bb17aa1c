"""Adaptive partitioning of the Earth: cells that are small where photos are many (Vo et al. 2017, section 3.1).

Starting from the whole world, a cell is split across its longer side until it holds fewer than ``max_images``
photos or is smaller than ``min_area_km2``. Cells are rectangles in latitude and longitude, so their sides are
compared in kilometres, the east–west one at the cell's middle latitude.
"""

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from geolocdesk.errors import UsageError
from geolocdesk.geodesy import rectangle_areas_km2

SplitRule = Literal["even", "random"]

WORLD = (-90.0, 90.0, -180.0, 180.0)

_NARROWEST_DEG = 1e-6
"""A side below about 11 cm is not split again: photos on one spot could never be parted."""

_RANDOM_SHARE = (0.25, 0.75)
"""A random split falls within the middle half of the side, so that no sliver is cut off."""

Positions = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class PartitionRule:
    """When a cell is split, and where."""

    max_images: int
    """t_img: a cell with fewer photos is left whole."""
    min_area_km2: float = 0.0
    """t_area: a cell below this area is left whole."""
    split: SplitRule = "even"
    seed: int = 0

    def __post_init__(self) -> None:
        if self.max_images < 1:
            message = f"A cell must be allowed at least one photo, not {self.max_images}; raise --max-images."
            raise UsageError(message)
        if not 0.0 <= self.min_area_km2 < math.inf:
            message = f"A smallest area of {self.min_area_km2} km² makes no sense; give 0 or more."
            raise UsageError(message)
        if self.split not in ("even", "random"):
            message = f"Cells are split even or random, not {self.split!r}."
            raise UsageError(message)


@dataclass(frozen=True, slots=True, eq=False)
class Partition:
    """Cells that cover the Earth without overlap, and the splits that lead to them.

    ``bounds`` is float64[c, 4] in degrees: south, north, west, east; a cell holds its south and west edge.
    ``counts`` is int64[c]: photos per cell. ``splits`` is the binary tree in arrays of n nodes, the root
    first: ``axis`` (0 latitude, 1 longitude, −1 a leaf), ``threshold`` in degrees, and ``children`` int64[n, 2]
    (the lower side first; a leaf has its cell's number in both).
    """

    rule: PartitionRule
    bounds: NDArray[np.float64]
    counts: NDArray[np.int64]
    axis: NDArray[np.int8]
    threshold: NDArray[np.float64]
    children: NDArray[np.int64]

    def __len__(self) -> int:
        """Return how many cells there are."""
        return len(self.bounds)

    def centres(self) -> Positions:
        """Return float64[c, 2]: each cell's middle latitude and longitude, the paper's answer for a class."""
        south, north, west, east = self.bounds.T
        return np.stack([(south + north) / 2.0, (west + east) / 2.0], axis=1)

    def areas_km2(self) -> NDArray[np.float64]:
        """Return float64[c]: each cell's area on the sphere."""
        return rectangle_areas_km2(self.bounds)

    def cells_of(self, positions: Positions) -> NDArray[np.int64]:
        """Return int64[n]: the cell of each position float64[n, 2] (latitude, longitude)."""
        positions = _on_one_meridian(positions)
        node = np.zeros(len(positions), np.int64)
        inner = np.flatnonzero(self.axis[node] >= 0)
        while len(inner):
            at = node[inner]
            upper = positions[inner, self.axis[at]] >= self.threshold[at]
            node[inner] = self.children[at, upper.astype(np.int64)]
            inner = inner[self.axis[node[inner]] >= 0]
        cells: NDArray[np.int64] = self.children[node, 0]
        return cells


class _Growth:
    """The tree while it grows."""

    def __init__(self, rule: PartitionRule) -> None:
        self.rule = rule
        self.generator = np.random.default_rng(rule.seed)
        self.axis: list[int] = []
        self.threshold: list[float] = []
        self.children: list[tuple[int, int]] = []
        self.bounds: list[tuple[float, float, float, float]] = []
        self.counts: list[int] = []

    def add_node(self) -> int:
        self.axis.append(-1)
        self.threshold.append(0.0)
        self.children.append((-1, -1))
        return len(self.axis) - 1

    def close_leaf(self, node: int, bounds: tuple[float, float, float, float], count: int) -> None:
        cell = len(self.bounds)
        self.children[node] = (cell, cell)
        self.bounds.append(bounds)
        self.counts.append(count)

    def split_of(self, bounds: tuple[float, float, float, float], count: int) -> tuple[int, float] | None:
        """Return the axis and the threshold of a cell's split, or None where it is left whole."""
        if count < self.rule.max_images:
            return None
        if float(rectangle_areas_km2(np.array([bounds]))[0]) < self.rule.min_area_km2:
            return None
        south, north, west, east = bounds
        width = (east - west) * math.cos(math.radians((south + north) / 2.0))
        axis, low, high = (0, south, north) if north - south > width else (1, west, east)
        if high - low < _NARROWEST_DEG:
            return None
        share = 0.5 if self.rule.split == "even" else float(self.generator.uniform(*_RANDOM_SHARE))
        return axis, low + share * (high - low)


def _on_one_meridian(positions: Positions) -> Positions:
    """Return the positions with longitude 180° written as −180°, since a cell holds its west edge."""
    east_edge = positions[:, 1] >= WORLD[3]
    if not east_edge.any():
        return positions
    moved = positions.copy()
    moved[east_edge, 1] = WORLD[2]
    return moved


def partition_earth(positions: Positions, rule: PartitionRule) -> Partition:
    """Return the cells for photos at ``positions`` (float64[n, 2]: latitude, longitude in degrees).

    The same positions in any order and the same rule give the same cells.
    """
    growth = _Growth(rule)
    stack = [(growth.add_node(), WORLD, _on_one_meridian(positions))]
    while stack:
        node, bounds, inside = stack.pop()
        split = growth.split_of(bounds, len(inside))
        if split is None:
            growth.close_leaf(node, bounds, len(inside))
            continue
        axis, threshold = split
        upper = inside[:, axis] >= threshold
        lower_node, upper_node = growth.add_node(), growth.add_node()
        growth.axis[node], growth.threshold[node] = axis, threshold
        growth.children[node] = (lower_node, upper_node)
        lower_bounds, upper_bounds = _halves(bounds, axis, threshold)
        stack.append((upper_node, upper_bounds, inside[upper]))
        stack.append((lower_node, lower_bounds, inside[~upper]))
    return Partition(
        rule=rule,
        bounds=np.array(growth.bounds),
        counts=np.array(growth.counts, np.int64),
        axis=np.array(growth.axis, np.int8),
        threshold=np.array(growth.threshold),
        children=np.array(growth.children, np.int64),
    )


def _halves(
    bounds: tuple[float, float, float, float], axis: int, threshold: float
) -> tuple[tuple[float, float, float, float], tuple[float, float, float, float]]:
    south, north, west, east = bounds
    if axis == 0:
        return (south, threshold, west, east), (threshold, north, west, east)
    return (south, north, west, threshold), (south, north, threshold, east)
