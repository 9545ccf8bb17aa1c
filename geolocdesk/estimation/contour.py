"""Lines of equal density on a mesh: marching triangles, then each vertex moved onto the line it stands for.

Lines run with the denser side on their left. Each crossed edge of the mesh is shared by two triangles, and the
line leaves the one where it enters the other, so lines close by construction.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from geolocdesk.estimation.kernel import Float64
from geolocdesk.estimation.mesh import Mesh
from geolocdesk.estimation.sums import Field
from geolocdesk.geodesy import cross

_SMALLEST = 1e-37


@dataclass(frozen=True, slots=True, eq=False)
class Crossings:
    """The mesh edges that lines of equal density cross, line after line, in the order they are walked."""

    dense: NDArray[np.intp]
    """The number of the edge's vertex on the denser side."""
    thin: NDArray[np.intp]
    """The number of the vertex on the other side."""
    lengths: tuple[int, ...]
    """How many crossings each closed line has."""


def crossings(mesh: Mesh, dense: NDArray[np.bool_]) -> Crossings:
    """Return the closed lines between the mesh's dense vertices and the others.

    The mesh must go on beyond every dense vertex, or cover the whole sphere.
    """
    flags = dense[mesh.triangles]
    crossed = np.flatnonzero((flags[:, 0] != flags[:, 1]) | (flags[:, 1] != flags[:, 2]))
    corners, flags = mesh.triangles[crossed], flags[crossed]
    following = flags.take((1, 2, 0), axis=1)
    leave, enter = (flags & ~following).argmax(axis=1), (~flags & following).argmax(axis=1)
    rows = np.arange(len(crossed))
    start_dense, start_thin = corners[rows, leave], corners[rows, (leave + 1) % 3]
    end_thin, end_dense = corners[rows, enter], corners[rows, (enter + 1) % 3]
    starts = start_dense * len(dense) + start_thin
    ends = end_dense * len(dense) + end_thin
    order = np.argsort(starts)
    following_segment = order[np.searchsorted(starts, ends, sorter=order)]
    walk, lengths = _cycles(following_segment.tolist())
    return Crossings(start_dense[walk], start_thin[walk], tuple(lengths))


def _cycles(following: list[int]) -> tuple[NDArray[np.intp], list[int]]:
    """Return the members of a permutation cycle after cycle, and the cycles' lengths."""
    walk: list[int] = []
    lengths: list[int] = []
    visited = [False] * len(following)
    for first in range(len(following)):
        if visited[first]:
            continue
        current, begun = first, len(walk)
        while not visited[current]:
            visited[current] = True
            walk.append(current)
            current = following[current]
        lengths.append(len(walk) - begun)
    return np.array(walk, dtype=np.intp), lengths


def locate(mesh: Mesh, field: Field, edges: Crossings, threshold: float | Float64) -> tuple[Float64, Float64]:
    """Return where the crossed edges meet the threshold, unit vectors [n, 3], and the gradients there.

    There may be a threshold for each edge. Along an edge the density is taken as the cubic with the right values and slopes at both ends; the
    gradient as linear.
    """
    values, gradients = field.values, field.gradients
    start = mesh.vertices[edges.dense]
    edge = mesh.vertices[edges.thin] - start
    high, low = values[edges.dense], values[edges.thin]
    slope_high = np.einsum("ij,ij->i", gradients[edges.dense], edge)
    slope_low = np.einsum("ij,ij->i", gradients[edges.thin], edge)
    along = (high - threshold) / np.maximum(high - low, _SMALLEST)
    c2 = 3.0 * (low - high) - 2.0 * slope_high - slope_low
    c3 = 2.0 * (high - low) + slope_high + slope_low
    for _ in range(3):
        height = high + along * (slope_high + along * (c2 + along * c3)) - threshold
        slope = slope_high + along * (2.0 * c2 + along * 3.0 * c3)
        falls = np.minimum(slope, 0.1 * (low - high))  # where the cubic is flat, go by the ends
        along = np.clip(along - height / np.minimum(falls, -_SMALLEST), 0.0, 1.0)
    share = along[:, None]
    points = start + share * edge
    points /= np.sqrt(np.einsum("ij,ij->i", points, points))[:, None]
    return points, (1.0 - share) * gradients[edges.dense] + share * gradients[edges.thin]


def smooth_lines(
    points: Float64, gradients: Float64, lengths: tuple[int, ...], pieces: int
) -> tuple[Float64, NDArray[np.intp]]:
    """Return the closed lines as unit vectors one after another, first repeated last, and their lengths.

    Each segment is drawn in several pieces, along the cubic that has the lines' tangents, at right angles to
    the gradients, at both ends; where the tangents make no sense (the density is nearly flat), straight.
    """
    tangents = cross(gradients, points)
    sizes = np.sqrt(np.einsum("ij,ij->i", tangents, tangents))
    tangents /= np.maximum(sizes, _SMALLEST)[:, None]
    following = _following(lengths)
    chords = points[following] - points
    spans = np.sqrt(np.einsum("ij,ij->i", chords, chords))
    forward = np.minimum(
        np.einsum("ij,ij->i", tangents, chords), np.einsum("ij,ij->i", tangents[following], chords)
    )
    curved = (forward > 0.5 * spans)[:, None]
    leaving = np.where(curved, spans[:, None] * tangents, chords) - chords
    arriving = np.where(curved, spans[:, None] * tangents[following], chords) - chords
    drawn = np.empty((len(points), pieces, 3), dtype=np.float64)
    for piece in range(pieces):
        u = piece / pieces
        drawn[:, piece] = points + u * chords + u * (1.0 - u) * ((1.0 - u) * leaving - u * arriving)
    every = drawn.reshape(-1, 3)
    every /= np.sqrt(np.einsum("ij,ij->i", every, every))[:, None]
    drawn_lengths = pieces * np.array(lengths, dtype=np.intp)
    ends = np.cumsum(drawn_lengths)
    closing = np.insert(np.arange(len(every)), ends, ends - drawn_lengths)  # each line's first after its last
    return every[closing], drawn_lengths + 1


def _following(lengths: tuple[int, ...]) -> NDArray[np.intp]:
    """Return, for each crossing, the number of the next one on its line."""
    following = np.arange(1, sum(lengths) + 1, dtype=np.intp)
    ends = np.cumsum(lengths, dtype=np.intp)  # there may be no line at all
    following[ends - 1] = ends - np.array(lengths, dtype=np.intp)
    return following
