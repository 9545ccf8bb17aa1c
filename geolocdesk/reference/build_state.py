"""What an unfinished build or append has on disk: every finished photo, so that it goes on where it was killed."""

import os
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from geolocdesk.errors import PackError
from geolocdesk.geodesy import Position
from geolocdesk.provenance import JsonValue, canonical_json
from geolocdesk.reference.neighbours import ReferencePhoto
from geolocdesk.unavailable import Unavailable

_SCHEMA = """
CREATE TABLE IF NOT EXISTS part (name TEXT PRIMARY KEY, dimension INTEGER NOT NULL, count INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS photo (
    number INTEGER PRIMARY KEY,
    part TEXT NOT NULL,
    slot INTEGER NOT NULL,
    reference_id TEXT NOT NULL UNIQUE,
    latitude REAL NOT NULL,
    longitude REAL NOT NULL,
    file TEXT NOT NULL,
    place TEXT, photographer TEXT, captured_at TEXT, licence TEXT, url TEXT, country TEXT,
    sha256 TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS rejected (number INTEGER PRIMARY KEY, file TEXT NOT NULL, reason TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS left_out (number INTEGER PRIMARY KEY);
CREATE TABLE IF NOT EXISTS thumbnail (number INTEGER PRIMARY KEY, jpeg BLOB NOT NULL);
CREATE VIEW IF NOT EXISTS kept AS SELECT * FROM photo WHERE number NOT IN (SELECT number FROM left_out);
"""

_STATE_NAME = "state.sqlite"
_ROWS_AT_ONCE = 100_000
_RECIPE_NAME = "recipe.json"


@dataclass(frozen=True, slots=True, eq=False)
class DescribedPhoto:
    """One finished photo of a build: ``photo.row`` is its number in the source until the pack is written."""

    photo: ReferencePhoto
    sha256: str
    vector: NDArray[np.float32]
    thumbnail: bytes | None


@dataclass(frozen=True, slots=True)
class RejectedRow:
    """One row of the source that did not become a reference, and why."""

    number: int
    file: str
    reason: str


@dataclass(frozen=True, slots=True, eq=False)
class FinishedRows:
    """Which rows of a source are done with: one byte a row, however many there are."""

    flags: NDArray[np.bool_]

    def __contains__(self, number: int) -> bool:
        """Return whether a row is done with."""
        return number < len(self.flags) and bool(self.flags[number])

    def __len__(self) -> int:
        """Return how many rows are."""
        return int(np.count_nonzero(self.flags))


class BuildState:
    """The folder of an unfinished build. Vectors lie in one file a part, appended before they are counted."""

    def __init__(self, folder: Path, recipe: dict[str, JsonValue]) -> None:
        """Open or start the folder. Raises PackError where it was started with another recipe."""
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self._check_recipe(recipe)
        self._connection = sqlite3.connect(folder / _STATE_NAME)
        self._connection.executescript(_SCHEMA)

    def close(self) -> None:
        """Close the state; its files stay."""
        self._connection.close()

    def _check_recipe(self, recipe: dict[str, JsonValue]) -> None:
        path = self.folder / _RECIPE_NAME
        content = canonical_json(recipe)
        if path.exists():
            if path.read_bytes() != content:
                message = (
                    f"The unfinished build in {self.folder} was started from another source, model or choice of "
                    f"options; repeat them as they were, or delete {self.folder} to start afresh."
                )
                raise PackError(message)
            return
        temporary = path.with_suffix(".new")
        temporary.write_bytes(content)
        temporary.replace(path)

    def finished(self) -> "FinishedRows":
        """Return which source rows are described or rejected."""
        query = "SELECT number FROM photo UNION ALL SELECT number FROM rejected"
        flags = np.zeros(self.last_finished() + 1, np.bool_)
        numbers = self._connection.execute(query)
        while block := numbers.fetchmany(_ROWS_AT_ONCE):
            flags[[int(row[0]) for row in block]] = True
        return FinishedRows(flags)

    def last_finished(self) -> int:
        """Return the highest number that is described or rejected; −1 before any."""
        query = "SELECT MAX(number) FROM (SELECT MAX(number) AS number FROM photo UNION ALL SELECT MAX(number) FROM rejected)"
        last = self._connection.execute(query).fetchone()[0]
        return -1 if last is None else int(last)

    def described_count(self) -> int:
        """Return how many photos are described."""
        return int(self._connection.execute("SELECT COALESCE(SUM(count), 0) FROM part").fetchone()[0])

    def has_id(self, reference_id: str) -> bool:
        """Return whether a photo with this id is described."""
        query = "SELECT 1 FROM photo WHERE reference_id = ?"
        return self._connection.execute(query, (reference_id,)).fetchone() is not None

    def kept_count(self) -> int:
        """Return how many photos are described and not left out."""
        left_out = int(self._connection.execute("SELECT COUNT(*) FROM left_out").fetchone()[0])
        return self.described_count() - left_out

    def leave_out(self, rows: Sequence[int]) -> None:
        """Leave out the photos at these rows, ascending, of all that are described, and no others."""
        wanted = iter(rows)
        row_wanted = next(wanted, None)
        numbers: list[tuple[int]] = []
        for row, (number,) in enumerate(self._connection.execute("SELECT number FROM photo ORDER BY number")):
            if row == row_wanted:
                numbers.append((int(number),))
                row_wanted = next(wanted, None)
        with self._connection:
            self._connection.execute("DELETE FROM left_out")
            self._connection.executemany("INSERT INTO left_out VALUES (?)", numbers)

    def _part(self, name: str) -> tuple[int, int]:
        """Return a part's dimension and count of vectors; 0 and 0 before its first."""
        query = "SELECT dimension, count FROM part WHERE name = ?"
        found = self._connection.execute(query, (name,)).fetchone()
        return (0, 0) if found is None else (int(found[0]), int(found[1]))

    def rejected_count(self) -> int:
        """Return how many rows are rejected."""
        return int(self._connection.execute("SELECT COUNT(*) FROM rejected").fetchone()[0])

    def record(self, part: str, photos: Sequence[DescribedPhoto], rejected: Sequence[RejectedRow]) -> None:
        """Add finished photos to a part, durably: a kill leaves either all of them or none."""
        kept, repeated = self._without_repeated_ids(photos)
        with self._connection:
            if kept:
                slot = self._append_vectors(part, np.stack([item.vector for item in kept]))
                self._connection.executemany(
                    "INSERT INTO photo VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                    [_values_of(item, part, slot + offset) for offset, item in enumerate(kept)],
                )
            self._connection.executemany(
                "INSERT INTO thumbnail VALUES (?, ?)",
                [(item.photo.row, item.thumbnail) for item in kept if item.thumbnail is not None],
            )
            self._connection.executemany(
                "INSERT INTO rejected VALUES (?, ?, ?)",
                [(row.number, row.file, row.reason) for row in (*rejected, *repeated)],
            )

    def _without_repeated_ids(
        self, photos: Sequence[DescribedPhoto]
    ) -> tuple[list[DescribedPhoto], list[RejectedRow]]:
        kept: list[DescribedPhoto] = []
        repeated: list[RejectedRow] = []
        ids: set[str] = set()
        for item in photos:
            reference_id = item.photo.reference_id
            if reference_id in ids or self.has_id(reference_id):
                reason = f"another photo has the same id {reference_id!r}"
                repeated.append(RejectedRow(item.photo.row, item.photo.file, reason))
                continue
            ids.add(reference_id)
            kept.append(item)
        return kept, repeated

    def _vectors_path(self, part: str) -> Path:
        return self.folder / f"{part}.f32"

    def _append_vectors(self, part: str, vectors: NDArray[np.float32]) -> int:
        """Append vectors to a part's file and count them; return the slot of the first."""
        path = self._vectors_path(part)
        count = self._part(part)[1]
        counted_bytes = count * vectors.shape[1] * 4
        with path.open("r+b" if path.exists() else "w+b") as stream:
            # what lies beyond was appended by a run that was killed before it could be counted
            stream.truncate(counted_bytes)
            stream.seek(counted_bytes)
            stream.write(np.ascontiguousarray(vectors, dtype="<f4").tobytes())
            stream.flush()
            os.fsync(stream.fileno())
        self._connection.execute(
            "INSERT INTO part VALUES (?, ?, ?) ON CONFLICT (name) DO UPDATE SET count = excluded.count",
            (part, vectors.shape[1], count + len(vectors)),
        )
        return count

    def vectors(self, part: str) -> NDArray[np.float32]:
        """Return a part's vectors float32[n, D], mapped from disk, in the order they were recorded.

        Raises PackError where the file is shorter than what was recorded.
        """
        dimension, count = self._part(part)
        if count == 0:
            return np.empty((0, 0), np.float32)
        path = self._vectors_path(part)
        if not path.is_file() or path.stat().st_size < count * dimension * 4:
            message = f"The unfinished build in {self.folder} is damaged; delete it and build again."
            raise PackError(message)
        return np.memmap(path, dtype="<f4", mode="r", shape=(count, dimension))

    def holds_in_order(self, part: str) -> bool:
        """Return whether every photo's vector lies in this one part, in the order of the source."""
        query = (
            "SELECT EXISTS (SELECT 1 FROM (SELECT part, slot, ROW_NUMBER() OVER (ORDER BY number) - 1 AS row "
            "FROM kept) WHERE part <> ? OR slot <> row)"
        )
        return not self._connection.execute(query, (part,)).fetchone()[0]

    def photos(self) -> Iterator[tuple[ReferencePhoto, str, str, int]]:
        """Yield (photo with its final row, content hash, part, slot) of all that is kept, in source order."""
        query = "SELECT * FROM kept ORDER BY number"
        for row, values in enumerate(self._connection.execute(query)):
            yield _photo_of(row, values), str(values[13]), str(values[1]), int(values[2])

    def thumbnails(self) -> Iterator[tuple[int, bytes]]:
        """Yield (final row, JPEG) in row order."""
        query = (
            "SELECT ROW_NUMBER() OVER (ORDER BY kept.number) - 1, thumbnail.jpeg FROM kept "
            "LEFT JOIN thumbnail ON thumbnail.number = kept.number ORDER BY kept.number"
        )
        for row, jpeg in self._connection.execute(query):
            if jpeg is not None:
                yield int(row), bytes(jpeg)

    def thumbnail_finder(self) -> Callable[[int], bytes | None]:
        """Return what looks up the JPEG of a kept photo by its row; it holds for what is kept now."""
        query = "SELECT number FROM kept ORDER BY number"
        numbers = np.fromiter((row[0] for row in self._connection.execute(query)), dtype=np.int64)

        def thumbnail(row: int) -> bytes | None:
            query = "SELECT jpeg FROM thumbnail WHERE number = ?"
            found = self._connection.execute(query, (int(numbers[row]),)).fetchone()
            return None if found is None else bytes(found[0])

        return thumbnail

    def rejected(self) -> Iterator[RejectedRow]:
        """Yield every rejected row in the order of the source."""
        for number, file, reason in self._connection.execute("SELECT * FROM rejected ORDER BY number"):
            yield RejectedRow(int(number), str(file), str(reason))


def _null(value: str | Unavailable) -> str | None:
    return None if isinstance(value, Unavailable) else value


def _values_of(item: DescribedPhoto, part: str, slot: int) -> tuple[object, ...]:
    photo = item.photo
    described: Iterable[str | Unavailable] = (
        photo.place,
        photo.photographer,
        photo.captured_at,
        photo.licence,
        photo.url,
        photo.country,
    )
    return (
        photo.row,
        part,
        slot,
        photo.reference_id,
        photo.position.latitude,
        photo.position.longitude,
        photo.file,
        *(_null(value) for value in described),
        item.sha256,
    )


def _photo_of(row: int, values: Sequence[object]) -> ReferencePhoto:
    place, photographer, captured_at, licence, url, country = (
        Unavailable.NOT_AVAILABLE if value is None else str(value) for value in values[7:13]
    )
    return ReferencePhoto(
        row=row,
        reference_id=str(values[3]),
        position=Position(float(str(values[4])), float(str(values[5]))),
        file=str(values[6]),
        place=place,
        photographer=photographer,
        captured_at=captured_at,
        licence=licence,
        url=url,
        country=country,
    )
