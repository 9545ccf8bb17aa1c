"""The great-circle Gaussian exp(−θ²/2σ²), θ being the angle between two places.

Everything is written in t = 1 − cos θ, which one matrix product gives for all pairs of places: θ² is a power
series in t, and its derivatives give the gradient and the curvature of the kernel.
"""

import functools
import math

import numpy as np
from numpy.typing import NDArray

Float64 = NDArray[np.float64]
Float32 = NDArray[np.float32]

_SERIES_LIMIT_RAD = math.radians(16.0)
"""Up to this bandwidth the kernel has died away where the series for θ² converges slowly."""

_LOWEST_EXPONENT = np.float32(-80.0)
"""Below this single precision denormalises, which slows the processor down many times over."""

_REACH = 4.0
"""Up to so many bandwidths the series must be exact; beyond, the kernel is below a three-thousandth."""


@functools.cache
def gauss_legendre(count: int) -> tuple[Float64, Float64]:
    """Return the nodes and weights of Gauss–Legendre quadrature on −1…1."""
    nodes, node_weights = np.polynomial.legendre.leggauss(count)
    return nodes, node_weights


@functools.lru_cache(maxsize=256)
def kernel_integral(bandwidth_rad: float, within_rad: float = math.pi) -> float:
    """Return the kernel's integral over the unit sphere within an angle, 2π ∫ exp(−θ²/2σ²) sin θ dθ from 0."""
    nodes, node_weights = gauss_legendre(128)
    limit = min(within_rad, 12.0 * bandwidth_rad)
    angles = (nodes + 1.0) * limit / 2.0
    integrand = np.exp(-0.5 * (angles / bandwidth_rad) ** 2) * np.sin(angles)
    return float(2.0 * math.pi * limit / 2.0 * (node_weights @ integrand))


@functools.lru_cache(maxsize=64)
def mass_by_angle(bandwidth_rad: float) -> tuple[Float64, Float64]:
    """Return angles from 0 and the share of the kernel's mass within each, both rising (4097 entries)."""
    limit = min(math.pi, 9.0 * bandwidth_rad)
    angles = np.linspace(0.0, limit, 4097)
    density = np.exp(-0.5 * (angles / bandwidth_rad) ** 2) * np.sin(angles)
    middle = (angles[1:] + angles[:-1]) / 2.0
    at_middle = np.exp(-0.5 * (middle / bandwidth_rad) ** 2) * np.sin(middle)
    pieces = (density[1:] + 4.0 * at_middle + density[:-1]) / 6.0 * (angles[1] - angles[0])
    mass = np.concatenate([[0.0], np.cumsum(pieces)])
    return angles, mass / mass[-1]


def versines(points: Float64, sources: Float64) -> Float64:
    """Return t = 1 − cos θ, float64[n, k], between unit vectors [n, 3] and [k, 3]."""
    products = points @ sources.T
    return np.subtract(1.0, products, out=products)


def angles_of(versine: Float64) -> Float64:
    """Return the angles whose t = 1 − cos θ is given, exact to rounding from 0 to π."""
    return 2.0 * np.arcsin(np.sqrt(np.clip(versine * 0.5, 0.0, 1.0)))


def kernel_values(versine: Float64, bandwidth_rad: float) -> Float64:
    """Return the kernel in double precision, 1 at t = 0."""
    angles = angles_of(versine)
    return np.exp(angles * angles * (-0.5 / bandwidth_rad**2))


def kernel_profile(versine: Float64, bandwidth_rad: float) -> tuple[Float64, Float64, Float64]:
    """Return the kernel and its first and second derivative by cos θ, in double precision."""
    angles = angles_of(versine)
    sines = np.maximum(np.sqrt(np.maximum(versine * (2.0 - versine), 0.0)), 1e-9)
    near = versine < 1e-4
    ratio = np.where(near, 1.0 + versine / 3.0, angles / sines)
    ratio_slope = np.where(
        near, -1.0 / 3.0 - 4.0 / 15.0 * versine, (ratio * (1.0 - versine) - 1.0) / sines**2
    )
    precision = 1.0 / bandwidth_rad**2
    values = np.exp(angles * angles * (-0.5 * precision))
    first = values * ratio * precision
    second = values * (ratio * ratio * precision + ratio_slope) * precision
    return values, first, second


@functools.lru_cache(maxsize=256)
def _exponent_series(bandwidth_rad: float) -> tuple[np.float32, ...]:
    """Return −θ²/2σ² as a series in s = t/σ² (s¹, s², …), exact to 1e-4 within the kernel's reach.

    θ² = 2 Σ (2t)ⁿ / (n² C(2n, n)), from the series of arcsin².
    """
    furthest = (1.0 - math.cos(min(math.pi / 2.0, _REACH * bandwidth_rad))) / bandwidth_rad**2
    coefficients: list[float] = []
    for power in range(1, 13):
        coefficient = 2.0 * 2.0**power / (power**2 * math.comb(2 * power, power))
        coefficient *= -0.5 * bandwidth_rad ** (2 * power - 2)
        if power > 2 and abs(coefficient) * furthest**power < 1e-4:
            break
        coefficients.append(coefficient)
    return tuple(np.float32(coefficient) for coefficient in coefficients)


@functools.lru_cache(maxsize=256)
def _slope_series(bandwidth_rad: float) -> tuple[np.float32, ...]:
    return tuple(
        np.float32(power) * value for power, value in enumerate(_exponent_series(bandwidth_rad), start=1)
    )


def _horner(coefficients: tuple[np.float32, ...], variable: Float32) -> Float32:
    result = variable * coefficients[-1]
    for coefficient in coefficients[-2:0:-1]:
        result += coefficient
        result *= variable
    result += coefficients[0]
    return result


def _fast_exponential(scaled: Float32, bandwidth_rad: float) -> Float32:
    """Return the kernel at s = t/σ²."""
    exponent = _horner(_exponent_series(bandwidth_rad), scaled)
    exponent *= scaled
    np.maximum(exponent, _LOWEST_EXPONENT, out=exponent)
    return np.asarray(np.exp(exponent, out=exponent), dtype=np.float32)


def fast_kernel_values(versine: Float64, bandwidth_rad: float) -> Float32:
    """Return the kernel in single precision (relative error about 1e-5 where it is over 1e-6)."""
    if bandwidth_rad > _SERIES_LIMIT_RAD:
        angles = np.arccos(np.clip(1.0 - versine.astype(np.float32), -1.0, 1.0))
        angles *= angles
        angles *= np.float32(-0.5 / bandwidth_rad**2)
        return np.asarray(np.exp(angles, out=angles), dtype=np.float32)
    return _fast_exponential(_scaled(versine, bandwidth_rad), bandwidth_rad)


def _scaled(versine: Float64, bandwidth_rad: float) -> Float32:
    # divided in double precision: t by itself may be too small for single precision
    scaled = np.empty(versine.shape, dtype=np.float32)
    return np.multiply(versine, 1.0 / bandwidth_rad**2, out=scaled, casting="same_kind")


def fast_kernel_field(versine: Float64, bandwidth_rad: float) -> tuple[Float32, Float32, Float32]:
    """Return K, −σ² dK/d cos θ and (σ²/2) ∇²K, all in single precision.

    The Laplacian is the plane's, K (θ²/2σ² − 1) with θ² ≈ 2t; it only serves small corrections.
    """
    if bandwidth_rad > _SERIES_LIMIT_RAD:
        kernel, first, _ = kernel_profile(versine, bandwidth_rad)
        scaled = _scaled(versine, bandwidth_rad)
        values = kernel.astype(np.float32)
        return values, (first * -(bandwidth_rad**2)).astype(np.float32), values * (scaled - np.float32(1.0))
    scaled = _scaled(versine, bandwidth_rad)
    values = _fast_exponential(scaled, bandwidth_rad)
    slope = _horner(_slope_series(bandwidth_rad), scaled)
    slope *= values
    scaled -= np.float32(1.0)
    scaled *= values
    return values, slope, scaled


def rough_kernel_profile(versine: Float64, bandwidth_rad: float) -> tuple[Float64, Float64, Float64]:
    """Return what ``kernel_profile`` returns, roughly: good for finding modes, not for placing them.

    θ² ≈ 2t + t²/3 keeps the exponent within 0.003 of the truth up to two bandwidths; kernels wider than 16°
    are computed exactly.
    """
    if bandwidth_rad > _SERIES_LIMIT_RAD:
        return kernel_profile(versine, bandwidth_rad)
    third = np.float32(bandwidth_rad**2 / 3.0)
    scaled = _scaled(versine, bandwidth_rad)
    slope = scaled * third
    slope += np.float32(1.0)
    exponent = slope + np.float32(1.0)
    exponent *= scaled
    exponent *= np.float32(-0.5)
    np.maximum(exponent, _LOWEST_EXPONENT, out=exponent)
    values = np.exp(exponent, out=exponent)
    first = values * slope
    second = first * slope
    second -= third * values
    precision = 1.0 / bandwidth_rad**2
    return values.astype(np.float64), first * np.float64(precision), second * np.float64(precision**2)
