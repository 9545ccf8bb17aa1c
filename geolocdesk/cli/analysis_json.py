"""One analysis as the JSON document and the CSV row that the command line promises."""

from collections.abc import Iterator, Mapping

from geolocdesk.analysis import Analysis, AnalysisFailure
from geolocdesk.estimation.location import LEVELS, Calibration, CellProbabilities, Familiarity
from geolocdesk.geodesy import Position
from geolocdesk.provenance import JsonValue
from geolocdesk.unavailable import Unavailable


def document_of(result: Analysis | AnalysisFailure) -> dict[str, JsonValue]:
    """Return the JSON document of a photo: its answer, or the file and the error."""
    if isinstance(result, AnalysisFailure):
        return {"file": str(result.path), "error": {"kind": result.kind, "message": result.message}}
    estimate = result.estimate
    return {
        "file": str(result.evidence.path),
        "sha256": result.evidence.sha256,
        "analysis_id": result.analysis_id,
        "estimate": _position(estimate.position),
        "levels": [
            {
                "level": answer.level.name,
                "radius_km": answer.level.radius_km,
                **_position(answer.position),
                "probability": answer.probability,
                "calibrated": not isinstance(answer.calibration, Unavailable),
                "calibration": _calibration(answer.calibration),
            }
            for answer in estimate.levels
        ],
        "familiarity": _familiarity(estimate.familiarity),
        "regions": [{"mass": region.mass, "area_km2": region.area_km2} for region in estimate.regions],
        "search": {
            "wanted": result.neighbours.wanted,
            "found": len(result.neighbours.items),
            "eligible": result.neighbours.eligible,
            "copies_passed_over": result.neighbours.copies,
        },
        "neighbours": [
            {
                "rank": neighbour.rank,
                "reference_id": neighbour.reference.reference_id,
                **_position(neighbour.reference.position),
                "distance": neighbour.distance,
            }
            for neighbour in result.neighbours.items
        ],
        "cells": _cells(estimate.cells),
        "exif": _exif(result),
        "provenance": result.provenance.to_json(),
    }


def _position(position: Position) -> dict[str, JsonValue]:
    return {"latitude": position.latitude, "longitude": position.longitude}


def _calibration(calibration: Calibration | Unavailable) -> JsonValue:
    if isinstance(calibration, Unavailable):
        return None
    return {"photos": calibration.photos, "method": calibration.method, "source": calibration.source}


def _familiarity(familiarity: Familiarity | Unavailable) -> JsonValue:
    if isinstance(familiarity, Unavailable):
        return None
    return {
        "unfamiliar": familiarity.is_unfamiliar,
        "distance": familiarity.distance,
        "limit": familiarity.limit,
        "share_nearer": familiarity.share_nearer,
        "photos": familiarity.photos,
    }


def _cells(cells: CellProbabilities | None) -> JsonValue:
    """Return the most probable cells of an answer that rests on classes, null for any other."""
    if cells is None:
        return None
    names = ("south", "north", "west", "east")
    return [
        {**dict(zip(names, bounds, strict=True)), "probability": probability}
        for bounds, probability in zip(cells.bounds.tolist(), cells.probabilities.tolist(), strict=True)
    ]


def _exif(result: Analysis) -> JsonValue:
    claimed, distance = result.evidence.exif.position, result.exif_distance_km
    if isinstance(claimed, Unavailable) or isinstance(distance, Unavailable):
        return None
    return {**_position(claimed), "distance_km": distance}


_CELLS_IN_CSV = 3

CSV_COLUMNS = (
    "file",
    "sha256",
    "analysis_id",
    "latitude",
    "longitude",
    *(
        f"{level.name}_{column}"
        for level in LEVELS
        for column in ("latitude", "longitude", "probability", "calibrated")
    ),
    "unfamiliar",
    "region_50_km2",
    "region_90_km2",
    "nearest_reference_id",
    "nearest_distance",
    *(
        f"cell_{number}_{column}"
        for number in range(1, _CELLS_IN_CSV + 1)
        for column in ("latitude", "longitude", "probability")
    ),
    "exif_latitude",
    "exif_longitude",
    "exif_distance_km",
    "error_kind",
    "error_message",
)


def csv_row_of(result: Analysis | AnalysisFailure) -> dict[str, str]:
    """Return a photo's row of the results table; what there is none of is written as ``not available``."""
    values: Mapping[str, object] = (
        {
            "file": result.path,
            "error_kind": result.kind,
            "error_message": result.message,
        }
        if isinstance(result, AnalysisFailure)
        else dict(_answer_columns(result))
    )
    return {column: _cell(values.get(column, Unavailable.NOT_AVAILABLE)) for column in CSV_COLUMNS}


def _answer_columns(result: Analysis) -> Iterator[tuple[str, object]]:
    yield "file", result.evidence.path
    yield "sha256", result.evidence.sha256
    yield "analysis_id", result.analysis_id
    yield "latitude", result.estimate.position.latitude
    yield "longitude", result.estimate.position.longitude
    for answer in result.estimate.levels:
        name = answer.level.name
        yield f"{name}_latitude", answer.position.latitude
        yield f"{name}_longitude", answer.position.longitude
        yield f"{name}_probability", answer.probability
        yield f"{name}_calibrated", "no" if isinstance(answer.calibration, Unavailable) else "yes"
    familiarity = result.estimate.familiarity
    if not isinstance(familiarity, Unavailable):
        yield "unfamiliar", "yes" if familiarity.is_unfamiliar else "no"
    for region in result.estimate.regions:
        yield f"region_{round(100 * region.mass)}_km2", region.area_km2
    nearest = result.neighbours.items[0]
    yield "nearest_reference_id", nearest.reference.reference_id
    yield "nearest_distance", nearest.distance
    yield from _cell_columns(result.estimate.cells)
    claimed = result.evidence.exif.position
    if isinstance(claimed, Position):
        yield "exif_latitude", claimed.latitude
        yield "exif_longitude", claimed.longitude
        yield "exif_distance_km", result.exif_distance_km
    yield "error_kind", ""
    yield "error_message", ""


def _cell_columns(cells: CellProbabilities | None) -> Iterator[tuple[str, object]]:
    """Yield the middles of the most probable cells, by which a file of cells names them, and their probabilities."""
    if cells is None:
        return
    rows = zip(cells.bounds.tolist(), cells.probabilities.tolist(), strict=True)
    for number, ((south, north, west, east), probability) in enumerate(rows, start=1):
        if number > _CELLS_IN_CSV:
            return
        yield f"cell_{number}_latitude", (south + north) / 2.0
        yield f"cell_{number}_longitude", (west + east) / 2.0
        yield f"cell_{number}_probability", probability


def _cell(value: object) -> str:
    """Return a cell's text; one a spreadsheet would run as a formula is led by an apostrophe."""
    if isinstance(value, float):
        return repr(value)
    text = str(value)
    return "'" + text if text[:1] in ("=", "+", "-", "@", "\t", "\r") else text
