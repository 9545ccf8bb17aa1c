"""Writing an index: exact for small sets, inverted lists of compressed codes for large ones.

A large index is built in two passes and never holds its descriptors in memory: the first writes the originals as
float16 and draws a sample on the way, the second reads them back and encodes them. Memory is the codes' own, 80
bytes a vector (72 for RaBitQ's one bit a component and its two factors, 8 for the row), and less than twice that
while lists grow.

Codes: RaBitQ (Gao and Long, "RaBitQ: Quantizing High-Dimensional Vectors with a Theoretical Error Bound for
Approximate Nearest Neighbor Search", SIGMOD 2024), after a random rotation.
"""

import os
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from geolocdesk.progress import Progress, ProgressCallback, ignore_progress
from geolocdesk.reference.index.coded_lists import CodedLists, ListCentres
from geolocdesk.reference.index.description import RECALL_NEIGHBOURS, IndexDescription, originals_path
from geolocdesk.reference.index.originals import Originals, Rows, Vectors, write_originals
from geolocdesk.reference.index.row_filter import RowFilter

EXACT_UP_TO = 100_000
"""References up to which every vector is compared; beyond, inverted lists of codes are built."""

RECALL_TARGET = 0.9998
"""Share of the exact 100 nearest that a compressed index must return, measured when it is built.

So high because an answer is the peak of a density over all of them: where one of a hundred is missing, the peak moves
by kilometres. Of a hundred answers on a million imagined photos eight lay more than a kilometre from exact search's at
0.995, two at 0.9995 and one in two hundred at this.
"""

_RECALL_QUERIES = 200
_QUERY_BITS = 4
"""On a million imagined photos 4 bits take a fifth less time than 8 and need one candidate in seven more."""
_TRAINING_VECTORS_PER_LIST = 64
_BLOCK = 1 << 15
_FEWEST_LISTS = 16
_SMALLEST_DEPTH = 500
_LARGEST_DEPTH = 1 << 14


def build_index(
    vectors: Vectors,
    path: Path,
    *,
    seed: int = 0,
    exact_up_to: int = EXACT_UP_TO,
    recall_target: float = RECALL_TARGET,
    progress: ProgressCallback = ignore_progress,
) -> IndexDescription:
    """Write an index over ``vectors`` (float32[n, D], may be memory-mapped); see ``build_index_from_blocks``."""
    blocks = (vectors[start : start + _BLOCK] for start in range(0, len(vectors), _BLOCK))
    return build_index_from_blocks(
        blocks,
        len(vectors),
        vectors.shape[1],
        path,
        seed=seed,
        exact_up_to=exact_up_to,
        recall_target=recall_target,
        progress=progress,
    )


def build_index_from_blocks(
    blocks: Iterable[Vectors],
    count: int,
    dimension: int,
    path: Path,
    *,
    seed: int = 0,
    exact_up_to: int = EXACT_UP_TO,
    recall_target: float = RECALL_TARGET,
    progress: ProgressCallback = ignore_progress,
) -> IndexDescription:
    """Write an index over blocks of float32[any, dimension], ``count`` rows in all, and return its description.

    Up to ``exact_up_to`` the search is exact. Beyond, lists to visit and candidates to compare are the fewest with
    which ``recall_target`` is reached on rows drawn with ``seed``, each searched as if it were not in the index.
    ``index_files`` names the files; they take their names when they are whole, ``path`` last, so a stopped build
    leaves no index. Raises ValueError where the blocks hold another number of rows than ``count``.
    """
    partial = path.with_name("unfinished-" + path.name)
    try:
        if count <= exact_up_to:
            description = _build_flat(blocks, count, dimension, partial, progress)
        else:
            description = _build_compressed(
                blocks, count, dimension, partial, seed=seed, target=recall_target, progress=progress
            )
            originals_path(partial).replace(originals_path(path))
        partial.replace(path)
    finally:
        for leftover in (partial, originals_path(partial)):
            with suppress(FileNotFoundError):
                leftover.unlink()
    return description


def _build_flat(
    blocks: Iterable[Vectors], count: int, dimension: int, path: Path, progress: ProgressCallback
) -> IndexDescription:
    import faiss

    index = faiss.IndexFlatL2(dimension)
    for block in blocks:
        index.add(np.ascontiguousarray(block, dtype=np.float32))
        progress(Progress("Indexing", index.ntotal, count))
    _check_count(index.ntotal, count)
    faiss.write_index(index, str(path))
    return IndexDescription(kind="flat", dimension=dimension, count=count)


def _build_compressed(
    blocks: Iterable[Vectors],
    count: int,
    dimension: int,
    path: Path,
    *,
    seed: int,
    target: float,
    progress: ProgressCallback,
) -> IndexDescription:
    import faiss

    lists = number_of_lists(count)
    generator = np.random.default_rng(seed)
    size = min(count, lists * _TRAINING_VECTORS_PER_LIST)
    sample_rows = np.sort(generator.choice(count, size=size, replace=False))
    query_rows = np.sort(generator.choice(count, size=min(count, _RECALL_QUERIES), replace=False))
    sample = np.empty((size, dimension), np.float32)
    queries = np.empty((len(query_rows), dimension), np.float32)
    done = 0
    for stored in write_originals(originals_path(path), blocks, dimension):
        for rows, drawn in ((sample_rows, sample), (query_rows, queries)):
            first, last = np.searchsorted(rows, (done, done + len(stored)))
            drawn[first:last] = stored[rows[first:last] - done]
        done += len(stored)
        progress(Progress("Storing descriptors", done, count))
    _check_count(done, count)
    progress(Progress("Training the index", 0, None, f"{lists} lists"))
    index = _trained(sample, lists, seed)
    del sample
    originals = Originals(originals_path(path), count, dimension)
    truth = _encode(index, originals, count, queries=queries, query_rows=query_rows, progress=progress)
    faiss.write_index(index, str(path))
    _sync(path)
    del index
    progress(Progress("Measuring recall", 0, None))
    description = IndexDescription(
        "ivf_rabitq",
        dimension,
        count,
        lists,
        recall_target=target,
        recall_queries=len(query_rows),
        query_bits=_QUERY_BITS,
    )
    return _tuned(path, description, originals, queries=queries, query_rows=query_rows, truth=truth)


def number_of_lists(count: int) -> int:
    """Return the power of two next to √n / 8: larger lists than usual, as entering one costs as much as some 2,000 codes."""
    return max(_FEWEST_LISTS, int(2 ** np.round(np.log2(np.sqrt(count) / 8))))


def _check_count(found: int, count: int) -> None:
    if found != count:
        message = f"the blocks hold {found} descriptors, not {count}"
        raise ValueError(message)


def _trained(sample: Vectors, lists: int, seed: int) -> Any:  # noqa: ANN401
    import faiss

    dimension = sample.shape[1]
    rotation = faiss.RandomRotationMatrix(dimension, dimension)
    rotation.init(seed)
    codes = faiss.IndexIVFRaBitQ(faiss.IndexFlatL2(dimension), dimension, lists)
    codes.qb = _QUERY_BITS
    codes.cp.seed = seed
    codes.cp.min_points_per_centroid = 1  # small samples are meant in tests; FAISS would print a warning
    index = faiss.IndexPreTransform(rotation, codes)
    index.train(sample)
    return index


def _encode(
    index: Any,  # noqa: ANN401
    originals: Originals,
    count: int,
    *,
    queries: Vectors,
    query_rows: Rows,
    progress: ProgressCallback,
) -> list[Rows]:
    """Add every stored vector to the index; return each query's exact nearest rows but itself, from the same pass.

    Rotation and assignment are plain matrix products, which NumPy's library does two to three times faster than
    the one that FAISS brings along.
    """
    import faiss

    turn = faiss.vector_to_array(faiss.downcast_VectorTransform(index.chain.at(0)).A)
    turn = np.ascontiguousarray(turn.reshape(index.d, index.d).T)
    lists = faiss.extract_index_ivf(index)
    centres = ListCentres(lists)
    nearest = NearestSoFar(queries, query_rows)

    def read(start: int) -> tuple[Vectors, Vectors]:
        block = originals.block(start, min(start + _BLOCK, count))
        return block, block @ turn

    with ThreadPoolExecutor(1) as reader:
        coming = reader.submit(read, 0)
        for start in range(0, count, _BLOCK):
            block, rotated = coming.result()
            if start + _BLOCK < count:
                coming = reader.submit(read, start + _BLOCK)
            nearest.compare(block, start)
            assigned = centres.closeness(rotated).argmax(axis=1)
            rows = np.arange(start, start + len(block))
            lists.add_core(len(block), *(faiss.swig_ptr(array) for array in (rotated, rows, assigned)))
            index.ntotal = lists.ntotal
            progress(Progress("Indexing", start + len(block), count))
    return nearest.rows()


class NearestSoFar:
    """The exact nearest rows of each query but itself, among the blocks seen."""

    def __init__(self, queries: Vectors, own_rows: Rows) -> None:
        self._queries = queries
        self._own_rows = own_rows
        self._best = [(np.empty(0, np.float32), np.empty(0, np.int64))] * len(queries)
        self._bounds = np.full(len(queries), -np.inf, np.float32)

    def compare(self, block: Vectors, start: int) -> None:
        """Take in rows ``start`` and on, whose vectors are float32[n, D]."""
        closeness = self._queries @ block.T
        # nearer is larger: −d² / 2 up to what is the same for all rows
        closeness -= np.einsum("ij,ij->i", block, block) / 2
        for number, own in enumerate(self._own_rows):
            near = np.flatnonzero(closeness[number] > self._bounds[number])
            near = near[near + start != own]
            values = np.concatenate([self._best[number][0], closeness[number, near]])
            rows = np.concatenate([self._best[number][1], near + start])
            if len(rows) >= RECALL_NEIGHBOURS:
                kept = np.argpartition(-values, RECALL_NEIGHBOURS - 1)[:RECALL_NEIGHBOURS]
                values, rows = values[kept], rows[kept]
                self._bounds[number] = values.min()
            self._best[number] = values, rows

    def rows(self) -> list[Rows]:
        """Return up to 100 rows a query, in no order."""
        return [rows for _, rows in self._best]


def _tuned(
    path: Path,
    description: IndexDescription,
    originals: Originals,
    *,
    queries: Vectors,
    query_rows: Rows,
    truth: list[Rows],
) -> IndexDescription:
    """Return the description with a short reach and the least depth for it that meet its target.

    Half of what may be missed is left to lists that are not visited. Recall is that of the candidates: what is
    among them is compared exactly. Where the target needs more candidates than may be compared, it is missed, and
    ``measured_recall`` says by how much.
    """
    lists = CodedLists(path, description)
    may_miss = 1.0 - description.recall_target
    needed = [
        lists.reach_to(query, originals.vectors(rows)) for query, rows in zip(queries, truth, strict=True)
    ]
    # the least that float32 tells from it, so that rounding leaves no list out, and never 0
    shortest = np.quantile(np.concatenate(needed), 1.0 - may_miss / 2, method="inverted_cdf")
    reach = float(np.nextafter(np.float32(shortest), np.float32(np.inf)))
    probes = [lists.lists_within(query, reach) for query in queries]
    deepest = min(_LARGEST_DEPTH, description.count)
    places = np.concatenate(
        [
            _places(
                lists.candidates(query, deepest, visited, RowFilter.excluding(description.count, row)), rows
            )
            for query, rows, row, visited in zip(queries, truth, query_rows[:, None], probes, strict=True)
        ]
    )
    depth = int(np.quantile(places, description.recall_target, method="inverted_cdf")) + 1
    depth = min(max(depth, _SMALLEST_DEPTH), _LARGEST_DEPTH)
    return replace(
        description,
        probes=int(np.median(probes)),
        reach=reach,
        depth=depth,
        measured_recall=float(np.mean(places < depth)),
    )


def _places(candidates: Rows, rows: Rows) -> Rows:
    """Return where each row stands among the candidates; beyond any depth where it does not."""
    order = np.argsort(candidates)
    at = np.minimum(np.searchsorted(candidates, rows, sorter=order), len(candidates) - 1)
    found: Rows = np.where(candidates[order[at]] == rows, order[at], np.iinfo(np.int64).max // 2)
    return found


def _sync(path: Path) -> None:
    with path.open("rb") as stream:
        os.fsync(stream.fileno())
