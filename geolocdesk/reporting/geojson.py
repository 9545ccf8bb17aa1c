"""A report as GeoJSON (RFC 7946), written exhibit by exhibit."""

import json
from pathlib import Path

from geolocdesk.casefile.reader import CaseReader
from geolocdesk.progress import ProgressCallback, ignore_progress
from geolocdesk.reporting.map_features import exhibit_features
from geolocdesk.reporting.report import EVERYTHING, Report, ReportContents
from geolocdesk.whole_file import whole_file


def write_geojson(
    case: CaseReader,
    path: Path,
    *,
    contents: ReportContents = EVERYTHING,
    progress: ProgressCallback = ignore_progress,
) -> None:
    """Write the report's places to ``path``. Raises OutputError; progress may raise Cancelled."""
    report = Report(case, contents)
    head = {
        "type": "FeatureCollection",
        "title": report.title,
        "case": {fact.name: fact.value for fact in report.case_facts() if fact.name},
        "audit_hash": report.info.audit_hash,
        "as_of": report.as_of,
    }
    with whole_file(path) as partial, partial.open("w", encoding="utf-8", newline="\n") as stream:
        stream.write(_json(head)[:-1] + ',"features":[')
        separator = "\n"
        for exhibit in report.exhibits(progress):
            for place in exhibit_features(exhibit):
                stream.write(separator + _json(place))
                separator = ",\n"
        stream.write("\n]}\n")


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
