"""Polygons that a search is limited to."""

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from geolocdesk.atlas.inside import are_inside
from geolocdesk.errors import UsageError
from geolocdesk.provenance import JsonValue, canonical_json, sha256_of_bytes


@dataclass(frozen=True, slots=True)
class SearchArea:
    """One or more polygons in GeoJSON; only references inside may be found."""

    name: str
    geometry_json: str
    """Canonical JSON of a GeometryCollection of Polygons and MultiPolygons (RFC 7946)."""

    @property
    def sha256(self) -> str:
        """Return the hash that stands for the area in an analysis's provenance."""
        return sha256_of_bytes(self.geometry_json.encode("utf-8"))

    def contains(self, positions: NDArray[np.float64]) -> NDArray[np.bool_]:
        """Return bool[n]: which positions float64[n, 2] (latitude, longitude) lie inside or on the edge."""
        import shapely

        area = shapely.union_all(shapely.get_parts(shapely.from_geojson(self.geometry_json)))
        return are_inside(area, positions)


def read_search_area(path: Path) -> SearchArea:
    """Return the area a GeoJSON file describes. Raises UsageError where it holds no valid polygon."""
    import shapely

    try:
        value = json.loads(path.read_text(encoding="utf-8-sig"))
    except (OSError, UnicodeDecodeError, json.JSONDecodeError) as error:
        message = f"The area {path} cannot be read as GeoJSON ({error}); save it again as GeoJSON polygons."
        raise UsageError(message) from error
    geometries: list[JsonValue] = [
        geometry
        for geometry in _geometries(value)
        if isinstance(geometry, dict) and geometry.get("type") in ("Polygon", "MultiPolygon")
    ]
    if not geometries:
        message = f"The area {path} holds no Polygon or MultiPolygon; draw the area as polygons."
        raise UsageError(message)
    text = canonical_json({"type": "GeometryCollection", "geometries": geometries}).decode("utf-8")
    try:
        reason = shapely.is_valid_reason(shapely.from_geojson(text))
    except shapely.GEOSException as error:
        reason = str(error)
    if reason != "Valid Geometry":
        message = f"A polygon of the area {path} is not valid ({reason}); mend it and try again."
        raise UsageError(message)
    return SearchArea(path.name, text)


def _geometries(value: JsonValue) -> list[JsonValue]:
    """Return every geometry in a GeoJSON value, features and collections opened."""
    if not isinstance(value, dict):
        return []
    members: dict[JsonValue, str] = {"FeatureCollection": "features", "GeometryCollection": "geometries"}
    kind = value.get("type")
    if kind in members:
        inner = value.get(members[kind])
        return [found for item in inner for found in _geometries(item)] if isinstance(inner, list) else []
    if kind == "Feature":
        return _geometries(value.get("geometry"))
    return [value]
