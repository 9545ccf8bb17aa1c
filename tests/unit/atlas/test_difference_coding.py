"""Columns of whole numbers in little space."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geolocdesk.atlas.difference_coding import packed, unpacked

degrees = st.lists(st.floats(-180, 180), max_size=200)


@given(degrees, st.sampled_from([1, 1000, 10_000]))
@settings(deadline=None)
def test_columns_come_back_to_half_a_unit(values: list[float], units: int) -> None:
    restored = unpacked(packed(values, units), units)
    assert len(restored) == len(values)
    assert np.all(np.abs(restored - np.array(values)) <= 0.5 / units + 1e-12)


@pytest.mark.parametrize("values", [[0], [-1, 1, -1], [2**30 - 1, -(2**30), 0]])
def test_whole_numbers_come_back_exactly(values: list[int]) -> None:
    assert unpacked(packed(values, 1), 1).tolist() == values


def test_planes_are_bytes() -> None:
    planes = packed([1.0, 2.0, 3.0], 100)
    assert (planes.dtype, planes.shape) == (np.dtype(np.uint8), (4, 3))
    assert np.count_nonzero(planes[2:]) == 0
