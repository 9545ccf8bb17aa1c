"""Putting the rows of several segments or packs one after the other, streamed from where they lie."""

import csv
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from geolocdesk.progress import Progress, ProgressCallback
from geolocdesk.reference.build_state import RejectedRow
from geolocdesk.reference.manifest import (
    DUPLICATES_NAME,
    LEFT_OUT_NAME,
    REJECTED_NAME,
    RENAMED_NAME,
    SegmentRecord,
)
from geolocdesk.reference.neighbours import ReferencePhoto
from geolocdesk.reference.pack import Pack
from geolocdesk.reference.segment_writer import SegmentContents, write_table

_BLOCK = 20_000
_LISTS = (DUPLICATES_NAME, LEFT_OUT_NAME, RENAMED_NAME)


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """Some rows of an open pack, from one of its segments on."""

    pack: Pack
    first_row: int
    """Of the segment to begin with."""
    rows: NDArray[np.int64]
    """The pack's rows to take, ascending, none before ``first_row`` and none that was removed."""
    renamed: Mapping[int, str] = field(default_factory=dict)
    """New ids by row."""

    @property
    def segments(self) -> tuple[SegmentRecord, ...]:
        """Return the segments that the rows come from."""
        return tuple(segment.record for segment in self.pack.segments if segment.first_row >= self.first_row)

    def photos(self) -> Iterator[tuple[ReferencePhoto, str]]:
        """Yield the photos of the rows, numbered as in their pack, each with the SHA-256 of its content."""
        place = 0
        for photo, sha256 in self.pack.metadata.all_with_hashes(self.first_row):
            if place < len(self.rows) and photo.row == self.rows[place]:
                place += 1
                reference_id = self.renamed.get(photo.row)
                yield (photo if reference_id is None else replace(photo, reference_id=reference_id)), sha256

    def thumbnails(self) -> Iterator[tuple[int, bytes]]:
        """Yield (place among the rows, JPEG)."""
        for segment in self.pack.segments:
            if segment.first_row < self.first_row or segment.thumbnails is None:
                continue
            for row, jpeg in segment.thumbnails.all_thumbnails():
                place = int(np.searchsorted(self.rows, segment.first_row + row))
                if place < len(self.rows) and self.rows[place] == segment.first_row + row:
                    yield place, jpeg

    def rejected(self) -> Iterator[RejectedRow]:
        """Yield every row that was rejected when the segments were written."""
        for segment in self.segments:
            for number, file, reason in _lines(self.pack.folder / segment.path_of(REJECTED_NAME)):
                yield RejectedRow(int(number), file, reason)


@contextmanager
def joined(parts: Sequence[Part], scratch: Path, progress: ProgressCallback) -> Iterator[SegmentContents]:
    """Give what a segment made of all the parts holds; the descriptors lie in a file in ``scratch`` meanwhile."""
    path = scratch / "vectors.f32"
    count = sum(len(part.rows) for part in parts)
    vectors = _copied_vectors(parts, count, path, progress)
    has_thumbnails = any(segment.thumbnails for part in parts for segment in part.segments)
    try:
        yield SegmentContents(
            count=count,
            photos=lambda: _photos(parts),
            vectors=vectors,
            thumbnails=(lambda: _thumbnails(parts)) if has_thumbnails else None,
            rejected=lambda: (row for part in parts for row in part.rejected()),
        )
    finally:
        del vectors
        path.unlink(missing_ok=True)


def thumbnail_finder(parts: Sequence[Part]) -> Callable[[int], bytes | None]:
    """Return what looks up the JPEG of a photo by its row among all that the parts join to."""
    ends = np.cumsum([len(part.rows) for part in parts])

    def thumbnail(row: int) -> bytes | None:
        place = int(np.searchsorted(ends, row, side="right"))
        part = parts[place]
        return part.pack.thumbnail(int(part.rows[row - int(ends[place]) + len(part.rows)]))

    return thumbnail


def join_lists(parts: Sequence[Part], folder: Path) -> None:
    """Add, to a segment's folder, what the parts' segments list of copies, caps and new ids.

    A list of copies that is there already was made of all the parts' photos, and stays.
    """
    for name in _LISTS:
        target = folder / name
        paths = [part.pack.folder / segment.path_of(name) for part in parts for segment in part.segments]
        there = [path for path in (target, *paths) if path.is_file()]
        if there and not (name == DUPLICATES_NAME and target.is_file()):
            columns = _columns(there[0])
            lines = [line for path in there for line in _lines(path)]
            write_table(target, columns, lines)


def _copied_vectors(
    parts: Sequence[Part], count: int, path: Path, progress: ProgressCallback
) -> NDArray[np.float32]:
    dimension = parts[0].pack.manifest.dimension
    if count == 0:
        return np.empty((0, dimension), np.float32)
    vectors: NDArray[np.float32] = np.memmap(path, dtype="<f4", mode="w+", shape=(count, dimension))
    done = 0
    for part in parts:
        for start in range(0, len(part.rows), _BLOCK):
            rows = part.rows[start : start + _BLOCK]
            vectors[done : done + len(rows)] = part.pack.vectors(rows)
            done += len(rows)
            progress(Progress("Copying descriptors", done, count))
    return vectors


def _photos(parts: Sequence[Part]) -> Iterator[tuple[ReferencePhoto, str]]:
    row = 0
    for part in parts:
        for photo, sha256 in part.photos():
            yield replace(photo, row=row), sha256
            row += 1


def _thumbnails(parts: Sequence[Part]) -> Iterator[tuple[int, bytes]]:
    first = 0
    for part in parts:
        for place, jpeg in part.thumbnails():
            yield first + place, jpeg
        first += len(part.rows)


def _columns(path: Path) -> tuple[str, ...]:
    with path.open(encoding="utf-8", newline="") as stream:
        return tuple(next(csv.reader(stream)))


def _lines(path: Path) -> Iterator[tuple[str, ...]]:
    with path.open(encoding="utf-8", newline="") as stream:
        lines = csv.reader(stream)
        next(lines, None)
        for line in lines:
            yield tuple(line)
