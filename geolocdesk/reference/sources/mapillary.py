"""Mapillary: photos with what its tools wrote, or its API answered, about them.

Two forms are read. ``mapillary_image_description.json`` is written by mapillary_tools before an upload: a list of
objects with ``MAPLatitude`` and the like. Answers of the API v4 are GeoJSON features, or objects with ``geometry``
and ``computed_geometry``, in a FeatureCollection, a ``data`` list, a plain list, or one a line.
"""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath

from geolocdesk.errors import SourceError
from geolocdesk.evidence.packed import Photo, path_of
from geolocdesk.geodesy import Position
from geolocdesk.progress import ProgressCallback
from geolocdesk.reference.sources.json_stream import json_objects
from geolocdesk.reference.sources.json_values import first_text, position_from, text_of, time_of
from geolocdesk.reference.sources.listed import ListedSource
from geolocdesk.reference.sources.pictures import PictureFolder
from geolocdesk.reference.sources.source import SourceRow, rejected_row
from geolocdesk.unavailable import Unavailable

FORMAT = "mapillary"

DESCRIPTION_NAME = "mapillary_image_description.json"

_LICENCE = "CC BY-SA 4.0"
_PAGE = "https://www.mapillary.com/app/?pKey={}&focus=photo"
_SIZES = (
    "",
    "_original",
    "_2048",
    "_1024",
    "_256",
    "_thumb_original",
    "_thumb_2048",
    "_thumb_1024",
    "_thumb_256",
)
"""What may follow the id in a picture's name, the largest first."""


def open_mapillary(path: Path, pictures: Path | None, progress: ProgressCallback) -> ListedSource:
    """Return the photos that a description, or the descriptions in a folder, tell of.

    The pictures lie below the folder, or below ``pictures``. A description whose picture is not there is a
    rejected row. Raises SourceError.
    """
    files = description_files(path)
    found = PictureFolder(pictures or (path if path.is_dir() else path.parent), progress)
    for file in files:
        next(json_objects(file), None)

    def list_rows() -> Iterator[SourceRow | None]:
        for file in files:
            for value in json_objects(file):
                yield _row(value, file, found)

    return ListedSource(FORMAT, path.resolve().name, list_rows, progress=progress)


def description_files(path: Path) -> list[Path]:
    """Return the description itself, or those of a folder in the order of their names. Raises SourceError."""
    if not path.is_dir():
        return [path]
    own = sorted(path.rglob(DESCRIPTION_NAME))
    files = own or sorted(
        file for file in path.iterdir() if file.suffix.lower() in (".json", ".geojson", ".jsonl")
    )
    if not files:
        message = f"There is no {DESCRIPTION_NAME} and no GeoJSON in {path}; name the file that describes the photos."
        raise SourceError(message)
    return files


def _row(value: object, file: Path, pictures: PictureFolder) -> SourceRow:
    if not isinstance(value, dict):
        return rejected_row(file.name, Path(), "it is no description of a photo")
    if "filename" in value or "MAPLatitude" in value:
        return _row_of_tools(value, file, pictures)
    return _row_of_api(value, file, pictures)


def _row_of_tools(value: dict[str, object], file: Path, pictures: PictureFolder) -> SourceRow:
    named = text_of(value.get("filename"))
    if isinstance(named, Unavailable):
        return rejected_row(file.name, Path(), "it names no file")
    last = PurePosixPath(named.replace("\\", "/")).name
    if isinstance(error := value.get("error"), dict):
        reason = text_of(error.get("message") or error.get("type"))
        return rejected_row(last, Path(), f"mapillary_tools could not use it ({reason})")
    if value.get("filetype", "image") != "image":
        return rejected_row(last, Path(), "it is a video")
    photo = _one(pictures.find(PurePosixPath(last).stem), pictures)
    if isinstance(photo, str):
        return rejected_row(last, Path(), photo)
    position = position_from(value.get("MAPLatitude"), value.get("MAPLongitude"))
    if isinstance(position, str):
        return rejected_row(pictures.relative(photo), path_of(photo), position)
    return SourceRow(
        number=0,
        file=pictures.relative(photo),
        path=photo,
        reference_id=pictures.relative(photo),
        position=position,
        place=text_of(value.get("MAPSequenceUUID")),
        photographer=first_text(value, "MAPSettingsUsername", "MAPSettingsUserKey"),
        captured_at=_time_of_tools(value.get("MAPCaptureTime")),
    )


def _row_of_api(value: dict[str, object], file: Path, pictures: PictureFolder) -> SourceRow:
    properties = value.get("properties")
    fields = {**value, **properties} if isinstance(properties, dict) else value
    image_id = text_of(fields.get("id"))
    if isinstance(image_id, Unavailable):
        return rejected_row(file.name, Path(), "it has no id")
    photo = _picture(image_id, pictures)
    if isinstance(photo, str):
        return rejected_row(image_id, Path(), photo)
    shown, path = pictures.relative(photo), path_of(photo)
    position = _position(fields)
    if isinstance(position, str):
        return rejected_row(shown, path, position)
    creator = fields.get("creator")
    return SourceRow(
        number=0,
        file=shown,
        path=photo,
        reference_id=image_id,
        position=position,
        place=first_text(fields, "sequence", "sequence_id"),
        photographer=first_text(creator, "username", "id")
        if isinstance(creator, dict)
        else first_text(fields, "creator_username", "creator_id", "username"),
        captured_at=time_of(fields.get("captured_at")),
        licence=_LICENCE,
        url=_PAGE.format(image_id) if image_id.isdigit() else Unavailable.NOT_AVAILABLE,
    )


def _picture(image_id: str, pictures: PictureFolder) -> Photo | str:
    for size in _SIZES:
        if found := pictures.find(image_id + size):
            return _one(found, pictures)
    return "its picture is not there"


def _one(photos: tuple[Photo, ...], pictures: PictureFolder) -> Photo | str:
    if len(photos) == 1:
        return photos[0]
    if not photos:
        return "its picture is not there"
    return "two pictures have its name: " + " and ".join(pictures.relative(photo) for photo in photos[:2])


def _position(fields: dict[str, object]) -> Position | str:
    """Return where the picture was taken: as computed from the pictures around it, or else as uploaded."""
    for name in ("computed_geometry", "geometry"):
        geometry = fields.get(name)
        point = geometry.get("coordinates") if isinstance(geometry, dict) else None
        if isinstance(point, list) and len(point) >= 2:
            return position_from(point[1], point[0])
    return "it has neither computed_geometry nor geometry"


def _time_of_tools(value: object) -> str | Unavailable:
    """Return ISO 8601 from ``2021_02_03_04_05_06_789``, which is in UTC."""
    parts = value.split("_") if isinstance(value, str) else []
    try:
        year, month, day, hour, minute, second, millisecond = (int(part) for part in parts)
        time = datetime(year, month, day, hour, minute, second, millisecond * 1000, tzinfo=UTC)
    except ValueError:
        return Unavailable.NOT_AVAILABLE
    return time.isoformat(timespec="milliseconds" if millisecond else "seconds").replace("+00:00", "Z")
