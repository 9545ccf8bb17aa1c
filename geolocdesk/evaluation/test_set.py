"""Query photos whose place is known."""

from dataclasses import dataclass
from pathlib import Path

from geolocdesk.errors import SourceError, UsageError
from geolocdesk.geodesy import Position
from geolocdesk.reference.sources.csv_file import REQUIRED_COLUMNS, position_of, read_table
from geolocdesk.reference.sources.selection import Selection


@dataclass(frozen=True, slots=True)
class Query:
    """One photo to be located, and the truth about it."""

    path: Path
    file: str
    position: Position
    group: str
    """What its error shares with others': its place where the table says so, else the file itself."""
    excluded_value: str = ""
    """The value of the ``--exclude-same`` column; references that share it are left out."""
    place: str = ""
    """As the table names it, or nothing."""
    country: str = ""
    """ISO 3166-1 alpha-2, where the table says so."""


def read_test_set(path: Path, selection: Selection, exclude_same: str | None = None) -> tuple[Query, ...]:
    """Return the selected queries of a CSV with the columns file, latitude, longitude.

    Raises SourceError where the table is unusable, holds a row without a position, or no row is selected.
    """
    required = (*REQUIRED_COLUMNS, *([exclude_same] if exclude_same else []))
    queries: list[Query] = []
    for number, row in enumerate(read_table(path, required, selection), start=1):
        position = position_of(row)
        if isinstance(position, str):
            message = f"Selected row {number} of {path} ({row['file']}): {position}; a query needs its true position."
            raise SourceError(message)
        excluded = row[exclude_same] if exclude_same else ""
        file, place = row["file"], row.get("place") or ""
        query = Query(
            path=path.parent / file,
            file=file,
            position=position,
            group=place or file,
            excluded_value=excluded,
            place=place,
            country=(row.get("country") or "").upper(),
        )
        queries.append(query)
    if not queries:
        message = f"No row of {path} is selected; check --where."
        raise SourceError(message)
    return tuple(queries)


EXCLUDABLE_COLUMNS = ("id", "place", "photographer")


def check_exclude_same(column: str | None) -> None:
    """Raise UsageError unless references can be left out by this column."""
    if column is not None and column not in EXCLUDABLE_COLUMNS:
        message = f"--exclude-same takes one of {', '.join(EXCLUDABLE_COLUMNS)}, not {column!r}."
        raise UsageError(message)
