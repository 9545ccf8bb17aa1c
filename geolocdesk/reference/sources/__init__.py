"""Sources of geotagged photos that a pack can be built from, one module a format."""

from pathlib import Path

from geolocdesk.errors import SourceError, UsageError
from geolocdesk.reference.sources.csv_file import CsvSource
from geolocdesk.reference.sources.folder import FolderSource
from geolocdesk.reference.sources.im2gps_mat import Im2gpsMatSource
from geolocdesk.reference.sources.selection import Selection
from geolocdesk.reference.sources.source import DescribedSource, Source

FORMATS = ("auto", "folder", "csv")
IM2GPS_MAT = "im2gps-mat"
DESCRIBED_FORMATS = (IM2GPS_MAT,)
"""Formats without photos, whose rows bring their descriptors; these are always named, never guessed."""


def open_source(path: Path, source_format: str = "auto", selection: Selection | None = None) -> Source:
    """Return the source at ``path``; ``auto`` takes a folder for a folder of photos and a file for a CSV.

    Raises SourceError where there is nothing usable and UsageError for a format that is not known.
    """
    if source_format not in FORMATS:
        message = f"The format {source_format!r} is not known; choose one of {', '.join((*FORMATS, *DESCRIBED_FORMATS))}."
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


def open_described_source(
    path: Path, source_format: str, selection: Selection | None = None
) -> DescribedSource:
    """Return the source of ready descriptors at ``path``, in one of ``DESCRIBED_FORMATS``.

    Raises SourceError where there is nothing usable and UsageError where a selection is asked for.
    """
    if source_format not in DESCRIBED_FORMATS:
        message = f"unknown format of descriptors: {source_format!r}"
        raise ValueError(message)
    if selection:
        message = f"The format {source_format} has no columns; --where works on a CSV only."
        raise UsageError(message)
    return Im2gpsMatSource(path)
