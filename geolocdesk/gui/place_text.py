"""Places in words."""

from collections.abc import Callable
from typing import Protocol

from geolocdesk.cartography.coordinates import decimal_text
from geolocdesk.geodesy import Position
from geolocdesk.unavailable import Unavailable


class PlaceInWords(Protocol):
    """One position in words, at two lengths; a town's name never stands without its distance or country.

    ``cartography.place_names.find_place`` returns such a value.
    """

    @property
    def short(self) -> str:
        """Return few words for cards and rows: ``near Zagreb, Croatia``."""

    @property
    def full(self) -> str:
        """Return all of it: ``4.2 km north-west of Zagreb (663,592 inhabitants), City of Zagreb, Croatia``."""


PlaceLookup = Callable[[Position], PlaceInWords | Unavailable]
"""Called on the GUI thread for what is in view; must answer within a millisecond or so."""


def no_place(_position: Position) -> Unavailable:
    """Return that no place names are at hand; coordinates are then shown in their stead."""
    return Unavailable.NOT_AVAILABLE


def short_place(lookup: PlaceLookup, position: Position) -> str:
    """Return the place in few words, or its coordinates."""
    found = lookup(position)
    if isinstance(found, Unavailable):
        return decimal_text(position)
    return found.short
