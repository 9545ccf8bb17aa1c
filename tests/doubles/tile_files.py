"""Files of map tiles, written for tests by other libraries or by the specification."""

import sqlite3
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path

from pmtiles.tile import Compression, TileType, zxy_to_tileid
from pmtiles.writer import Writer

Key = tuple[int, int, int]
"""Zoom, column, and row counted from the north."""


def write_mbtiles(path: Path, tiles: Mapping[Key, bytes], metadata: Mapping[str, str]) -> Path:
    """Write tiles addressed from the north, as an MBTiles file that counts from the south."""
    with closing(sqlite3.connect(path)) as database:
        database.execute("CREATE TABLE metadata (name text, value text)")
        database.execute("CREATE TABLE tiles (zoom_level int, tile_column int, tile_row int, tile_data blob)")
        database.executemany("INSERT INTO metadata VALUES (?, ?)", metadata.items())
        rows = [(zoom, column, (1 << zoom) - 1 - row, data) for (zoom, column, row), data in tiles.items()]
        database.executemany("INSERT INTO tiles VALUES (?, ?, ?, ?)", rows)
        database.commit()
    return path


def write_pmtiles(
    path: Path,
    tiles: Mapping[Key, bytes],
    tile_type: TileType = TileType.PNG,
    compression: Compression = Compression.NONE,
) -> Path:
    with path.open("wb") as file:
        writer = Writer(file)
        for key in sorted(tiles, key=lambda key: zxy_to_tileid(*key)):
            writer.write_tile(zxy_to_tileid(*key), tiles[key])
        zooms = [key[0] for key in tiles]
        header = {
            "tile_type": tile_type,
            "tile_compression": compression,
            "min_zoom": min(zooms),
            "max_zoom": max(zooms),
            "min_lon_e7": -1_800_000_000,
            "min_lat_e7": -850_000_000,
            "max_lon_e7": 1_800_000_000,
            "max_lat_e7": 850_000_000,
            "center_zoom": 0,
            "center_lon_e7": 0,
            "center_lat_e7": 0,
        }
        writer.finalize(header, {"name": "Test map", "attribution": "Us", "vector_layers": [{"id": "water"}]})
    return path
