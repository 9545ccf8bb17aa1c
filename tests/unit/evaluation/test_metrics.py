"""Accuracy and its interval."""

import numpy as np
import pytest

from geolocdesk.evaluation.metrics import accuracy_of, difference_of


def errors(*rows: float) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
    return np.repeat(np.array(rows, dtype=np.float64)[:, np.newaxis], 5, axis=1)


def test_an_error_equal_to_the_radius_counts() -> None:
    accuracy = accuracy_of("nearest", errors(1.0, 25.0, 200.0, 750.0, 2500.0), list("abcde"))
    assert accuracy.accuracy_percent == (20.0, 40.0, 60.0, 80.0, 100.0)


def test_each_level_is_judged_by_its_own_answer() -> None:
    own = np.array([[5.0, 20.0, 900.0, 700.0, 2600.0]])
    assert accuracy_of("levels", own, ["a"]).accuracy_percent == (0.0, 100.0, 0.0, 100.0, 0.0)


def test_the_interval_of_independent_queries_is_the_binomial_one() -> None:
    hits = np.where(np.arange(1000) % 10 < 3, 0.0, 9999.0)
    accuracy = accuracy_of("nearest", errors(*hits), [str(number) for number in range(1000)])
    low, high = accuracy.interval_percent[0]
    assert accuracy.accuracy_percent[0] == pytest.approx(30.0)
    # normal approximation: 30 ± 1.96 · sqrt(0.3 · 0.7 / 1000) = 30 ± 2.84
    assert low == pytest.approx(27.16, abs=0.4)
    assert high == pytest.approx(32.84, abs=0.4)


def test_photos_of_one_place_do_not_narrow_the_interval() -> None:
    hits = np.repeat(np.where(np.arange(100) % 2 == 0, 0.0, 9999.0), 10)
    alone = accuracy_of("nearest", errors(*hits), [str(number) for number in range(1000)])
    grouped = accuracy_of("nearest", errors(*hits), [str(number // 10) for number in range(1000)])
    width = [
        low_high[1] - low_high[0] for low_high in (alone.interval_percent[0], grouped.interval_percent[0])
    ]
    assert width[1] > 2.5 * width[0]


def test_the_same_seed_gives_the_same_interval() -> None:
    hits = errors(*np.where(np.arange(50) % 3 == 0, 0.0, 9999.0))
    groups = [str(number) for number in range(50)]
    assert accuracy_of("a", hits, groups) == accuracy_of("a", hits, groups)


def test_all_right_and_all_wrong() -> None:
    assert accuracy_of("a", errors(0.0, 0.0), ["x", "y"]).interval_percent[0] == (100.0, 100.0)
    assert accuracy_of("a", errors(9e9, 9e9), ["x", "y"]).accuracy_percent == (0.0,) * 5


def test_a_difference_between_results_that_agree_has_no_spread() -> None:
    random = np.random.default_rng(7)
    hits = (random.uniform(0, 1, (300, 5)) < 0.4).astype(float)
    groups = [str(number) for number in range(300)]
    same = difference_of("a", "b", hits, hits, groups)
    assert same.points == (0.0,) * 5
    assert same.interval_points == ((0.0, 0.0),) * 5


def test_a_paired_difference_is_narrower_than_two_intervals() -> None:
    random = np.random.default_rng(8)
    luck = random.uniform(0, 1, (2000, 1))
    better, worse = (np.repeat(luck < share, 5, axis=1).astype(float) for share in (0.45, 0.40))
    found = difference_of("a", "b", better, worse, [str(number) for number in range(2000)])
    low, high = found.interval_points[0]
    # whoever is right with the worse is right with the better: the difference is a share of about 5 %
    assert found.points[0] == pytest.approx(5.0, abs=1.5)
    assert low > 3.0
    assert high - low == pytest.approx(2 * 196 * np.sqrt(0.05 * 0.95 / 2000), abs=0.5)
