"""A report as GPX 1.1 waypoints: each answer, and each position that a file claims."""

from collections.abc import Iterator
from pathlib import Path
from xml.sax.saxutils import escape, quoteattr

from geolocdesk.casefile.reader import CaseReader
from geolocdesk.geodesy import Position
from geolocdesk.progress import ProgressCallback, ignore_progress
from geolocdesk.provenance import current_program_version
from geolocdesk.reporting.report import EVERYTHING, ExhibitReport, Report, ReportContents
from geolocdesk.unavailable import Unavailable
from geolocdesk.visible_text import visible_text
from geolocdesk.whole_file import whole_file

_GPX = "http://www.topografix.com/GPX/1/1"


def write_gpx(
    case: CaseReader,
    path: Path,
    *,
    contents: ReportContents = EVERYTHING,
    progress: ProgressCallback = ignore_progress,
) -> None:
    """Write the report's waypoints to ``path``. Raises OutputError; progress may raise Cancelled."""
    report = Report(case, contents)
    creator = quoteattr(f"geolocdesk {current_program_version()}")
    with whole_file(path) as partial, partial.open("w", encoding="utf-8", newline="\n") as stream:
        stream.write('<?xml version="1.0" encoding="UTF-8"?>\n')
        stream.write(f'<gpx xmlns="{_GPX}" version="1.1" creator={creator}>\n')
        stream.writelines(_metadata(report))
        for exhibit in report.exhibits(progress):
            stream.writelines(_waypoints(exhibit))
        stream.write("</gpx>\n")


def _metadata(report: Report) -> Iterator[str]:
    details = report.info.details
    yield "<metadata>\n"
    yield _element("name", report.title)
    yield _element("desc", "Investigative leads; every answer is to be confirmed by independent means.")
    author = visible_text(", ".join(part for part in (details.examiner, details.organisation) if part))
    if author:
        yield f"<author>{_element('name', author).strip()}</author>\n"
    yield _element("time", report.as_of)
    yield "</metadata>\n"


def _waypoints(exhibit: ExhibitReport) -> Iterator[str]:
    if exhibit.answer is not None:
        answer = exhibit.answer
        lead = "Practice answer" if answer.is_synthetic else "Investigative lead"
        levels = "; ".join(
            f"{line.name} {line.radius}: {line.probability}, {line.calibrated_on}" for line in answer.levels
        )
        yield from _waypoint(
            answer.analysis.estimate.position,
            name=exhibit.title,
            comment=answer.place,
            description=f"{answer.assessment} {levels}. {answer.claim}",
            source=f"geolocdesk {answer.analysis.provenance.program_version}, analysis {answer.analysis.analysis_id}",
            kind=lead,
        )
    if exhibit.record is not None and not isinstance(exhibit.record.exif.position, Unavailable):
        yield from _waypoint(
            exhibit.record.exif.position,
            name=f"{exhibit.title}, EXIF",
            comment="Position the file claims",
            description="The file's own claim: untrusted, and no part of the answer.",
            source="EXIF of the file",
            kind="EXIF position",
        )


def _waypoint(
    position: Position, *, name: str, comment: str, description: str, source: str, kind: str
) -> Iterator[str]:
    # GPX ends at just below 180° east.
    longitude = -180.0 if position.longitude == 180.0 else position.longitude
    yield f'<wpt lat="{_decimal(position.latitude)}" lon="{_decimal(longitude)}">\n'
    yield _element("name", name)
    yield _element("cmt", comment)
    yield _element("desc", description)
    yield _element("src", source)
    yield _element("type", kind)
    yield "</wpt>\n"


def _decimal(degrees: float) -> str:
    """Return degrees as XML Schema's decimal, which knows no exponents."""
    return f"{degrees:.9f}".rstrip("0").rstrip(".")


def _element(name: str, text: str) -> str:
    return f"<{name}>{escape(text)}</{name}>\n"
