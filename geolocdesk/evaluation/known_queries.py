"""Queries that a pack knows already: on them, any answer looks better than it is."""

from dataclasses import dataclass
from enum import Enum

import numpy as np
from numpy.typing import NDArray

from geolocdesk.evaluation.test_set import Query
from geolocdesk.geodesy import KM_PER_DEGREE, Position, great_circle_km
from geolocdesk.reference.pack import Pack

SAME_PLACE_KM = 0.025
"""References this near to the truth show the same place."""


class Known(Enum):
    """How the pack knows a query; the member's value is the wording shown."""

    PHOTO = "the very photo is in the pack"
    PLACE = "its place is in the pack"
    COPY = "the pack holds a near-copy of it"


@dataclass(frozen=True, slots=True, eq=False)
class PackContents:
    """What is asked of a pack again and again."""

    pack: Pack
    positions: NDArray[np.float64]

    def knows(self, query: Query, sha256: str, excluded: NDArray[np.int64] | None) -> Known | None:
        """Return how the pack, without the excluded rows, knows the query's photo or place; None if not."""
        metadata = self.pack.metadata
        if excluded is None:
            excluded = np.empty(0, np.int64)
        if _left(metadata.rows_with(sha256s=[sha256]), excluded):
            return Known.PHOTO
        named = metadata.rows_with(places=[query.place]) if query.place else np.empty(0, np.int64)
        if _left(named, excluded) or _left(self._rows_near(query.position), excluded):
            return Known.PLACE
        return None

    def _rows_near(self, position: Position) -> NDArray[np.int64]:
        latitudes = self.positions[:, 0]
        beside = np.flatnonzero(np.abs(latitudes - position.latitude) <= SAME_PLACE_KM / KM_PER_DEGREE)
        beside = np.setdiff1d(beside, self.pack.removed)
        there = self.positions[beside]
        apart = great_circle_km(position.latitude, position.longitude, there[:, 0], there[:, 1])
        return beside[apart <= SAME_PLACE_KM].astype(np.int64)


def _left(rows: NDArray[np.int64], excluded: NDArray[np.int64]) -> bool:
    return len(np.setdiff1d(rows, excluded)) > 0
