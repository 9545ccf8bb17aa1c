"""The search index on disk. This is the only module that knows FAISS."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from geolocdesk.errors import PackError
from geolocdesk.progress import Progress, ProgressCallback, ignore_progress
from geolocdesk.provenance import JsonValue

EXACT_UP_TO = 100_000
"""References up to which every vector is compared; beyond, an inverted file is built."""

RECALL_TARGET = 0.99
"""Share of the exact 100 nearest that the inverted file must return, measured when it is built."""

_RECALL_QUERIES = 200
_RECALL_NEIGHBOURS = 100
_TRAINING_VECTORS_PER_LIST = 64
_ADD_BLOCK = 50_000
_MARGIN = 16
"""Candidates beyond k that are re-ranked, so that rounding in FAISS cannot drop a true neighbour."""

IndexKind = Literal["flat", "ivf_flat"]
Vectors = NDArray[np.float32]
Rows = NDArray[np.int64]
Distances = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class IndexDescription:
    """What a pack's manifest says of its index."""

    kind: IndexKind
    dimension: int
    count: int
    lists: int = 0
    """Inverted lists; 0 for an exact index."""
    probes: int = 0
    """Lists visited per query; 0 for an exact index."""
    measured_recall: float = 1.0
    """Recall at 100 against exact search, measured at build time with ``probes`` lists."""

    def to_json(self) -> dict[str, JsonValue]:
        """Return the description as plain JSON values."""
        return {
            "kind": self.kind,
            "dimension": self.dimension,
            "count": self.count,
            "lists": self.lists,
            "probes": self.probes,
            "measured_recall": self.measured_recall,
        }

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> "IndexDescription":
        """Return what ``to_json`` wrote. Raises KeyError, TypeError or ValueError on other input."""
        kind = value["kind"]
        if kind not in ("flat", "ivf_flat"):
            message = f"unknown index kind {kind!r}"
            raise ValueError(message)
        return cls(
            kind=kind,
            dimension=int(value["dimension"]),
            count=int(value["count"]),
            lists=int(value["lists"]),
            probes=int(value["probes"]),
            measured_recall=float(value["measured_recall"]),
        )


def build_index(
    vectors: Vectors,
    path: Path,
    *,
    seed: int = 0,
    exact_up_to: int = EXACT_UP_TO,
    progress: ProgressCallback = ignore_progress,
) -> IndexDescription:
    """Write an index over ``vectors`` (float32[n, D], may be memory-mapped) and return its description.

    Up to ``exact_up_to`` vectors the search is exact; beyond, it is an inverted file whose number of
    probed lists is the smallest that reached ``RECALL_TARGET`` on vectors drawn with ``seed``.
    """
    if len(vectors) <= exact_up_to:
        return _build_flat(vectors, path, progress)
    return _build_inverted_file(vectors, path, seed, progress)


def _blocks(vectors: Vectors) -> Iterator[Vectors]:
    for start in range(0, len(vectors), _ADD_BLOCK):
        yield np.ascontiguousarray(vectors[start : start + _ADD_BLOCK], dtype=np.float32)


def _add_all(index: Any, vectors: Vectors, progress: ProgressCallback) -> None:  # noqa: ANN401
    done = 0
    for block in _blocks(vectors):
        index.add(block)
        done += len(block)
        progress(Progress("Indexing", done, len(vectors)))


def _build_flat(vectors: Vectors, path: Path, progress: ProgressCallback) -> IndexDescription:
    import faiss

    count, dimension = vectors.shape
    index = faiss.IndexFlatL2(dimension)
    _add_all(index, vectors, progress)
    faiss.write_index(index, str(path))
    return IndexDescription(kind="flat", dimension=dimension, count=count)


def _build_inverted_file(
    vectors: Vectors, path: Path, seed: int, progress: ProgressCallback
) -> IndexDescription:
    import faiss

    count, dimension = vectors.shape
    lists = max(64, int(4 * np.sqrt(count)))
    generator = np.random.default_rng(seed)
    index = faiss.IndexIVFFlat(faiss.IndexFlatL2(dimension), dimension, lists)
    index.cp.seed = seed
    index.cp.min_points_per_centroid = 1  # small samples are meant in tests; FAISS would print a warning
    sample = np.sort(
        generator.choice(count, size=min(count, lists * _TRAINING_VECTORS_PER_LIST), replace=False)
    )
    progress(Progress("Training the index", 0, None, f"{lists} lists"))
    index.train(np.ascontiguousarray(vectors[sample], dtype=np.float32))
    _add_all(index, vectors, progress)
    query_rows = np.sort(generator.choice(count, size=_RECALL_QUERIES, replace=False))
    progress(Progress("Measuring recall", 0, None))
    probes, recall = _choose_probes(index, vectors, query_rows)
    faiss.write_index(index, str(path))
    return IndexDescription("ivf_flat", dimension, count, lists, probes, recall)


def _choose_probes(index: Any, vectors: Vectors, query_rows: Rows) -> tuple[int, float]:  # noqa: ANN401
    """Return the fewest probed lists (a power of two, or all) that reach the target, and their recall."""
    queries = np.ascontiguousarray(vectors[query_rows], dtype=np.float32)
    wanted = _exact_rows(queries, vectors, _RECALL_NEIGHBOURS)
    probes = 1
    while True:
        index.nprobe = min(probes, index.nlist)
        _, found = index.search(queries, _RECALL_NEIGHBOURS)
        recall = float(np.mean([np.isin(a, b).mean() for a, b in zip(wanted, found, strict=True)]))
        if recall >= RECALL_TARGET or probes >= index.nlist:
            return int(index.nprobe), recall
        probes *= 2


def _exact_rows(queries: Vectors, vectors: Vectors, k: int) -> Rows:
    import faiss

    best = faiss.ResultHeap(len(queries), k)
    start = 0
    for block in _blocks(vectors):
        distances, rows = faiss.knn(queries, block, min(k, len(block)))
        best.add_result(distances, rows + start)
        start += len(block)
    best.finalize()
    rows_found: Rows = best.I
    return rows_found


class SearchIndex:
    """An index opened from disk without reading it whole; safe to search from one thread at a time."""

    def __init__(self, path: Path, description: IndexDescription) -> None:
        """Open the index. Raises PackError where the file is damaged or is not what the manifest says."""
        import faiss

        flag = faiss.IO_FLAG_MMAP_IFC if description.kind == "flat" else faiss.IO_FLAG_MMAP
        try:
            self._index = faiss.read_index(str(path), flag)
        except RuntimeError as error:
            message = f"The search index {path} is damaged and cannot be opened; restore the pack from a copy or build it again."
            raise PackError(message) from error
        if (self._index.ntotal, self._index.d) != (description.count, description.dimension):
            message = (
                f"The search index {path} holds {self._index.ntotal} descriptors of {self._index.d} numbers, but the "
                f"manifest says {description.count} of {description.dimension}; restore the pack from a copy."
            )
            raise PackError(message)
        self._description = description
        if description.kind == "ivf_flat":
            # lets single vectors be read back by row
            self._index.make_direct_map()

    @property
    def count(self) -> int:
        """Return how many references can be found."""
        return self._description.count

    @property
    def dimension(self) -> int:
        """Return how many numbers a descriptor has."""
        return self._description.dimension

    def search(self, query: Vectors, k: int, excluded_rows: Rows | None = None) -> tuple[Rows, Distances]:
        """Return the rows and Euclidean distances of the k nearest to ``query`` (float32[D]), nearest first.

        Distances are recomputed in float64 from the stored vectors, and ties are in row order. Fewer than k
        come back only where fewer than k are left after ``excluded_rows``.
        """
        excluded = (
            np.empty(0, np.int64) if excluded_rows is None else np.unique(excluded_rows.astype(np.int64))
        )
        wanted = min(k, self.count - len(excluded))
        if wanted <= 0:
            return np.empty(0, np.int64), np.empty(0, np.float64)
        candidates = self._candidates(query, min(wanted + _MARGIN, self.count - len(excluded)), excluded)
        difference = self.vectors(candidates).astype(np.float64) - query.astype(np.float64)
        distances = np.sqrt(np.einsum("ij,ij->i", difference, difference))
        order = np.lexsort((candidates, distances))[:wanted]
        return candidates[order], distances[order]

    def vectors(self, rows: Rows) -> Vectors:
        """Return the stored descriptors float32[n, D] of the given rows."""
        stored: Vectors = self._index.reconstruct_batch(np.ascontiguousarray(rows, dtype=np.int64))
        return stored

    def _candidates(self, query: Vectors, count: int, excluded: Rows) -> Rows:
        import faiss

        queries = np.ascontiguousarray(query[np.newaxis], dtype=np.float32)
        with _row_filter(excluded) as selector:
            if self._description.kind == "flat":
                parameters = faiss.SearchParameters(sel=selector) if selector else None
                return _found(self._index.search(queries, count, params=parameters)[1])
            probes = self._description.probes
            while True:
                parameters = faiss.SearchParametersIVF(nprobe=probes)
                if selector:
                    parameters.sel = selector
                rows = _found(self._index.search(queries, count, params=parameters)[1])
                if len(rows) >= count or probes >= self._description.lists:
                    return rows
                probes = min(2 * probes, self._description.lists)


def _found(rows: Rows) -> Rows:
    """Return the rows of the one query that were found; FAISS fills up with −1."""
    first = rows[0]
    kept: Rows = first[first >= 0]
    return kept


@contextmanager
def _row_filter(excluded: Rows) -> Iterator[Any]:
    """Yield a FAISS selector that passes every row but the excluded ones, or None where none is excluded."""
    if len(excluded) == 0:
        yield None
        return
    import faiss

    inner = faiss.IDSelectorBatch(excluded)
    yield faiss.IDSelectorNot(inner)
