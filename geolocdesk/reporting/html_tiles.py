"""The base map an HTML report carries: the world in outline, and every name round the answers."""

import json
from collections.abc import Iterator
from functools import cache

import numpy as np

from geolocdesk.cartography.labels import mercator
from geolocdesk.cartography.site import basemap, label_tiles
from geolocdesk.estimation.location import LocationEstimate
from geolocdesk.reporting.html_packing import packed

GROUND_ZOOM = 4
"""Land, lakes and borders of the whole world up to this zoom: 0.6 km to the unit."""
LABEL_ZOOM = 5
"""Names up to this zoom; what a closer look would add is in these tiles round the answers."""

_EVERY_CITY = 9.0
"""The display zoom from which places of 5,000 people are named."""
_NAMED_RADIUS_KM = 200.0
"""Levels wider than this name no surroundings one could walk to."""

_Place = tuple[str, int, int, int]


class TileShelf:
    """The tiles to put into one report."""

    def __init__(self) -> None:
        self._named: set[tuple[int, int]] = set()

    def add_names(self, estimate: LocationEstimate) -> None:
        """Have every name round the answers of an estimate, at least half a tile in each direction."""
        answers = [answer for answer in estimate.levels if answer.level.radius_km <= _NAMED_RADIUS_KM]
        side = 1 << LABEL_ZOOM
        for position in (estimate.position, *(answer.position for answer in answers)):
            x, y = mercator(position.latitude, position.longitude)
            columns = {int(np.floor(x * side + shift)) % side for shift in (-0.5, 0.5)}
            rows = {int(np.clip(np.floor(y * side + shift), 0, side - 1)) for shift in (-0.5, 0.5)}
            self._named |= {(column, row) for column in columns for row in rows}

    def block(self) -> str:
        """Return all tiles, packed: four bytes of length, a list of places as JSON, and the tiles."""
        places: dict[str, tuple[int, int]] = {}
        contents: list[bytes] = []
        offset = 0
        for place in _world():
            content = self._tile(*place)
            if not content:
                continue
            places["/".join(map(str, place))] = (offset, len(content))
            contents.append(content)
            offset += len(content)
        index = json.dumps(places, separators=(",", ":")).encode("ascii")
        return packed(b"".join([len(index).to_bytes(4, "big"), index, *contents]))

    def _tile(self, name: str, zoom: int, column: int, row: int) -> bytes | None:
        if name == "basemap":
            return basemap().tile(zoom, column, row)
        if zoom == LABEL_ZOOM and (column, row) in self._named:
            return label_tiles().tile(zoom, column, row, cities_until=_EVERY_CITY)
        return _usual_names(zoom, column, row)


@cache
def _usual_names(zoom: int, column: int, row: int) -> bytes:
    """Return a tile of names; what every report holds is encoded once in a process."""
    return label_tiles().tile(zoom, column, row)


def _world() -> Iterator[_Place]:
    for name, greatest in (("basemap", GROUND_ZOOM), ("labels", LABEL_ZOOM)):
        for zoom in range(greatest + 1):
            for row in range(1 << zoom):
                for column in range(1 << zoom):
                    yield name, zoom, column, row
