"""Probabilities beside what happened."""

import numpy as np
import pytest

from geolocdesk.evaluation.reliability import reliability_of


def test_the_error_is_the_weighed_distance_of_the_tenths() -> None:
    said = np.array([0.05, 0.05, 0.05, 0.05, 0.75, 0.75, 1.0, 1.0])
    right = np.array([False, False, False, True, True, False, True, True])
    found = reliability_of("city", said, right, list(range(8)))
    # tenths 0, 7 and 9: |0.05 − 0.25|, |0.75 − 0.5| and 0, of 4, 2 and 2 photos
    assert found.expected_calibration_error == pytest.approx((4 * 0.2 + 2 * 0.25) / 8)
    assert [item.photos for item in found.bins] == [4, 2, 2]
    assert found.share_right == pytest.approx(0.5)


def test_the_interval_lies_round_the_error_of_probabilities_that_are_off() -> None:
    random = np.random.default_rng(1)
    said = random.uniform(0, 1, 3000)
    right = random.uniform(0, 1, 3000) < said**2
    found = reliability_of("city", said, right, [str(number) for number in range(3000)])
    # ∫ (x − x²) = 1/6
    assert found.expected_calibration_error == pytest.approx(1 / 6, abs=0.02)
    low, high = found.interval
    assert low < found.expected_calibration_error < high
    assert high - low < 0.06


def test_right_probabilities_are_hardly_off() -> None:
    random = np.random.default_rng(2)
    said = random.uniform(0, 1, 5_000)
    found = reliability_of("city", said, random.uniform(0, 1, 5_000) < said, list(range(5_000)))
    assert found.expected_calibration_error < 0.03
    assert found.interval[0] < 0.02


@pytest.mark.parametrize(("places", "photos_of_each"), [(500, 1), (125, 4), (1000, 4)])
def test_what_chance_adds_is_what_exact_probabilities_are_found_to_be_off(
    places: int, photos_of_each: int
) -> None:
    random = np.random.default_rng(4)
    found = []
    for _ in range(30):
        said = np.repeat(random.uniform(0, 0.6, places), photos_of_each)
        luck = np.repeat(random.uniform(0, 1, places), photos_of_each)
        found.append(
            reliability_of("city", said, luck < said, np.repeat(np.arange(places), photos_of_each).tolist())
        )
    seen = np.mean([one.expected_calibration_error for one in found])
    told = np.mean([one.expected_by_chance for one in found])
    assert told == pytest.approx(seen, rel=0.15)


def test_photos_of_one_place_widen_the_interval() -> None:
    random = np.random.default_rng(3)
    said, luck = np.repeat(random.uniform(0, 1, 200), 10), np.repeat(random.uniform(0, 1, 200), 10)
    alone = reliability_of("city", said, luck < said, list(range(2000)))
    placed = reliability_of("city", said, luck < said, [number // 10 for number in range(2000)])
    assert alone.expected_calibration_error == pytest.approx(placed.expected_calibration_error)
    assert placed.places == 200
    assert np.ptp(placed.interval) > 1.5 * np.ptp(alone.interval)
