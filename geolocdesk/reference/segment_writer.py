"""Writing one segment of a pack: its metadata, positions, index, thumbnails and rejected rows."""

import csv
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from geolocdesk.progress import Progress, ProgressCallback
from geolocdesk.reference.build_state import RejectedRow
from geolocdesk.reference.index import build_index
from geolocdesk.reference.manifest import (
    INDEX_NAME,
    METADATA_NAME,
    POSITIONS_NAME,
    REJECTED_NAME,
    THUMBNAILS_NAME,
    PackFile,
    SegmentRecord,
    describe_file,
)
from geolocdesk.reference.metadata import write_metadata
from geolocdesk.reference.neighbours import ReferencePhoto
from geolocdesk.reference.thumbnails import write_thumbnails


@dataclass(frozen=True, slots=True, eq=False)
class SegmentContents:
    """What a segment is to hold, streamed: photos and thumbnails in the order of their rows, from 0."""

    count: int
    photos: Callable[[], Iterator[tuple[ReferencePhoto, str]]]
    """Each with the SHA-256 of its content."""
    vectors: NDArray[np.float32]
    """float32[count, D], mapped from disk where there are many."""
    thumbnails: Callable[[], Iterator[tuple[int, bytes]]] | None
    rejected: Callable[[], Iterator[RejectedRow]]


def write_segment(
    path: Path, folder: str, contents: SegmentContents, *, seed: int, progress: ProgressCallback
) -> SegmentRecord:
    """Write a segment's files into the folder ``path`` and return its record, under the name ``folder``."""
    progress(Progress("Writing the pack", 0, None))
    positions = np.empty((contents.count, 2), np.float64)

    def photos() -> Iterator[tuple[ReferencePhoto, str]]:
        for photo, sha256 in contents.photos():
            positions[photo.row] = (photo.position.latitude, photo.position.longitude)
            yield photo, sha256

    write_metadata(path / METADATA_NAME, photos())
    np.save(path / POSITIONS_NAME, positions)
    index = build_index(contents.vectors, path / INDEX_NAME, seed=seed, progress=progress)
    thumbnails = 0
    if contents.thumbnails is not None:
        thumbnails = write_thumbnails(path / THUMBNAILS_NAME, contents.thumbnails())
    rejected = write_table(
        path / REJECTED_NAME,
        ("row", "file", "reason"),
        ((row.number, row.file, row.reason) for row in contents.rejected()),
    )
    return SegmentRecord(folder, contents.count, rejected, thumbnails, index)


def write_table(path: Path, columns: tuple[str, ...], rows: Iterable[tuple[object, ...]]) -> int:
    """Write a CSV and return how many rows it has besides the columns' names."""
    count = 0
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(columns)
        for row in rows:
            writer.writerow(row)
            count += 1
    return count


def described(pack: Path, record: SegmentRecord) -> tuple[SegmentRecord, tuple[PackFile, ...]]:
    """Return a segment's record with the names of all files in its folder, and these files, described."""
    names = sorted(path.name for path in (pack / record.folder).iterdir() if path.is_file())
    files = tuple(describe_file(pack, record.path_of(name)) for name in names)
    return replace(record, files=tuple(file.name for file in files)), files


def licences_of(photos: Iterable[tuple[ReferencePhoto, str]]) -> dict[str, int]:
    """Return how many photos stand under each licence, in the order in which they first come."""
    counts: dict[str, int] = {}
    for photo, _ in photos:
        licence = str(photo.licence)
        counts[licence] = counts.get(licence, 0) + 1
    return counts


def added_up(*counts: dict[str, int]) -> dict[str, int]:
    """Return the sums of several counts by name; names that come to nothing are left out."""
    total: dict[str, int] = {}
    for part in counts:
        for name, count in part.items():
            total[name] = total.get(name, 0) + count
    return {name: count for name, count in total.items() if count}
