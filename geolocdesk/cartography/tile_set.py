"""What every file of map tiles offers, however it stores them."""

import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Protocol, Self

from geolocdesk.errors import MapError

MAX_TILE_ZOOM = 24
MAX_TILE_BYTES = 8 << 20
"""No honest tile is larger; more is refused, so that a hostile file can't fill the memory."""

RASTER_MEDIA_TYPES: Mapping[str, str] = {
    "png": "image/png",
    "jpg": "image/jpeg",
    "jpeg": "image/jpeg",
    "webp": "image/webp",
    "avif": "image/avif",
}
VECTOR_MEDIA_TYPE = "application/vnd.mapbox-vector-tile"


@dataclass(frozen=True, slots=True)
class TileSetInfo:
    """What a file of tiles says about itself; texts are untrusted and shown as plain text only."""

    path: Path
    name: str
    attribution: str
    media_type: str
    min_zoom: int
    max_zoom: int
    bounds: tuple[float, float, float, float] | None
    """West, south, east, north in degrees, where the file states them."""
    vector_layers: tuple[str, ...] = ()

    @property
    def is_vector(self) -> bool:
        """Return whether the tiles hold shapes rather than pictures."""
        return self.media_type == VECTOR_MEDIA_TYPE


class TileSet(Protocol):
    """An open file of tiles in Web Mercator, addressed as z/x/y with y counted from the north."""

    @property
    def info(self) -> TileSetInfo:
        """Return what the file says about itself."""
        ...

    def tile(self, zoom: int, column: int, row: int) -> bytes | None:
        """Return one tile, uncompressed, or None where the file has none. Raises MapError."""
        ...

    def close(self) -> None:
        """Close the file; no tile can be read afterwards."""
        ...

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...


def unzipped(content: bytes, path: Path, limit: int = MAX_TILE_BYTES) -> bytes:
    """Return gzip or zlib content uncompressed, anything else as it is. Raises MapError over ``limit``."""
    if content[:2] != b"\x1f\x8b" and content[:1] != b"\x78":
        return content
    inflater = zlib.decompressobj(wbits=47)
    try:
        plain = inflater.decompress(content, limit)
    except zlib.error as error:
        message = (
            f"{path} is damaged: a part of it can't be uncompressed ({error}). Take a fresh copy of the file."
        )
        raise MapError(message) from error
    if inflater.unconsumed_tail:
        message = f"{path} holds a part larger than {limit >> 20} MiB uncompressed, which no map tile is; it isn't used."
        raise MapError(message)
    return plain


def clipped_text(value: object, length: int = 300) -> str:
    """Return an untrusted text on one line, cut to ``length``; ``""`` for what is no text."""
    return " ".join(value.split())[:length] if isinstance(value, str) else ""


def valid_bounds(values: object) -> tuple[float, float, float, float] | None:
    """Return west, south, east, north where the values are four degrees that make sense, else None."""
    if not isinstance(values, list | tuple) or len(values) != 4:
        return None
    try:
        west, south, east, north = (float(value) for value in values)
    except (TypeError, ValueError):
        return None
    if not (-180 <= west < east <= 180 and -90 <= south < north <= 90):
        return None
    return west, south, east, north
