"""Small pictures of a pack's photos, all in one SQLite file."""

import sqlite3
import threading
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path

from geolocdesk.errors import PackError
from geolocdesk.reference.metadata import open_read_only


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
    """The thumbnails of one pack, opened read-only; may be used from several threads."""

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
                message = f"The file {self._path} is damaged; restore the reference pack from a copy."
                raise PackError(message) from error
        return None if found is None else bytes(found[0])

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._connection.close()
