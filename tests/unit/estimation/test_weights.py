import numpy as np
import pytest
import scipy.special
from hypothesis import given
from hypothesis import strategies as st

from geolocdesk.estimation.weights import DISTANCE_FLOOR, neighbour_weights, softmax_weights

distance_lists = st.lists(st.floats(0.0, 2.0), min_size=1, max_size=20).map(np.array)


def test_weights_go_with_the_inverse_distance_to_the_power() -> None:
    weights = neighbour_weights(np.array([0.5, 1.0]), 10.0)
    assert weights[0] / weights[1] == pytest.approx(2.0**10)
    assert weights.sum() == pytest.approx(1.0)


def test_exponent_0_weighs_all_alike() -> None:
    assert neighbour_weights(np.array([0.0, 0.5, 1.3]), 0.0).tolist() == pytest.approx([1 / 3] * 3)


def test_exact_duplicates_share_nearly_everything_and_nothing_is_infinite() -> None:
    weights = neighbour_weights(np.array([0.0, 0.0, 0.6]), 10.0)
    assert weights[:2].tolist() == pytest.approx([0.5, 0.5])
    assert 0.0 < weights[2] < 1e-20


def test_distances_below_the_floor_count_alike() -> None:
    weights = neighbour_weights(np.array([0.0, DISTANCE_FLOOR / 2.0, DISTANCE_FLOOR]), 50.0)
    assert weights.tolist() == pytest.approx([1 / 3] * 3)


@given(distance_lists, st.floats(0.0, 1e6))
def test_weights_are_a_distribution_that_falls_with_distance(
    distances: np.ndarray[tuple[int], np.dtype[np.float64]], exponent: float
) -> None:
    distances = np.sort(distances)
    weights = neighbour_weights(distances, exponent)
    assert np.isfinite(weights).all()
    assert weights.sum() == pytest.approx(1.0)
    assert (np.diff(weights) <= 0.0).all()


def test_the_softmax_of_cosines_is_scipys() -> None:
    distances = np.array([0.9, 1.1, 1.2, 1.4, 2.0])
    expected = scipy.special.softmax(39.7 * (1.0 - distances**2 / 2.0))
    np.testing.assert_allclose(softmax_weights(distances, 39.7), expected, rtol=1e-12)
    assert softmax_weights(np.array([0.0, 2.0]), 1e4).tolist() == [1.0, 0.0]
