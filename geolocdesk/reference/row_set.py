"""Which rows of a pack a search may return."""

import numpy as np
from numpy.typing import NDArray

from geolocdesk.reference.segment import Segment

_NONE = np.empty(0, np.int64)


class RowSet:
    """Some rows of one pack, worked out once and used for many searches."""

    def __init__(self, rows: int, excluded: NDArray[np.int64], *, also: "RowSet | None" = None) -> None:
        """Take how many rows the pack has and which of them, ascending, may not be found.

        ``also`` is a set whose excluded rows are excluded here as well; it is shared, not copied.
        """
        self._rows = rows
        self._base = also
        if also is not None and len(excluded):
            excluded = excluded[also.holds(excluded)]
        self._own = excluded
        self.count: int = (rows if also is None else also.count) - len(excluded)
        """How many rows may be found."""
        self._excluded: dict[int, NDArray[np.int64]] = {}

    def without(self, rows: NDArray[np.int64]) -> "RowSet":
        """Return the set without some rows; itself where there are none."""
        return RowSet(self._rows, np.unique(rows), also=self) if len(rows) else self

    def excluded(self) -> NDArray[np.int64]:
        """Return the rows of the pack that may not be found, ascending."""
        return self._own if self._base is None else _both(self._base.excluded(), self._own)

    def holds(self, rows: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Return bool[n]: which of the pack's rows may be found."""
        held = ~_is_among(rows, self._own)
        return held if self._base is None else held & self._base.holds(rows)

    def excluded_in(self, segment: Segment) -> NDArray[np.int64]:
        """Return the rows of a segment, by its own numbers and ascending, that may not be found."""
        if segment.first_row not in self._excluded:
            own = segment.own_rows(self._own)
            base = _NONE if self._base is None else self._base.excluded_in(segment)
            self._excluded[segment.first_row] = _both(base, own)
        return self._excluded[segment.first_row]


def _both(many: NDArray[np.int64], few: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the rows of two ascending lists that have none in common, ascending."""
    if len(many) == 0 or len(few) == 0:
        return few if len(many) == 0 else many
    return np.insert(many, np.searchsorted(many, few), few)


def _is_among(rows: NDArray[np.int64], ascending: NDArray[np.int64]) -> NDArray[np.bool_]:
    if len(ascending) == 0:
        return np.zeros(len(rows), np.bool_)
    places = np.minimum(np.searchsorted(ascending, rows), len(ascending) - 1)
    return np.asarray(ascending[places] == rows)
