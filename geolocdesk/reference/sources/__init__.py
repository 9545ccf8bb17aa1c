"""Sources of geotagged photos that a pack can be built from, one module a format."""

from pathlib import Path

from geolocdesk.errors import SourceError, UsageError
from geolocdesk.reference.sources.csv_file import CsvSource
from geolocdesk.reference.sources.folder import FolderSource
from geolocdesk.reference.sources.selection import Selection
from geolocdesk.reference.sources.source import Source

FORMATS = ("auto", "folder", "csv")


def open_source(path: Path, source_format: str = "auto", selection: Selection | None = None) -> Source:
    """Return the source at ``path``; ``auto`` takes a folder for a folder of photos and a file for a CSV.

    Raises SourceError where there is nothing usable and UsageError for a format that is not known.
    """
    if source_format not in FORMATS:
        message = f"The format {source_format!r} is not known; choose one of {', '.join(FORMATS)}."
        raise UsageError(message)
    if not path.exists():
        message = f"There is nothing at {path}; check the path of the source."
        raise SourceError(message)
    if source_format == "folder" or (source_format == "auto" and path.is_dir()):
        if not path.is_dir():
            message = f"{path} is not a folder; name a folder of photos, or use --format csv for a table."
            raise SourceError(message)
        if selection:
            message = "A folder of photos has no columns; --where works on a CSV only."
            raise UsageError(message)
        return FolderSource(path)
    return CsvSource(path, selection or Selection())
