"""The engine's job that writes a report. Nothing here may import Qt: the engine runs it."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from geolocdesk.casefile.opening import read_snapshot
from geolocdesk.engine.workshop import Workshop
from geolocdesk.errors import UsageError
from geolocdesk.progress import Progress, ProgressCallback
from geolocdesk.reporting.formats import FORMATS
from geolocdesk.reporting.report import ReportContents


@dataclass(frozen=True, slots=True)
class WriteReport:
    """Write a report on a case that is open elsewhere; yields the path once it is written."""

    case: Path
    format_name: str
    path: Path
    contents: ReportContents

    subject = None
    prepares = False

    def run(self, _workshop: Workshop, progress: ProgressCallback) -> Iterator[Path]:
        """Read the case as it is now and write the report under its name when it is complete."""
        chosen = next((known for known in FORMATS if known.name == self.format_name), None)
        if chosen is None:
            message = f"There is no report format {self.format_name}."
            raise UsageError(message)
        progress(Progress("Reading the case", 0, None))
        with read_snapshot(self.case) as case:
            chosen.load()(case, self.path, contents=self.contents, progress=progress)
        yield self.path
