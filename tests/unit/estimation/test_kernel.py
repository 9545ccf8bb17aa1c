"""The kernel against closed forms, quadrature and finite differences."""

import math

import numpy as np
import pytest

from geolocdesk.estimation.kernel import (
    angles_of,
    fast_kernel_field,
    fast_kernel_values,
    kernel_integral,
    kernel_profile,
    kernel_values,
    mass_by_angle,
    rough_kernel_profile,
    versines,
)

BANDWIDTHS_DEG = [0.001, 0.1, 1.0, 4.0, 16.0, 16.1, 60.0, 180.0]


def dawson(argument: float) -> float:
    """Return Dawson's integral by its alternating series, exact for small arguments."""
    term, total = argument, argument
    for order in range(1, 60):
        term *= -2.0 * argument**2 / (2 * order + 1)
        total += term
    return total


@pytest.mark.parametrize("bandwidth_deg", [0.001, 0.1, 1.0, 4.0, 16.0, 25.0])
def test_integral_equals_the_closed_form_with_dawsons_integral(bandwidth_deg: float) -> None:
    # ∫ sin θ exp(−θ²/2σ²) dθ over all θ ≥ 0 is √2 σ D(σ/√2); what lies beyond π is below e^−25 here
    bandwidth = math.radians(bandwidth_deg)
    closed = 2.0 * math.pi * math.sqrt(2.0) * bandwidth * dawson(bandwidth / math.sqrt(2.0))
    assert kernel_integral(bandwidth) == pytest.approx(closed, rel=1e-10)


@pytest.mark.parametrize("bandwidth_deg", BANDWIDTHS_DEG)
def test_integral_equals_fine_quadrature(bandwidth_deg: float) -> None:
    bandwidth = math.radians(bandwidth_deg)
    edges = np.linspace(0.0, min(math.pi, 12.0 * bandwidth), 200_001)
    middles = (edges[1:] + edges[:-1]) / 2.0
    fine = float(np.sum(np.exp(-0.5 * (middles / bandwidth) ** 2) * np.sin(middles)) * (edges[1] - edges[0]))
    assert kernel_integral(bandwidth) == pytest.approx(2.0 * math.pi * fine, rel=1e-8)


@pytest.mark.parametrize("bandwidth_deg", BANDWIDTHS_DEG)
def test_mass_by_angle_agrees_with_the_integral_within_that_angle(bandwidth_deg: float) -> None:
    bandwidth = math.radians(bandwidth_deg)
    angles, mass = mass_by_angle(bandwidth)
    for number in (100, 1000, 3000):
        share = kernel_integral(bandwidth, float(angles[number])) / kernel_integral(bandwidth)
        assert mass[number] == pytest.approx(share, rel=1e-6)
    assert mass[-1] == 1.0


def test_angles_are_exact_from_a_micrometre_to_the_antipode() -> None:
    angles = np.array([1e-13, 1e-6, 0.1, 1.0, math.pi / 2.0, 3.0, math.pi])
    assert np.allclose(angles_of(2.0 * np.sin(angles / 2.0) ** 2), angles, rtol=1e-12)


def test_versines_of_the_same_place_and_of_antipodes() -> None:
    vectors = np.array([[0.0, 0.0, 1.0], [0.0, 0.0, -1.0], [1.0, 0.0, 0.0]])
    assert versines(vectors, vectors[:1])[:, 0].tolist() == [0.0, 2.0, 1.0]


@pytest.mark.parametrize("bandwidth_deg", BANDWIDTHS_DEG)
def test_derivatives_equal_finite_differences(bandwidth_deg: float) -> None:
    bandwidth = math.radians(bandwidth_deg)
    # t = θ²/2 roughly; not up to the antipode, where the kernel has a cusp
    t = np.minimum(bandwidth**2 * np.array([[0.01, 0.3, 1.0, 2.0, 5.0]]), 1.7)
    step = 1e-4 * bandwidth**2
    first = -(kernel_values(t + step, bandwidth) - kernel_values(t - step, bandwidth)) / (2.0 * step)
    second = (
        kernel_values(t + step, bandwidth)
        - 2.0 * kernel_values(t, bandwidth)
        + kernel_values(t - step, bandwidth)
    ) / step**2
    values, exact_first, exact_second = kernel_profile(t, bandwidth)
    assert np.allclose(values, kernel_values(t, bandwidth), rtol=1e-12)
    assert np.allclose(exact_first, first, rtol=1e-5)
    assert np.allclose(exact_second, second, rtol=1e-3)


@pytest.mark.parametrize("bandwidth_deg", BANDWIDTHS_DEG)
def test_single_precision_agrees_with_double(bandwidth_deg: float) -> None:
    bandwidth = math.radians(bandwidth_deg)
    angles = np.linspace(0.0, min(3.1, 5.0 * bandwidth), 400)[None, :]
    t = 2.0 * np.sin(angles / 2.0) ** 2
    values, first, second = kernel_profile(t, bandwidth)
    assert np.allclose(fast_kernel_values(t, bandwidth), values, rtol=2e-4, atol=1e-7)
    for rough, exact in zip(rough_kernel_profile(t, bandwidth), (values, first, second), strict=True):
        assert np.allclose(rough, exact, rtol=5e-3, atol=5e-3 * float(np.abs(exact).max()))
    kernel, slope, _ = fast_kernel_field(t, bandwidth)
    assert np.allclose(kernel, values, rtol=2e-4, atol=1e-7)
    assert np.allclose(-slope / bandwidth**2, first, rtol=1e-3, atol=1e-3 * float(first.max()))


def test_laplacian_of_a_narrow_kernel_is_the_planes() -> None:
    bandwidth = math.radians(0.5)
    angle = 0.7 * bandwidth
    t = np.array([[2.0 * math.sin(angle / 2.0) ** 2]])
    kernel, _, laplacian = fast_kernel_field(t, bandwidth)
    plane = (0.7**2 - 2.0) / bandwidth**2 * math.exp(-0.5 * 0.7**2)
    assert float(laplacian[0, 0]) * 2.0 / bandwidth**2 == pytest.approx(plane, rel=1e-4)
    assert float(kernel[0, 0]) == pytest.approx(math.exp(-0.5 * 0.7**2), rel=1e-5)
