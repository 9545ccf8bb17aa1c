"""The outline of some of the cells that cover the Earth, as closed lines with the cells on their left.

Every border between two chosen cells is walked by both, in opposite directions, and falls away; what is left are
the outlines. The meridian of 180° and the poles are like any other place: there, too, opposite walks meet.
"""

import itertools
import math
from collections import defaultdict

import numpy as np
from numpy.typing import NDArray

from geolocdesk.estimation.kernel import Float64
from geolocdesk.geodesy import unit_vectors

_LONGEST_STEP_DEG = 1.0
"""Along a parallel a great circle between points this far apart departs from it by 120 m at most."""

_Point = tuple[float, float]
"""Latitude and longitude in degrees; −180 stands for 180 as well, and a pole has longitude 0."""

_Line = tuple[bool, float]
"""Whether it is a parallel, and its latitude or longitude."""


def outline_of(bounds: Float64) -> tuple[Float64, NDArray[np.intp]]:
    """Return closed lines round cells float64[c, 4] that do not overlap (south, north, west, east).

    Unit vectors float64[n, 3], line after line, the first of each repeated at its end, and each line's length;
    none where the cells are the whole Earth.
    """
    onward: dict[_Point, list[_Point]] = defaultdict(list)
    for line, walked in _walked(bounds).items():
        for start, end in _not_walked_back(walked):
            onward[_point(line, start)].append(_point(line, end))
    lines = [_with_points_between(ring) for ring in _rings(onward)]
    lengths = np.array([len(line) for line in lines], np.intp)
    vertices = np.concatenate([unit_vectors(*line.T) for line in lines]) if lines else np.empty((0, 3))
    return vertices, lengths


def _walked(bounds: Float64) -> dict[_Line, list[tuple[float, float]]]:
    """Return, for each parallel and meridian, the stretches walked along it, from where to where."""
    walked: dict[_Line, list[tuple[float, float]]] = defaultdict(list)
    for south, north, west, east in bounds.tolist():
        if south > -90.0:
            walked[True, south].append((west, east))
        if north < 90.0:
            walked[True, north].append((east, west))
        walked[False, _one_longitude(east)].append((south, north))
        walked[False, _one_longitude(west)].append((north, south))
    return walked


def _not_walked_back(walked: list[tuple[float, float]]) -> list[tuple[float, float]]:
    """Return what is left of the stretches along one line where it is walked one way only.

    No stretch is longer than a quarter of the Earth, so that it is clear which way round it leads.
    """
    ends = np.array(walked)
    quarters = np.arange(-180.0, 181.0, 90.0)
    stops = np.unique(
        np.concatenate([ends.ravel(), quarters[(quarters > ends.min()) & (quarters < ends.max())]])
    )
    balance = np.zeros(len(stops), np.int64)
    for start, end in walked:
        way = 1 if start < end else -1
        balance[np.searchsorted(stops, min(start, end))] += way
        balance[np.searchsorted(stops, max(start, end))] -= way
    ways = np.cumsum(balance)[:-1].tolist()
    stretches = zip(stops[:-1].tolist(), stops[1:].tolist(), ways, strict=True)
    return [(low, high) if way > 0 else (high, low) for low, high, way in stretches if way]


def _one_longitude(longitude: float) -> float:
    return -180.0 if longitude >= 180.0 else longitude


def _point(line: _Line, along: float) -> _Point:
    is_parallel, at = line
    latitude, longitude = (at, _one_longitude(along)) if is_parallel else (along, at)
    return (latitude, 0.0 if abs(latitude) == 90.0 else longitude)


def _rings(onward: dict[_Point, list[_Point]]) -> list[list[_Point]]:
    """Return the closed walks, each with its first point at its end as well."""
    rings = []
    while onward:
        first = next(iter(onward))
        ring = [first]
        while True:
            ring.append(_taken(onward, ring))
            if ring[-1] == first:
                break
        rings.append(ring)
    return rings


def _taken(onward: dict[_Point, list[_Point]], ring: list[_Point]) -> _Point:
    """Take the way on from the last point: where two cells touch at a corner, the sharper turn to the left."""
    here = ring[-1]
    ways = onward[here]
    number = 0
    if len(ways) > 1 and len(ring) > 1 and abs(here[0]) < 90.0:
        came = _heading(ring[-2], here)
        turns = [(_heading(here, way) - came + 180.0) % 360.0 for way in ways]
        number = int(np.argmin(turns))
    way = ways.pop(number)
    if not ways:
        del onward[here]
    return way


def _heading(start: _Point, end: _Point) -> float:
    """Return the bearing along a parallel or a meridian: 0, 90, 180 or 270 degrees."""
    if start[1] == end[1] or abs(end[0]) == 90.0:
        return 0.0 if end[0] > start[0] else 180.0
    return 90.0 if (end[1] - start[1] + 180.0) % 360.0 - 180.0 > 0.0 else 270.0


def _with_points_between(ring: list[_Point]) -> Float64:
    """Return a ring with so many points along its parallels that great circles between them follow these."""
    points: list[_Point] = []
    for (latitude, start), (end_latitude, end) in itertools.pairwise(ring):
        points.append((latitude, start))
        if latitude != end_latitude or abs(latitude) == 90.0:
            continue
        length = (end - start + 180.0) % 360.0 - 180.0
        steps = math.ceil(abs(length) / _LONGEST_STEP_DEG)
        points += [(latitude, start + length * step / steps) for step in range(1, steps)]
    points.append(ring[-1])
    return np.array(points)
