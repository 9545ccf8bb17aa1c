"""The mass of kernels in discs against independent quadrature and against sampling."""

import math

import numpy as np
import pytest

from geolocdesk.estimation.disc_mass import disc_mass, masses_within
from geolocdesk.geodesy import EARTH_RADIUS_KM, angle_rad, unit_vectors
from tests.unit.estimation.configurations import random_density, sampled

RADII_KM = (1.0, 25.0, 200.0, 750.0, 2500.0)


def mass_by_rings(bandwidth: float, radius: float, distance: float) -> float:
    """Return the share of a kernel within a disc, ring by ring round the kernel's centre.

    A ring of radius r has inside the disc the azimuths within φ: cos T = cos r cos θ + sin r sin θ cos φ.
    """
    edges = np.linspace(0.0, min(math.pi, 10.0 * bandwidth), 400_001)
    ring = (edges[1:] + edges[:-1]) / 2.0
    mass = np.exp(-0.5 * (ring / bandwidth) ** 2) * np.sin(ring)
    cosine = (math.cos(radius) - np.cos(ring) * math.cos(distance)) / (np.sin(ring) * math.sin(distance))
    share = np.arccos(np.clip(cosine, -1.0, 1.0)) / math.pi
    return float((mass * share).sum() / mass.sum())


@pytest.mark.parametrize("bandwidth_deg", [0.01, 1.0, 4.0, 16.0, 60.0, 180.0])
@pytest.mark.parametrize("radius_km", [*RADII_KM, 15000.0])
def test_mass_equals_quadrature_over_rings(bandwidth_deg: float, radius_km: float) -> None:
    bandwidth, radius = math.radians(bandwidth_deg), radius_km / EARTH_RADIUS_KM
    wide = min(3.1, radius + 3.0 * bandwidth)
    distances = np.unique(np.clip([0.05 * radius, 0.5 * radius, radius, 0.7 * wide, wide], 1e-6, 3.1))
    table = disc_mass(bandwidth, (radius,))
    masses = table.values(2.0 * np.sin(distances[None, :] / 2.0) ** 2, np.array([0]))[0]
    expected = [mass_by_rings(bandwidth, radius, float(distance)) for distance in distances]
    assert masses.tolist() == pytest.approx(expected, abs=2e-5)


@pytest.mark.parametrize("bandwidth_deg", [0.3, 4.0, 16.0, 90.0])
@pytest.mark.parametrize("radius_km", RADII_KM)
def test_slope_and_curvature_belong_to_the_mass(bandwidth_deg: float, radius_km: float) -> None:
    bandwidth, radius = math.radians(bandwidth_deg), radius_km / EARTH_RADIUS_KM
    table = disc_mass(bandwidth, (radius,))
    t = np.linspace(0.02, 0.9, 50)[None, :] * (2.0 * math.sin(min(3.0, radius + 3.0 * bandwidth) / 2.0) ** 2)
    step = 1e-3 * float(table.step[0])
    number = np.array([0])
    ahead, _, _ = table.profile(t + step, number)
    behind, _, _ = table.profile(t - step, number)
    mass, first, second = table.profile(t, number)
    slope = -(ahead - behind) / (2.0 * step)
    assert np.allclose(first, slope, atol=2e-3 * float(np.abs(slope).max()))
    assert (np.diff(mass) <= 1e-6).all()
    assert np.isfinite(second).all()


@pytest.mark.parametrize("seed", range(12))
def test_masses_equal_the_share_of_points_drawn_from_the_density(seed: int) -> None:
    random = np.random.default_rng(seed)
    density = random_density(random, bandwidths_deg=(0.5, 4.0, 16.0, 60.0))
    points = sampled(density, 40_000, random)
    centre = unit_vectors(density.latitudes[0], density.longitudes[0])
    angles = angle_rad(points, centre)
    shares = [float((angles <= radius / EARTH_RADIUS_KM).mean()) for radius in RADII_KM]
    assert masses_within(density, centre[None, :], RADII_KM)[0].tolist() == pytest.approx(shares, abs=0.011)


def test_several_radii_share_one_table() -> None:
    bandwidth = math.radians(4.0)
    both = disc_mass(bandwidth, (0.01, 0.3))
    t = np.array([[0.001, 0.02], [0.001, 0.02]])
    masses = both.values(t, np.array([0, 1]))
    for number, radius in enumerate((0.01, 0.3)):
        alone = disc_mass(bandwidth, (radius,)).values(t[:1], np.array([0]))
        assert masses[number].tolist() == alone[0].tolist()
