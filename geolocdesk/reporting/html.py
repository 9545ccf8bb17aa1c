"""The report as one HTML file with the map in it, which opens anywhere and asks nobody for anything.

The text is plain HTML that every browser shows, also without scripts; the map comes on top. Every text is
escaped by the templates in ``resources/report/html``, and the page's own policy forbids it to load, send or
run anything that is not in the file.
"""

import base64
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from geolocdesk.casefile.reader import CaseReader
from geolocdesk.paths import resource
from geolocdesk.progress import ProgressCallback, ignore_progress
from geolocdesk.provenance import current_program_version
from geolocdesk.quantities import share_text
from geolocdesk.reporting.html_map import overlay_block
from geolocdesk.reporting.html_page import PagePieces, page_pieces
from geolocdesk.reporting.html_tiles import GROUND_ZOOM, LABEL_ZOOM, TileShelf
from geolocdesk.reporting.method_text import METHOD_PAGE
from geolocdesk.reporting.report import (
    EVERYTHING,
    WHAT_IS_SYNTHETIC,
    WHAT_IT_IS,
    ExhibitReport,
    Report,
    ReportContents,
)
from geolocdesk.whole_file import whole_file

if TYPE_CHECKING:
    from jinja2 import Environment


@dataclass(frozen=True, slots=True, eq=False)
class _Entry:
    """One exhibit with what its map shows; ``""`` where it has none."""

    report: ExhibitReport
    overlay: str


def write_html(
    case: CaseReader,
    path: Path,
    *,
    contents: ReportContents = EVERYTHING,
    progress: ProgressCallback = ignore_progress,
) -> None:
    """Write the report on an open case; the file takes its name only when it is complete.

    ``progress`` is called before each exhibit and may raise Cancelled. Raises OutputError, CaseError, and
    UsageError for an exhibit the case has not.
    """
    report = Report(case, contents)
    with whole_file(path) as partial, partial.open("w", encoding="utf-8", newline="\n") as file:
        for piece in _pieces(report, progress):
            file.write(piece)


def _pieces(report: Report, progress: ProgressCallback) -> Iterator[str]:
    """Yield the file's text in order, each exhibit read from the case as its turn comes."""
    shelf = TileShelf()
    pieces: PagePieces = page_pieces(with_map=report.contents.maps)
    template = _templates().get_template("report.html")
    return template.generate(
        report=report,
        exhibits=_entries(report, shelf, progress),
        page=pieces,
        tiles=shelf.block,
        ground_zoom=GROUND_ZOOM,
        label_zoom=LABEL_ZOOM,
        method=METHOD_PAGE,
        version=current_program_version(),
        what_it_is=WHAT_IT_IS,
        what_is_synthetic=WHAT_IS_SYNTHETIC,
    )


def _entries(report: Report, shelf: TileShelf, progress: ProgressCallback) -> Iterator[_Entry]:
    for exhibit in report.exhibits(progress):
        overlay = ""
        if report.contents.maps and exhibit.answer is not None:
            analysis = exhibit.answer.analysis
            shelf.add_names(analysis.estimate)
            overlay = overlay_block(analysis)
        yield _Entry(exhibit, overlay)


def _templates() -> "Environment":
    """Return the templates; all they print is escaped, and a name they do not know is an error."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    templates = Environment(
        loader=FileSystemLoader(resource("report", "html")),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    templates.filters["jpeg"] = _jpeg_address
    templates.filters["share"] = share_text
    return templates


def _jpeg_address(content: bytes) -> str:
    return f"data:image/jpeg;base64,{base64.b64encode(content).decode('ascii')}"
