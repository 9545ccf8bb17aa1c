"""How much of a kernel lies within a disc: the mass G(θ) of a kernel θ away from the disc's centre.

Moving the disc away from the kernel loses mass along one half of its rim and gains it along the other, so
dG/dθ = −(sin T / ∫K) ∮ K(ρ(ψ)) cos ψ dψ over the azimuth ψ of the rim, with
1 − cos ρ = 2 sin²((T − θ)/2) + 2 sin T sin θ sin²(ψ/2). G follows by summing up from θ = 0 (or from
where the kernel first reaches the rim), where it is the kernel's mass within T. Both are tabulated against t = 1 − cos θ, once for each bandwidth and radius.
"""

import functools
import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from geolocdesk.estimation.density import Density
from geolocdesk.estimation.kernel import (
    Float64,
    angles_of,
    gauss_legendre,
    kernel_integral,
    kernel_values,
    versines,
)
from geolocdesk.geodesy import EARTH_RADIUS_KM

_NODES = 320
_REACH = 7.5
"""G is constant beyond this many bandwidths inside the rim and nothing beyond this many outside."""


@dataclass(frozen=True, slots=True, eq=False)
class DiscMass:
    """G for several disc radii of one kernel, each with its derivatives, as cubic pieces in t."""

    pieces: Float64
    """float64[radii × nodes, 4]: the cubic's coefficients about each node."""
    first: Float64
    """float64[radii], t at the beginning of the table."""
    step: Float64
    """float64[radii], between nodes."""

    def profile(self, versine: Float64, radius: NDArray[np.intp]) -> tuple[Float64, Float64, Float64]:
        """Return G and its first and second derivative by cos θ, for rows of t with each row's radius number."""
        piece, rest = self._look_up(versine, radius)
        c0, c1, c2, c3 = (piece[..., power] for power in range(4))
        return (
            c0 + rest * (c1 + rest * (c2 + rest * c3)),
            -(c1 + rest * (2.0 * c2 + rest * (3.0 * c3))),
            2.0 * c2 + rest * (6.0 * c3),
        )

    def values(self, versine: Float64, radius: NDArray[np.intp]) -> Float64:
        """Return G alone, between 0 and 1."""
        piece, rest = self._look_up(versine, radius)
        c0, c1, c2, c3 = (piece[..., power] for power in range(4))
        return np.clip(c0 + rest * (c1 + rest * (c2 + rest * c3)), 0.0, 1.0)

    def _look_up(self, versine: Float64, radius: NDArray[np.intp]) -> tuple[Float64, Float64]:
        step = self.step[radius][:, None]
        along = (versine - self.first[radius][:, None]) / step
        node = np.clip(along, 0.0, _NODES - 1.0).astype(np.int32)
        rest = np.clip(along - node - 0.5, -0.5, 0.5) * step
        return self.pieces.take(node + (radius * _NODES).astype(np.int32)[:, None], axis=0), rest


@functools.lru_cache(maxsize=64)
def disc_mass(bandwidth_rad: float, radii_rad: tuple[float, ...]) -> DiscMass:
    """Return G for discs of the given angular radii (0 < T < π)."""
    tables = [_table(bandwidth_rad, radius) for radius in radii_rad]
    return DiscMass(
        pieces=np.concatenate([pieces for pieces, _, _ in tables]),
        first=np.array([first for _, first, _ in tables]),
        step=np.array([step for _, _, step in tables]),
    )


def _table(bandwidth_rad: float, radius_rad: float) -> tuple[Float64, float, float]:
    """Return the cubic pieces about the nodes, t at the table's beginning, and the step between nodes."""
    nearest = max(0.0, radius_rad - _REACH * bandwidth_rad)
    furthest = min(math.pi, radius_rad + _REACH * bandwidth_rad)
    first = 2.0 * math.sin(nearest / 2.0) ** 2
    step = (2.0 * math.sin(furthest / 2.0) ** 2 - first) / _NODES
    versine: Float64 = first + (np.arange(_NODES, dtype=np.float64) + 0.5) * step
    slope = _slope_by_versine(versine, bandwidth_rad, radius_rad)
    bend = np.gradient(slope, step, edge_order=2)
    twist = np.gradient(bend, step, edge_order=2)
    start = kernel_integral(bandwidth_rad, radius_rad) / kernel_integral(bandwidth_rad)
    half_step = slope[0] * step / 2.0 - bend[0] * step**2 / 8.0
    whole_steps = (slope[1:] + slope[:-1]) * step / 2.0 - np.diff(bend) * step**2 / 12.0
    mass = start + np.cumsum(np.concatenate([[half_step], whole_steps]))
    return np.column_stack([mass, slope, bend / 2.0, twist / 6.0]), first, step


def _slope_by_versine(versine: Float64, bandwidth_rad: float, radius_rad: float) -> Float64:
    """Return dG/dt, by Gauss–Legendre quadrature over the part of the rim that the kernel reaches."""
    nodes, node_weights = gauss_legendre(40)
    angles = angles_of(versine)
    product = np.sin(angles) * math.sin(radius_rad)
    within_reach = np.minimum(1.0, 20.0 * bandwidth_rad**2 / np.maximum(product, 1e-300))
    limit = 2.0 * np.arcsin(np.sqrt(within_reach))
    azimuth = (nodes[None, :] + 1.0) / 2.0 * limit[:, None]
    to_rim = (
        2.0 * np.sin((radius_rad - angles) / 2.0)[:, None] ** 2
        + 2.0 * product[:, None] * np.sin(azimuth / 2.0) ** 2
    )
    integrand = kernel_values(to_rim, bandwidth_rad) * np.cos(azimuth)
    rim = (integrand @ node_weights) * limit  # both halves of the rim: 2 × limit / 2
    return np.asarray(
        -math.sin(radius_rad) / kernel_integral(bandwidth_rad) * rim / np.sin(angles), dtype=np.float64
    )


def masses_within(density: Density, vectors: Float64, radii_km: tuple[float, ...]) -> Float64:
    """Return the density's mass within discs round unit vectors [n, 3], float64[n, radii]."""
    table = disc_mass(density.bandwidth_rad, tuple(radius / EARTH_RADIUS_KM for radius in radii_km))
    pairs = versines(vectors, density.sources)
    masses = np.empty((len(vectors), len(radii_km)), dtype=np.float64)
    for number in range(len(radii_km)):
        within = table.values(pairs, np.full(len(vectors), number, dtype=np.intp))
        masses[:, number] = within @ density.weights
    return masses


def masses_held(density: Density, vectors: Float64, radii_km: tuple[float, ...]) -> Float64:
    """Return how much of each neighbour's kernel lies within one disc a radius, float64[radii, k].

    ``vectors`` [radii, 3] are the discs' centres; weighted and summed, a row is that disc's mass.
    """
    table = disc_mass(density.bandwidth_rad, tuple(radius / EARTH_RADIUS_KM for radius in radii_km))
    return table.values(versines(vectors, density.sources), np.arange(len(radii_km), dtype=np.intp))
