"""Building: the same files however the descriptors come, whole files or none."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from geolocdesk.progress import Cancelled, Progress
from geolocdesk.reference.index import SearchIndex, build_index, build_index_from_blocks
from tests.unit.reference.index.vector_sets import brute_force, unit_vectors


def blocks_of(vectors: NDArray[np.float32], size: int) -> Iterator[NDArray[np.float32]]:
    for start in range(0, len(vectors), size):
        yield vectors[start : start + size]


def files_in(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@pytest.mark.parametrize("exact_up_to", [100, 10_000])
def test_the_files_depend_on_the_descriptors_and_the_seed_alone(tmp_path: Path, exact_up_to: int) -> None:
    vectors = unit_vectors(5000)
    mapped = np.memmap(tmp_path / "vectors", np.float32, "w+", shape=vectors.shape)
    mapped[:] = vectors
    written = []
    for name, size in (("a", 5000), ("b", 777)):
        folder = tmp_path / name
        folder.mkdir()
        build_index_from_blocks(
            blocks_of(vectors, size), 5000, 32, folder / "index.faiss", exact_up_to=exact_up_to
        )
        written.append(files_in(folder))
    (tmp_path / "c").mkdir()
    build_index(mapped, tmp_path / "c" / "index.faiss", exact_up_to=exact_up_to)
    written.append(files_in(tmp_path / "c"))
    assert written[0] == written[1] == written[2]


@pytest.mark.parametrize("target", [0.8, 0.99])
def test_the_recall_target_holds_for_queries_that_are_not_in_the_index(tmp_path: Path, target: float) -> None:
    vectors = unit_vectors(25_000, 64)
    path = tmp_path / "index.faiss"
    description = build_index(vectors, path, exact_up_to=100, recall_target=target)
    assert description.measured_recall >= target
    assert description.recall_queries == 200
    index = SearchIndex(path, description)
    shares = [
        np.isin(brute_force(vectors, query)[0][:100], index.search(query, 100)[0]).mean()
        for query in unit_vectors(60, 64, seed=9)
    ]
    assert np.mean(shares) >= target - 0.02


def test_a_lower_target_is_reached_with_less_work(tmp_path: Path) -> None:
    vectors = unit_vectors(25_000, 64)
    low, high = (
        build_index(vectors, tmp_path / str(target), exact_up_to=100, recall_target=target)
        for target in (0.8, 0.99)
    )
    assert low.reach < high.reach
    assert low.depth < high.depth


def _stop_at(task: str) -> object:
    def progress(report: Progress) -> None:
        if report.task == task:
            raise Cancelled

    return progress


@pytest.mark.parametrize(
    "task", ["Storing descriptors", "Training the index", "Indexing", "Measuring recall"]
)
def test_a_stopped_build_leaves_nothing_new(tmp_path: Path, task: str) -> None:
    path = tmp_path / "index.faiss"
    build_index(unit_vectors(3000), path, exact_up_to=100)
    before = files_in(tmp_path)
    with pytest.raises(Cancelled):
        build_index(unit_vectors(3000, seed=1), path, exact_up_to=100, progress=_stop_at(task))  # type: ignore[arg-type]
    assert files_in(tmp_path) == before


@pytest.mark.parametrize("exact_up_to", [100, 10_000])
def test_another_number_of_rows_than_announced_is_refused(tmp_path: Path, exact_up_to: int) -> None:
    for announced in (2999, 3001):
        with pytest.raises(ValueError, match=f"3000 descriptors, not {announced}"):
            build_index_from_blocks(
                blocks_of(unit_vectors(3000), 500), announced, 32, tmp_path / "i", exact_up_to=exact_up_to
            )
    assert not list(tmp_path.iterdir())


def test_numbers_that_float16_cannot_hold_are_refused(tmp_path: Path) -> None:
    for number in (np.nan, np.inf, 1e6):
        vectors = unit_vectors(3000)
        vectors[2500, 3] = number
        with pytest.raises(ValueError, match="not finite"):
            build_index(vectors, tmp_path / "i", exact_up_to=100)
    assert not list(tmp_path.iterdir())
