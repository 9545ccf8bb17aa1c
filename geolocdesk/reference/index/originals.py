"""The descriptors of a compressed index as half-precision numbers on disk.

Why float16: a neighbour's weight goes with distance^-10, so what storing does to a distance counts tenfold.
Measured on 4,000 unit vectors of 512 half-whitened components: float16 moves a descriptor by 2e-4, int8 with a
step a component by 9e-3. At a distance of 1, 99 of 100 weights change by less than 0.04 % with float16 and 1.3 %
with int8; those of near duplicates at 0.05 by less than 0.7 % and 30 %, with int8 by 13 % too small on average.
"""

import mmap
import os
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from geolocdesk.errors import PackError

Vectors = NDArray[np.float32]
Rows = NDArray[np.int64]
Distances = NDArray[np.float64]

_MARGIN = 16
"""Candidates beyond k whose distance is computed in float64, so that float32 cannot drop a true neighbour."""

_PAGES_MAPPED_AT_ONCE = 16
_RESIDENT_BYTES = 1 << 30
_PREFETCH_FROM_BYTES = 4 << 30
"""Smaller files soon lie in the system's cache as a whole; asking for single pages would only cost time."""


def write_originals(path: Path, blocks: Iterable[Vectors], dimension: int) -> Iterator[NDArray[np.float16]]:
    """Write the blocks as they pass and yield each as it was stored, float16[n, dimension].

    The file is little-endian float16 in row order, nothing else, and is on disk when this ends. Raises ValueError
    where a number is not finite or beyond what float16 holds.
    """
    with path.open("wb") as stream:
        for block in blocks:
            if block.ndim != 2 or block.shape[1] != dimension:
                message = f"a block is float32[n, {dimension}], not {block.shape}"
                raise ValueError(message)
            with np.errstate(over="ignore"):
                stored = np.ascontiguousarray(block, dtype="<f2")
            if not np.isfinite(stored).all():
                message = "a descriptor holds a number that is not finite in float16"
                raise ValueError(message)
            stream.write(stored.data)
            yield stored
        stream.flush()
        os.fsync(stream.fileno())


class Originals:
    """The stored descriptors, mapped from disk; for one thread at a time."""

    def __init__(self, path: Path, count: int, dimension: int) -> None:
        """Open the file. Raises PackError where it is missing or of another size."""
        import faiss

        wanted = count * dimension * 2
        try:
            with path.open("rb") as stream:
                size = os.fstat(stream.fileno()).st_size
                if size == wanted:
                    self._map = mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ)
        except OSError as error:
            message = f"The search index lacks its file {path} ({error.strerror or error}); restore the pack from a copy."
            raise PackError(message) from error
        if size != wanted:
            message = (
                f"The search index is damaged: {path} has {size} bytes where {count} descriptors of {dimension} "
                f"numbers take {wanted}; restore the pack from a copy or build it again."
            )
            raise PackError(message)
        with suppress(AttributeError, OSError):
            self._map.madvise(mmap.MADV_RANDOM)
        self._codes = np.frombuffer(self._map, np.uint8).reshape(count, 2 * dimension)
        self._compared = faiss.IndexScalarQuantizer(dimension, faiss.ScalarQuantizer.QT_fp16)
        self._dimension = dimension
        self._touched_bytes = 0

    def vectors(self, rows: Rows) -> Vectors:
        """Return the stored descriptors float32[n, D] of the given rows."""
        self._count_touched(len(rows))
        return self._decoded(self._codes[rows])

    def block(self, start: int, stop: int) -> Vectors:
        """Return the stored descriptors float32[stop − start, D] of rows that lie together."""
        self._count_touched((stop - start) // _PAGES_MAPPED_AT_ONCE)
        return self._decoded(self._codes[start:stop])

    def nearest(self, query: Vectors, rows: Rows, k: int) -> tuple[Rows, Distances]:
        """Return the k nearest among ``rows``, nearest first, ties in row order; distances in float64."""
        rows = np.sort(rows)
        self._prefetch(rows)
        kept = self._shortlist(query, rows, k) if len(rows) > 2 * k + _MARGIN else rows
        return nearest_exactly(query, self.vectors(kept), kept, k)

    def _shortlist(self, query: Vectors, rows: Rows, k: int) -> Rows:
        """Return k of the ascending rows and a few more, those nearest by float32 arithmetic.

        FAISS compares half-precision numbers as they are, four times as fast as decoding them first.
        """
        self._count_touched(len(rows))
        self._compared.reset()
        self._compared.add_sa_codes(self._codes[rows])
        queries = np.ascontiguousarray(query[np.newaxis])
        count = k + _MARGIN
        squared, places = self._compared.search(queries, count)
        if squared[0, -1] <= squared[0, k - 1]:
            # copies: all that tie with the last one are kept, as which of them come first is chance
            squared, places = self._compared.search(queries, len(rows))
            places = places[squared <= squared[0, count - 1]][np.newaxis]
        kept: Rows = rows[np.sort(places[0])]
        return kept

    def _decoded(self, codes: NDArray[np.uint8]) -> Vectors:
        decoded: Vectors = self._compared.sa_decode(np.ascontiguousarray(codes))
        return decoded

    def _prefetch(self, rows: Rows) -> None:
        """Ask the system for all rows at once, so that a disk with many arms uses them."""
        if len(self._map) < _PREFETCH_FROM_BYTES or not hasattr(mmap, "MADV_WILLNEED"):
            return
        width = 2 * self._dimension
        for start in (rows * width).tolist():
            page = start - start % mmap.PAGESIZE
            self._map.madvise(mmap.MADV_WILLNEED, page, start + width - page)

    def _count_touched(self, rows: int) -> None:
        """Give mapped pages back to the system's cache before they add up to much resident memory."""
        self._touched_bytes += rows * _PAGES_MAPPED_AT_ONCE * mmap.PAGESIZE
        if self._touched_bytes > _RESIDENT_BYTES and len(self._map) > _RESIDENT_BYTES:
            with suppress(AttributeError, OSError):
                self._map.madvise(mmap.MADV_DONTNEED)
            self._touched_bytes = 0


def nearest_exactly(query: Vectors, vectors: Vectors, rows: Rows, k: int) -> tuple[Rows, Distances]:
    """Return the k nearest of ``vectors`` float32[n, D], which stand for ``rows``, by distances in float64."""
    difference: Any = vectors.astype(np.float64)
    difference -= query.astype(np.float64)
    distances = np.sqrt(np.einsum("ij,ij->i", difference, difference))
    order = np.lexsort((rows, distances))[:k]
    return rows[order], distances[order]
