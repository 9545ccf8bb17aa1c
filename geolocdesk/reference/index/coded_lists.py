"""Inverted lists of RaBitQ codes, mapped from disk.

Why RaBitQ: measured on a million imagined descriptors (tests/benchmarks/synthetic.py, 200 queries, all lists), the
candidates among which 95 % and 99.9 % of the true 100 nearest lie were 767 and 5,148 with RaBitQ after a random
rotation (72 bytes), and 1,014 and 13,819 with product quantisation of as many bits (128 × 4, fast-scan). In 64 of
256 lists the latter took about half the time, but reached the same recall only with twice the depth, which costs
as much again. FAISS's fast-scan variant of RaBitQ was no faster in lists and cannot be mapped from disk.
"""

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from geolocdesk.errors import PackError
from geolocdesk.reference.index.description import IndexDescription
from geolocdesk.reference.index.row_filter import RowFilter

Vectors = NDArray[np.float32]
Rows = NDArray[np.int64]

_ROW_BYTES = 8


def open_index(path: Path, description: IndexDescription) -> Any:  # noqa: ANN401
    """Return a FAISS index, its large parts mapped. Raises PackError where it is damaged or another one."""
    import faiss

    try:
        index = faiss.read_index(str(path), faiss.IO_FLAG_MMAP_IFC)
    except RuntimeError as error:
        message = f"The search index {path} is damaged and cannot be opened; restore the pack from a copy or build it again."
        raise PackError(message) from error
    wanted = faiss.IndexFlat if description.kind == "flat" else faiss.IndexPreTransform
    if not isinstance(index, wanted):
        message = f"The search index {path} is of another kind than the manifest says; restore the pack from a copy."
        raise PackError(message)
    if (index.ntotal, index.d) != (description.count, description.dimension):
        message = (
            f"The search index {path} holds {index.ntotal} descriptors of {index.d} numbers, but the "
            f"manifest says {description.count} of {description.dimension}; restore the pack from a copy."
        )
        raise PackError(message)
    return index


class CodedLists:
    """Finds candidates for exact comparison."""

    def __init__(self, path: Path, description: IndexDescription) -> None:
        """Open the lists. Raises PackError where the file is damaged or is not what the description says."""
        import faiss

        self._index = open_index(path, description)
        self._rotation = faiss.downcast_VectorTransform(self._index.chain.at(0))
        self._lists = faiss.extract_index_ivf(self._index)
        self._query_bits = description.query_bits
        self.count = description.lists
        least_bytes = description.count * (self._lists.code_size + _ROW_BYTES)
        if self._lists.nlist != self.count or path.stat().st_size < least_bytes:
            message = (
                f"The search index {path} is not as large as the manifest says; restore the pack from a copy."
            )
            raise PackError(message)
        self._centres = ListCentres(self._lists)

    def candidates(self, query: Vectors, count: int, probes: int, row_filter: RowFilter) -> Rows:
        """Return up to ``count`` allowed rows out of the nearest ``probes`` lists, by estimated distance."""
        import faiss

        with row_filter.selector() as selector:
            inner = faiss.IVFRaBitQSearchParameters(nprobe=probes, qb=self._query_bits, sel=selector)
            outer = faiss.SearchParametersPreTransform(index_params=inner)
            rows = self._index.search(np.ascontiguousarray(query[np.newaxis]), count, params=outer)[1][0]
        found: Rows = rows[rows >= 0]
        return found

    def lists_within(self, query: Vectors, reach: float) -> int:
        """Return how many lists have their centre at most ``reach`` further, in squared distance, than the nearest."""
        return int(np.count_nonzero(self._further(query) <= reach))

    def reach_to(self, query: Vectors, vectors: Vectors) -> Vectors:
        """Return, for each vector, the least reach with which a search from ``query`` visits its list."""
        needed: Vectors = self._further(query)[self._closeness(vectors).argmax(axis=1)]
        return needed

    def _further(self, query: Vectors) -> Vectors:
        """Return by how much each list's centre is further from the query than the nearest, in squared distance."""
        closeness = self._closeness(query[np.newaxis])[0]
        further: Vectors = 2 * (closeness.max() - closeness)
        return further

    def _closeness(self, vectors: Vectors) -> Vectors:
        return self._centres.closeness(self._rotation.apply(np.ascontiguousarray(vectors)))


class ListCentres:
    """The centres of an index's inverted lists.

    Compared by plain matrix products, which NumPy's library does two to three times faster than the one that FAISS
    brings along.
    """

    def __init__(self, lists: Any) -> None:  # noqa: ANN401
        """Take the centres of a trained FAISS index of inverted lists."""
        self._vectors: Vectors = lists.quantizer.reconstruct_n(0, lists.nlist)
        self._halved_squares = np.einsum("ij,ij->i", self._vectors, self._vectors) / 2

    def closeness(self, rotated: Vectors) -> Vectors:
        """Return float32[n, lists] for rotated vectors: −d² / 2 up to what is the same for all lists of a vector."""
        closeness: Vectors = rotated @ self._vectors.T
        closeness -= self._halved_squares
        return closeness
