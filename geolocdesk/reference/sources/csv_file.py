"""A CSV with one photo a row: file, latitude, longitude and what else is known."""

import csv
import math
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from geolocdesk.errors import SourceError
from geolocdesk.evidence.packed import Photo
from geolocdesk.geodesy import Position
from geolocdesk.provenance import JsonValue, sha256_of_file
from geolocdesk.reference.sources.selection import Selection
from geolocdesk.reference.sources.source import SourceRow
from geolocdesk.unavailable import Unavailable

REQUIRED_COLUMNS = ("file", "latitude", "longitude")
OPTIONAL_COLUMNS = ("id", "place", "photographer", "captured_at", "licence", "url", "country")

_LONGEST_FIELD = 1 << 20


def read_table(path: Path, required: tuple[str, ...], selection: Selection) -> Iterator[dict[str, str]]:
    """Yield the selected rows of a UTF-8 CSV with a header, column names stripped and in lower case.

    Raises SourceError where the file cannot be read, is no such table, or lacks a column.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as stream:
            yield from rows_of_table(path, stream, required, selection)
    except OSError as error:
        raise _no_table(path, error) from error


def rows_of_table(
    path: Path, stream: Iterable[str], required: tuple[str, ...], selection: Selection
) -> Iterator[dict[str, str]]:
    """Yield what ``read_table`` does from an open table; ``path`` is what it is called. Raises SourceError."""
    csv.field_size_limit(_LONGEST_FIELD)
    try:
        reader = csv.DictReader(stream)
        columns = [name.strip().lower() for name in reader.fieldnames or ()]
        _check_columns(path, columns, (*required, *selection.columns()))
        reader.fieldnames = columns
        for row in reader:
            # a row longer than the header keeps its surplus under None
            filled = {name: (value or "").strip() for name, value in row.items() if isinstance(name, str)}
            if selection.takes(filled):
                yield filled
    except (UnicodeDecodeError, csv.Error) as error:
        raise _no_table(path, error) from error


def _no_table(path: Path, error: Exception) -> SourceError:
    message = f"The table {path} cannot be read as a UTF-8 CSV ({error}); save it again as CSV UTF-8."
    return SourceError(message)


def _check_columns(path: Path, columns: list[str], required: tuple[str, ...]) -> None:
    missing = [name for name in required if name not in columns]
    if missing:
        message = (
            f"The table {path} lacks the column{'s' if len(missing) > 1 else ''} {', '.join(missing)}; "
            f"its first line names {', '.join(columns) or 'none'}."
        )
        raise SourceError(message)


def position_of(row: Mapping[str, str]) -> Position | str:
    """Return the row's position, or the reason why it has none."""
    texts = (row["latitude"], row["longitude"])
    if not texts[0] or not texts[1]:
        return "latitude or longitude is empty"
    try:
        latitude, longitude = (float(text) for text in texts)
    except ValueError:
        return f"latitude {texts[0]!r} or longitude {texts[1]!r} is not a number"
    if not (math.isfinite(latitude) and math.isfinite(longitude)):
        return f"latitude {texts[0]!r} or longitude {texts[1]!r} is not a finite number"
    if not (-90.0 <= latitude <= 90.0 and -180.0 <= longitude <= 180.0):
        return f"latitude {texts[0]} or longitude {texts[1]} is out of range (±90, ±180 degrees)"
    return Position(latitude, longitude)


def row_of_table(number: int, row: Mapping[str, str], photo: Photo) -> SourceRow:
    """Return a table's row; one without a file or a position is marked as rejected."""
    stated = position_of(row)
    position = stated if isinstance(stated, Position) else Unavailable.UNREADABLE
    rejected = "" if isinstance(stated, Position) else stated
    if not row["file"]:
        rejected = "file is empty"
    return SourceRow(
        number=number,
        file=row["file"],
        path=photo,
        reference_id=row.get("id") or row["file"],
        position=position,
        rejected=rejected,
        **{column: row.get(column) or Unavailable.NOT_AVAILABLE for column in OPTIONAL_COLUMNS[1:]},
    )


class CsvSource:
    """The photos a CSV lists; relative files are taken from the CSV's own folder."""

    def __init__(self, path: Path, selection: Selection) -> None:
        """Open the table. Raises SourceError where it cannot be read or lacks a column."""
        self._path = path
        self._selection = selection
        self._sha256 = self._hash()
        self._count: int | None = None
        next(iter(read_table(path, REQUIRED_COLUMNS, selection)), None)

    def _hash(self) -> str:
        try:
            return sha256_of_file(self._path)
        except OSError as error:
            message = f"The table {self._path} cannot be read ({error.strerror}); check its path and rights."
            raise SourceError(message) from error

    @property
    def name(self) -> str:
        """Return the file's name."""
        return self._path.name

    def count(self) -> int:
        """Return how many rows are selected."""
        if self._count is None:
            self._count = sum(1 for _ in read_table(self._path, REQUIRED_COLUMNS, self._selection))
        return self._count

    def rows(self) -> Iterator[SourceRow]:
        """Yield every selected row; one without a file or a position is marked as rejected."""
        for number, row in enumerate(read_table(self._path, REQUIRED_COLUMNS, self._selection)):
            yield row_of_table(number, row, self._path.parent / row["file"])

    def to_json(self) -> dict[str, JsonValue]:
        """Return the format, the table's hash and the selection."""
        where: dict[str, JsonValue] = {
            column: list(values) for column, values in self._selection.to_json().items()
        }
        return {"format": "csv", "name": self.name, "sha256": self._sha256, "where": where}
