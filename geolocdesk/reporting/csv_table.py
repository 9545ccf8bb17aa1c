"""A report as one CSV table, a row an exhibit, that a spreadsheet can open without running anything in it."""

import csv
import json
from collections.abc import Iterator
from pathlib import Path

from geolocdesk.casefile.codec import path_to_text
from geolocdesk.casefile.reader import CaseReader
from geolocdesk.estimation.location import LEVELS
from geolocdesk.progress import ProgressCallback, ignore_progress
from geolocdesk.reporting.answer import AnswerReport
from geolocdesk.reporting.report import EVERYTHING, ExhibitReport, Report, ReportContents
from geolocdesk.unavailable import Unavailable
from geolocdesk.whole_file import whole_file

_Cell = str | float | Unavailable

_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
"""What a spreadsheet may take for the beginning of a formula, full-width forms included."""

COLUMNS = (
    "exhibit",
    "file",
    "sha256",
    "status",
    "failure",
    "latitude",
    "longitude",
    "place",
    *(
        f"{level.name}_{column}"
        for level in LEVELS
        for column in ("latitude", "longitude", "probability", "calibrated_photos")
    ),
    "unfamiliar",
    "region_50_km2",
    "region_90_km2",
    "exif_latitude",
    "exif_longitude",
    "exif_distance_km",
    "exif_captured_at",
    "exif_camera",
    "nearest_reference_id",
    "nearest_distance",
    "nearest_licence",
    "size_bytes",
    "media_type",
    "width_px",
    "height_px",
    "acquired_at",
    "tags",
    "notes",
    "analysis_id",
    "recorded_at",
    "program_version",
    "model_id",
    "weights_sha256",
    "pack_name",
    "pack_id",
    "pack_verified_at",
    "parameters",
    "device",
)


def write_csv(
    case: CaseReader,
    path: Path,
    *,
    contents: ReportContents = EVERYTHING,
    progress: ProgressCallback = ignore_progress,
) -> None:
    """Write the report's table to ``path``. Raises OutputError; progress may raise Cancelled.

    UTF-8 with the mark that spreadsheets need to know it; numbers with a point and all their digits.
    """
    report = Report(case, contents)
    with whole_file(path) as partial, partial.open("w", encoding="utf-8-sig", newline="") as stream:
        writer = csv.DictWriter(stream, COLUMNS)
        writer.writeheader()
        for exhibit in report.exhibits(progress):
            values = dict(_row(exhibit))
            writer.writerow(
                {column: cell_text(values.get(column, Unavailable.NOT_AVAILABLE)) for column in COLUMNS}
            )


def cell_text(value: _Cell) -> str:
    """Return a cell's text; a text that a spreadsheet would run as a formula is led by an apostrophe."""
    if isinstance(value, int | float):
        return repr(value)
    text = str(value)
    return f"'{text}" if text.lstrip(" ").startswith(_FORMULA_STARTS) else text


def _row(exhibit: ExhibitReport) -> Iterator[tuple[str, _Cell]]:
    facts = exhibit.exhibit
    yield "exhibit", facts.number
    yield "file", path_to_text(facts.path)
    yield "sha256", facts.sha256
    yield "status", exhibit.state
    yield "failure", exhibit.failure or Unavailable.NOT_APPLICABLE
    yield "tags", ", ".join(exhibit.labels) or "none"
    yield "notes", "\n".join(note.text for note in exhibit.notes) or "none"
    yield from _record_cells(exhibit)
    if exhibit.answer is not None:
        yield from _answer_cells(exhibit.answer)


def _record_cells(exhibit: ExhibitReport) -> Iterator[tuple[str, _Cell]]:
    record = exhibit.record
    if record is None:
        return
    yield "size_bytes", record.size_bytes
    yield "media_type", record.media_type
    yield "width_px", record.width_px
    yield "height_px", record.height_px
    yield "acquired_at", record.acquired_at
    claimed = record.exif.position
    yield "exif_latitude", claimed if isinstance(claimed, Unavailable) else claimed.latitude
    yield "exif_longitude", claimed if isinstance(claimed, Unavailable) else claimed.longitude
    yield "exif_captured_at", record.exif.captured_at
    yield "exif_camera", record.exif.camera


def _answer_cells(answer: AnswerReport) -> Iterator[tuple[str, _Cell]]:
    analysis, estimate, provenance = answer.analysis, answer.analysis.estimate, answer.analysis.provenance
    yield "latitude", estimate.position.latitude
    yield "longitude", estimate.position.longitude
    yield "place", answer.place
    for level in estimate.levels:
        name, calibration = level.level.name, level.calibration
        yield f"{name}_latitude", level.position.latitude
        yield f"{name}_longitude", level.position.longitude
        yield f"{name}_probability", level.probability
        photos = "not calibrated" if isinstance(calibration, Unavailable) else calibration.photos
        yield f"{name}_calibrated_photos", photos
    familiarity = estimate.familiarity
    yield (
        "unfamiliar",
        familiarity
        if isinstance(familiarity, Unavailable)
        else ("yes" if familiarity.is_unfamiliar else "no"),
    )
    for region in estimate.regions:
        yield f"region_{round(region.mass * 100)}_km2", region.area_km2
    yield "exif_distance_km", analysis.exif_distance_km
    if analysis.neighbours.items:
        nearest = analysis.neighbours.items[0]
        yield "nearest_reference_id", nearest.reference.reference_id
        yield "nearest_distance", nearest.distance
        yield "nearest_licence", nearest.reference.licence
    yield "analysis_id", analysis.analysis_id
    yield "recorded_at", answer.summary.recorded_at
    yield "program_version", provenance.program_version
    yield "model_id", provenance.model_id
    yield "weights_sha256", provenance.weights_sha256
    yield "pack_name", provenance.pack_name
    yield "pack_id", provenance.pack_id
    yield "pack_verified_at", answer.summary.pack_verified_at
    yield "parameters", json.dumps(dict(provenance.parameters), ensure_ascii=False, sort_keys=True)
    yield "device", provenance.device
