"""Open a user's own map tiles: MBTiles or PMTiles, pictures or vectors."""

from pathlib import Path

from geolocdesk.cartography.mbtiles import MBTilesFile
from geolocdesk.cartography.pmtiles import PMTilesFile
from geolocdesk.cartography.tile_set import TileSet
from geolocdesk.errors import MapError

_MAGIC_BYTES = 16


def open_tiles(path: Path) -> TileSet:
    """Return the file's tiles, its kind judged by content. Raises MapError, naming the file."""
    try:
        with path.open("rb") as file:
            start = file.read(_MAGIC_BYTES)
    except OSError as error:
        message = f"{path} can't be opened: {error.strerror}."
        raise MapError(message) from error
    if start.startswith(b"PMTiles"):
        return PMTilesFile(path)
    if start.startswith(b"SQLite format 3"):
        return MBTilesFile(path)
    message = f"{path} is neither an MBTiles nor a PMTiles file, so no map can be drawn from it."
    raise MapError(message)
