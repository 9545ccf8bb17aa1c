"""Highest-density regions: the smallest areas that hold given shares of the density.

A rough threshold comes from the density at points distributed as the density itself. It says where a mesh of
triangles has to reach; the density and its gradient at the mesh's vertices then give the exact thresholds and
the outlines.
"""

import functools
import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from geolocdesk.estimation.ascent import tangent_bases
from geolocdesk.estimation.contour import Crossings, crossings, locate, smooth_lines
from geolocdesk.estimation.density import Density
from geolocdesk.estimation.kernel import Float64, kernel_integral, mass_by_angle
from geolocdesk.estimation.location import Region, SphericalPolygon
from geolocdesk.estimation.mesh import Mesh, build_mesh
from geolocdesk.estimation.quadrature import thresholds_for
from geolocdesk.estimation.sums import Field, KernelSums, kernel_sums
from geolocdesk.geodesy import (
    SPHERE_AREA_KM2,
    Position,
    closed_line_areas_km2,
    contains,
    geodesic_circle,
    positions_of,
    ring_area_km2,
)

REGION_MASSES = (0.5, 0.9)

SURFACE_MASSES = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95)
"""Enough nested regions to draw the density as a smooth surface."""

_LARGEST_MASS = 0.99

_SAMPLES = 512
_MARGIN = 0.8
"""The mesh reaches down to this share of the roughly known lowest threshold."""

_VERTICES = 250
_FINEST, _COARSEST = 0.2, 0.8
"""The mesh has about so many vertices, but no edges outside these many bandwidths."""

_COARSEST_SURFACE = 0.45
"""For a surface, whose innermost regions are small."""

_FINE_EDGE = 0.5
"""With longer edges than so many bandwidths, outlines need more points between the edges to look smooth."""

_LONGEST_EDGE_RAD = math.radians(10.0)
"""However wide the kernel, outlines are drawn with edges no longer than this."""

_NEGLECT = 0.05
"""Share of the threshold by which distant neighbours may be left out where only a bound is wanted."""

_COARSE = 2.0
"""Circles of more bandwidths than this are judged by their distance from the neighbours alone."""

_WIDE_RAD = math.radians(16.0)
"""Kernels wider than this reach so far that only distance decides where the mesh is wanted."""


def highest_density_regions(density: Density, masses: Sequence[float] = REGION_MASSES) -> tuple[Region, ...]:
    """Return the highest-density region of each mass, in the given order.

    Raises ValueError unless 0 < mass ≤ 0.99.
    """
    return _regions(density, masses, _COARSEST)


def _regions(density: Density, masses: Sequence[float], coarsest: float) -> tuple[Region, ...]:
    if not all(0.0 < mass <= _LARGEST_MASS for mass in masses):
        message = f"not shares of a density up to {_LARGEST_MASS}: {list(masses)}"
        raise ValueError(message)
    total = kernel_integral(density.bandwidth_rad)
    floor, area = _rough_threshold(density, max(masses))
    while True:
        mesh = _mesh_above(density, floor, math.sqrt(area / _VERTICES), coarsest)
        field = kernel_sums(density, floor).field(mesh.vertices)
        thresholds = thresholds_for(mesh, field, total, masses)
        if min(thresholds) >= floor:
            break
        floor *= 0.5  # the rough threshold was too high, and the mesh does not reach far enough
    mean_edge = math.sqrt(float(np.median(mesh.areas)) * 2.0 / math.sqrt(3.0))
    pieces = 3 if mean_edge > _FINE_EDGE * density.bandwidth_rad else 2
    return regions_above(masses, thresholds, mesh, field, pieces)


def regions_above(
    masses: Sequence[float], thresholds: Sequence[float], mesh: Mesh, field: Field, pieces: int
) -> tuple[Region, ...]:
    """Return the regions where a field on a mesh is at least each threshold, an edge's line in so many pieces.

    The lines of all of them are worked out together, which takes little longer than those of one.
    """
    highest = float(field.values.max())
    thresholds = [min(threshold, highest) for threshold in thresholds]  # so that each has a vertex at least
    edges = [crossings(mesh, field.values >= threshold) for threshold in thresholds]
    crossed = [len(each.dense) for each in edges]
    joined = Crossings(
        np.concatenate([each.dense for each in edges]),
        np.concatenate([each.thin for each in edges]),
        tuple(length for each in edges for length in each.lengths),
    )
    points, gradients = locate(mesh, field, joined, np.repeat(thresholds, crossed))
    vertices, lengths = smooth_lines(points, gradients, joined.lengths, pieces)
    lines = np.cumsum([len(each.lengths) for each in edges])[:-1]
    parts = np.split(lengths, lines)
    ends = np.cumsum([int(part.sum()) for part in parts])[:-1]
    return tuple(
        region_within(mass, around, part)
        if len(part)
        else _nearly_everywhere(mass, mesh.vertices[np.argmin(field.values)])
        for mass, around, part in zip(masses, np.split(vertices, ends), parts, strict=True)
    )


def _nearly_everywhere(mass: float, thinnest: Float64) -> Region:
    """Return the globe but for a kilometre round one place, for a density with the same value all over."""
    latitude, longitude = positions_of(thinnest)
    ring = geodesic_circle(Position(float(latitude), float(longitude)), 1.0)[::-1].copy()
    ring.setflags(write=False)
    return Region(mass, ring_area_km2(ring), (SphericalPolygon(ring),))


def density_surface(density: Density, masses: Sequence[float] = SURFACE_MASSES) -> tuple[Region, ...]:
    """Return nested highest-density regions, smallest first, from which a map draws the density."""
    return _regions(density, sorted(masses), _COARSEST_SURFACE)


def _rough_threshold(density: Density, mass: float) -> tuple[float, float]:
    """Return a kernel sum a little below the one above which the density holds a mass, and the area above it.

    From the sums at points distributed as the density: their quantile, and the mean of what they invert to.
    The area is on the unit sphere.
    """
    sums = np.sort(kernel_sums(density, 1e-3).values(_spread_samples(density)))[::-1]
    inside = sums[: int(mass * len(sums)) + 1]
    area = kernel_integral(density.bandwidth_rad) / len(sums) * float((1.0 / inside).sum())
    return float(inside[-1]) * _MARGIN, area


def _spread_samples(density: Density) -> Float64:
    """Return unit vectors distributed as the density, evenly rather than at random."""
    share = (np.arange(_SAMPLES) + 0.5) / _SAMPLES
    neighbour = np.minimum(np.searchsorted(np.cumsum(density.weights), share), len(density.weights) - 1)
    up, aside = _kernel_samples(density.bandwidth_rad)
    centres = density.sources[neighbour]
    bases = tangent_bases(density.sources)[neighbour]
    return np.asarray(up[:, None] * centres + (aside[:, None, :] @ bases)[:, 0, :], dtype=np.float64)


@functools.lru_cache(maxsize=64)
def _kernel_samples(bandwidth_rad: float) -> tuple[Float64, Float64]:
    """Return points distributed as one kernel: cosines of their angles, and the two tangent components.

    An additive recurrence in two dimensions with the steps 1/ρ and 1/ρ², ρ³ = ρ + 1, which spreads evenly.
    """
    number = np.arange(_SAMPLES)
    radial, turn = (
        np.mod(0.5 + number * 0.7548776662466927, 1.0),
        np.mod(0.5 + number * 0.5698402909980532, 1.0),
    )
    angles, mass = mass_by_angle(bandwidth_rad)
    angle = np.interp(radial, mass, angles)
    azimuth = 2.0 * math.pi * turn
    aside = np.sin(angle)[:, None] * np.column_stack([np.cos(azimuth), np.sin(azimuth)])
    return np.cos(angle), aside


def _mesh_above(density: Density, threshold: float, edge: float, coarsest: float) -> Mesh:
    """Return a mesh that covers every place where Σ wᵢ K may reach the threshold.

    Its edges are as asked for within the limits, of which ``coarsest`` is in bandwidths.
    """
    bandwidth = density.bandwidth_rad
    edge = min(max(edge, _FINEST * bandwidth), coarsest * bandwidth, _LONGEST_EDGE_RAD)
    # all kernels together cannot reach the threshold farther away than this from every neighbour
    reach = bandwidth * math.sqrt(2.0 * max(0.0, -math.log(threshold)))

    def wanted(centres: Float64, circle_rad: float) -> NDArray[np.bool_]:
        if circle_rad > _COARSE * bandwidth or bandwidth > _WIDE_RAD:
            limit = math.cos(min(math.pi, reach + circle_rad)) - 1e-15
            return np.asarray((centres @ density.sources.T).max(axis=1) >= limit, dtype=np.bool_)
        # (θ − r)² ≥ (1 − ε)θ² − (1/ε − 1)r²: a wider, higher kernel at the centre bounds the whole circle
        slack = circle_rad / (circle_rad + 2.0 * bandwidth)
        height = math.exp(0.5 * (1.0 / slack - 1.0) * (circle_rad / bandwidth) ** 2)
        bound = KernelSums(density, threshold / height, bandwidth / math.sqrt(1.0 - slack), _NEGLECT)
        return bound.values(centres) * height >= threshold * (1.0 - _NEGLECT)

    return build_mesh(edge, wanted)


def region_within(mass: float, vertices: Float64, lengths: NDArray[np.intp]) -> Region:
    """Return the region that closed lines (unit vectors) with their inside on the left bound, in its parts.

    A ring with less than half the globe on its left is the exterior of its own part; any other goes round a
    hole. A hole belongs to the smallest exterior that contains it; those that no exterior contains all bound
    one part that spans the globe, whose exterior is the one of them with the largest hole.
    """
    areas = closed_line_areas_km2(vertices, lengths)
    ends = np.cumsum(lengths).tolist()
    positions = np.column_stack(positions_of(vertices))
    positions.setflags(write=False)
    rings = [positions[start:end] for start, end in zip([0, *ends], ends, strict=False)]
    rising = [int(number) for number in np.argsort(areas)]
    outer = [number for number in rising if areas[number] <= SPHERE_AREA_KM2 / 2.0]
    holes: dict[int, list[int]] = {number: [] for number in outer}
    global_part: list[int] = []
    if len(outer) < len(rising):
        middles, reaches = _caps(vertices, lengths)
        for number in rising[len(outer) :]:
            point = vertices[ends[number] - 1]
            near = [ring for ring in outer if float(point @ middles[ring]) >= reaches[ring]]
            owner = next((ring for ring in near if contains(rings[ring], *rings[number][0])), None)
            (global_part if owner is None else holes[owner]).append(number)
    if global_part:
        holes[global_part[0]] = global_part[1:]
    parts = []
    total = 0.0
    for exterior, inner in sorted(holes.items(), key=lambda item: -areas[item[0]]):
        total += float(areas[exterior]) - sum(SPHERE_AREA_KM2 - float(areas[hole]) for hole in inner)
        parts.append(SphericalPolygon(rings[exterior], tuple(rings[hole] for hole in inner)))
    return Region(mass=mass, area_km2=total, parts=tuple(parts))


def _caps(vertices: Float64, lengths: NDArray[np.intp]) -> tuple[Float64, Float64]:
    """Return, for each closed line, the middle and the cosine of a cap that holds what lies inside it.

    A line with less than half the globe inside lies in a cap with all of its inside, unless that cap is more
    than half the globe; then the cap is the globe.
    """
    first = np.cumsum(lengths) - lengths
    middles = np.add.reduceat(vertices, first)
    middles /= np.maximum(np.linalg.norm(middles, axis=1, keepdims=True), 1e-300)
    cosines = np.einsum("ij,ij->i", vertices, np.repeat(middles, lengths, axis=0))
    lowest = np.minimum.reduceat(cosines, first)
    return middles, np.where(lowest > 0.0, lowest - 1e-12, -2.0)
