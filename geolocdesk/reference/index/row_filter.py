"""Which rows a search may return."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
from numpy.typing import NDArray

Rows = NDArray[np.int64]

_FEW = 10_000
"""Up to this many excluded rows are looked up in a hash set; more, in a map of one bit a row."""


class RowFilter:
    """Some rows of an index of ``count``; made once, it serves any number of searches."""

    def __init__(self, allowed: NDArray[np.bool_]) -> None:
        """Allow the rows that are True in bool[count]."""
        self.count = len(allowed)
        self.allowed_count = int(np.count_nonzero(allowed))
        self._excluded: Rows | None = None
        self._bits = np.packbits(allowed, bitorder="little")
        if self.count - self.allowed_count <= _FEW:
            self._excluded = np.flatnonzero(~allowed).astype(np.int64)

    @classmethod
    def excluding(cls, count: int, rows: Rows) -> "RowFilter":
        """Allow every row of ``count`` but those named, in any order, repeated or not."""
        if len(rows) <= _FEW:
            return _FewExcluded(count, np.unique(np.asarray(rows, dtype=np.int64)))
        allowed = np.ones(count, np.bool_)
        allowed[rows] = False
        return cls(allowed)

    def allowed_rows(self) -> Rows:
        """Return the allowed rows, ascending."""
        bits = np.unpackbits(self._bits, count=self.count, bitorder="little")
        return np.flatnonzero(bits).astype(np.int64)

    @contextmanager
    def selector(self) -> Iterator[Any]:
        """Yield a FAISS selector that passes the allowed rows, or None where that is every row."""
        import faiss

        if self.allowed_count == self.count:
            yield None
        elif self._excluded is None:
            yield faiss.IDSelectorBitmap(self._bits)
        else:
            inner = faiss.IDSelectorBatch(self._excluded)
            yield faiss.IDSelectorNot(inner)


class _FewExcluded(RowFilter):
    """The same without the map, which takes longer to make for a large index than a search."""

    def __init__(self, count: int, excluded: Rows) -> None:
        self.count = count
        self.allowed_count = count - len(excluded)
        self._excluded = self._few = excluded

    def allowed_rows(self) -> Rows:
        return np.setdiff1d(np.arange(self.count, dtype=np.int64), self._few, assume_unique=True)
