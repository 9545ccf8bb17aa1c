"""Polygons on the sphere as plain polygons of longitude and latitude, for GeoJSON and other flat maps.

Flat maps know no date line: a polygon is cut along it and, where it holds a pole, closed along the map's
upper or lower edge. The rings are walked with the inside on their left; where a piece ends at the map's
edge, the walk goes on counter-clockwise along that edge to where the next piece begins.
"""

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from geolocdesk.geodesy.polygon import Ring, closed, contains, densify
from geolocdesk.geodesy.sphere import normalise_longitude, unit_vectors

PlaneRing = NDArray[np.float64]

_FRAME = np.array([(-180.0, -90.0), (180.0, -90.0), (180.0, 90.0), (-180.0, 90.0), (-180.0, -90.0)])
_FRAME_LENGTH = 1080.0
_CORNERS = (
    (360.0, (180.0, -90.0)),
    (540.0, (180.0, 90.0)),
    (900.0, (-180.0, 90.0)),
    (1080.0, (-180.0, -90.0)),
)
"""The frame's corners by their distance along it, counter-clockwise from (−180, −90)."""

_MAXIMUM_LONGITUDE_STEP_DEG = 5.0


class PlanePolygon(NamedTuple):
    """A polygon of (longitude, latitude) in RFC 7946's order: exterior counter-clockwise, holes clockwise."""

    exterior: PlaneRing
    holes: tuple[PlaneRing, ...]


def plane_polygons(
    exterior: Ring, holes: Sequence[Ring] = (), *, step_deg: float = 1.0
) -> list[PlanePolygon]:
    """Return the polygon on the sphere as polygons within −180…180 and −90…90, none crossing the date line.

    Args:
        exterior: a ring with the inside on its left.
        holes: rings with the polygon's inside on their left too, that is, clockwise round their hole.
        step_deg: the longest arc drawn as one straight line.

    """
    rings = [exterior, *holes]
    whole: list[PlaneRing] = []
    pieces: list[PlaneRing] = []
    for ring in rings:
        line = _without_degenerate_longitudes(densify(ring, step_deg))
        cut = _cut_at_frame(line)
        if cut is None:
            whole.append(line[:, ::-1].copy())
        else:
            pieces.extend(cut)
    exteriors = [ring for ring in whole if _signed_area(ring) > 0.0]
    inner = [ring for ring in whole if _signed_area(ring) <= 0.0]
    if pieces:
        exteriors.extend(_join_along_frame(pieces))
    elif _holds_date_line(rings):
        exteriors.append(_FRAME.copy())
    return _with_their_holes(exteriors, inner)


def _without_degenerate_longitudes(ring: Ring) -> Ring:
    """Return the ring with a definite longitude for every vertex and no edge over half the globe's width.

    A vertex at a pole becomes two, at the longitudes of its neighbours; ±180° takes the sign of the vertex
    before it; an edge over a pole gets that pole as a vertex; edges close to a pole get vertices between.
    """
    latitudes, longitudes = ring[:-1, 0], normalise_longitude(ring[:-1, 1])
    steps = np.abs(normalise_longitude(np.diff(longitudes, append=longitudes[:1])))
    on_frame = (np.abs(latitudes) >= 90.0) | (np.abs(longitudes) >= 180.0)
    if steps.max() <= _MAXIMUM_LONGITUDE_STEP_DEG and not on_frame.any():
        return closed(np.column_stack([latitudes, longitudes]))
    points = _with_poles_crossed(list(zip(latitudes.tolist(), longitudes.tolist(), strict=True)))
    points = _with_two_vertices_at_poles(points)
    points = _with_definite_signs(points)
    return np.array(_with_short_longitude_steps(points))


Point = tuple[float, float]


def _with_poles_crossed(points: list[Point]) -> list[Point]:
    found: list[Point] = []
    for index, (latitude, longitude) in enumerate(points):
        found.append((latitude, longitude))
        next_latitude, next_longitude = points[(index + 1) % len(points)]
        opposite = abs(abs(next_longitude - longitude) - 180.0) < 1e-9
        if opposite and max(abs(latitude), abs(next_latitude)) < 90.0:
            found.append((math.copysign(90.0, latitude + next_latitude), longitude))
    return found


def _with_two_vertices_at_poles(points: list[Point]) -> list[Point]:
    if not any(abs(latitude) >= 90.0 for latitude, _ in points):
        return points
    elsewhere = [index for index, (latitude, _) in enumerate(points) if abs(latitude) < 90.0]
    if not elsewhere:
        return points
    points = points[elsewhere[0] :] + points[: elsewhere[0]]
    found: list[Point] = []
    for index, (latitude, longitude) in enumerate(points):
        if abs(latitude) < 90.0:
            found.append((latitude, longitude))
            continue
        next_latitude, next_longitude = points[(index + 1) % len(points)]
        found.append((latitude, found[-1][1]))
        if abs(next_latitude) < 90.0:
            found.append((latitude, next_longitude))
    return found


def _with_definite_signs(points: list[Point]) -> list[Point]:
    inside = [index for index, (_, longitude) in enumerate(points) if abs(longitude) < 180.0]
    if not inside:
        return points
    points = points[inside[0] :] + points[: inside[0]]
    found: list[Point] = []
    for latitude, longitude in points:
        definite = math.copysign(180.0, found[-1][1]) if abs(longitude) == 180.0 else longitude
        found.append((latitude, definite))
    return found


def _with_short_longitude_steps(points: list[Point]) -> list[Point]:
    """Return a closed line; near a pole a short arc spans many degrees of longitude and needs more points."""
    found: list[Point] = []
    for index, point in enumerate(points):
        found.append(point)
        found.extend(_between(point, points[(index + 1) % len(points)]))
    found.append(found[0])
    return found


def _between(start: Point, end: Point) -> list[Point]:
    span = float(normalise_longitude(end[1] - start[1]))
    count = math.ceil(abs(span) / _MAXIMUM_LONGITUDE_STEP_DEG) - 1
    if count < 1 or abs(start[0]) == 90.0 == abs(end[0]):
        return []
    normal = np.cross(unit_vectors(*start), unit_vectors(*end))
    longitudes = start[1] + span * np.arange(1, count + 1) / (count + 1)
    radians = np.radians(longitudes)
    latitudes = np.degrees(
        np.arctan2(
            -(normal[0] * np.cos(radians) + normal[1] * np.sin(radians)) * math.copysign(1.0, normal[2]),
            abs(normal[2]),
        )
    )
    return list(zip(latitudes.tolist(), normalise_longitude(longitudes).tolist(), strict=True))


def _cut_at_frame(line: Ring) -> list[PlaneRing] | None:
    """Return the pieces of a closed line between its crossings of the date line, as (longitude, latitude).

    Edges that run along the frame (on the date line, or at a pole) are left out: the walk along the frame
    puts back those that bound the polygon. None where nothing is cut.
    """
    latitude, longitude = np.abs(line[:, 0]), np.abs(line[:, 1])
    crosses = np.abs(np.diff(line[:, 1])) > 180.0
    runs_along = ((latitude[:-1] == 90.0) & (latitude[1:] == 90.0)) | (
        (longitude[:-1] == 180.0) & (longitude[1:] == 180.0)
    )
    cuts = np.flatnonzero(crosses | runs_along)
    if len(cuts) == 0:
        return None
    pieces: list[PlaneRing] = []
    body = line[:-1]
    for start, end in zip(cuts, np.roll(cuts, -1), strict=True):
        length = (end - start) % len(body) or len(body)
        piece = np.take(body, np.arange(start + 1, start + 1 + length), axis=0, mode="wrap")[:, ::-1]
        before = [] if runs_along[start] else [_border_point(piece[0], line[start], line[start + 1])]
        after = [] if runs_along[end] else [_border_point(piece[-1], line[end], line[end + 1])]
        whole = _without_repeats(np.array([*before, *piece, *after]))
        if len(whole) > 1:
            pieces.append(whole)
    return pieces


def _border_point(inner: NDArray[np.float64], start: NDArray[np.float64], end: NDArray[np.float64]) -> Point:
    """Return (longitude, latitude) where an edge crosses the date line, on the side of its inner vertex."""
    return math.copysign(180.0, float(inner[0])), _crossing_latitude(start, end)


def _crossing_latitude(start: NDArray[np.float64], end: NDArray[np.float64]) -> float:
    """Return the latitude at which the great circle through two positions crosses the 180° meridian."""
    first, second = unit_vectors(*start), unit_vectors(*end)
    if abs(start[1]) == 180.0:
        return float(start[0])
    if abs(end[1]) == 180.0:
        return float(end[0])
    crossing = first * abs(second[1]) + second * abs(first[1])
    return math.degrees(math.atan2(crossing[2], math.hypot(crossing[0], crossing[1])))


def _along_frame(point: NDArray[np.float64]) -> float:
    """Return how far along the frame one of its points lies, counter-clockwise from (−180, −90)."""
    longitude, latitude = float(point[0]), float(point[1])
    if abs(latitude) == 90.0:
        return 720.0 - longitude if latitude > 0.0 else longitude + 180.0
    return 450.0 + latitude if longitude > 0.0 else 990.0 - latitude


def _join_along_frame(pieces: list[PlaneRing]) -> list[PlaneRing]:
    starts = [_along_frame(piece[0]) for piece in pieces]
    rings: list[PlaneRing] = []
    unused = set(range(len(pieces)))
    while unused:
        first = current = min(unused)
        parts: list[PlaneRing] = []
        while True:
            unused.discard(current)
            parts.append(pieces[current])
            end = _along_frame(pieces[current][-1])
            following = min(
                (index for index in range(len(pieces)) if index in unused or index == first),
                key=lambda index: (starts[index] - end) % _FRAME_LENGTH,
            )
            parts.append(_corners_between(end, starts[following]))
            if following == first:
                break
            current = following
        ring = np.concatenate([*parts, pieces[first][:1]])
        rings.append(_without_repeats(ring))
    return rings


def _corners_between(start: float, end: float) -> PlaneRing:
    distance = (end - start) % _FRAME_LENGTH
    passed = [
        ((place - start) % _FRAME_LENGTH, corner)
        for place, corner in _CORNERS
        if 0.0 < (place - start) % _FRAME_LENGTH < distance
    ]
    return np.array([corner for _, corner in sorted(passed)], dtype=np.float64).reshape(-1, 2)


def _without_repeats(ring: PlaneRing) -> PlaneRing:
    keep = np.ones(len(ring), dtype=np.bool_)
    keep[1:] = (np.diff(ring, axis=0) != 0.0).any(axis=1)
    return ring[keep]


def _signed_area(ring: PlaneRing) -> float:
    """Return the plane area in square degrees, positive when counter-clockwise."""
    x, y = ring[:, 0] - ring[0, 0], ring[:, 1] - ring[0, 1]
    return 0.5 * float(np.sum(x[:-1] * y[1:] - x[1:] * y[:-1]))


def _holds_date_line(rings: Sequence[Ring]) -> bool:
    """Return whether the 180° meridian, which no ring crosses, lies inside the polygon."""
    latitudes = np.linspace(-90.0, 90.0, 19)
    probes = unit_vectors(latitudes, 180.0)
    vertices = np.concatenate([unit_vectors(ring[:, 0], ring[:, 1]) for ring in rings])
    clearest = latitudes[np.argmin((probes @ vertices.T).max(axis=1))]
    return all(bool(contains(ring, clearest, 180.0)) for ring in rings)


def _with_their_holes(exteriors: list[PlaneRing], inner: list[PlaneRing]) -> list[PlanePolygon]:
    """Return each exterior with the holes that lie in it, a hole going to the smallest that holds it."""
    by_size = sorted(range(len(exteriors)), key=lambda index: _signed_area(exteriors[index]))
    held: dict[int, list[PlaneRing]] = {index: [] for index in by_size}
    for hole in inner:
        owner = next((index for index in by_size if _inside_plane_ring(hole[:-1], exteriors[index])), None)
        if owner is not None:
            held[owner].append(hole)
    return [PlanePolygon(ring, tuple(held[index])) for index, ring in enumerate(exteriors)]


def _inside_plane_ring(points: NDArray[np.float64], ring: PlaneRing) -> bool:
    """Return whether most of the points lie inside; points on the ring itself may fall either way."""
    x, y = points[:, :1], points[:, 1:]
    x1, y1, x2, y2 = ring[:-1, 0], ring[:-1, 1], ring[1:, 0], ring[1:, 1]
    rise = np.where(y2 == y1, 1.0, y2 - y1)
    crosses = ((y1 > y) != (y2 > y)) & (x < x1 + (y - y1) / rise * (x2 - x1))
    return bool(2 * np.count_nonzero(crosses.sum(axis=1) % 2) > len(points))
