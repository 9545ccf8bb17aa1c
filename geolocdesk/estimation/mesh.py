"""A triangle mesh on the sphere, fine only where it is wanted, without seam, pole or date line.

The icosahedron's faces, or their ninths, are split into four again and again; of each generation only the
triangles that are wanted are split further. Every kept triangle ends at the same depth, so neighbours meet edge to edge.

A vertex is known by a key: the icosahedron's corners have arbitrary 64-bit numbers, the corners of a split
triangle double theirs, and a midpoint's key is the sum of its ends' (all modulo 2⁶⁴). Both triangles at an
edge thus name its midpoint alike, and its position, the same sum normalised, is the same to the last bit.
"""

import functools
import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from geolocdesk.estimation.kernel import Float64
from geolocdesk.geodesy import solid_angles

Keys = NDArray[np.uint64]

_GOLDEN = (1.0 + math.sqrt(5.0)) / 2.0

_CORNERS = np.array(
    [
        (-1.0, _GOLDEN, 0.0),
        (1.0, _GOLDEN, 0.0),
        (-1.0, -_GOLDEN, 0.0),
        (1.0, -_GOLDEN, 0.0),
        (0.0, -1.0, _GOLDEN),
        (0.0, 1.0, _GOLDEN),
        (0.0, -1.0, -_GOLDEN),
        (0.0, 1.0, -_GOLDEN),
        (_GOLDEN, 0.0, -1.0),
        (_GOLDEN, 0.0, 1.0),
        (-_GOLDEN, 0.0, -1.0),
        (-_GOLDEN, 0.0, 1.0),
    ]
) / math.hypot(1.0, _GOLDEN)

_FACES = np.array(
    [
        (0, 11, 5), (0, 5, 1), (0, 1, 7), (0, 7, 10), (0, 10, 11),
        (1, 5, 9), (5, 11, 4), (11, 10, 2), (10, 7, 6), (7, 1, 8),
        (3, 9, 4), (3, 4, 2), (3, 2, 6), (3, 6, 8), (3, 8, 9),
        (4, 9, 5), (2, 4, 11), (6, 2, 10), (8, 6, 7), (9, 8, 1),
    ]
)  # fmt: skip
"""Counter-clockwise seen from outside."""

_CORNER_KEYS = np.random.Generator(np.random.PCG64(2017)).integers(1, 2**63, 12, dtype=np.uint64)

_LONGEST_EDGES_RAD = (math.radians(76.0), math.radians(24.4))
"""Times 2⁻ⁿ, these bound the edges of the n-th generation from the icosahedron's faces as they are, and from
the faces cut into nine; circles of 0.6 times that round the triangles' centres hold them."""

_CHILDREN = np.array([(0, 3, 5), (1, 4, 3), (2, 5, 4), (3, 4, 5)]).ravel()
"""A triangle's children, as numbers of its corners 0–2 and its midpoints 3 (of 0–1), 4 (of 1–2), 5 (of 2–0)."""

_SHARES = np.array([1.0, 1.0, 1.0, 3.0, 3.0, 3.0]) / 12.0

Wanted = Callable[[Float64, float], NDArray[np.bool_]]
"""(triangles' centres float64[n, 3], radius of the circles round them that hold them) → which to keep."""


@dataclass(frozen=True, slots=True, eq=False)
class Mesh:
    """Triangles of one size."""

    vertices: Float64
    """float64[v, 3], unit vectors."""
    triangles: NDArray[np.intp]
    """intp[n, 3], numbers of vertices, counter-clockwise seen from outside."""
    areas: Float64
    """float64[v], each vertex's share of the triangles round it, on the unit sphere; sum: the whole mesh."""


def build_mesh(edge_rad: float, wanted: Wanted) -> Mesh:
    """Return the mesh whose edges are no longer than this, over the triangles that ``wanted`` keeps.

    Every generation is asked about, the last but one being the last to be split.
    """
    ninths, generations = _subdivision(edge_rad)
    complete = min(generations - 1, 2 - ninths)
    corners, keys = _complete(ninths, complete)
    for generation in range(complete, generations):
        circle_rad = 0.6 * _LONGEST_EDGES_RAD[ninths] / 2.0**generation
        centres = corners.sum(axis=1)
        centres /= np.sqrt(np.einsum("ij,ij->i", centres, centres))[:, None]
        keep = wanted(centres, circle_rad)
        corners, keys = _with_midpoints(corners[keep], keys[keep])
        if generation < generations - 1:
            corners, keys = _children(corners, keys)
    return _joined(corners, keys)


def _subdivision(edge_rad: float) -> tuple[int, int]:
    """Return whether (1) or not (0) to begin with ninths of the faces, and how many times to split (≥ 1)."""
    splits = [max(1, math.ceil(math.log2(longest / edge_rad))) for longest in _LONGEST_EDGES_RAD]
    edges = [longest / 2.0**split for longest, split in zip(_LONGEST_EDGES_RAD, splits, strict=True)]
    return (0, splits[0]) if edges[0] >= edges[1] else (1, splits[1])


def _joined(corners: Float64, keys: Keys) -> Mesh:
    """Return the mesh of the last generation from its parents' corners and midpoints, [n, 6]."""
    order = np.argsort(keys.ravel())
    ordered = keys.ravel()[order]
    new = np.ones(len(order), dtype=np.bool_)
    np.not_equal(ordered[1:], ordered[:-1], out=new[1:])
    first = order[new]
    walked = np.argsort(first)  # in the order of the triangles, so that near vertices have near numbers
    place = np.empty_like(walked)
    place[walked] = np.arange(len(walked))
    numbers = np.empty(len(order), dtype=np.intp)
    numbers[order] = place[np.cumsum(new) - 1]
    six = numbers.reshape(-1, 6)
    # a child has a quarter of its parent's area, and a third of that falls to each of its corners
    shares = solid_angles(corners[:, 0], corners[:, 1], corners[:, 2])[:, None] * _SHARES
    return Mesh(
        vertices=corners.reshape(-1, 3)[first[walked]],
        triangles=six.take(_CHILDREN, axis=1).reshape(-1, 3),
        areas=np.bincount(six.ravel(), weights=shares.ravel(), minlength=len(walked)).astype(np.float64),
    )


@functools.cache
def _complete(ninths: int, generations: int) -> tuple[Float64, Keys]:
    """Return all triangles of an early generation as corners float64[n, 3, 3] and keys uint64[n, 3]."""
    corners, keys = _CORNERS[_FACES], _CORNER_KEYS[_FACES]
    if ninths:
        corners, keys = _in_ninths(corners, keys)
    for _ in range(generations):
        corners, keys = _children(*_with_midpoints(corners, keys))
    return corners, keys


def _children(six: Float64, keys: Keys) -> tuple[Float64, Keys]:
    return six.take(_CHILDREN, axis=1).reshape(-1, 3, 3), keys.take(_CHILDREN, axis=1).reshape(-1, 3)


def _with_midpoints(corners: Float64, keys: Keys) -> tuple[Float64, Keys]:
    """Return corners and midpoints float64[n, 6, 3] with their keys in the next generation uint64[n, 6]."""
    six = np.empty((len(corners), 6, 3), dtype=np.float64)
    six[:, :3] = corners
    midpoints = corners + corners.take((1, 2, 0), axis=1)
    six[:, 3:] = midpoints / np.sqrt(np.einsum("ijk,ijk->ij", midpoints, midpoints))[:, :, None]
    six_keys = np.empty((len(corners), 6), dtype=np.uint64)
    six_keys[:, :3] = keys + keys
    six_keys[:, 3:] = keys + keys.take((1, 2, 0), axis=1)
    return six, six_keys


def _in_ninths(corners: Float64, keys: Keys) -> tuple[Float64, Keys]:
    """Return each triangle's nine, the points being sums of its corners with the weights below."""
    triples = np.array(
        [
            (3, 0, 0),
            (2, 1, 0),
            (1, 2, 0),
            (0, 3, 0),
            (0, 2, 1),
            (0, 1, 2),
            (0, 0, 3),
            (1, 0, 2),
            (2, 0, 1),
            (1, 1, 1),
        ]
    )
    nine = np.array(
        [(0, 1, 8), (1, 2, 9), (2, 3, 4), (8, 9, 7), (9, 4, 5), (7, 5, 6), (1, 9, 8), (2, 4, 9), (9, 5, 7)]
    )
    # corner by corner, so that both faces at an edge add the same two numbers
    points = sum(corners[:, None, corner] * triples[None, :, corner, None] for corner in range(3))
    points = np.asarray(points, dtype=np.float64)
    points /= np.sqrt(np.einsum("ijk,ijk->ij", points, points))[:, :, None]
    point_keys = keys @ triples.astype(np.uint64).T
    return points[:, nine].reshape(-1, 3, 3), point_keys[:, nine].reshape(-1, 3)
