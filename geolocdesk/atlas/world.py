"""Natural Earth's countries, lakes and boundary lines, for point look-ups and printed maps.

Made by ``packaging/prepare_basemap.py``. The outlines are those of 1:10m, simplified to about a kilometre.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from geolocdesk.atlas.difference_coding import unpacked
from geolocdesk.paths import resource

if TYPE_CHECKING:
    from shapely import STRtree

OUTLINE_UNITS_PER_DEGREE = 1000

GeometryArray = NDArray[Any]


@dataclass(frozen=True, slots=True)
class Country:
    """A country or territory as Natural Earth draws it, which is by who controls the land."""

    name: str
    label_name: str
    """As written on the map where there is room."""
    short_name: str
    iso: str
    """ISO 3166-1 alpha-2; ``""`` where it has none."""
    sovereign: str
    type: str
    """Natural Earth's: ``Sovereign country``, ``Dependency``, ``Disputed``, ``Indeterminate`` …"""
    note: str
    """Natural Earth's remark on claims, such as ``Admin. by U.K.; Claimed by Argentina``; mostly ``""``."""
    label_longitude: float
    label_latitude: float
    label_zoom: float
    """Web Mercator zoom from which its name is shown."""
    label_rank: int


@dataclass(frozen=True, slots=True, eq=False)
class World:
    """The outlines, as shapely geometries of (longitude, latitude) in degrees."""

    countries: tuple[Country, ...]
    country_parts: GeometryArray
    """Polygons, several a country."""
    country_of_part: NDArray[np.int16]
    lakes: GeometryArray
    borders: GeometryArray
    """Lines on land between countries."""
    border_disputed: NDArray[np.bool_]
    """For each of ``borders``: disputed, indefinite, or a line of control."""
    tree: "STRtree"
    """Over ``country_parts``."""


@cache
def load_world() -> World:
    """Return the shipped outlines; they are read once."""
    return read_world(world_file())


def world_file() -> Path:
    """Return where the shipped outlines lie."""
    return resource("basemap", "world.npz")


def read_world(file: Path) -> World:
    """Return the outlines in a file that ``packaging/prepare_basemap.py`` wrote."""
    from shapely import STRtree

    with np.load(file, allow_pickle=False) as columns:
        facts = json.loads(columns["country_facts"].tobytes())
        country_parts = _polygons(columns, "country")
        owners = columns["country_owners"]
        owners.flags.writeable = False
        return World(
            countries=tuple(_country(entry) for entry in facts),
            country_parts=country_parts,
            country_of_part=owners,
            lakes=_polygons(columns, "lake"),
            borders=_lines(columns, "border"),
            border_disputed=columns["border_disputed"],
            tree=STRtree(country_parts),
        )


def _country(entry: dict[str, Any]) -> Country:
    longitude, latitude = entry["label"]
    return Country(
        name=entry["name"],
        label_name=entry["label_name"],
        short_name=entry["short_name"],
        iso=entry["iso"],
        sovereign=entry["sovereign"],
        type=entry["type"],
        note=entry["note"],
        label_longitude=longitude,
        label_latitude=latitude,
        label_zoom=entry["label_zoom"],
        label_rank=entry["label_rank"],
    )


def _points(columns: Mapping[str, NDArray[Any]], name: str) -> NDArray[np.float64]:
    axes = (columns[f"{name}_longitude"], columns[f"{name}_latitude"])
    return np.column_stack([unpacked(axis, OUTLINE_UNITS_PER_DEGREE) for axis in axes])


def _polygons(columns: Mapping[str, NDArray[Any]], name: str) -> GeometryArray:
    import shapely

    offsets = (columns[f"{name}_rings"], columns[f"{name}_polygons"])
    return _read_only(
        shapely.from_ragged_array(shapely.GeometryType.POLYGON, _points(columns, name), offsets)
    )


def _lines(columns: Mapping[str, NDArray[Any]], name: str) -> GeometryArray:
    import shapely

    offsets = (columns[f"{name}_lines"],)
    return _read_only(
        shapely.from_ragged_array(shapely.GeometryType.LINESTRING, _points(columns, name), offsets)
    )


def _read_only(geometries: GeometryArray) -> GeometryArray:
    geometries.flags.writeable = False
    return geometries
