"""MBTiles 1.3, read: a SQLite database of tiles, rows counted from the south.

https://github.com/mapbox/mbtiles-spec/blob/master/1.3/spec.md
"""

import json
import sqlite3
from pathlib import Path
from threading import Lock
from types import TracebackType
from typing import Self

from geolocdesk.cartography.tile_set import (
    MAX_TILE_BYTES,
    MAX_TILE_ZOOM,
    RASTER_MEDIA_TYPES,
    VECTOR_MEDIA_TYPE,
    TileSetInfo,
    clipped_text,
    unzipped,
    valid_bounds,
)
from geolocdesk.errors import MapError

_SQLITE_MAGIC = b"SQLite format 3\x00"
_MAX_METADATA_ROWS = 200


class MBTilesFile:
    """An open MBTiles database, opened read-only. Raises MapError, naming the file, where it can't be read."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = Lock()
        _check_magic(path)
        # immutable: nothing is written beside the user's file, not even a journal
        address = f"{path.resolve().as_uri()}?mode=ro&immutable=1"
        try:
            self._database = sqlite3.connect(address, uri=True, check_same_thread=False)
        except sqlite3.Error as error:
            raise MapError(self._unusable(str(error))) from error
        try:
            self._database.execute("PRAGMA trusted_schema = OFF")
            self._info = self._read_info()
        except sqlite3.Error as error:
            self._database.close()
            raise MapError(self._unusable(str(error))) from error
        except MapError:
            self._database.close()
            raise

    @property
    def info(self) -> TileSetInfo:
        """Return what the file says about itself."""
        return self._info

    def tile(self, zoom: int, column: int, row: int) -> bytes | None:
        """Return one tile, uncompressed, or None where the file has none. Raises MapError."""
        if not (0 <= zoom <= MAX_TILE_ZOOM and 0 <= column < 1 << zoom and 0 <= row < 1 << zoom):
            return None
        key = (zoom, column, (1 << zoom) - 1 - row)
        query = (
            "SELECT CASE WHEN length(tile_data) <= ? THEN tile_data END FROM tiles "
            "WHERE zoom_level = ? AND tile_column = ? AND tile_row = ? LIMIT 1"
        )
        try:
            with self._lock:
                found = self._database.execute(query, (MAX_TILE_BYTES, *key)).fetchone()
        except sqlite3.Error as error:
            raise MapError(self._unusable(str(error))) from error
        if found is None:
            return None
        if not isinstance(found[0], bytes):
            raise MapError(self._unusable(f"tile {zoom}/{column}/{row} is no tile"))
        return unzipped(found[0], self._path) if self._info.is_vector else found[0]

    def close(self) -> None:
        """Close the file; no tile can be read afterwards."""
        self._database.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _read_info(self) -> TileSetInfo:
        metadata = self._read_metadata()
        low, high = self._zooms()
        bounds = metadata.get("bounds", "").split(",")
        return TileSetInfo(
            path=self._path,
            name=clipped_text(metadata.get("name"), 80) or self._path.stem,
            attribution=clipped_text(metadata.get("attribution")),
            media_type=self._media_type(metadata.get("format", "")),
            min_zoom=low,
            max_zoom=high,
            bounds=valid_bounds(bounds),
            vector_layers=_vector_layers(metadata.get("json", "")),
        )

    def _read_metadata(self) -> dict[str, str]:
        names = {
            name
            for (name,) in self._database.execute(
                "SELECT name FROM sqlite_master WHERE type IN ('table', 'view')"
            )
        }
        if "tiles" not in names:
            message = f"{self._path} is a database, but not one of map tiles: it has no table named tiles."
            raise MapError(message)
        if "metadata" not in names:
            return {}
        rows = self._database.execute("SELECT name, value FROM metadata LIMIT ?", (_MAX_METADATA_ROWS,))
        return {str(name): str(value) for name, value in rows if value is not None}

    def _zooms(self) -> tuple[int, int]:
        low, high = self._database.execute("SELECT min(zoom_level), max(zoom_level) FROM tiles").fetchone()
        if low is None:
            message = f"{self._path} holds no tiles."
            raise MapError(message)
        if not (isinstance(low, int) and isinstance(high, int) and 0 <= low <= high <= MAX_TILE_ZOOM):
            raise MapError(self._unusable(f"its zoom levels are {low} to {high}"))
        return low, high

    def _media_type(self, stated: str) -> str:
        """Return the kind of tiles by their content: what a file states about itself is often wrong."""
        query = "SELECT substr(tile_data, 1, 16) FROM tiles WHERE length(tile_data) > 0 LIMIT 1"
        found = self._database.execute(query).fetchone()
        start = found[0] if found and isinstance(found[0], bytes) else b""
        by_content = media_type_of(start)
        if by_content is not None:
            return by_content
        stated = stated.strip().lower()
        if stated == "pbf":
            return VECTOR_MEDIA_TYPE
        if stated in RASTER_MEDIA_TYPES:
            return RASTER_MEDIA_TYPES[stated]
        message = f"{self._path} holds tiles of a kind that can't be drawn ({stated or 'its format is not stated'})."
        raise MapError(message)

    def _unusable(self, reason: str) -> str:
        return f"{self._path} can't be used as a map: {reason}. Take a fresh copy of the file."


def media_type_of(start: bytes) -> str | None:
    """Return the media type that a tile's first bytes show, or None where they show none."""
    if start.startswith(b"\x89PNG"):
        return "image/png"
    if start.startswith(b"\xff\xd8\xff"):
        return "image/jpeg"
    if start[:4] == b"RIFF" and start[8:12] == b"WEBP":
        return "image/webp"
    if start[4:12] == b"ftypavif":
        return "image/avif"
    if start[:2] == b"\x1f\x8b":
        return VECTOR_MEDIA_TYPE
    return None


def _check_magic(path: Path) -> None:
    try:
        with path.open("rb") as file:
            start = file.read(len(_SQLITE_MAGIC))
    except OSError as error:
        message = f"{path} can't be opened: {error.strerror}."
        raise MapError(message) from error
    if start != _SQLITE_MAGIC:
        message = f"{path} is not an MBTiles file, whatever its name says."
        raise MapError(message)


def _vector_layers(text: str) -> tuple[str, ...]:
    try:
        described = json.loads(text) if text else {}
    except ValueError:
        return ()
    layers = described.get("vector_layers") if isinstance(described, dict) else None
    if not isinstance(layers, list):
        return ()
    names = (clipped_text(entry.get("id")) for entry in layers if isinstance(entry, dict))
    return tuple(name for name in names if name)
