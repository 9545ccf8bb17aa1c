"""The user's own maps in the page: pictures and vectors, from MBTiles and PMTiles."""

import gzip
import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from pmtiles.tile import Compression, TileType

from geolocdesk.cartography.map_palette import map_palette
from geolocdesk.cartography.vector_tile import EXTENT, GeometryKind, TileFeature, encode_tile
from geolocdesk.colours import LIGHT
from geolocdesk.errors import MapError
from tests.doubles.tile_files import write_mbtiles, write_pmtiles
from tests.web.reader import Reader
from tests.web.test_map_view import share_of

GREEN = "#2e8b57"
WORLD = [(zoom, x, y) for zoom in (0, 1, 2) for x in range(1 << zoom) for y in range(1 << zoom)]


def picture(colour: str) -> bytes:
    stream = io.BytesIO()
    Image.new("RGB", (256, 256), colour).save(stream, "PNG")
    return stream.getvalue()


def water() -> bytes:
    square = np.array([[0, 0], [EXTENT, 0], [EXTENT, EXTENT], [0, EXTENT]])
    return gzip.compress(encode_tile({"water": [TileFeature(GeometryKind.POLYGON, [square], {})]}), mtime=0)


@pytest.mark.parametrize("kind", ["mbtiles", "pmtiles"])
def test_pictures_are_drawn(fresh_reader: Reader, tmp_path: Path, kind: str) -> None:
    tiles = {key: picture(GREEN) for key in WORLD}
    path = tmp_path / f"green.{kind}"
    if kind == "mbtiles":
        write_mbtiles(path, tiles, {"name": "Green", "format": "png", "attribution": "Us <b>all</b>"})
    else:
        write_pmtiles(path, tiles)
    info = fresh_reader.view.add_tiles(path)
    assert not info.is_vector
    fresh_reader.wait_until(lambda: share_of(fresh_reader.picture(), GREEN) > 0.4, "the pictures are drawn")
    assert info.attribution in fresh_reader.evaluate("document.querySelector('.sources').textContent")
    assert fresh_reader.complaints == []


@pytest.mark.parametrize("kind", ["mbtiles", "pmtiles"])
def test_vectors_are_drawn(fresh_reader: Reader, tmp_path: Path, kind: str) -> None:
    tiles = {key: water() for key in WORLD}
    path = tmp_path / f"water.{kind}"
    if kind == "mbtiles":
        layers = '{"vector_layers": [{"id": "water"}]}'
        write_mbtiles(path, tiles, {"name": "Water", "format": "pbf", "json": layers})
    else:
        write_pmtiles(path, tiles, TileType.MVT, Compression.GZIP)
    info = fresh_reader.view.add_tiles(path)
    assert info.is_vector
    land, sea = map_palette(LIGHT).land, map_palette(LIGHT).sea

    def is_flooded() -> bool:
        picture = fresh_reader.picture()
        return share_of(picture, sea) > 0.5 and share_of(picture, land) < 0.01

    fresh_reader.wait_until(is_flooded, "water covers the land")
    assert fresh_reader.complaints == []


def test_missing_tiles_are_no_error(fresh_reader: Reader, tmp_path: Path) -> None:
    path = write_mbtiles(tmp_path / "corner.mbtiles", {(2, 0, 0): picture(GREEN)}, {"format": "png"})
    fresh_reader.view.add_tiles(path)
    fresh_reader.wait_for_tiles()
    assert fresh_reader.complaints == []


def test_a_broken_tile_is_told_once_by_its_file(fresh_reader: Reader, tmp_path: Path) -> None:
    tiles = {key: b"\x1f\x8b" + bytes(40) for key in WORLD}
    path = write_mbtiles(tmp_path / "broken.mbtiles", tiles, {"format": "pbf"})
    told: list[str] = []
    fresh_reader.view.tiles_failed.connect(told.append)
    fresh_reader.view.add_tiles(path)
    fresh_reader.wait_until(lambda: bool(told), "the file is named")
    fresh_reader.wait_for_tiles()
    assert fresh_reader.complaints == told
    assert len(told) == 1
    assert "broken.mbtiles is damaged" in told[0]


def test_a_file_that_is_no_map_changes_nothing(fresh_reader: Reader, tmp_path: Path) -> None:
    path = tmp_path / "notes.pmtiles"
    path.write_text("not a map")
    with pytest.raises(MapError, match=r"notes\.pmtiles is neither"):
        fresh_reader.view.add_tiles(path)
    assert fresh_reader.evaluate("geolocdesk.inspect.baseMaps.chosen") == "basemap"


def test_the_user_can_go_back_to_the_shipped_map(fresh_reader: Reader, tmp_path: Path) -> None:
    tiles = {key: picture(GREEN) for key in WORLD}
    fresh_reader.view.add_tiles(write_pmtiles(tmp_path / "green.pmtiles", tiles))
    choices = fresh_reader.evaluate(
        "[...document.querySelectorAll('input[name=\"base-map\"]')].map((input) => input.checked)"
    )
    assert choices == [False, True]
    fresh_reader.evaluate("document.querySelector('#map-basemap').click() || 1")
    fresh_reader.wait_for_tiles()
    land = map_palette(LIGHT).land
    fresh_reader.wait_until(lambda: share_of(fresh_reader.picture(), land) > 0.1, "the shipped map is back")
