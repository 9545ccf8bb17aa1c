"""What one segment of a pack knows of its photos, in one SQLite file that opens instantly and is never loaded whole."""

import sqlite3
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from geolocdesk.errors import PackError
from geolocdesk.geodesy import Position
from geolocdesk.reference.neighbours import ReferencePhoto
from geolocdesk.unavailable import Unavailable

_COLUMNS = (
    "row, reference_id, latitude, longitude, file, place, photographer, captured_at, licence, url, country"
)

_SCHEMA = """
CREATE TABLE reference (
    row INTEGER PRIMARY KEY,
    reference_id TEXT NOT NULL UNIQUE,
    latitude REAL NOT NULL,
    longitude REAL NOT NULL,
    file TEXT NOT NULL,
    place TEXT,
    photographer TEXT,
    captured_at TEXT,
    licence TEXT,
    url TEXT,
    country TEXT,
    sha256 TEXT NOT NULL
);
CREATE INDEX reference_place ON reference (place) WHERE place IS NOT NULL;
CREATE INDEX reference_photographer ON reference (photographer) WHERE photographer IS NOT NULL;
CREATE INDEX reference_sha256 ON reference (sha256);
"""

_VALUES_PER_QUERY = 500
_ROWS_PER_BLOCK = 5000


def _text_or_unavailable(value: str | None) -> str | Unavailable:
    return Unavailable.NOT_AVAILABLE if value is None else value


def _null_or_text(value: str | Unavailable) -> str | None:
    return None if isinstance(value, Unavailable) else value


def write_metadata(path: Path, photos: Iterable[tuple[ReferencePhoto, str]]) -> None:
    """Write a new metadata file from photos in row order, each with the SHA-256 of its content."""
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(_SCHEMA)
        with connection:
            connection.executemany(
                "INSERT INTO reference VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    (
                        photo.row,
                        photo.reference_id,
                        photo.position.latitude,
                        photo.position.longitude,
                        photo.file,
                        _null_or_text(photo.place),
                        _null_or_text(photo.photographer),
                        _null_or_text(photo.captured_at),
                        _null_or_text(photo.licence),
                        _null_or_text(photo.url),
                        _null_or_text(photo.country),
                        sha256,
                    )
                    for photo, sha256 in photos
                ),
            )


class Metadata:
    """The metadata of one segment, opened read-only; may be used from several threads."""

    def __init__(self, path: Path) -> None:
        """Open the file. Raises PackError where it is missing or no metadata file."""
        self._path = path
        self._lock = threading.Lock()
        self._connection = open_read_only(path)
        try:
            # rows are numbered without gaps from 0, so the last one tells the count without a scan
            last = self._connection.execute("SELECT MAX(row) FROM reference").fetchone()[0]
            self._count = 0 if last is None else int(last) + 1
        except sqlite3.DatabaseError as error:
            self._connection.close()
            raise _damaged(path) from error

    @property
    def count(self) -> int:
        """Return how many references there are."""
        return self._count

    def photos(self, rows: Sequence[int]) -> tuple[ReferencePhoto, ...]:
        """Return the photos at the given rows, in the order asked. Raises PackError where one is missing."""
        found: dict[int, ReferencePhoto] = {}
        for start in range(0, len(rows), _VALUES_PER_QUERY):
            part = [int(row) for row in rows[start : start + _VALUES_PER_QUERY]]
            marks = ",".join("?" * len(part))
            for values in self._select(f"SELECT {_COLUMNS} FROM reference WHERE row IN ({marks})", part):  # noqa: S608 - only question marks are filled in
                found[int(values[0])] = _photo_of(values)
        try:
            return tuple(found[int(row)] for row in rows)
        except KeyError as error:
            raise _damaged(self._path) from error

    def rows_with(
        self,
        *,
        reference_ids: Iterable[str] = (),
        places: Iterable[str] = (),
        photographers: Iterable[str] = (),
        sha256s: Iterable[str] = (),
    ) -> NDArray[np.int64]:
        """Return int64[n], ascending: every row whose id, place, photographer or content hash is named."""
        rows: set[int] = set()
        for column, values in (
            ("reference_id", reference_ids),
            ("place", places),
            ("photographer", photographers),
            ("sha256", sha256s),
        ):
            wanted = list(values)
            for start in range(0, len(wanted), _VALUES_PER_QUERY):
                part = wanted[start : start + _VALUES_PER_QUERY]
                marks = ",".join("?" * len(part))
                query = f"SELECT row FROM reference WHERE {column} IN ({marks})"  # noqa: S608 - the column is one of four constants
                rows.update(int(found[0]) for found in self._select(query, part))
        return np.array(sorted(rows), dtype=np.int64)

    def hash_at(self, row: int) -> str:
        """Return the SHA-256 of the photo at a row, empty where nobody knows it. Raises PackError."""
        found = self._select("SELECT sha256 FROM reference WHERE row = ?", [row])
        if not found:
            raise _damaged(self._path)
        return str(found[0][0])

    def rows_in_countries(self, countries: Sequence[str]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return the rows whose country is one of a few, and the rows whose country is not stated; ascending."""
        marks = ",".join("?" * len(countries))
        inside = self._select(f"SELECT row FROM reference WHERE country IN ({marks}) ORDER BY row", countries)  # noqa: S608 - only question marks are filled in
        silent = self._select("SELECT row FROM reference WHERE country IS NULL ORDER BY row", [])
        return _rows_of(inside), _rows_of(silent)

    def licences(self) -> dict[str, int]:
        """Return how many photos stand under each licence; ``not available`` where none is stated."""
        query = "SELECT COALESCE(licence, 'not available'), COUNT(*) FROM reference GROUP BY 1 ORDER BY 1"
        return {str(licence): int(count) for licence, count in self._select(query, [])}

    def all_photos(self) -> Iterator[ReferencePhoto]:
        """Yield every photo in row order without holding them all."""
        for photo, _ in self.all_with_hashes():
            yield photo

    def all_with_hashes(self) -> Iterator[tuple[ReferencePhoto, str]]:
        """Yield every photo in row order with the SHA-256 of its content, empty where nobody knows it."""
        for start in range(0, self._count, _ROWS_PER_BLOCK):
            query = f"SELECT {_COLUMNS}, sha256 FROM reference WHERE row >= ? AND row < ? ORDER BY row"  # noqa: S608 - constants only
            for *values, sha256 in self._select(query, [start, start + _ROWS_PER_BLOCK]):
                yield _photo_of(values), str(sha256)

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._connection.close()

    def _select(self, query: str, values: Sequence[object]) -> list[tuple[Any, ...]]:
        with self._lock:
            try:
                return self._connection.execute(query, values).fetchall()
            except sqlite3.DatabaseError as error:
                raise _damaged(self._path) from error


def open_read_only(path: Path) -> sqlite3.Connection:
    """Return a connection that cannot write, for a file that does not change. Raises PackError."""
    if not path.is_file():
        message = f"The reference pack lacks its file {path}; restore the pack from a copy or build it again."
        raise PackError(message)
    uri = f"{path.resolve().as_uri()}?mode=ro&immutable=1"
    try:
        return sqlite3.connect(uri, uri=True, check_same_thread=False)
    except sqlite3.Error as error:
        raise _damaged(path) from error


def _photo_of(values: Sequence[Any]) -> ReferencePhoto:
    row, reference_id, latitude, longitude, file, *described = values
    place, photographer, captured_at, licence, url, country = (
        _text_or_unavailable(None if value is None else str(value)) for value in described
    )
    return ReferencePhoto(
        row=int(row),
        reference_id=str(reference_id),
        position=Position(float(latitude), float(longitude)),
        file=str(file),
        place=place,
        photographer=photographer,
        captured_at=captured_at,
        licence=licence,
        url=url,
        country=country,
    )


def _rows_of(found: Sequence[tuple[Any, ...]]) -> NDArray[np.int64]:
    return np.fromiter((row for (row,) in found), dtype=np.int64, count=len(found))


def _damaged(path: Path) -> PackError:
    return PackError(f"The file {path} is damaged; restore the reference pack from a copy or build it again.")
