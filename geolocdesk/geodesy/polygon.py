"""Rings on the sphere: circles, areas, containment and points along great circles."""

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from geolocdesk.geodesy.sphere import (
    EARTH_RADIUS_KM,
    HALF_CIRCUMFERENCE_KM,
    Position,
    cross,
    destination,
    positions_of,
    solid_angles,
    unit_vectors,
)

Ring = NDArray[np.float64]

SPHERE_AREA_KM2 = 4.0 * math.pi * EARTH_RADIUS_KM**2

_PAIRS_AT_ONCE = 1 << 20
"""Bounds the memory of one step of ``contains``: points × edges."""


def geodesic_circle(position: Position, radius_km: float, vertices: int = 180) -> Ring:
    """Return the circle round a position as a ring of ``vertices`` + 1 points, counter-clockwise.

    Raises ValueError unless 0 < radius < half the circumference (20,015 km) and there are 3 vertices.
    """
    if not 0.0 < radius_km < HALF_CIRCUMFERENCE_KM or vertices < 3:
        message = f"not a circle on the sphere: radius {radius_km} km, {vertices} vertices"
        raise ValueError(message)
    bearings = np.linspace(360.0, 0.0, vertices, endpoint=False)  # falling bearings run counter-clockwise
    latitudes, longitudes = destination(position.latitude, position.longitude, bearings, radius_km)
    return closed(np.column_stack([latitudes, longitudes]))


def closed(ring: Ring) -> Ring:
    """Return the ring with its first vertex repeated at the end."""
    return np.concatenate([ring, ring[:1]])


def ring_area_km2(ring: Ring) -> float:
    """Return the area on the left of a ring, 0 to the whole sphere's 5.1e8 km²."""
    return float(ring_areas_km2([ring])[0])


def ring_areas_km2(rings: Sequence[Ring]) -> NDArray[np.float64]:
    """Return the area on the left of each ring, float64[n]."""
    if not rings:
        return np.empty(0, dtype=np.float64)
    positions = np.concatenate(rings)
    return closed_line_areas_km2(
        unit_vectors(positions[:, 0], positions[:, 1]), np.array([len(ring) for ring in rings])
    )


def rectangle_areas_km2(bounds: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return float64[c]: the areas of rectangles float64[c, 4] in degrees (south, north, west, east)."""
    south, north, west, east = np.radians(bounds.T)
    areas: NDArray[np.float64] = EARTH_RADIUS_KM**2 * (east - west) * (np.sin(north) - np.sin(south))
    return areas


def closed_line_areas_km2(vertices: NDArray[np.float64], lengths: NDArray[np.intp]) -> NDArray[np.float64]:
    """Return the area on the left of each closed line; the lines' unit vectors follow one another."""
    first = np.cumsum(lengths) - lengths
    start, end = vertices[:-1], vertices[1:].copy()
    between_rings = first[1:] - 1
    end[between_rings] = start[between_rings]
    normals = cross(start, end - start)  # start × end, without the cancellation of close vertices
    apexes = np.repeat(_facing(np.add.reduceat(normals, first), vertices, first), lengths, axis=0)[:-1]
    fans = solid_angles(apexes, start, end)
    fans[between_rings] = 0.0
    return np.mod(np.add.reduceat(fans, first), 4.0 * math.pi) * EARTH_RADIUS_KM**2


def _facing(
    normals: NDArray[np.float64], vertices: NDArray[np.float64], first: NDArray[np.intp]
) -> NDArray[np.float64]:
    """Return a unit vector for each ring that lies amid it: near its plane's axis, on the ring's own side.

    Neither it nor its antipode lies on the ring, not even for a great circle.
    """
    sizes = np.linalg.norm(normals, axis=1)
    facing = np.where((sizes > 0.0)[:, None], normals, vertices[first])
    facing /= np.linalg.norm(facing, axis=1, keepdims=True)
    middles = np.add.reduceat(vertices, first)
    return facing * np.where(np.einsum("ij,ij->i", facing, middles) < 0.0, -1.0, 1.0)[:, None]


def contains(ring: Ring, latitude: ArrayLike, longitude: ArrayLike) -> NDArray[np.bool_]:
    """Return for each position whether it lies on the left of the ring.

    The solid angle of the fan of triangles from the position's antipode over the ring is the area on the
    left, less the whole sphere if the position lies inside. That answers without a reference point and without
    any special case at poles, the date line or rings larger than a hemisphere.
    """
    halfway = ring_area_km2(ring) / EARTH_RADIUS_KM**2 - 2.0 * math.pi
    points = unit_vectors(latitude, longitude)
    apexes = -points.reshape(-1, 3)
    vertices = unit_vectors(ring[:, 0], ring[:, 1])
    step = max(1, _PAIRS_AT_ONCE // len(vertices))
    inside = np.empty(len(apexes), dtype=np.bool_)
    for start in range(0, len(apexes), step):
        inside[start : start + step] = _left_solid_angles(apexes[start : start + step], vertices) < halfway
    return inside.reshape(points.shape[:-1])


def _left_solid_angles(apexes: NDArray[np.float64], vertices: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return, for each apex, the signed solid angle of its fan of triangles over one closed ring.

    Van Oosterom and Strackee (1983), as in ``ring_areas_km2``. Equal to the area on the left modulo 4π.
    """
    start, end = vertices[:-1], vertices[1:]
    normals = cross(start, end - start)  # start × end, without the cancellation of close vertices
    volumes = apexes @ normals.T
    cosines = np.einsum("ij,ij->i", start, end) + apexes @ (start + end).T
    return np.asarray(2.0 * np.arctan2(volumes, 1.0 + cosines).sum(axis=1), dtype=np.float64)


def densify(ring: Ring, step_deg: float = 1.0) -> Ring:
    """Return the ring (or open line) with points added so that none is over ``step_deg`` of arc from the next.

    The added points lie on the great circles; the original vertices stay, bit for bit.
    """
    dense, edge = _points_along(ring[:-1], ring[1:], step_deg)
    return ring if len(edge) == len(ring) - 1 else np.concatenate([dense, ring[-1:]])


def great_circles(starts: Ring, ends: Ring, step_deg: float = 1.0) -> list[Ring]:
    """Return the great circle from each start to its end as points at most ``step_deg`` of arc apart."""
    dense, edge = _points_along(starts, ends, step_deg)
    lines = np.split(dense, np.flatnonzero(np.diff(edge)) + 1)
    return [np.concatenate([line, end[None]]) for line, end in zip(lines, ends, strict=True)]


def _points_along(starts: Ring, ends: Ring, step_deg: float) -> tuple[Ring, NDArray[np.int64]]:
    """Return the points of all edges without the edges' ends, and for each point the edge it belongs to."""
    first, last = unit_vectors(starts[:, 0], starts[:, 1]), unit_vectors(ends[:, 0], ends[:, 1])
    angles = 2.0 * np.arcsin(np.clip(np.linalg.norm(last - first, axis=1) / 2.0, 0.0, 1.0))
    pieces = np.maximum(1, np.ceil(angles / math.radians(step_deg) - 1e-9)).astype(np.int64)
    edge = np.repeat(np.arange(len(pieces)), pieces)
    order = np.arange(len(edge)) - np.repeat(np.cumsum(pieces) - pieces, pieces)
    along = (order / pieces[edge] * angles[edge])[:, None]
    towards = last - first * np.einsum("ij,ij->i", first, last)[:, None]
    towards /= np.maximum(np.linalg.norm(towards, axis=1, keepdims=True), 1e-300)
    latitudes, longitudes = positions_of(np.cos(along) * first[edge] + np.sin(along) * towards[edge])
    dense = np.column_stack([latitudes, longitudes])
    dense[order == 0] = starts
    return dense, edge
