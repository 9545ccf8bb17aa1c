"""Working out which rows of a pack the conditions of a search leave; areas and countries only once each."""

from collections import OrderedDict
from collections.abc import Callable, Collection

import numpy as np
from numpy.typing import NDArray

from geolocdesk.atlas.countries import are_in_countries
from geolocdesk.reference.pack import Pack
from geolocdesk.reference.row_set import RowSet
from geolocdesk.reference.search_area import SearchArea

_KEPT = 4


class RowSelection:
    """Answers for one open pack. For one thread at a time."""

    def __init__(self, pack: Pack) -> None:
        self._pack = pack
        self._outside: OrderedDict[str, RowSet] = OrderedDict()

    def select(
        self,
        *,
        reference_ids: Collection[str] = (),
        places: Collection[str] = (),
        photographers: Collection[str] = (),
        within: SearchArea | None = None,
        countries: Collection[str] = (),
    ) -> RowSet:
        """Return the rows inside the area and the countries, less those whose id, place or photographer is named."""
        rows = self._pack.all_rows()
        if within is not None:
            rows = self._once(f"area {within.sha256}", lambda: self._rows_within(within))
        if countries:
            names = " ".join(sorted(countries))
            in_countries = self._once(f"countries {names}", lambda: self._rows_in(countries))
            rows = in_countries if within is None else rows.without(in_countries.excluded())
        named = self._pack.metadata.rows_with(
            reference_ids=reference_ids, places=places, photographers=photographers
        )
        return rows.without(named)

    def _once(self, name: str, work_out: Callable[[], RowSet]) -> RowSet:
        if name not in self._outside:
            self._outside[name] = work_out()
            if len(self._outside) > _KEPT:
                self._outside.popitem(last=False)
        self._outside.move_to_end(name)
        return self._outside[name]

    def _rows_within(self, area: SearchArea) -> RowSet:
        parts = [area.contains(segment.positions) for segment in self._pack.segments]
        return self._pack.all_rows().without(np.flatnonzero(~np.concatenate(parts)))

    def _rows_in(self, countries: Collection[str]) -> RowSet:
        """Return the rows of some countries: by their own country column, or else by their position."""
        named, silent = self._pack.metadata.rows_in_countries(countries)
        allowed = np.zeros(self._pack.rows, np.bool_)
        allowed[named] = True
        if len(silent):
            allowed[silent] = are_in_countries(countries, self._positions(silent))
        return self._pack.all_rows().without(np.flatnonzero(~allowed))

    def _positions(self, rows: NDArray[np.int64]) -> NDArray[np.float64]:
        """Return the positions at some of the pack's rows, ascending."""
        parts = [segment.positions[segment.own_rows(rows)] for segment in self._pack.segments]
        return np.concatenate(parts)
