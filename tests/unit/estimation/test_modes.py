"""Modes against brute force: nothing sampled anywhere is denser than the reported peak."""

import numpy as np
import pytest

from geolocdesk.estimation.density import Density
from geolocdesk.estimation.location import Mode
from geolocdesk.estimation.modes import find_modes
from geolocdesk.geodesy import great_circle_km, positions_of
from tests.unit.estimation.configurations import density_of, random_density, spread_around


def distance_km(mode: Mode, latitude: float, longitude: float) -> float:
    return float(great_circle_km(mode.position.latitude, mode.position.longitude, latitude, longitude))


def steepness(density: Density, mode: Mode) -> float:
    """Return the mean-shift step at a mode, in kilometres: 0 at a stationary point."""
    from geolocdesk.geodesy import EARTH_RADIUS_KM, angle_rad, unit_vectors

    point = unit_vectors(mode.position.latitude, mode.position.longitude)
    shares = density.contributions(mode.position)
    angles = angle_rad(point, density.sources)
    tangents = density.sources - (density.sources @ point)[:, None] * point
    lengths = np.linalg.norm(tangents, axis=1)
    scale = np.divide(angles, lengths, out=np.zeros_like(angles), where=lengths > 1e-12)
    return float(np.linalg.norm(shares @ (scale[:, None] * tangents))) * EARTH_RADIUS_KM


@pytest.mark.parametrize("seed", range(60))
def test_no_sampled_point_is_denser_than_the_peak(seed: int) -> None:
    random = np.random.default_rng(seed)
    density = random_density(random)
    latitudes, longitudes = positions_of(spread_around(density, random, per_scale=800))
    peak = find_modes(density)[0].density_per_km2
    assert float(density.evaluate(latitudes, longitudes).max()) <= peak * (1.0 + 1e-9)


def test_no_point_of_200_000_is_denser_than_the_peak() -> None:
    random = np.random.default_rng(123)
    density = random_density(random, bandwidths_deg=(4.0,), counts=(100,))
    latitudes, longitudes = positions_of(spread_around(density, random, per_scale=40_000))
    assert len(latitudes) == 200_000
    peak = find_modes(density)[0].density_per_km2
    assert float(density.evaluate(latitudes, longitudes).max()) <= peak * (1.0 + 1e-9)


@pytest.mark.parametrize("seed", range(40))
def test_every_mode_is_stationary_to_the_metre_and_higher_than_its_surroundings(seed: int) -> None:
    density = random_density(np.random.default_rng(1000 + seed), bandwidths_deg=(0.5, 1.0, 4.0, 16.0))
    modes = find_modes(density)
    random = np.random.default_rng(0)
    for mode in modes:
        assert steepness(density, mode) < 0.001
        around = random.normal(size=(50, 2)) * 0.02 * density.bandwidth_deg
        latitudes = np.clip(mode.position.latitude + around[:, 0], -90.0, 90.0)
        longitudes = mode.position.longitude + around[:, 1]
        height = float(density.evaluate(mode.position.latitude, mode.position.longitude))
        assert height == pytest.approx(mode.density_per_km2, rel=1e-9)
        assert float(density.evaluate(latitudes, longitudes).max()) <= height * (1.0 + 1e-9)
    heights = np.array([mode.density_per_km2 for mode in modes])
    assert (heights[1:] <= heights[:-1] * (1.0 + 1e-11)).all()


@pytest.mark.parametrize("position", [(52.0, 4.0), (90.0, 0.0), (-90.0, 0.0), (10.0, 180.0), (0.0, -180.0)])
def test_one_neighbour_is_the_only_mode(position: tuple[float, float]) -> None:
    (mode,) = find_modes(density_of(position))
    assert distance_km(mode, *position) < 1e-6


def test_neighbours_all_in_one_place_have_one_mode_there() -> None:
    (mode,) = find_modes(density_of(*[(35.0, 139.0)] * 100))
    assert distance_km(mode, 35.0, 139.0) < 1e-6


def test_two_equal_neighbours_meet_in_the_middle_when_close() -> None:
    (mode,) = find_modes(density_of((0.0, 178.0), (0.0, -178.0)))
    assert distance_km(mode, 0.0, 180.0) < 1e-3


def test_two_equal_neighbours_far_apart_tie_and_the_nearer_ranked_comes_first() -> None:
    first, second = find_modes(density_of((10.0, 20.0), (-10.0, -160.0)))
    assert first.density_per_km2 == pytest.approx(second.density_per_km2, rel=1e-12)
    assert distance_km(first, 10.0, 20.0) < 1e-3
    assert distance_km(second, -10.0, -160.0) < 1e-3


def test_a_light_neighbour_on_the_saddle_between_two_heavy_ones_is_no_mode() -> None:
    modes = find_modes(density_of((0.0, -8.0), (0.0, 8.0), (0.0, 0.0), distances=[0.5, 0.5, 0.9]))
    assert len(modes) == 2
    assert all(abs(abs(mode.position.longitude) - 8.0) < 0.5 for mode in modes)


def test_neighbours_round_the_pole_peak_at_the_pole() -> None:
    (mode,) = find_modes(density_of(*[(88.0, longitude) for longitude in (0.0, 90.0, 180.0, -90.0)]))
    assert distance_km(mode, 90.0, 0.0) < 1e-3


def test_antipodes_under_a_kernel_as_wide_as_the_globe_peak_between_them() -> None:
    density = density_of((0.0, 0.0), (0.0, 180.0), bandwidth_deg=180.0)
    peak = find_modes(density)[0]
    assert distance_km(peak, 0.0, 0.0) == pytest.approx(np.pi / 2.0 * 6371.0, abs=1.0)


def test_a_duplicate_takes_the_peak_whatever_the_crowd_elsewhere() -> None:
    positions = [(48.0, 2.0), *[(40.0, -74.0)] * 99]
    peak = find_modes(density_of(*positions, distances=[0.0, *[0.5] * 99]))[0]
    assert distance_km(peak, 48.0, 2.0) < 1e-3


def test_a_huge_exponent_leaves_the_nearest_neighbour() -> None:
    positions = [(48.0, 2.0), *[(40.0, -74.0)] * 50]
    modes = find_modes(density_of(*positions, distances=[0.5, *[0.51] * 50], exponent=5000.0))
    assert distance_km(modes[0], 48.0, 2.0) < 1e-3
