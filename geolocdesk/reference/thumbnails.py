"""Small pictures of a pack's photos, all of a segment's in one SQLite file."""

import sqlite3
import threading
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from pathlib import Path

from geolocdesk.errors import PackError
from geolocdesk.reference.manifest import THUMBNAILS_NAME, Manifest
from geolocdesk.reference.metadata import open_read_only

_ROWS_PER_BLOCK = 200


def write_thumbnails(path: Path, thumbnails: Iterable[tuple[int, bytes]]) -> int:
    """Write a new file from (row, JPEG bytes) pairs and return how many there were."""
    count = 0
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE thumbnail (row INTEGER PRIMARY KEY, jpeg BLOB NOT NULL)")
        with connection:
            for row, jpeg in thumbnails:
                connection.execute("INSERT INTO thumbnail VALUES (?, ?)", (row, jpeg))
                count += 1
    return count


class Thumbnails:
    """The thumbnails of one segment, opened read-only; may be used from several threads."""

    def __init__(self, path: Path) -> None:
        """Open the file. Raises PackError where it is missing."""
        self._path = path
        self._lock = threading.Lock()
        self._connection = open_read_only(path)

    def thumbnail(self, row: int) -> bytes | None:
        """Return the JPEG of a row, or None where the pack has none. Raises PackError where damaged."""
        with self._lock:
            try:
                found = self._connection.execute(
                    "SELECT jpeg FROM thumbnail WHERE row = ?", (row,)
                ).fetchone()
            except sqlite3.DatabaseError as error:
                raise self._damaged() from error
        return None if found is None else bytes(found[0])

    def all_thumbnails(self) -> Iterator[tuple[int, bytes]]:
        """Yield (row, JPEG) in row order without holding them all. Raises PackError where damaged."""
        row = -1
        while True:
            query = "SELECT row, jpeg FROM thumbnail WHERE row > ? ORDER BY row LIMIT ?"
            with self._lock:
                try:
                    block = self._connection.execute(query, (row, _ROWS_PER_BLOCK)).fetchall()
                except sqlite3.DatabaseError as error:
                    raise self._damaged() from error
            if not block:
                return
            for number, jpeg in block:
                yield int(number), bytes(jpeg)
            row = int(block[-1][0])

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._connection.close()

    def _damaged(self) -> PackError:
        return PackError(f"The file {self._path} is damaged; restore the reference pack from a copy.")


class PackThumbnails:
    """The thumbnails of a whole pack, some of whose segments may have none; may be used from several threads."""

    def __init__(self, parts: Sequence[tuple[int, Thumbnails]]) -> None:
        """Take over the first row and the open thumbnails of each segment that has some."""
        self._parts = tuple(parts)
        self._first_rows = [first for first, _ in parts]

    @classmethod
    def open(cls, pack: Path, manifest: Manifest) -> "PackThumbnails | None":
        """Return the thumbnails of a pack, or None where it has none. Raises PackError."""
        parts: list[tuple[int, Thumbnails]] = []
        first_row = 0
        for segment in manifest.segments:
            path = pack / segment.path_of(THUMBNAILS_NAME)
            if path.is_file():
                parts.append((first_row, Thumbnails(path)))
            first_row += segment.references
        return cls(parts) if parts else None

    def thumbnail(self, row: int) -> bytes | None:
        """Return the JPEG of a row of the pack, or None where there is none. Raises PackError where damaged."""
        part = bisect_right(self._first_rows, row) - 1
        if part < 0:
            return None
        first_row, thumbnails = self._parts[part]
        return thumbnails.thumbnail(row - first_row)

    def close(self) -> None:
        """Close the files."""
        for _, thumbnails in self._parts:
            thumbnails.close()
