"""Half-precision descriptors on disk against NumPy."""

from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from geolocdesk.reference.index.originals import Originals, write_originals
from tests.unit.reference.index.vector_sets import brute_force, unit_vectors


@settings(deadline=None, max_examples=25)
@given(st.integers(1, 300), st.integers(1, 40), st.integers(0, 2**32 - 1), st.integers(1, 30), st.data())
def test_the_nearest_of_some_rows_are_those_of_brute_force(
    count: int, dimension: int, seed: int, distinct: int, data: st.DataObject
) -> None:
    generator = np.random.default_rng(seed)
    # few distinct vectors: ties everywhere
    vectors = generator.standard_normal((distinct, dimension)).astype(np.float32)[
        generator.integers(0, distinct, count)
    ]
    query = generator.standard_normal(dimension).astype(np.float32)
    allowed = np.array(data.draw(st.lists(st.booleans(), min_size=count, max_size=count)))
    k = data.draw(st.integers(1, 20))
    with TemporaryDirectory() as folder:
        path = Path(folder) / "i.float16"
        stored = np.concatenate(list(write_originals(path, [vectors], dimension))).astype(np.float32)
        originals = Originals(path, count, dimension)
        rows, distances = originals.nearest(query, np.flatnonzero(allowed), k)
        np.testing.assert_array_equal(originals.block(0, count), stored)
    wanted, wanted_distances = brute_force(stored, query, allowed)
    np.testing.assert_allclose(distances, wanted_distances[:k], rtol=0, atol=1e-12)
    np.testing.assert_allclose(
        np.linalg.norm(stored[rows].astype(np.float64) - query, axis=1), distances, rtol=0, atol=1e-12
    )
    assert len(set(rows.tolist())) == len(rows) == min(k, int(allowed.sum()))
    assert set(rows.tolist()) <= set(wanted.tolist())


def test_equal_vectors_come_in_row_order(tmp_path: Path) -> None:
    vectors = np.tile(unit_vectors(3), (400, 1))
    path = tmp_path / "i.float16"
    assert sum(len(block) for block in write_originals(path, [vectors], 32)) == 1200
    rows, _ = Originals(path, 1200, 32).nearest(vectors[1], np.random.default_rng(0).permutation(1200), 5)
    assert rows.tolist() == [1, 4, 7, 10, 13]
