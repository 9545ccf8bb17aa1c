import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from geolocdesk.reference.index import RowFilter


@given(st.integers(1, 200), st.lists(st.integers(0, 199), max_size=60))
def test_both_ways_of_making_one_agree_with_sets(count: int, rows: list[int]) -> None:
    excluded = [row for row in rows if row < count]
    allowed = np.ones(count, np.bool_)
    allowed[excluded] = False
    for made in (RowFilter(allowed), RowFilter.excluding(count, np.array(excluded, np.int64))):
        left = sorted(set(range(count)) - set(excluded))
        assert made.allowed_rows().tolist() == left
        assert made.allowed_count == len(left)


def test_many_excluded_rows_pass_through_a_map_of_bits() -> None:
    import faiss

    excluded = np.arange(0, 50_000, 2)
    made = RowFilter.excluding(50_000, excluded)
    with made.selector() as selector:
        assert isinstance(selector, faiss.IDSelectorBitmap)
        assert [selector.is_member(row) for row in (0, 1, 2, 49_998, 49_999)] == [
            False,
            True,
            False,
            False,
            True,
        ]
    with RowFilter.excluding(50_000, excluded[:5]).selector() as selector:
        assert [selector.is_member(row) for row in (0, 1, 2, 49_998)] == [False, True, False, True]
    with RowFilter.excluding(50_000, excluded[:0]).selector() as selector:
        assert selector is None
