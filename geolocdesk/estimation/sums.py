"""Kernel sums at many points, in single precision, with only those neighbours that are near enough to count.

Points are worked through in blocks; a block of points that lie close together leaves out all distant
neighbours at once. So it pays to hand over points in an order that keeps neighbours together.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from geolocdesk.estimation.density import Density
from geolocdesk.estimation.kernel import Float64, fast_kernel_field, fast_kernel_values, versines

_BLOCK = 512


@dataclass(frozen=True, slots=True, eq=False)
class Field:
    """A function at some points of the sphere, with its derivatives per radian."""

    values: Float64
    gradients: Float64
    """float64[n, 3], tangent."""
    laplacians: Float64


@dataclass(frozen=True, slots=True, eq=False)
class KernelSums:
    """Σ wᵢ K(θᵢ) for the neighbours of a density, with K(0) = 1.

    ``floor`` is the smallest sum that matters, and ``neglect`` the share of it that the neighbours left out
    may have added.
    """

    density: Density
    floor: float
    bandwidth_rad: float
    neglect: float = 1e-3

    def values(self, points: Float64) -> Float64:
        """Return the sums at unit vectors [n, 3]."""
        sums = np.empty(len(points), dtype=np.float64)
        for part, near, _ in self._blocks(points):
            pairs = versines(points[part], self.density.sources[near])
            kernel = fast_kernel_values(pairs, self.bandwidth_rad)
            sums[part] = kernel @ self.density.weights[near].astype(np.float32)
        return sums

    def field(self, points: Float64) -> Field:
        """Return the sums at unit vectors [n, 3] with their gradients and Laplacians."""
        sums = np.empty((len(points), 2), dtype=np.float64)
        pull = np.empty((len(points), 4), dtype=np.float64)
        middles = np.empty((len(points), 3), dtype=np.float64)
        for part, near, middle in self._blocks(points):
            sources, weights = self.density.sources[near], self.density.weights[near]
            weights32 = weights.astype(np.float32)
            # relative to the block's middle, so that single precision resolves the smallest kernel
            moments = np.column_stack([weights[:, None] * (sources - middle), weights]).astype(np.float32)
            kernel, slope, laplacian = fast_kernel_field(versines(points[part], sources), self.bandwidth_rad)
            sums[part, 0] = kernel @ weights32
            sums[part, 1] = laplacian @ weights32
            pull[part] = slope @ moments
            middles[part] = middle
        precision = 1.0 / self.bandwidth_rad**2
        gradients = (pull[:, :3] + pull[:, 3:] * middles) * -precision
        gradients -= np.einsum("ij,ij->i", points, gradients)[:, None] * points
        return Field(sums[:, 0], gradients, sums[:, 1] * (2.0 * precision))

    def _blocks(self, points: Float64) -> Iterator[tuple[slice, NDArray[np.intp], Float64]]:
        """Return parts of the points with the neighbours that count there and the part's middle."""
        reach = self.bandwidth_rad * math.sqrt(2.0 * max(0.0, -math.log(self.neglect * self.floor)))
        for start in range(0, len(points), _BLOCK):
            part = slice(start, start + _BLOCK)
            middle = points[part].sum(axis=0)
            middle /= max(math.sqrt(float(middle @ middle)), 1e-300)
            radius = math.acos(max(-1.0, min(1.0, float((points[part] @ middle).min()))))
            limit = math.cos(min(math.pi, radius + reach)) - 1e-15
            yield part, np.flatnonzero(self.density.sources @ middle >= limit), middle


def kernel_sums(density: Density, floor: float) -> KernelSums:
    """Return the sums with the density's own bandwidth."""
    return KernelSums(density, floor, density.bandwidth_rad)
