"""Places in words."""

from collections.abc import Callable
from dataclasses import dataclass

from geolocdesk.geodesy import Position
from geolocdesk.unavailable import Unavailable


@dataclass(frozen=True, slots=True)
class PlaceText:
    """One position in words, at two lengths; a town's name never stands without its distance or country."""

    short: str
    """For cards and rows: ``near Zagreb, Croatia``."""
    full: str
    """For the answer: ``4.2 km north-west of Zagreb (698,966 inhabitants), City of Zagreb, Croatia``."""


PlaceLookup = Callable[[Position], PlaceText | Unavailable]
"""Called on the GUI thread for what is in view; must answer within a millisecond or so."""


def no_place(_position: Position) -> Unavailable:
    """Return that no place names are at hand; coordinates are then shown in their stead."""
    return Unavailable.NOT_AVAILABLE


def short_place(lookup: PlaceLookup, position: Position) -> str:
    """Return the place in few words, or its coordinates."""
    found = lookup(position)
    if isinstance(found, Unavailable):
        return f"{position.latitude:.4f}, {position.longitude:.4f}"
    return found.short
