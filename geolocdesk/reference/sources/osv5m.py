"""OpenStreetView-5M: its table of street-level photos, with the pictures in shards, unpacked or still zipped."""

from collections.abc import Iterator
from pathlib import Path

from geolocdesk.errors import SourceError
from geolocdesk.evidence.packed import path_of
from geolocdesk.geodesy import Position
from geolocdesk.progress import ProgressCallback
from geolocdesk.reference.sources.csv_file import position_of, read_table
from geolocdesk.reference.sources.json_values import text_of, time_of
from geolocdesk.reference.sources.listed import ListedSource
from geolocdesk.reference.sources.pictures import PictureFolder
from geolocdesk.reference.sources.selection import Selection
from geolocdesk.reference.sources.source import SourceRow
from geolocdesk.unavailable import Unavailable

FORMAT = "osv5m"

REQUIRED_COLUMNS = ("id", "latitude", "longitude")
_TELLING_COLUMNS = frozenset(
    {"unique_city", "unique_region", "unique_country", "quadtree_10_1000", "creator_username"}
)
"""Of which a table that is recognised as this one has at least two."""

_LICENCE = "CC BY-SA 4.0"
_PAGE = "https://www.mapillary.com/app/?pKey={}&focus=photo"


def open_osv5m(
    path: Path, pictures: Path | None, selection: Selection, progress: ProgressCallback
) -> ListedSource:
    """Return the photos of ``train.csv`` or ``test.csv`` whose pictures lie beside it.

    ``path`` is the table or the folder with it. Pictures are looked for by id in ``images/train`` or
    ``images/test``, in ``images``, or below the table's folder, whichever is there, or below ``pictures``.
    Raises SourceError.
    """
    table = table_in(path) if path.is_dir() else path
    found = PictureFolder(pictures or _picture_folder(table), progress)
    next(read_table(table, REQUIRED_COLUMNS, selection), None)

    def list_rows() -> Iterator[SourceRow | None]:
        for row in read_table(table, REQUIRED_COLUMNS, selection):
            yield _row(row, found)

    return ListedSource(FORMAT, table.name, list_rows, progress=progress, selection=selection)


def table_in(folder: Path) -> Path:
    """Return the one table of the data set in a folder. Raises SourceError where there is none, or two."""
    tables = [folder / name for name in ("train.csv", "test.csv") if (folder / name).is_file()]
    if len(tables) != 1:
        message = (
            f"{folder} has both train.csv and test.csv; name the one that is meant."
            if tables
            else f"There is no train.csv or test.csv in {folder}; name the table of OpenStreetView-5M."
        )
        raise SourceError(message)
    return tables[0]


def looks_like_table(columns: list[str]) -> bool:
    """Return whether the columns of a CSV are those of this data set."""
    names = {column.strip().lower() for column in columns}
    return names.issuperset(REQUIRED_COLUMNS) and "file" not in names and len(names & _TELLING_COLUMNS) >= 2


def _picture_folder(table: Path) -> Path:
    folders = (table.parent / "images" / table.stem, table.parent / "images", table.parent)
    return next(folder for folder in folders if folder.is_dir())


def _row(row: dict[str, str], pictures: PictureFolder) -> SourceRow | None:
    """Return the row of one photo, or None where its picture was not fetched."""
    photos = pictures.find(row["id"]) if row["id"] else ()
    if not photos:
        return None
    position = position_of(row)
    rejected = "" if isinstance(position, Position) else position
    if len(photos) > 1:
        rejected = "two pictures have its name: " + " and ".join(
            pictures.relative(photo) for photo in photos[:2]
        )
    creator = text_of(row.get("creator_username") or row.get("creator_id") or "")
    return SourceRow(
        number=0,
        file=pictures.relative(photos[0]),
        path=path_of(photos[0]) if rejected else photos[0],
        reference_id=row["id"],
        position=position if isinstance(position, Position) else Unavailable.UNREADABLE,
        place=text_of(row.get("sequence", "")),
        photographer=creator,
        captured_at=time_of(row.get("captured_at", "")),
        licence=_LICENCE,
        url=_PAGE.format(row["id"]) if row["id"].isdigit() else Unavailable.NOT_AVAILABLE,
        country=text_of(row.get("country") or row.get("unique_country") or ""),
        rejected=rejected,
    )
