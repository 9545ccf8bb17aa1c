import math

import numpy as np
import pytest

from geolocdesk.estimation.density import Density, estimate_density
from geolocdesk.estimation.location import EstimationParameters
from geolocdesk.geodesy import EARTH_RADIUS_KM, KM_PER_DEGREE, Position, great_circle_km
from tests.unit.estimation.configurations import density_of, random_density


def integral_over_the_earth(density: Density, step_deg: float = 0.25) -> float:
    latitudes = np.arange(-90.0 + step_deg / 2.0, 90.0, step_deg)
    longitudes = np.arange(-180.0, 180.0, step_deg)
    values = density.evaluate(latitudes[:, None], longitudes[None, :]).sum(axis=1)
    return float(values @ np.cos(np.radians(latitudes))) * (KM_PER_DEGREE * step_deg) ** 2


@pytest.mark.parametrize("bandwidth_deg", [4.0, 16.0, 60.0, 180.0])
def test_density_integrates_to_one_over_the_earth(bandwidth_deg: float) -> None:
    density = density_of((89.0, 10.0), (-30.0, 179.9), (0.0, -179.0), bandwidth_deg=bandwidth_deg)
    assert integral_over_the_earth(density) == pytest.approx(1.0, abs=1e-4)


def test_one_narrow_kernel_is_the_flat_gaussian() -> None:
    density = density_of((10.0, 20.0), bandwidth_deg=0.05)
    sigma_km = 0.05 * KM_PER_DEGREE
    peak = 1.0 / (2.0 * math.pi * sigma_km**2)
    assert float(density.evaluate(10.0, 20.0)) == pytest.approx(peak, rel=1e-5)
    away_km = float(great_circle_km(10.0, 20.0, 10.05, 20.03))
    expected = peak * math.exp(-0.5 * (away_km / sigma_km) ** 2)
    assert float(density.evaluate(10.05, 20.03)) == pytest.approx(expected, rel=1e-5)


def test_values_are_the_weighted_sum_of_kernels_written_out() -> None:
    density = random_density(np.random.default_rng(4), bandwidths_deg=(16.0,), counts=(10,))
    latitude, longitude = 12.0, -179.5
    angles = great_circle_km(latitude, longitude, density.latitudes, density.longitudes) / EARTH_RADIUS_KM
    kernels = np.exp(-0.5 * (angles / density.bandwidth_rad) ** 2)
    expected = float(density.weights @ kernels) / density.kernel_integral_km2
    assert float(density.evaluate(latitude, longitude)) == pytest.approx(expected, rel=1e-9)


def test_the_date_line_and_the_poles_are_places_like_any_other() -> None:
    density = density_of((5.0, 180.0), (90.0, 33.0))
    assert float(density.evaluate(5.0, -180.0)) == float(density.evaluate(5.0, 180.0))
    round_the_pole = density.evaluate(89.0, np.array([0.0, 90.0, 180.0, -90.0]))
    assert np.ptp(round_the_pole) < 1e-9 * round_the_pole[0]


def test_evaluation_keeps_the_shape_of_its_input() -> None:
    density = density_of((5.0, 180.0))
    assert density.evaluate(np.zeros((3, 1)), np.zeros((1, 4))).shape == (3, 4)
    assert density.evaluate(0.0, 0.0).shape == ()


def test_contributions_are_shares_of_the_density() -> None:
    density = density_of((0.0, 0.0), (0.0, 3.0), (50.0, 90.0), distances=[0.8, 0.9, 0.9])
    shares = density.contributions(Position(0.0, 1.0))
    kernels = np.exp(-0.5 * np.array([1.0 / 4.0, 2.0 / 4.0]) ** 2) * density.weights[:2]
    assert shares[:2].tolist() == pytest.approx((kernels / kernels.sum()).tolist())
    assert shares[2] == pytest.approx(0.0, abs=1e-12)
    assert shares.sum() == pytest.approx(1.0)


def test_contributions_far_from_every_neighbour_are_still_shares() -> None:
    density = density_of((0.0, 0.0), (1.0, 1.0), bandwidth_deg=0.01)
    shares = density.contributions(Position(-80.0, 170.0))
    assert np.isfinite(shares).all()
    assert shares.sum() == pytest.approx(1.0)


def test_fewer_neighbours_than_k_and_more() -> None:
    places = np.arange(5.0)
    few = estimate_density(places, places, places + 0.5, EstimationParameters(neighbours=100))
    some = estimate_density(places, places, places + 0.5, EstimationParameters(neighbours=2))
    assert (len(few.weights), len(some.weights)) == (5, 2)


def test_a_density_cannot_be_changed() -> None:
    density = density_of((0.0, 0.0))
    for array in (density.weights, density.latitudes, density.longitudes, density.sources):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 1.0
    assert isinstance(density, Density)
