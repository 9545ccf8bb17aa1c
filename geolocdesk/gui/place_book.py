"""Place names for the window: loaded once off the GUI thread, each position looked up once."""

from functools import lru_cache

from geolocdesk.cartography.place_names import PlaceName, find_place, place_finder
from geolocdesk.geodesy import Position
from geolocdesk.progress import ProgressCallback
from geolocdesk.unavailable import Unavailable

_KEPT = 4096


class PlaceBook:
    """Says where a position lies, without ever making the window wait for the tables."""

    def __init__(self) -> None:
        self._is_loaded = False
        self._find = lru_cache(maxsize=_KEPT)(find_place)

    def load(self, _progress: ProgressCallback) -> None:
        """Load the tables; for another thread."""
        place_finder()
        self._is_loaded = True

    def lookup(self, position: Position) -> PlaceName | Unavailable:
        """Return the place, or NOT_AVAILABLE while the tables are not loaded yet."""
        return self._find(position) if self._is_loaded else Unavailable.NOT_AVAILABLE

    def lookup_waiting(self, position: Position) -> PlaceName:
        """Return the place, loading the tables first where need be; for another thread."""
        self._is_loaded = place_finder() is not None
        return self._find(position)
