"""The base map an HTML report carries: the world in outline, and more names round the answers."""

import json
from collections.abc import Iterator

from geolocdesk.cartography.site import MapSite
from geolocdesk.geodesy import Position
from geolocdesk.reporting.html_packing import packed

GROUND_ZOOM = 4
"""Land, lakes and borders of the whole world up to this zoom: about 0.6 km to the unit."""
LABEL_ZOOM = 5
"""Names of the whole world up to this zoom."""


class TileShelf:
    """The tiles to put into one report."""

    def __init__(self) -> None:
        self._site = MapSite()

    def detail(self, position: Position) -> None:
        """Have every name near a position."""

    def block(self) -> str:
        """Return all tiles, packed: four bytes of length, a list of places as JSON, and the tiles."""
        places: dict[str, tuple[int, int]] = {}
        contents: list[bytes] = []
        offset = 0
        for path in _world_paths():
            found = self._site.respond(f"/tiles/{path}")
            if found is None or not found.content:
                continue
            places[path] = (offset, len(found.content))
            contents.append(found.content)
            offset += len(found.content)
        index = json.dumps(places, separators=(",", ":")).encode("ascii")
        return packed(b"".join([len(index).to_bytes(4, "big"), index, *contents]))


def _world_paths() -> Iterator[str]:
    for name, greatest in (("basemap", GROUND_ZOOM), ("labels", LABEL_ZOOM)):
        for zoom in range(greatest + 1):
            for row in range(1 << zoom):
                for column in range(1 << zoom):
                    yield f"{name}/{zoom}/{column}/{row}"
