"""The released program's procedure against a straight transcription with scipy's filters."""

import math

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter

from geolocdesk.estimation.density import Density, estimate_density
from geolocdesk.estimation.estimate import estimate_from_arrays
from geolocdesk.estimation.location import EstimationParameters
from geolocdesk.estimation.vo2017 import find_vo2017_position
from geolocdesk.geodesy import Position
from tests.unit.estimation.configurations import random_places

Floats = NDArray[np.float64]


def haversine_km(latitude_1: float, longitude_1: float, latitude_2: float, longitude_2: float) -> float:
    phi_1, phi_2 = math.radians(latitude_1), math.radians(latitude_2)
    a = (
        math.sin((phi_2 - phi_1) / 2.0) ** 2
        + math.cos(phi_1) * math.cos(phi_2) * math.sin(math.radians(longitude_2 - longitude_1) / 2.0) ** 2
    )
    return 6371.0 * 2.0 * math.atan2(math.sqrt(a), math.sqrt(1.0 - a))


def first_maximum(grid: Floats) -> tuple[int, int]:
    """Return row and column, from 1, of the first maximum in column order, ties as far as rounding goes."""
    column_wise = grid.ravel(order="F")
    place = int(np.flatnonzero(column_wise >= column_wise.max() * (1.0 - 1e-12))[0])
    return place % grid.shape[0] + 1, place // grid.shape[0] + 1


def histogram(latitudes: Floats, longitudes: Floats, weights: Floats, scale: int) -> Floats:
    """Return the grid with row and column 0 for what MATLAB drops, which the caller cuts off."""
    grid = np.zeros((180 * scale + 1, 360 * scale + 1))
    for latitude, longitude, weight in zip(latitudes, longitudes, weights, strict=True):
        grid[math.ceil(latitude * scale) + 90 * scale, math.ceil(longitude * scale) + 180 * scale] += weight
    return grid[1:, 1:]


def transcribed(latitudes: Floats, longitudes: Floats, squared: Floats) -> Position:
    """Return the answer, written as the program is, on whole grids."""
    weights = 1.0 / squared**10
    coarse = gaussian_filter(histogram(latitudes, longitudes, weights, 1), 4.0, mode="nearest", truncate=2.0)
    row, column = first_maximum(coarse)
    row, column = max(21, min(159, row)), max(21, min(339, column))
    fine = histogram(latitudes, longitudes, weights, 10)
    top, left = row * 10 - 200 - 1, column * 10 - 200 - 1
    window = gaussian_filter(fine[top : top + 401, left : left + 401], 40.0, mode="nearest", truncate=2.0)
    if window.max() == 0.0:
        fine_row, fine_column = 1, 1
    else:
        fine_row, fine_column = first_maximum(window)
        fine_row, fine_column = fine_row + top, fine_column + left
    mode = ((fine_row - 900) / 10, (fine_column - 1800) / 10)
    for latitude, longitude in zip(latitudes.tolist(), longitudes.tolist(), strict=True):
        if haversine_km(*mode, latitude, longitude) < 100.0:
            return Position(latitude, longitude)
    return Position(*mode)


def density_from(latitudes: Floats, longitudes: Floats, distances: Floats) -> Density:
    return estimate_density(latitudes, longitudes, distances, EstimationParameters(exponent=20.0))


def random_list(random: np.random.Generator) -> tuple[Floats, Floats, Floats]:
    count = int(random.choice([1, 2, 5, 30, 100]))
    latitudes, longitudes = random_places(random, count)
    kind = random.integers(6)
    if kind == 0:  # round the date line
        longitudes = np.where(random.random(count) < 0.5, 1, -1) * random.uniform(170.0, 180.0, count)
    if kind == 1:  # round a pole
        latitudes = random.choice([-1, 1]) * random.uniform(85.0, 90.0, count)
    if kind == 2:  # on cell edges
        latitudes, longitudes = np.round(latitudes), np.round(longitudes, 1)
    if kind == 3:  # the same places again and again
        chosen = random.integers(0, max(1, count // 5), count)
        latitudes, longitudes = latitudes[chosen], longitudes[chosen]
    return latitudes, longitudes, np.sort(1.1 - 0.5 * random.beta(1.2, 3.0, count))


@pytest.mark.parametrize("start", range(0, 200, 20))
def test_answers_equal_the_transcription(start: int) -> None:
    for seed in range(start, start + 20):
        latitudes, longitudes, distances = random_list(np.random.default_rng(seed))
        found = find_vo2017_position(density_from(latitudes, longitudes, distances))
        expected = transcribed(latitudes, longitudes, distances**2)
        assert found == expected, seed


def test_one_neighbour_away_from_the_borders_is_the_answer_with_its_exact_coordinate() -> None:
    density = density_from(np.array([48.8583701]), np.array([2.2944813]), np.array([0.7]))
    assert find_vo2017_position(density) == Position(48.8583701, 2.2944813)


def test_the_first_neighbour_by_rank_within_100_km_of_the_mode_is_the_answer() -> None:
    latitudes, longitudes = np.array([10.0, 48.5, 48.6, 48.55]), np.array([100.0, 2.5, 2.5, 2.55])
    density = density_from(latitudes, longitudes, np.array([0.80, 0.81, 0.81, 0.81]))
    assert find_vo2017_position(density) == Position(48.5, 2.5)


def test_a_mode_far_from_every_neighbour_is_a_tenth_of_a_degree_cell() -> None:
    density = density_from(np.array([0.0, 0.0]), np.array([10.0, 15.0]), np.array([0.8, 0.8]))
    assert find_vo2017_position(density) == Position(0.0, 12.5)


def test_neighbours_outside_every_window_end_in_the_grids_first_cell() -> None:
    density = density_from(np.array([89.95]), np.array([0.0]), np.array([0.7]))
    assert find_vo2017_position(density) == Position(-89.9, -179.9)


def test_the_south_pole_and_the_date_lines_west_side_are_left_out() -> None:
    latitudes, longitudes = np.array([-90.0, 10.0, 30.0]), np.array([10.0, -180.0, 30.0])
    density = density_from(latitudes, longitudes, np.array([0.5, 0.5, 0.9]))
    assert find_vo2017_position(density) == Position(30.0, 30.0)


def test_a_duplicate_takes_the_answer() -> None:
    latitudes, longitudes = np.array([-33.9, *[51.5] * 99]), np.array([151.2, *[0.1] * 99])
    density = density_from(latitudes, longitudes, np.array([0.0, *[0.3] * 99]))
    assert find_vo2017_position(density) == Position(-33.9, 151.2)


def test_the_estimator_squares_the_distances_and_answers_alike_at_every_level() -> None:
    random = np.random.default_rng(8)
    latitudes, longitudes = random_places(random, 100)
    distances = np.sort(random.uniform(0.6, 1.1, 100))
    found = estimate_from_arrays(latitudes, longitudes, distances, EstimationParameters(estimator="vo2017"))
    assert found.position == transcribed(latitudes, longitudes, distances**2)
    assert found.weights[0] / found.weights[99] == pytest.approx((distances[99] / distances[0]) ** 20)
    assert {answer.position for answer in found.levels} == {found.position}
    probabilities = [answer.probability for answer in found.levels]
    assert probabilities == sorted(probabilities)
    assert [region.mass for region in found.regions] == [0.5, 0.9]
