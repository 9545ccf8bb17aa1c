"""The search index against brute force."""

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from geolocdesk.errors import PackError
from geolocdesk.reference.index import IndexDescription, SearchIndex, build_index


def unit_vectors(count: int, dimension: int = 32, seed: int = 0) -> NDArray[np.float32]:
    vectors = np.random.default_rng(seed).standard_normal((count, dimension)).astype(np.float32)
    unit: NDArray[np.float32] = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    return unit


def brute_force(
    vectors: NDArray[np.float32], query: NDArray[np.float32]
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    distances = np.linalg.norm(vectors.astype(np.float64) - query.astype(np.float64), axis=1)
    order = np.lexsort((np.arange(len(vectors)), distances))
    return order, distances[order]


@pytest.fixture(scope="module", params=["flat", "ivf_flat"])
def opened(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> tuple[SearchIndex, NDArray[np.float32], IndexDescription]:
    vectors = unit_vectors(6000)
    path = tmp_path_factory.mktemp("index") / "index.faiss"
    exact_up_to = 10_000 if request.param == "flat" else 1000
    description = build_index(vectors, path, exact_up_to=exact_up_to)
    assert description.kind == request.param
    return SearchIndex(path, description), vectors, description


def test_finds_what_brute_force_finds(
    opened: tuple[SearchIndex, NDArray[np.float32], IndexDescription],
) -> None:
    index, vectors, description = opened
    found = []
    for query in unit_vectors(20, seed=1):
        rows, distances = index.search(query, 100)
        wanted_rows, wanted = brute_force(vectors, query)
        found.append(np.isin(wanted_rows[:100], rows).mean())
        assert np.all(np.diff(distances) >= 0)
        if description.kind == "flat":
            assert rows.tolist() == wanted_rows[:100].tolist()
            np.testing.assert_allclose(distances, wanted[:100], rtol=0, atol=1e-12)
    # random vectors have no clusters, the hardest case there is for an inverted file
    assert np.mean(found) >= 0.97


def test_recorded_recall_reaches_the_target(
    opened: tuple[SearchIndex, NDArray[np.float32], IndexDescription],
) -> None:
    assert opened[2].measured_recall >= 0.99


def test_a_stored_vector_is_its_own_nearest_at_distance_zero(
    opened: tuple[SearchIndex, NDArray[np.float32], IndexDescription],
) -> None:
    index, vectors, _ = opened
    for row in (0, 17, 5999):
        rows, distances = index.search(vectors[row], 1)
        assert (rows.tolist(), distances.tolist()) == ([row], [0.0])


def test_excluded_rows_are_replaced_by_the_next_nearest(
    opened: tuple[SearchIndex, NDArray[np.float32], IndexDescription],
) -> None:
    index, _, _ = opened
    query = unit_vectors(1, seed=2)[0]
    first, _ = index.search(query, 100)
    rows, _ = index.search(query, 60, excluded_rows=first[:40])
    assert len(rows) == 60
    assert not np.isin(rows, first[:40]).any()
    assert rows[:20].tolist() == [row for row in first if row not in set(first[:40].tolist())][:20]


def test_fewer_than_k_come_back_only_when_no_more_are_left(
    opened: tuple[SearchIndex, NDArray[np.float32], IndexDescription],
) -> None:
    index, vectors, _ = opened
    excluded = np.arange(5990, dtype=np.int64)
    rows, distances = index.search(vectors[3], 100, excluded_rows=excluded)
    assert sorted(rows.tolist()) == list(range(5990, 6000))
    assert len(distances) == 10
    nothing, _ = index.search(vectors[3], 100, excluded_rows=np.arange(6000, dtype=np.int64))
    assert len(nothing) == 0


def test_ties_come_in_row_order(tmp_path: Path) -> None:
    vectors = np.repeat(unit_vectors(5), 30, axis=0)
    index = SearchIndex(tmp_path / "i", build_index(vectors, tmp_path / "i"))
    rows, distances = index.search(vectors[60], 10)
    assert rows.tolist() == list(range(60, 70))
    assert distances.tolist() == [0.0] * 10


def test_a_single_reference_is_found(tmp_path: Path) -> None:
    vectors = unit_vectors(1)
    index = SearchIndex(tmp_path / "i", build_index(vectors, tmp_path / "i"))
    assert index.search(vectors[0], 100)[0].tolist() == [0]


def test_a_truncated_index_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "index.faiss"
    description = build_index(unit_vectors(100), path)
    path.write_bytes(path.read_bytes()[:40])
    with pytest.raises(PackError, match="damaged"):
        SearchIndex(path, description)


def test_an_index_of_another_size_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "index.faiss"
    build_index(unit_vectors(100), path)
    with pytest.raises(PackError, match="100 descriptors"):
        SearchIndex(path, IndexDescription("flat", 32, 101))


def test_the_description_survives_json() -> None:
    description = IndexDescription("ivf_flat", 512, 200_000, 1788, 64, 0.9925)
    assert IndexDescription.from_json(description.to_json()) == description
    with pytest.raises(ValueError, match="hnsw"):
        IndexDescription.from_json({**description.to_json(), "kind": "hnsw"})
