"""Place names for the window: loaded once off the GUI thread, each position looked up once."""

from collections.abc import Mapping

from geolocdesk.cartography.place_names import PlaceName, find_place, place_finder
from geolocdesk.geodesy import Position
from geolocdesk.progress import ProgressCallback
from geolocdesk.unavailable import Unavailable

_KEPT = 8192


class PlaceBook:
    """Says where a position lies, without ever making the window wait for the tables."""

    def __init__(self) -> None:
        self._is_loaded = False
        self._known: dict[Position, PlaceName] = {}

    def load(self, _progress: ProgressCallback) -> None:
        """Load the tables; for another thread."""
        place_finder()
        self._is_loaded = True

    def remember(self, places: Mapping[Position, PlaceName]) -> None:
        """Take in what was looked up elsewhere."""
        if len(self._known) > _KEPT:
            self._known.clear()
        self._known.update(places)

    def lookup(self, position: Position) -> PlaceName | Unavailable:
        """Return the place, or NOT_AVAILABLE while neither it nor the tables are at hand."""
        known = self._known.get(position)
        if known is None and self._is_loaded:
            known = find_place(position)
            self.remember({position: known})
        return Unavailable.NOT_AVAILABLE if known is None else known

    def lookup_waiting(self, position: Position) -> PlaceName:
        """Return the place, loading the tables first where need be; for another thread."""
        known = self._known.get(position)
        if known is None:
            known = find_place(position)
            self._is_loaded = True
            self.remember({position: known})
        return known
