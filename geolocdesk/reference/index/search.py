"""Searching an index on disk."""

from pathlib import Path
from typing import Any

import numpy as np

from geolocdesk.reference.index.coded_lists import CodedLists, open_index
from geolocdesk.reference.index.description import RECALL_NEIGHBOURS, IndexDescription, originals_path
from geolocdesk.reference.index.originals import Distances, Originals, Rows, Vectors, nearest_exactly
from geolocdesk.reference.index.row_filter import RowFilter

_MARGIN = 16
"""Candidates beyond k that are compared in float64, so that rounding in FAISS cannot drop a true neighbour."""

_COMPARE_ALL_UP_TO = 20_000
"""Where a search may return no more rows than this, it compares them all and skips the lists."""


class SearchIndex:
    """An index opened from disk without reading it whole; safe to search from one thread at a time."""

    def __init__(self, path: Path, description: IndexDescription) -> None:
        """Open the index. Raises PackError where a file is damaged or is not what the manifest says."""
        self._description = description
        self._everything = self._last_filter = RowFilter.excluding(self.count, np.empty(0, np.int64))
        self._last_excluded: Rows | None = None
        self._flat: Any = None
        self._compressed: tuple[CodedLists, Originals] | None = None
        if description.kind == "flat":
            self._flat = open_index(path, description)
        else:
            originals = Originals(originals_path(path), description.count, description.dimension)
            self._compressed = CodedLists(path, description), originals

    @property
    def count(self) -> int:
        """Return how many references can be found."""
        return self._description.count

    @property
    def dimension(self) -> int:
        """Return how many numbers a descriptor has."""
        return self._description.dimension

    def search(
        self,
        query: Vectors,
        k: int,
        excluded_rows: Rows | None = None,
        *,
        row_filter: RowFilter | None = None,
    ) -> tuple[Rows, Distances]:
        """Return the rows and Euclidean distances of the k nearest to ``query`` (float32[D]), nearest first.

        Distances are computed in float64 from the stored vectors, and ties are in row order. Fewer than k come
        back only where fewer than k may: those that are not among ``excluded_rows`` (not to be changed afterwards: its
        preparation serves all searches that pass the same array) or those that ``row_filter`` allows.
        """
        row_filter = row_filter or self._filter_without(excluded_rows)
        wanted = min(k, row_filter.allowed_count)
        if wanted <= 0:
            return np.empty(0, np.int64), np.empty(0, np.float64)
        if self._compressed is None:
            count = min(wanted + _MARGIN, row_filter.allowed_count)
            candidates = self._compared_one_by_one(query, count, row_filter)
            return nearest_exactly(query, self.vectors(candidates), candidates, wanted)
        lists, originals = self._compressed
        if row_filter.allowed_count <= _COMPARE_ALL_UP_TO:
            return originals.nearest(query, row_filter.allowed_rows(), wanted)
        return originals.nearest(query, self._candidates(lists, query, wanted, row_filter), wanted)

    def vectors(self, rows: Rows) -> Vectors:
        """Return the stored descriptors float32[n, D] of the given rows."""
        if self._compressed is not None:
            return self._compressed[1].vectors(np.asarray(rows, dtype=np.int64))
        stored: Vectors = self._flat.reconstruct_batch(np.ascontiguousarray(rows, dtype=np.int64))
        return stored

    def _filter_without(self, excluded: Rows | None) -> RowFilter:
        """Return a filter of the rows; the last one again for the very same array, as many searches share one."""
        if excluded is None:
            return self._everything
        if excluded is not self._last_excluded:
            self._last_filter = RowFilter.excluding(self.count, excluded)
            self._last_excluded = excluded
        return self._last_filter

    def _candidates(self, lists: CodedLists, query: Vectors, wanted: int, row_filter: RowFilter) -> Rows:
        """Return rows worth comparing exactly, at least ``wanted``.

        Under a condition as many more lists are visited as it thins them out, and ever more until enough is found.
        """
        description = self._description
        depth = max(description.depth, description.depth * wanted // RECALL_NEIGHBOURS, wanted + _MARGIN)
        depth = min(depth, row_filter.allowed_count)
        probes = lists.lists_within(query, description.reach) if description.reach > 0 else description.probes
        probes = min(description.lists, -(-probes * description.count // row_filter.allowed_count))
        while True:
            rows = lists.candidates(query, depth, probes, row_filter)
            if len(rows) >= min(wanted + _MARGIN, depth) or probes >= description.lists:
                return rows
            probes = min(2 * probes, description.lists)

    def _compared_one_by_one(self, query: Vectors, count: int, row_filter: RowFilter) -> Rows:
        import faiss

        queries = np.ascontiguousarray(query[np.newaxis], dtype=np.float32)
        with row_filter.selector() as selector:
            parameters = faiss.SearchParameters(sel=selector) if selector else None
            rows: Rows = self._flat.search(queries, count, params=parameters)[1][0]
        return rows[rows >= 0]
