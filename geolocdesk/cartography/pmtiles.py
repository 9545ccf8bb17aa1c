"""PMTiles version 3, read: one file of tiles with a directory by Hilbert order.

https://github.com/protomaps/PMTiles/blob/main/spec/v3/spec.md
"""

import json
import os
import struct
from bisect import bisect_right
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from threading import Lock
from types import TracebackType
from typing import Any, BinaryIO, NamedTuple, Self

from geolocdesk.cartography.tile_set import (
    MAX_TILE_BYTES,
    MAX_TILE_ZOOM,
    VECTOR_MEDIA_TYPE,
    TileSetInfo,
    clipped_text,
    unzipped,
    valid_bounds,
)
from geolocdesk.errors import MapError

HEADER_BYTES = 127
_MAGIC = b"PMTiles"
_MAX_DIRECTORY_BYTES = 16 << 20
_MAX_METADATA_BYTES = 4 << 20
_MAX_DEPTH = 4
_COMPRESSIONS = {1: "none", 2: "gzip", 3: "brotli", 4: "zstd"}
_MEDIA_TYPES = {1: VECTOR_MEDIA_TYPE, 2: "image/png", 3: "image/jpeg", 4: "image/webp", 5: "image/avif"}


class _Header(NamedTuple):
    root_offset: int
    root_length: int
    metadata_offset: int
    metadata_length: int
    leaves_offset: int
    leaves_length: int
    data_offset: int
    data_length: int
    addressed_tiles: int
    entries: int
    contents: int
    is_clustered: int
    internal_compression: int
    tile_compression: int
    tile_type: int
    min_zoom: int
    max_zoom: int
    west_e7: int
    south_e7: int
    east_e7: int
    north_e7: int


_HEADER_LAYOUT = struct.Struct("<11Q6B4i")


@dataclass(frozen=True, slots=True)
class _Directory:
    """Entries in order of tile id; ``run_lengths`` is 0 where the entry is a further directory."""

    tile_ids: list[int]
    run_lengths: list[int]
    lengths: list[int]
    offsets: list[int]


class PMTilesFile:
    """An open PMTiles archive. Raises MapError, naming the file, for anything it can't read."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = Lock()
        try:
            self._file: BinaryIO = path.open("rb")
        except OSError as error:
            message = f"{path} can't be opened: {error.strerror}."
            raise MapError(message) from error
        self._size_bytes = self._file.seek(0, os.SEEK_END)
        try:
            self._header = self._read_header()
            self._info = self._read_info()
            self._directory = lru_cache(maxsize=64)(self._read_directory)
            self._directory(self._header.root_offset, self._header.root_length)
        except MapError:
            self._file.close()
            raise

    @property
    def info(self) -> TileSetInfo:
        """Return what the file says about itself."""
        return self._info

    def tile(self, zoom: int, column: int, row: int) -> bytes | None:
        """Return one tile, uncompressed, or None where the file has none. Raises MapError."""
        if not _is_tile(zoom, column, row):
            return None
        found = self._find(tile_id(zoom, column, row))
        if found is None:
            return None
        offset, length = found
        if length > MAX_TILE_BYTES:
            raise MapError(self._damaged(f"tile {zoom}/{column}/{row} claims {length} bytes"))
        content = self._read(self._header.data_offset + offset, length)
        return unzipped(content, self._path) if self._header.tile_compression == 2 else content

    def close(self) -> None:
        """Close the file; no tile can be read afterwards."""
        self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _find(self, wanted: int) -> tuple[int, int] | None:
        offset, length = self._header.root_offset, self._header.root_length
        for _ in range(_MAX_DEPTH):
            directory = self._directory(offset, length)
            index = bisect_right(directory.tile_ids, wanted) - 1
            if index < 0:
                return None
            run_length = directory.run_lengths[index]
            if run_length > 0:
                covered = wanted - directory.tile_ids[index] < run_length
                return (directory.offsets[index], directory.lengths[index]) if covered else None
            offset = self._header.leaves_offset + directory.offsets[index]
            length = directory.lengths[index]
        raise MapError(self._damaged("its directories lead into each other"))

    def _read_header(self) -> _Header:
        content = self._read(0, HEADER_BYTES)
        if content[:7] != _MAGIC:
            message = f"{self._path} is not a PMTiles file, whatever its name says."
            raise MapError(message)
        if content[7] != 3:
            message = (
                f"{self._path} is PMTiles version {content[7]}; only version 3 can be read. Convert it first."
            )
            raise MapError(message)
        header = _Header(*_HEADER_LAYOUT.unpack_from(content, 8))
        for compression in (header.internal_compression, header.tile_compression):
            if compression not in (1, 2):
                name = _COMPRESSIONS.get(compression, "unknown")
                message = (
                    f"{self._path} uses {name} compression; only none and gzip can be read. Convert it first."
                )
                raise MapError(message)
        if header.tile_type not in _MEDIA_TYPES:
            message = f"{self._path} doesn't say what kind of tiles it holds, so it can't be drawn."
            raise MapError(message)
        if not header.min_zoom <= header.max_zoom <= MAX_TILE_ZOOM:
            raise MapError(self._damaged(f"its zoom levels are {header.min_zoom} to {header.max_zoom}"))
        return header

    def _read_info(self) -> TileSetInfo:
        header = self._header
        metadata = self._read_metadata()
        layers = metadata.get("vector_layers")
        names = (
            [clipped_text(entry.get("id")) for entry in layers if isinstance(entry, dict)]
            if isinstance(layers, list)
            else []
        )
        return TileSetInfo(
            path=self._path,
            name=clipped_text(metadata.get("name"), 80) or self._path.stem,
            attribution=clipped_text(metadata.get("attribution")),
            media_type=_MEDIA_TYPES[header.tile_type],
            min_zoom=header.min_zoom,
            max_zoom=header.max_zoom,
            bounds=valid_bounds(
                [edge / 1e7 for edge in (header.west_e7, header.south_e7, header.east_e7, header.north_e7)]
            ),
            vector_layers=tuple(name for name in names if name),
        )

    def _read_metadata(self) -> dict[str, Any]:
        content = self._section(
            self._header.metadata_offset, self._header.metadata_length, _MAX_METADATA_BYTES
        )
        try:
            metadata = json.loads(content) if content else {}
        except ValueError as error:
            raise MapError(self._damaged(f"its metadata is no JSON ({error})")) from error
        return metadata if isinstance(metadata, dict) else {}

    def _read_directory(self, offset: int, length: int) -> _Directory:
        content = self._section(offset, length, _MAX_DIRECTORY_BYTES)
        try:
            return _parse_directory(content)
        except (IndexError, ValueError) as error:
            raise MapError(self._damaged("a directory of it makes no sense")) from error

    def _section(self, offset: int, length: int, limit: int) -> bytes:
        if length > limit:
            raise MapError(self._damaged(f"a part of it claims {length} bytes"))
        content = self._read(offset, length)
        return unzipped(content, self._path, limit) if self._header.internal_compression == 2 else content

    def _read(self, offset: int, length: int) -> bytes:
        if offset + length > self._size_bytes:
            raise MapError(self._damaged(f"it ends before byte {offset + length}"))
        with self._lock:
            try:
                self._file.seek(offset)
                content = self._file.read(length)
            except OSError as error:
                raise MapError(self._damaged(str(error))) from error
        if len(content) != length:
            raise MapError(self._damaged("it became shorter while it was open"))
        return content

    def _damaged(self, reason: str) -> str:
        return f"{self._path} is damaged: {reason}. Take a fresh copy of the file."


def tile_id(zoom: int, column: int, row: int) -> int:
    """Return the tile's number: all tiles of lower zooms first, then along the Hilbert curve."""
    number = ((1 << 2 * zoom) - 1) // 3
    x, y = column, row
    half = 1 << zoom >> 1
    while half:
        right, lower = int(bool(x & half)), int(bool(y & half))
        number += half * half * ((3 * right) ^ lower)
        if not lower:
            if right:
                x, y = half - 1 - (x & half - 1), half - 1 - (y & half - 1)
            x, y = y, x
        half >>= 1
    return number


def _is_tile(zoom: int, column: int, row: int) -> bool:
    return 0 <= zoom <= MAX_TILE_ZOOM and 0 <= column < 1 << zoom and 0 <= row < 1 << zoom


def _parse_directory(content: bytes) -> _Directory:
    """Return the directory. Raises IndexError where it ends early, ValueError where it contradicts itself."""
    count, position = _read_varint(content, 0)
    if count > len(content):
        message = "more entries than bytes"
        raise ValueError(message)
    steps, position = _read_varints(content, position, count)
    run_lengths, position = _read_varints(content, position, count)
    lengths, position = _read_varints(content, position, count)
    stored, position = _read_varints(content, position, count)
    tile_ids: list[int] = []
    offsets: list[int] = []
    number = 0
    for index in range(count):
        number += steps[index]
        tile_ids.append(number)
        follows = stored[index] == 0 and index > 0
        offsets.append(offsets[-1] + lengths[index - 1] if follows else stored[index] - 1)
    if any(offset < 0 for offset in offsets):
        message = "an offset below zero"
        raise ValueError(message)
    return _Directory(tile_ids, run_lengths, lengths, offsets)


def _read_varints(content: bytes, position: int, count: int) -> tuple[list[int], int]:
    values = []
    for _ in range(count):
        value, position = _read_varint(content, position)
        values.append(value)
    return values, position


def _read_varint(content: bytes, position: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = content[position]
        position += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, position
        shift += 7
        if shift > 63:
            message = "a number of more than 64 bits"
            raise ValueError(message)
