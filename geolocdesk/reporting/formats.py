"""Every format a report can be written in, by name; each writer is loaded when it is first used."""

from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Protocol, cast

from geolocdesk.casefile.reader import CaseReader
from geolocdesk.progress import ProgressCallback, ignore_progress
from geolocdesk.reporting.report import EVERYTHING, ReportContents


class WriteReport(Protocol):
    """Writes the report on an open case; the file takes its name only when it is complete.

    ``progress`` is called before each exhibit and may raise Cancelled. Raises OutputError, CaseError, and
    UsageError for an exhibit the case has not.
    """

    def __call__(
        self,
        case: CaseReader,
        path: Path,
        *,
        contents: ReportContents = EVERYTHING,
        progress: ProgressCallback = ignore_progress,
    ) -> None:
        """Write the report."""


@dataclass(frozen=True, slots=True)
class ReportFormat:
    """One format."""

    name: str
    """As the command line names it: ``csv`` for ``--csv``."""
    suffix: str
    title: str
    writer: str
    """``module.function`` below this package."""

    def load(self) -> WriteReport:
        """Return the function that writes this format."""
        module, _, function = self.writer.partition(".")
        return cast("WriteReport", getattr(import_module(f"geolocdesk.reporting.{module}"), function))


PDF = ReportFormat("pdf", ".pdf", "PDF", "pdf.write_pdf")
HTML = ReportFormat("html", ".html", "HTML with the map", "html.write_html")
CSV = ReportFormat("csv", ".csv", "CSV table", "csv_table.write_csv")
GEOJSON = ReportFormat("geojson", ".geojson", "GeoJSON", "geojson.write_geojson")
KML = ReportFormat("kml", ".kml", "KML", "kml.write_kml")
KMZ = ReportFormat("kmz", ".kmz", "KMZ with photos", "kml.write_kmz")
GPX = ReportFormat("gpx", ".gpx", "GPX waypoints", "gpx.write_gpx")
CASE_UCO = ReportFormat("case-uco", ".jsonld", "CASE/UCO", "case_uco.write_case_uco")
BUNDLE = ReportFormat("zip", ".zip", "ZIP of all formats", "bundle.write_bundle")

BUNDLED = (PDF, HTML, CSV, GEOJSON, KMZ, GPX, CASE_UCO)
"""What the archive of all formats holds; KMZ is KML and the photos."""

FORMATS = (PDF, HTML, CSV, GEOJSON, KML, KMZ, GPX, CASE_UCO, BUNDLE)
