"""Sources of geotagged photos that a pack can be built from, one module a format."""

from collections.abc import Callable
from pathlib import Path

from geolocdesk.errors import SourceError, UsageError
from geolocdesk.progress import ProgressCallback, ignore_progress
from geolocdesk.reference.sources import (
    geoclip_places,
    looks,
    mapillary,
    osv5m,
    webdataset,
    yfcc100m,
    zip_photos,
)
from geolocdesk.reference.sources.csv_file import CsvSource
from geolocdesk.reference.sources.folder import open_folder
from geolocdesk.reference.sources.im2gps_mat import Im2gpsMatSource
from geolocdesk.reference.sources.selection import Selection
from geolocdesk.reference.sources.source import DescribedSource, Source

AUTO = "auto"
FORMATS = (
    AUTO,
    looks.FOLDER,
    looks.CSV,
    yfcc100m.FORMAT,
    osv5m.FORMAT,
    mapillary.FORMAT,
    webdataset.FORMAT,
    zip_photos.FORMAT,
)
IM2GPS_MAT = "im2gps-mat"
DESCRIBED_FORMATS = (IM2GPS_MAT, geoclip_places.FORMAT)
"""Formats without photos, whose rows bring their descriptors; these are always named, never guessed."""

_WITH_COLUMNS = (looks.CSV, yfcc100m.FORMAT, osv5m.FORMAT, zip_photos.FORMAT)
_WITH_PICTURES_APART = (yfcc100m.FORMAT, osv5m.FORMAT, mapillary.FORMAT)


def open_source(
    path: Path,
    source_format: str = AUTO,
    selection: Selection | None = None,
    *,
    pictures: Path | None = None,
    progress: ProgressCallback = ignore_progress,
) -> Source:
    """Return the source at ``path``; ``auto`` recognises the format by what lies there.

    ``pictures`` is the folder of the pictures, for formats that keep them apart from what is known of them;
    ``progress`` hears of how the source is looked through. Raises SourceError where there is nothing usable and
    UsageError for a format that is not known, or that does not go with the rest.
    """
    selection = selection or Selection()
    if source_format not in FORMATS:
        message = f"The format {source_format!r} is not known; choose one of {', '.join((*FORMATS, *DESCRIBED_FORMATS))}."
        raise UsageError(message)
    if not path.exists() and not webdataset.is_shard_pattern(path):
        message = f"There is nothing at {path}; check the path of the source."
        raise SourceError(message)
    if source_format == AUTO:
        source_format = looks.recognise(path)
    if selection and source_format not in _WITH_COLUMNS:
        message = (
            f"The format {source_format} has no columns; --where works on {', '.join(_WITH_COLUMNS)} only."
        )
        raise UsageError(message)
    if pictures and source_format not in _WITH_PICTURES_APART:
        message = (
            f"The format {source_format} says where its pictures are; --pictures works on "
            f"{', '.join(_WITH_PICTURES_APART)} only."
        )
        raise UsageError(message)
    openers: dict[str, Callable[[], Source]] = {
        looks.FOLDER: lambda: open_folder(path, progress),
        looks.CSV: lambda: CsvSource(path, selection),
        yfcc100m.FORMAT: lambda: yfcc100m.open_yfcc100m(path, pictures, selection, progress),
        osv5m.FORMAT: lambda: osv5m.open_osv5m(path, pictures, selection, progress),
        mapillary.FORMAT: lambda: mapillary.open_mapillary(path, pictures, progress),
        webdataset.FORMAT: lambda: webdataset.open_webdataset(path, progress),
        zip_photos.FORMAT: lambda: zip_photos.open_zip_photos(path, selection, progress),
    }
    return openers[source_format]()


def open_described_source(
    path: Path, source_format: str, selection: Selection | None = None, *, model: str | None = None
) -> DescribedSource:
    """Return the source of ready descriptors at ``path``, in one of ``DESCRIBED_FORMATS``.

    ``model`` describes places; without one ``path`` is a model whose own gallery is meant. Raises ModelError,
    SourceError where there is nothing usable and UsageError where a selection is asked for.
    """
    if source_format not in DESCRIBED_FORMATS:
        message = f"unknown format of descriptors: {source_format!r}"
        raise ValueError(message)
    if source_format == geoclip_places.FORMAT:
        own = path.is_dir()
        return geoclip_places.GeoclipPlaces(
            path if own else Path(model or path), None if own else path, selection or Selection()
        )
    if selection:
        message = f"The format {source_format} has no columns; --where works on a CSV only."
        raise UsageError(message)
    return Im2gpsMatSource(path)
