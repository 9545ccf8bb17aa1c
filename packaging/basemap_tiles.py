"""Cut Natural Earth into the vector tiles of the map page.

Zoom z here is the data zoom; a data tile covers 512 display pixels, so it is drawn at display zoom z + 1.
Zooms 0–3 come from the 1:50m layers, 4–6 from 1:10m; the page enlarges zoom 6 for everything closer.
"""

import gzip
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import shapely
from natural_earth import NaturalEarth
from numpy.typing import NDArray
from pmtiles.tile import Compression, TileType, zxy_to_tileid
from pmtiles.writer import write as pmtiles_writer

from geolocdesk.cartography.vector_tile import (
    EXTENT,
    GeometryKind,
    PropertyValue,
    TileFeature,
    encode_tile,
)

MAX_ZOOM = 6
FIRST_DETAILED_ZOOM = 4
TILE_PIXELS = 512
BUFFER = 96 / EXTENT
"""Share of a tile's side by which geometry reaches beyond it, so that outlines of cut edges stay hidden."""
TOLERANCE_PIXELS = 0.55
DEEPEST_TOLERANCE_PIXELS = 0.4
"""The last zoom is enlarged by the page, so it keeps more."""
PROVINCE_TOLERANCE_PIXELS = 1.3
"""Province lines are thin, pale and many: they may be coarser than coasts and borders."""
LEAST_LAKE_PIXELS = 2.5
MAX_LATITUDE = 85.0511287798066

Properties = dict[str, PropertyValue]
Rounding = Callable[[NDArray[np.float64]], NDArray[np.int64]]


@dataclass(frozen=True, slots=True, eq=False)
class Layer:
    """One layer at one zoom, in Web Mercator from 0 to 1, y downwards."""

    name: str
    geometries: NDArray[Any]
    properties: tuple[Properties, ...]


def write_tiles(source: NaturalEarth, file: Path, attribution: str) -> int:
    """Write the PMTiles archive and return how many tiles it has."""
    written = 0
    worlds = {scale: _World(source, scale) for scale in ("50m", "10m")}
    with pmtiles_writer(str(file)) as archive:
        tiles = {}
        for zoom in range(MAX_ZOOM + 1):
            world = worlds["10m" if zoom >= FIRST_DETAILED_ZOOM else "50m"]
            for column, row, content in _tiles_of_zoom(world.layers(zoom), zoom):
                tiles[zxy_to_tileid(zoom, column, row)] = gzip.compress(content, compresslevel=9, mtime=0)
        for tile_id in sorted(tiles):
            archive.write_tile(tile_id, tiles[tile_id])
            written += 1
        archive.finalize(_header(), _metadata(attribution))
    return written


def _header() -> dict[str, Any]:
    return {
        "tile_type": TileType.MVT,
        "tile_compression": Compression.GZIP,
        "min_zoom": 0,
        "max_zoom": MAX_ZOOM,
        "min_lon_e7": -180 * 10**7,
        "min_lat_e7": -85 * 10**7,
        "max_lon_e7": 180 * 10**7,
        "max_lat_e7": 85 * 10**7,
        "center_zoom": 1,
        "center_lon_e7": 0,
        "center_lat_e7": 0,
    }


def _metadata(attribution: str) -> dict[str, Any]:
    layers = [
        {"id": "land", "fields": {}},
        {"id": "lakes", "fields": {}},
        {"id": "provinces", "fields": {}},
        {"id": "borders", "fields": {"kind": "String"}},
    ]
    return {"name": "geolocdesk base map", "attribution": attribution, "vector_layers": layers}


class _World:
    """The layers of one scale, projected once."""

    def __init__(self, source: NaturalEarth, scale: str) -> None:
        self._land = _joined(_project(source.land(scale).geometries))
        lakes = source.lakes(scale)
        self._lakes = shapely.make_valid(_project(lakes.geometries))
        self._lake_zooms = np.array([float(entry["min_zoom"]) for entry in lakes.attributes])
        boundaries = source.boundaries(scale)
        self._borders = _project(boundaries.geometries)
        self._border_properties = tuple(_line_properties(entry) for entry in boundaries.attributes)
        self._provinces = (
            _project(source.provinces().geometries) if scale == "10m" else np.array([], dtype=object)
        )

    def layers(self, zoom: int) -> list[Layer]:
        """Return the layers simplified for a data zoom."""
        land = shapely.get_parts(_simplified(self._land, zoom))
        lakes = self._lakes_at(zoom)
        provinces = _simplified(self._provinces, zoom, PROVINCE_TOLERANCE_PIXELS)
        return [
            Layer("land", land, ({},) * len(land)),
            Layer("lakes", lakes, ({},) * len(lakes)),
            Layer("provinces", provinces, ({},) * len(provinces)),
            Layer("borders", _simplified(self._borders, zoom), self._border_properties),
        ]

    def _lakes_at(self, zoom: int) -> NDArray[Any]:
        shown = _simplified(self._lakes[self._lake_zooms <= zoom + 1], zoom)
        least_area = (LEAST_LAKE_PIXELS / (TILE_PIXELS * 2**zoom)) ** 2
        large: NDArray[Any] = shown[shapely.area(shown) > least_area]
        return large


def _joined(land: NDArray[Any]) -> NDArray[Any]:
    """Return land joined across the date line, so that no outline runs along it."""
    whole = shapely.union_all(shapely.make_valid(land))
    copies = [_shifted(whole, -1), whole, _shifted(whole, 1)]
    around = shapely.clip_by_rect(np.array(copies, dtype=object), -BUFFER, -1, 1 + BUFFER, 2)
    joined: NDArray[Any] = shapely.get_parts(shapely.union_all(around, grid_size=1e-8))
    return joined


def _line_properties(attributes: dict[str, Any]) -> Properties:
    kind = boundary_kind(str(attributes.get("featurecla", "")))
    return {"kind": kind} if kind else {}


def boundary_kind(feature_class: str) -> str:
    """Return ``border``, ``disputed`` or ``""`` for Natural Earth's class of a boundary line."""
    if not feature_class:
        return ""
    return "border" if feature_class.startswith("International boundary") else "disputed"


def _project(geometries: NDArray[Any]) -> NDArray[Any]:
    def mercator(degrees: NDArray[np.float64]) -> NDArray[np.float64]:
        latitude = np.radians(np.clip(degrees[:, 1], -MAX_LATITUDE, MAX_LATITUDE))
        x = degrees[:, 0] / 360 + 0.5
        y = 0.5 - np.arctanh(np.sin(latitude)) / (2 * np.pi)
        return np.column_stack([x, y])

    projected: NDArray[Any] = shapely.transform(geometries, mercator)
    return projected


def _shifted(geometry: shapely.Geometry, worlds: int) -> shapely.Geometry:
    return shapely.transform(geometry, lambda points: np.add(points, (worlds, 0)))


def _simplified(geometries: NDArray[Any], zoom: int, pixels: float | None = None) -> NDArray[Any]:
    if pixels is None:
        pixels = DEEPEST_TOLERANCE_PIXELS if zoom == MAX_ZOOM else TOLERANCE_PIXELS
    tolerance = pixels / (TILE_PIXELS * 2**zoom)
    simplified: NDArray[Any] = shapely.simplify(geometries, tolerance, preserve_topology=True)
    return simplified


def _tiles_of_zoom(layers: list[Layer], zoom: int) -> Iterator[tuple[int, int, bytes]]:
    """Yield (column, row, bytes) by halving the world until one tile is left."""
    pending = [(0, 0, 0, layers)]
    while pending:
        depth, column, row, around = pending.pop()
        clipped = [
            part for part in (_clipped(layer, depth, column, row) for layer in around) if len(part.geometries)
        ]
        if not clipped:
            continue
        if depth == zoom:
            yield column, row, _encoded(clipped, depth, column, row)
            continue
        children = [(2 * column + across, 2 * row + down) for across in (0, 1) for down in (0, 1)]
        pending.extend((depth + 1, *child, clipped) for child in children)


def _clipped(layer: Layer, depth: int, column: int, row: int) -> Layer:
    side = 1 / 2**depth
    margin = BUFFER * side
    west, north = column * side - margin, row * side - margin
    clipped = shapely.clip_by_rect(
        layer.geometries, west, north, west + side + 2 * margin, north + side + 2 * margin
    )
    kept = np.flatnonzero(~shapely.is_empty(clipped))
    return Layer(layer.name, clipped[kept], tuple(layer.properties[index] for index in kept))


def _encoded(layers: list[Layer], depth: int, column: int, row: int) -> bytes:
    side = 1 / 2**depth
    origin = np.array([column * side, row * side])

    def units(points: NDArray[np.float64]) -> NDArray[np.int64]:
        return np.rint((points - origin) * (EXTENT / side)).astype(np.int64)

    content = {}
    for layer in layers:
        parts, owners = shapely.get_parts(layer.geometries, return_index=True)
        features = (
            _feature(part, layer.properties[owner], units) for part, owner in zip(parts, owners, strict=True)
        )
        content[layer.name] = [feature for feature in features if feature is not None]
    return encode_tile(content)


def _feature(geometry: shapely.Geometry, properties: Properties, units: Rounding) -> TileFeature | None:
    if isinstance(geometry, shapely.Polygon):
        oriented = shapely.orient_polygons(geometry)
        rings = [
            units(shapely.get_coordinates(ring))[:-1] for ring in (oriented.exterior, *oriented.interiors)
        ]
        if _shoelace(rings[0]) == 0:
            return None
        return TileFeature(GeometryKind.POLYGON, [ring for ring in rings if _shoelace(ring) != 0], properties)
    if isinstance(geometry, shapely.LineString):
        return TileFeature(GeometryKind.LINE, [units(shapely.get_coordinates(geometry))], properties)
    return None


def _shoelace(ring: NDArray[np.int64]) -> int:
    x, y = ring[:, 0], ring[:, 1]
    return int(np.sum(x * np.roll(y, -1) - np.roll(x, -1) * y))
