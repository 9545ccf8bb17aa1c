"""The search index against brute force."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from geolocdesk.errors import PackError
from geolocdesk.reference.index import (
    IndexDescription,
    RowFilter,
    SearchIndex,
    build_index,
    index_files,
)
from tests.unit.reference.index.vector_sets import brute_force, unit_vectors

COUNT = 30_000
"""More than what a search compares one by one whatever the kind."""


@dataclass(frozen=True, slots=True, eq=False)
class Opened:
    index: SearchIndex
    vectors: NDArray[np.float32]
    description: IndexDescription

    @property
    def is_exact(self) -> bool:
        return self.description.kind == "flat"

    def stored(self) -> NDArray[np.float32]:
        return self.vectors if self.is_exact else self.vectors.astype(np.float16).astype(np.float32)


@pytest.fixture(scope="module", params=["flat", "ivf_rabitq"])
def opened(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Opened:
    vectors = unit_vectors(COUNT)
    path = tmp_path_factory.mktemp("index") / "index.faiss"
    exact_up_to = COUNT if request.param == "flat" else 1000
    description = build_index(vectors, path, exact_up_to=exact_up_to)
    assert description.kind == request.param
    return Opened(SearchIndex(path, description), vectors, description)


def share_found(wanted: NDArray[np.int64], found: NDArray[np.int64]) -> float:
    return float(np.isin(wanted, found).mean())


def test_finds_what_brute_force_finds_at_exact_distances(opened: Opened) -> None:
    shares = []
    for query in unit_vectors(30, seed=1):
        rows, distances = opened.index.search(query, 100)
        wanted, _ = brute_force(opened.stored(), query)
        shares.append(share_found(wanted[:100], rows))
        assert len(rows) == 100
        assert np.all(np.diff(distances) >= 0)
        expected = np.linalg.norm(opened.stored()[rows].astype(np.float64) - query, axis=1)
        np.testing.assert_allclose(distances, expected, rtol=0, atol=1e-12)
        if opened.is_exact:
            assert rows.tolist() == wanted[:100].tolist()
    # random vectors have no clusters, the hardest case there is for an inverted file
    assert np.mean(shares) >= 0.98


def test_recorded_recall_reaches_the_recorded_target(opened: Opened) -> None:
    assert opened.description.measured_recall >= opened.description.recall_target


def test_a_stored_vector_is_its_own_nearest(opened: Opened) -> None:
    for row in (0, 17, COUNT - 1):
        rows, distances = opened.index.search(opened.vectors[row], 1)
        assert rows.tolist() == [row]
        # half precision moves a unit vector by about 1.5e-4, less than the least distance that weights tell apart
        assert distances[0] <= (0.0 if opened.is_exact else 5e-4)


def test_stored_vectors_are_read_back_by_row(opened: Opened) -> None:
    rows = np.array([29_999, 3, 3, 12_345])
    np.testing.assert_array_equal(opened.index.vectors(rows), opened.stored()[rows])


def test_excluded_rows_are_replaced_by_the_next_nearest(opened: Opened) -> None:
    query = unit_vectors(1, seed=2)[0]
    first, _ = opened.index.search(query, 100)
    rows, _ = opened.index.search(query, 60, excluded_rows=first[:40])
    assert len(rows) == 60
    assert not np.isin(rows, first[:40]).any()
    assert rows.tolist() == first[40:].tolist()


@pytest.mark.parametrize("share", [0.9, 0.5, 0.1])
def test_conditions_on_many_rows_lose_no_neighbours(opened: Opened, share: float) -> None:
    allowed = np.random.default_rng(3).random(COUNT) < share
    excluded = np.flatnonzero(~allowed)
    shares = []
    for query in unit_vectors(10, seed=4):
        rows, _ = opened.index.search(query, 100, excluded)
        assert len(rows) == 100
        assert allowed[rows].all()
        same, _ = opened.index.search(query, 100, row_filter=RowFilter(allowed))
        assert same.tolist() == rows.tolist()
        shares.append(share_found(brute_force(opened.vectors, query, allowed)[0][:100], rows))
    assert np.mean(shares) >= 0.98


def test_what_is_left_far_from_the_query_is_found(opened: Opened, monkeypatch: pytest.MonkeyPatch) -> None:
    """A condition may leave only the lists that a search would visit last."""
    monkeypatch.setattr("geolocdesk.reference.index.search._COMPARE_ALL_UP_TO", 10)
    query = unit_vectors(1, seed=5)[0]
    order, _ = brute_force(opened.vectors, query)
    allowed = np.zeros(COUNT, np.bool_)
    allowed[order[-150:]] = True
    rows, _ = opened.index.search(query, 100, row_filter=RowFilter(allowed))
    assert len(rows) == 100
    assert allowed[rows].all()
    everything, _ = opened.index.search(query, 1000, row_filter=RowFilter(allowed))
    assert sorted(everything.tolist()) == sorted(order[-150:].tolist())


def test_fewer_than_k_come_back_only_when_no_more_are_left(opened: Opened) -> None:
    rows, distances = opened.index.search(opened.vectors[3], 100, np.arange(COUNT - 10))
    assert sorted(rows.tolist()) == list(range(COUNT - 10, COUNT))
    assert len(distances) == 10
    nothing, _ = opened.index.search(opened.vectors[3], 100, np.arange(COUNT))
    assert len(nothing) == 0


def test_all_rows_come_back_where_all_are_asked_for(opened: Opened) -> None:
    rows, distances = opened.index.search(opened.vectors[3], COUNT + 5)
    assert sorted(rows.tolist()) == list(range(COUNT))
    assert np.all(np.diff(distances) >= 0)


def test_another_condition_is_not_taken_for_the_last_one(opened: Opened) -> None:
    query = opened.vectors[8]
    assert opened.index.search(query, 1, np.array([8]))[0].tolist() != [8]
    assert opened.index.search(query, 1, np.array([9]))[0].tolist() == [8]
    assert opened.index.search(query, 1)[0].tolist() == [8]


@pytest.mark.parametrize("exact_up_to", [100_000, 100])
def test_ties_come_in_row_order(tmp_path: Path, exact_up_to: int) -> None:
    vectors = np.repeat(unit_vectors(800), 30, axis=0)
    index = SearchIndex(tmp_path / "i", build_index(vectors, tmp_path / "i", exact_up_to=exact_up_to))
    rows, distances = index.search(vectors[60], 10)
    assert rows.tolist() == list(range(60, 70))
    assert len(set(distances.tolist())) == 1


def test_neighbours_do_not_depend_on_the_order_of_rows(tmp_path: Path) -> None:
    vectors = unit_vectors(25_000)
    order = np.random.default_rng(1).permutation(len(vectors))
    found = []
    for name, given in (("a", vectors), ("b", vectors[order])):
        description = build_index(given, tmp_path / name, exact_up_to=100, recall_target=0.999)
        index = SearchIndex(tmp_path / name, description)
        found.append([index.search(query, 50)[0] for query in unit_vectors(20, seed=6)])
    shares = [share_found(a, order[b]) for a, b in zip(*found, strict=True)]
    assert np.mean(shares) >= 0.99


def test_a_single_reference_is_found(tmp_path: Path) -> None:
    vectors = unit_vectors(1)
    index = SearchIndex(tmp_path / "i", build_index(vectors, tmp_path / "i"))
    assert index.search(vectors[0], 100)[0].tolist() == [0]


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, bytes], IndexDescription]:
    path = tmp_path_factory.mktemp("whole") / "index.faiss"
    description = build_index(unit_vectors(2000), path, exact_up_to=100)
    return {file.name: file.read_bytes() for file in index_files(path, description)}, description


@pytest.mark.parametrize("name", ["index.faiss", "index.float16"])
@pytest.mark.parametrize("kept", [None, 0, 40, 20_000])
def test_missing_and_truncated_files_are_refused(
    whole: tuple[dict[str, bytes], IndexDescription], tmp_path: Path, name: str, kept: int | None
) -> None:
    files, description = whole
    for file, content in files.items():
        (tmp_path / file).write_bytes(content)
    if kept is None:
        (tmp_path / name).unlink()
    else:
        (tmp_path / name).write_bytes(files[name][:kept])
    with pytest.raises(PackError, match="restore the pack"):
        SearchIndex(tmp_path / "index.faiss", description)


def test_a_truncated_exact_index_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "index.faiss"
    description = build_index(unit_vectors(100), path)
    path.write_bytes(path.read_bytes()[:40])
    with pytest.raises(PackError, match="damaged"):
        SearchIndex(path, description)


def test_an_index_of_another_size_or_kind_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "index.faiss"
    build_index(unit_vectors(100), path)
    with pytest.raises(PackError, match="100 descriptors"):
        SearchIndex(path, IndexDescription("flat", 32, 101))
    (tmp_path / "index.float16").write_bytes(bytes(100 * 32 * 2))
    with pytest.raises(PackError, match="another kind"):
        SearchIndex(path, IndexDescription("ivf_rabitq", 32, 100, lists=16, probes=4, depth=50))


def test_an_exact_index_is_not_taken_for_a_compressed_one(
    whole: tuple[dict[str, bytes], IndexDescription], tmp_path: Path
) -> None:
    files, description = whole
    path = tmp_path / "index.faiss"
    path.write_bytes(files["index.faiss"])
    with pytest.raises(PackError, match="another kind"):
        SearchIndex(path, IndexDescription("flat", description.dimension, description.count))
