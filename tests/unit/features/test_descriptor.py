import numpy as np

from geolocdesk.features.descriptor import unit_rows


def test_rows_get_unit_length_and_keep_their_direction() -> None:
    rows = np.array([[3.0, 4.0], [0.0, -2.0], [1e-30, 0.0], [3e18, 4e18]], np.float32)
    unit = unit_rows(rows)
    assert unit.dtype == np.float32
    np.testing.assert_allclose(unit, [[0.6, 0.8], [0.0, -1.0], [1.0, 0.0], [0.6, 0.8]], rtol=1e-6)


def test_a_row_of_zeros_becomes_equal_components() -> None:
    np.testing.assert_allclose(unit_rows(np.zeros((1, 4), np.float32)), [[0.5, 0.5, 0.5, 0.5]])


def test_no_rows_stay_no_rows() -> None:
    assert unit_rows(np.zeros((0, 5), np.float32)).shape == (0, 5)


def test_the_given_rows_are_left_alone() -> None:
    rows = np.array([[3.0, 4.0]], np.float32)
    unit_rows(rows)
    np.testing.assert_array_equal(rows, [[3.0, 4.0]])
