"""What a search returns: the reference photos nearest to a query in descriptor space."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from geolocdesk.geodesy import Position
from geolocdesk.quantities import count_text
from geolocdesk.unavailable import Unavailable


@dataclass(frozen=True, slots=True)
class ReferencePhoto:
    """One geotagged photo of a pack."""

    row: int
    """Row in the pack, from 0; the key for its thumbnail and descriptor."""
    reference_id: str
    position: Position
    file: str
    """The path it had in its source."""
    place: str | Unavailable = Unavailable.NOT_AVAILABLE
    photographer: str | Unavailable = Unavailable.NOT_AVAILABLE
    captured_at: str | Unavailable = Unavailable.NOT_AVAILABLE
    licence: str | Unavailable = Unavailable.NOT_AVAILABLE
    url: str | Unavailable = Unavailable.NOT_AVAILABLE
    country: str | Unavailable = Unavailable.NOT_AVAILABLE
    """ISO 3166-1 alpha-2, where the source says so."""


@dataclass(frozen=True, slots=True)
class Neighbour:
    """One search hit."""

    rank: int
    """1 for the nearest."""
    distance: float
    """Euclidean distance between the unit-length descriptors, 0 ≤ d ≤ 2, computed exactly."""
    reference: ReferencePhoto


@dataclass(frozen=True, slots=True)
class Neighbours:
    """The k nearest references of one query in rank order (ties by row); fewer where no more are left."""

    items: tuple[Neighbour, ...]
    pack_id: str
    wanted: int | None = None
    """The k that was asked for; None in results of versions that did not record it."""
    eligible: int | None = None
    """How many references the conditions of the search left to be found; None likewise."""
    copies: int = 0
    """How many references were passed over as copies of the query, where that was asked for."""

    @property
    def shortfall(self) -> int:
        """Return how many fewer neighbours there are than were asked for."""
        return 0 if self.wanted is None else max(0, self.wanted - len(self.items))

    def limits_text(self) -> str:
        """Return in words why there are fewer neighbours than asked for, and how many copies were passed over.

        Empty where there is nothing to say.
        """
        parts = []
        if self.shortfall:
            parts.append(
                f"only {len(self.items)} of {self.wanted} neighbours, as no more references are left to be found"
            )
        if self.copies:
            parts.append(f"{count_text(self.copies, 'copy', 'copies')} of the photo itself passed over")
        return "; ".join(parts)

    def latitudes(self) -> NDArray[np.float64]:
        """Return float64[k] in degrees."""
        return np.array([item.reference.position.latitude for item in self.items], dtype=np.float64)

    def longitudes(self) -> NDArray[np.float64]:
        """Return float64[k] in degrees."""
        return np.array([item.reference.position.longitude for item in self.items], dtype=np.float64)

    def distances(self) -> NDArray[np.float64]:
        """Return float64[k], ascending."""
        return np.array([item.distance for item in self.items], dtype=np.float64)
