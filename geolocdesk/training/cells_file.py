"""Cells on disk: GeoJSON that any map shows, with the tree of splits beside it for this program."""

import json
from pathlib import Path
from typing import Any

import numpy as np

from geolocdesk.errors import SourceError
from geolocdesk.provenance import JsonValue
from geolocdesk.training.partition import Partition, PartitionRule
from geolocdesk.whole_file import whole_file

FORMAT = "geolocdesk cells"
FORMAT_VERSION = 1


def write_cells(path: Path, partition: Partition) -> None:
    """Write the cells as one GeoJSON feature each, with centre, area and photo count. Raises OutputError."""
    with whole_file(path) as partial:
        partial.write_text(json.dumps(cells_geojson(partition)), encoding="utf-8")


def cells_geojson(partition: Partition) -> dict[str, JsonValue]:
    """Return the cells as a GeoJSON FeatureCollection."""
    rule = partition.rule
    rows = zip(
        partition.bounds.tolist(),
        partition.centres().tolist(),
        partition.areas_km2().tolist(),
        partition.counts.tolist(),
        strict=True,
    )
    features: list[JsonValue] = [
        {
            "type": "Feature",
            "id": number,
            "properties": {
                "cell": number,
                "latitude": latitude,
                "longitude": longitude,
                "area_km2": area,
                "photos": count,
            },
            "geometry": {"type": "Polygon", "coordinates": [_ring(*bounds)]},
        }
        for number, (bounds, (latitude, longitude), area, count) in enumerate(rows)
    ]
    return {
        "type": "FeatureCollection",
        "features": features,
        "format": FORMAT,
        "format_version": FORMAT_VERSION,
        "rule": {
            "max_images": rule.max_images,
            "min_area_km2": rule.min_area_km2,
            "split": rule.split,
            "seed": rule.seed,
        },
        "bounds": partition.bounds.tolist(),
        "splits": {
            "axis": partition.axis.tolist(),
            "threshold": partition.threshold.tolist(),
            "children": partition.children.tolist(),
        },
    }


def _ring(south: float, north: float, west: float, east: float) -> list[JsonValue]:
    return [[west, south], [east, south], [east, north], [west, north], [west, south]]


def read_cells(path: Path) -> Partition:
    """Return the cells that ``write_cells`` wrote. Raises SourceError for any other file."""
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
        if value["format"] != FORMAT or value["format_version"] != FORMAT_VERSION:
            raise _not_cells(path)
        return _partition_of(value)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise _not_cells(path) from error


def _partition_of(value: dict[str, Any]) -> Partition:
    rule, splits = value["rule"], value["splits"]
    counts = [feature["properties"]["photos"] for feature in value["features"]]
    return Partition(
        rule=PartitionRule(rule["max_images"], rule["min_area_km2"], rule["split"], rule["seed"]),
        bounds=np.array(value["bounds"], np.float64).reshape(-1, 4),
        counts=np.array(counts, np.int64),
        axis=np.array(splits["axis"], np.int8),
        threshold=np.array(splits["threshold"], np.float64),
        children=np.array(splits["children"], np.int64).reshape(-1, 2),
    )


def _not_cells(path: Path) -> SourceError:
    return SourceError(f"{path} holds no cells of this program; write it with geolocdesk partition.")
