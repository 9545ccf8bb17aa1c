"""YFCC100M: the metadata of a hundred million Flickr photos and videos, with the pictures that were fetched.

The metadata come as tab-separated text of 23 columns (Yahoo's ``yfcc100m_dataset``) or 25 (with the line's number
and the picture's hash put in), or as the SQLite file ``yfcc100m_dataset.sql`` of the Multimedia Commons.
"""

import bz2
import gzip
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from datetime import datetime
from hashlib import md5
from pathlib import Path
from typing import BinaryIO, cast
from urllib.parse import unquote, unquote_plus

from geolocdesk.errors import SourceError
from geolocdesk.evidence.packed import Photo, path_of
from geolocdesk.evidence.untrusted import clean_text
from geolocdesk.geodesy import Position
from geolocdesk.progress import ProgressCallback
from geolocdesk.reference.sources.json_values import position_from
from geolocdesk.reference.sources.listed import ListedSource
from geolocdesk.reference.sources.pictures import PictureFolder
from geolocdesk.reference.sources.selection import Selection
from geolocdesk.reference.sources.source import SourceRow, rejected_row
from geolocdesk.unavailable import Unavailable

FORMAT = "yfcc100m"

TABLE = "yfcc100m_dataset"

COLUMNS = (
    "photoid",
    "uid",
    "unickname",
    "datetaken",
    "dateuploaded",
    "capturedevice",
    "title",
    "description",
    "usertags",
    "machinetags",
    "longitude",
    "latitude",
    "accuracy",
    "pageurl",
    "downloadurl",
    "licensename",
    "licenseurl",
    "serverid",
    "farmid",
    "secret",
    "secretoriginal",
    "ext",
    "marker",
)
"""Named as in the SQLite file; the order is that of the text with 23 columns."""

COLUMNS_25 = ("line", COLUMNS[0], "hash", *COLUMNS[1:])

_NEEDED = (
    "photoid",
    "uid",
    "datetaken",
    "longitude",
    "latitude",
    "pageurl",
    "downloadurl",
    "licensename",
    "marker",
)
_PHOTO, _VIDEO = "0", "1"
_LONGEST_LINE = 1 << 20
_SQLITE = b"SQLite format 3\0"
_GZIP, _BZIP2 = b"\x1f\x8b", b"BZh"


def open_yfcc100m(
    path: Path, pictures: Path | None, selection: Selection, progress: ProgressCallback
) -> ListedSource:
    """Return the photos of the metadata whose pictures lie in a folder, by photo id or by hash.

    ``path`` is the metadata file, or a folder with it (all parts of it, in the order of their names); the
    pictures lie below the folder, or below ``pictures``. Raises SourceError.
    """
    files = metadata_files(path)
    folder = pictures or (path if path.is_dir() else path.parent)
    for file in files:
        _check(file)
    found = PictureFolder(folder, progress)
    unknown = [column for column in selection.columns() if column not in (*COLUMNS, "hash")]
    if unknown:
        message = f"The format {FORMAT} has no column {unknown[0]}; its columns are {', '.join(COLUMNS)}."
        raise SourceError(message)

    def list_rows() -> Iterator[SourceRow | None]:
        for file in files:
            for fields in _read(file):
                if isinstance(fields, str) or selection.takes(fields):
                    yield _row(fields, found)

    return ListedSource(FORMAT, path.resolve().name, list_rows, progress=progress, selection=selection)


def metadata_files(path: Path) -> list[Path]:
    """Return the metadata file, or those in a folder: ``yfcc100m_dataset``, ``yfcc100m_dataset-0.bz2`` and so on.

    Raises SourceError where there is none.
    """
    if not path.is_dir():
        return [path]
    files = sorted(file for file in path.glob(f"{TABLE}*") if file.is_file())
    if not files:
        message = f"There is no metadata file {TABLE}… in {path}; name the file itself, and the pictures with --pictures."
        raise SourceError(message)
    return files


def looks_like_metadata(path: Path) -> bool:
    """Return whether a file begins as one of the metadata's three forms."""
    try:
        _check(path)
    except SourceError:
        return False
    return True


def yfcc_hash(download_url: str) -> str:
    """Return the hash by which the Multimedia Commons name a picture: MD5, each byte without a leading zero."""
    return "".join(f"{byte:x}" for byte in md5(download_url.encode("utf-8"), usedforsecurity=False).digest())


def _check(file: Path) -> None:
    """Raise SourceError where a file is none of the metadata's forms."""
    try:
        if _is_sqlite(file):
            with closing(_connect(file)) as connection:
                _columns_of(file, connection)
            return
        with _open_text(file) as stream:
            line = stream.readline(_LONGEST_LINE)
    except (OSError, EOFError, sqlite3.Error) as error:
        raise _cannot_read(file, str(error)) from error
    if _fields(line) is None:
        columns = line.count(b"\t") + 1
        reason = (
            f"its first line has {columns} columns where {len(COLUMNS)} or {len(COLUMNS_25)} are expected"
        )
        raise _cannot_read(file, reason)


def _cannot_read(file: Path, reason: str) -> SourceError:
    return SourceError(f"{file} cannot be read as metadata of YFCC100M: {reason}.")


def _is_sqlite(file: Path) -> bool:
    with file.open("rb") as stream:
        return stream.read(len(_SQLITE)) == _SQLITE


def _connect(file: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(f"{file.resolve().as_uri()}?mode=ro&immutable=1", uri=True)
    connection.execute("PRAGMA trusted_schema = OFF")
    return connection


def _columns_of(file: Path, connection: sqlite3.Connection) -> list[str]:
    columns = [str(row[1]) for row in connection.execute(f"PRAGMA table_info({TABLE})")]
    missing = [name for name in _NEEDED if name not in columns]
    if missing:
        raise _cannot_read(
            file, f"its table {TABLE} lacks {', '.join(missing)}" if columns else f"it has no table {TABLE}"
        )
    return [name for name in COLUMNS if name in columns]


def _open_text(file: Path) -> BinaryIO:
    with file.open("rb") as stream:
        start = stream.read(3)
    if start.startswith(_GZIP):
        return cast("BinaryIO", gzip.open(file, "rb"))
    if start.startswith(_BZIP2):
        return cast("BinaryIO", bz2.open(file, "rb"))
    return file.open("rb")


def _read(file: Path) -> Iterator[dict[str, str] | str]:
    """Yield each row's columns as they stand, or what is wrong with it."""
    try:
        yield from _read_table(file) if _is_sqlite(file) else _read_lines(file)
    except (OSError, EOFError, sqlite3.Error) as error:
        yield f"{file.name} is damaged or cut short ({error}); what comes after is lost"


def _read_table(file: Path) -> Iterator[dict[str, str]]:
    with closing(_connect(file)) as connection:
        columns = _columns_of(file, connection)
        for values in connection.execute(f"SELECT {', '.join(columns)} FROM {TABLE} ORDER BY rowid"):  # noqa: S608 - constants only
            yield {
                name: "" if value is None else str(value) for name, value in zip(columns, values, strict=True)
            }


def _read_lines(file: Path) -> Iterator[dict[str, str] | str]:
    with _open_text(file) as stream:
        number = 0
        while line := stream.readline(_LONGEST_LINE):
            number += 1
            columns = line.count(b"\t") + 1
            yield _fields(line) or f"line {number} of {file.name}, with {columns} columns"


def _fields(line: bytes) -> dict[str, str] | None:
    values = line.decode("utf-8", "replace").rstrip("\r\n").split("\t")
    names: Sequence[str] = COLUMNS if len(values) == len(COLUMNS) else COLUMNS_25
    if len(values) != len(names):
        return None
    fields = dict(zip(names, values, strict=True))
    return fields if fields["photoid"].isdigit() and fields["marker"] in (_PHOTO, _VIDEO) else None


def _row(fields: dict[str, str] | str, pictures: PictureFolder) -> SourceRow | None:
    """Return the row of one photo, or None where its picture was not fetched."""
    if isinstance(fields, str):
        return rejected_row(fields, Path(), "it is no row of the metadata")
    photos = _find(fields, pictures)
    if not photos:
        return None
    photo, file, where = photos[0], pictures.relative(photos[0]), path_of(photos[0])
    if len(photos) > 1:
        names = " and ".join(pictures.relative(found) for found in photos[:2])
        return rejected_row(
            file, where, f"two pictures have its name: {names}", reference_id=fields["photoid"]
        )
    if fields["marker"] != _PHOTO:
        return rejected_row(file, where, "it is a video", reference_id=fields["photoid"])
    position = (
        position_from(fields["latitude"], fields["longitude"])
        if fields["latitude"] and fields["longitude"]
        else "it has no position"
    )
    if not isinstance(position, Position):
        return rejected_row(file, where, position, reference_id=fields["photoid"])
    return SourceRow(
        number=0,
        file=file,
        path=photo,
        reference_id=fields["photoid"],
        position=position,
        photographer=_text(fields["uid"]),
        captured_at=_time(fields["datetaken"]),
        licence=_licence(fields),
        url=_url(fields["pageurl"]),
    )


def _find(fields: dict[str, str], pictures: PictureFolder) -> tuple[Photo, ...]:
    found = pictures.find(fields["photoid"])
    given = fields.get("hash", "")
    for name in dict.fromkeys((given, yfcc_hash(fields["downloadurl"]))):
        if not found and name:
            found = pictures.find(name)
    return found


def _text(value: str) -> str | Unavailable:
    return clean_text(unquote_plus(value), 1000) or Unavailable.NOT_AVAILABLE


def _url(value: str) -> str | Unavailable:
    """Return an address; a plus sign in it is one unless the whole was encoded."""
    return clean_text(value if "://" in value else unquote(value), 1000) or Unavailable.NOT_AVAILABLE


def _licence(fields: dict[str, str]) -> str | Unavailable:
    name, address = _text(fields["licensename"]), _url(fields.get("licenseurl", ""))
    if isinstance(name, Unavailable) or isinstance(address, Unavailable):
        return address if isinstance(name, Unavailable) else name
    return f"{name} ({address})"


def _time(value: str) -> str | Unavailable:
    """Return local time in ISO 8601 from ``2012-02-16 09:56:37.0``."""
    try:
        time = datetime.fromisoformat(unquote_plus(value).strip().partition(".")[0])
    except ValueError:
        return Unavailable.NOT_AVAILABLE
    return time.isoformat()
