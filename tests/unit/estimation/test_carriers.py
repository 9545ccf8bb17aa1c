import math
from dataclasses import replace

import numpy as np
import pytest

from geolocdesk.estimation.carriers import find_carriers
from geolocdesk.estimation.estimate import estimate_location
from geolocdesk.estimation.location import EstimationParameters, LocationEstimate
from geolocdesk.geodesy import Position
from geolocdesk.reference.neighbours import Neighbour, Neighbours, ReferencePhoto

PARAMETERS = EstimationParameters(neighbours=10, exponent=4.0, bandwidth_deg=2.0)


def neighbours_at(*places: tuple[float, float, float]) -> Neighbours:
    """Return neighbours from (latitude, longitude, distance)."""
    items = tuple(
        Neighbour(rank, distance, ReferencePhoto(rank, f"ref-{rank}", Position(latitude, longitude), "a.jpg"))
        for rank, (latitude, longitude, distance) in enumerate(places, start=1)
    )
    return Neighbours(items, "pack")


def test_neighbours_far_from_the_answer_do_not_carry_it() -> None:
    found = neighbours_at((45.0, 15.0, 0.9), (-30.0, 150.0, 0.91), (45.2, 15.1, 0.92), (60.0, -100.0, 0.93))
    carriers = find_carriers(found, estimate_location(found, PARAMETERS))
    assert set(carriers) == {1, 3}
    assert sum(carriers.values()) == pytest.approx(1.0)


def test_shares_are_weight_times_kernel() -> None:
    found = neighbours_at((0.0, 0.0, 0.8), (0.0, 3.0, 0.8), (0.0, -1.0, 0.9))
    estimate = replace(estimate_location(found, PARAMETERS), position=Position(0.0, 0.0))
    parts = [0.8**-4 * 1.0, 0.8**-4 * math.exp(-0.5 * 1.5**2), 0.9**-4 * math.exp(-0.5 * 0.5**2)]
    carriers = find_carriers(found, estimate)
    assert list(carriers) == [1, 3]
    assert carriers[1] == pytest.approx(parts[0] / sum(parts))
    assert carriers[3] == pytest.approx(parts[2] / sum(parts))


def test_there_are_as_few_as_make_four_fifths() -> None:
    found = neighbours_at(*[(10.0, 20.0, 1.0)] * 9)
    carriers = find_carriers(found, estimate_location(found, PARAMETERS))
    assert list(carriers) == list(range(1, 9))
    assert list(carriers.values()) == pytest.approx([1 / 9] * 8)


def test_the_nearest_neighbour_carries_its_answer_alone() -> None:
    found = neighbours_at((45.0, 15.0, 0.9), (45.0, 15.0, 0.9))
    estimate = estimate_location(found, replace(PARAMETERS, estimator="nearest"))
    assert find_carriers(found, estimate) == {1: 1.0}


def test_weights_stay_read_only() -> None:
    found = neighbours_at((45.0, 15.0, 0.9), (46.0, 15.0, 1.0))
    estimate: LocationEstimate = estimate_location(found, PARAMETERS)
    before = np.array(estimate.weights)
    find_carriers(found, estimate)
    assert not estimate.weights.flags.writeable
    assert np.array_equal(estimate.weights, before)
