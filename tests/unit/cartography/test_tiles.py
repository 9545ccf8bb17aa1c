"""Tile files are written by other libraries, or by hand where they are meant to be wrong."""

import gzip
import json
import sqlite3
import struct
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pmtiles.tile import Compression, TileType, zxy_to_tileid

from geolocdesk.cartography.pmtiles import tile_id
from geolocdesk.cartography.tile_set import MAX_TILE_BYTES, VECTOR_MEDIA_TYPE, TileSet
from geolocdesk.cartography.tiles import open_tiles
from geolocdesk.cartography.vector_tile import GeometryKind, TileFeature, encode_tile
from geolocdesk.errors import MapError
from tests.doubles.tile_files import Key, write_mbtiles, write_pmtiles

PNG = b"\x89PNG\r\n\x1a\n" + bytes(20)
VECTOR = encode_tile({"water": [TileFeature(GeometryKind.POINT, [np.array([[1, 2]])], {"name": "Lake"})]})


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[TileSet]:
    tiles = {(0, 0, 0): PNG + b"0", (2, 1, 3): PNG + b"213", (2, 3, 0): PNG + b"230"}
    with open_tiles(
        write_mbtiles(tmp_path / "map.mbtiles", tiles, {"name": "Mine", "format": "png"})
    ) as tile_set:
        yield tile_set


class TestMBTiles:
    def test_rows_count_from_the_north(self, opened: TileSet) -> None:
        assert opened.tile(2, 1, 3) == PNG + b"213"
        assert opened.tile(2, 3, 0) == PNG + b"230"
        assert opened.tile(2, 1, 0) is None

    def test_info(self, opened: TileSet) -> None:
        info = opened.info
        assert (info.name, info.media_type, info.min_zoom, info.max_zoom) == ("Mine", "image/png", 0, 2)
        assert not info.is_vector

    @pytest.mark.parametrize("key", [(-1, 0, 0), (0, 1, 0), (2, 4, 0), (2, 0, -1), (60, 1, 1)])
    def test_tile_outside_the_world_is_none(self, opened: TileSet, key: Key) -> None:
        assert opened.tile(*key) is None

    def test_vector_tiles_are_unzipped(self, tmp_path: Path) -> None:
        described = json.dumps({"vector_layers": [{"id": "water"}, {"id": "roads"}]})
        metadata = {"name": "V", "format": "pbf", "json": described, "bounds": "5.9,45.8,10.5,47.8"}
        path = write_mbtiles(tmp_path / "v.mbtiles", {(0, 0, 0): gzip.compress(VECTOR)}, metadata)
        with open_tiles(path) as tile_set:
            assert tile_set.tile(0, 0, 0) == VECTOR
            assert tile_set.info.vector_layers == ("water", "roads")
            assert tile_set.info.bounds == (5.9, 45.8, 10.5, 47.8)
            assert tile_set.info.is_vector

    def test_content_decides_over_the_stated_format(self, tmp_path: Path) -> None:
        path = write_mbtiles(tmp_path / "x.mbtiles", {(0, 0, 0): PNG}, {"format": "jpg"})
        with open_tiles(path) as tile_set:
            assert tile_set.info.media_type == "image/png"

    def test_nothing_is_written_beside_the_file(self, tmp_path: Path) -> None:
        path = write_mbtiles(tmp_path / "x.mbtiles", {(0, 0, 0): PNG}, {})
        before = path.read_bytes()
        with open_tiles(path) as tile_set:
            tile_set.tile(0, 0, 0)
            assert list(tmp_path.iterdir()) == [path]
        assert path.read_bytes() == before

    def test_odd_file_names_are_no_query(self, tmp_path: Path) -> None:
        path = write_mbtiles(tmp_path / "a?mode=rwc#b %20.mbtiles", {(0, 0, 0): PNG}, {})
        with open_tiles(path) as tile_set:
            assert tile_set.tile(0, 0, 0) == PNG

    def test_bomb_is_refused(self, tmp_path: Path) -> None:
        bomb = gzip.compress(bytes(MAX_TILE_BYTES + 1))
        path = write_mbtiles(tmp_path / "bomb.mbtiles", {(0, 0, 0): bomb}, {"format": "pbf"})
        with open_tiles(path) as tile_set, pytest.raises(MapError, match=r"bomb\.mbtiles"):
            tile_set.tile(0, 0, 0)

    def test_database_without_tiles_is_named(self, tmp_path: Path) -> None:
        path = tmp_path / "contacts.mbtiles"
        with closing(sqlite3.connect(path)) as database:
            database.execute("CREATE TABLE people (name text)")
        with pytest.raises(MapError, match=r"contacts\.mbtiles.*no table named tiles"):
            open_tiles(path)

    def test_empty_map_is_named(self, tmp_path: Path) -> None:
        with pytest.raises(MapError, match=r"none\.mbtiles holds no tiles"):
            open_tiles(write_mbtiles(tmp_path / "none.mbtiles", {}, {}))

    def test_truncated_database_is_named(self, tmp_path: Path) -> None:
        path = write_mbtiles(tmp_path / "cut.mbtiles", {(0, 0, 0): PNG}, {})
        path.write_bytes(path.read_bytes()[:700])
        with pytest.raises(MapError, match=r"cut\.mbtiles"):
            open_tiles(path)

    def test_unknown_kind_of_tile_is_refused(self, tmp_path: Path) -> None:
        path = write_mbtiles(tmp_path / "odd.mbtiles", {(0, 0, 0): b"%PDF-1.4"}, {"format": "pdf"})
        with pytest.raises(MapError, match="pdf"):
            open_tiles(path)


class TestPMTiles:
    @given(
        st.integers(0, 24).flatmap(
            lambda zoom: st.tuples(st.just(zoom), *[st.integers(0, (1 << zoom) - 1)] * 2)
        )
    )
    @settings(deadline=None)
    def test_tile_ids_agree_with_the_reference_library(self, key: Key) -> None:
        assert tile_id(*key) == zxy_to_tileid(*key)

    def test_every_tile_comes_back_through_leaf_directories(self, tmp_path: Path) -> None:
        rng = np.random.default_rng(5)
        keys = {(9, int(x), int(y)) for x, y in rng.integers(0, 512, (25_000, 2))}
        tiles = {key: PNG + repr(key).encode() + rng.bytes(int(rng.integers(1, 9))) for key in keys}
        with open_tiles(write_pmtiles(tmp_path / "many.pmtiles", tiles)) as tile_set:
            assert all(tile_set.tile(*key) == data for key, data in tiles.items())
            absent = [(9, x, y) for x in range(0, 512, 7) for y in range(0, 512, 7) if (9, x, y) not in tiles]
            assert all(tile_set.tile(*key) is None for key in absent)

    def test_runs_of_equal_tiles(self, tmp_path: Path) -> None:
        tiles = {(4, x, y): PNG for x in range(16) for y in range(16)}
        with open_tiles(write_pmtiles(tmp_path / "sea.pmtiles", tiles)) as tile_set:
            assert tile_set.tile(4, 15, 15) == PNG
            assert tile_set.tile(5, 0, 0) is None

    def test_vector_tiles_are_unzipped(self, tmp_path: Path) -> None:
        tiles = {(0, 0, 0): gzip.compress(VECTOR)}
        path = write_pmtiles(tmp_path / "v.pmtiles", tiles, TileType.MVT, Compression.GZIP)
        with open_tiles(path) as tile_set:
            assert tile_set.tile(0, 0, 0) == VECTOR
            assert tile_set.info.media_type == VECTOR_MEDIA_TYPE
            assert (tile_set.info.name, tile_set.info.vector_layers) == ("Test map", ("water",))

    @pytest.mark.parametrize("length", [0, 10, 126, 200])
    def test_truncated_file_is_named(self, tmp_path: Path, length: int) -> None:
        path = write_pmtiles(tmp_path / "cut.pmtiles", {(0, 0, 0): PNG})
        path.write_bytes(path.read_bytes()[:length])
        with pytest.raises(MapError, match=r"cut\.pmtiles"):
            open_tiles(path)

    @pytest.mark.parametrize(("offset", "value"), [(7, 2), (97, 3), (98, 4), (99, 0), (101, 200)])
    def test_header_that_cannot_be_read_is_refused(self, tmp_path: Path, offset: int, value: int) -> None:
        path = write_pmtiles(tmp_path / "odd.pmtiles", {(0, 0, 0): PNG})
        content = bytearray(path.read_bytes())
        content[offset] = value
        path.write_bytes(content)
        with pytest.raises(MapError, match=r"odd\.pmtiles"):
            open_tiles(path)

    @given(st.data())
    @settings(deadline=None)
    def test_any_damage_is_a_map_error_or_no_harm(
        self, tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
    ) -> None:
        path = write_pmtiles(
            tmp_path_factory.mktemp("damage") / "d.pmtiles", {(1, x, 0): PNG for x in (0, 1)}
        )
        content = bytearray(path.read_bytes())
        for _ in range(data.draw(st.integers(1, 6))):
            content[data.draw(st.integers(8, len(content) - 1))] = data.draw(st.integers(0, 255))
        path.write_bytes(content)
        messages: list[str] = []
        try:
            with open_tiles(path) as tile_set:
                tile_set.tile(1, 0, 0)
        except MapError as error:
            messages.append(error.message)
        assert all("d.pmtiles" in message for message in messages)

    def test_tile_of_absurd_length_is_refused(self, tmp_path: Path) -> None:
        path = write_pmtiles(tmp_path / "big.pmtiles", {(0, 0, 0): PNG})
        content = bytearray(path.read_bytes())
        directory = gzip.compress(bytes([1, 0, 1]) + b"\xff\xff\xff\x7f" + bytes([1]), mtime=0)
        struct.pack_into("<2Q", content, 8, len(content), len(directory))
        path.write_bytes(bytes(content) + directory)
        with open_tiles(path) as tile_set, pytest.raises(MapError, match="claims"):
            tile_set.tile(0, 0, 0)


def test_other_files_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "holiday.jpg"
    path.write_bytes(b"\xff\xd8\xff\xe0" + bytes(40))
    with pytest.raises(MapError, match=r"holiday\.jpg is neither"):
        open_tiles(path)


def test_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(MapError, match=r"gone\.mbtiles can't be opened"):
        open_tiles(tmp_path / "gone.mbtiles")
