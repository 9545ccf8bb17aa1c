"""From the rows of a source to described photos: taken in, put through the extractor, a batch at a time."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

import numpy as np

from geolocdesk.errors import EvidenceError
from geolocdesk.evidence.intake import Intake, TakenIn
from geolocdesk.evidence.packed import Photo
from geolocdesk.evidence.rendition import Rendition
from geolocdesk.features.extractor import Extractor
from geolocdesk.geodesy import Position
from geolocdesk.reference.build_state import DescribedPhoto, RejectedRow
from geolocdesk.reference.neighbours import ReferencePhoto
from geolocdesk.reference.sources.source import SourceRow

BATCH = 32
_MOST_REJECTED = 10_000
"""Rows that are rejected one after the other before they are recorded: a source may hold millions of them."""
THUMBNAIL = Rendition(long_side_px=320, resample="bilinear", jpeg_scaling=True, encoding="jpeg")


@dataclass(frozen=True, slots=True)
class DescribedBatch:
    """Some rows of a source that are done with."""

    photos: tuple[DescribedPhoto, ...]
    rejected: tuple[RejectedRow, ...]

    @property
    def rows(self) -> int:
        """Return how many rows that is."""
        return len(self.photos) + len(self.rejected)


def describe_rows(
    rows: Iterable[SourceRow],
    extractor: Extractor,
    intake: Intake,
    *,
    thumbnails: bool,
    clock: Callable[[], str],
) -> Iterator[DescribedBatch]:
    """Yield every row, described or rejected with its reason, in batches of ``BATCH`` or a little more.

    The intake decodes ahead of the extractor.
    """
    renditions = [extractor.rendition, *([THUMBNAIL] if thumbnails else [])]
    remaining = iter(rows)
    waiting: deque[SourceRow] = deque()
    batch = _Batch()
    exhausted = False

    def photos() -> Iterator[Photo]:
        """Yield the photos of the rows up to the last, or to where too many rejected ones have gathered."""
        nonlocal exhausted
        for row in remaining:
            if not row.rejected:
                waiting.append(row)
                yield row.path
                continue
            batch.rejected.append(RejectedRow(row.number, row.file, row.rejected))
            if len(batch.rejected) >= _MOST_REJECTED:
                return
        exhausted = True

    while not exhausted:
        for taken in intake.take_in_all(photos(), renditions, clock=clock):
            batch.sort_in(waiting.popleft(), taken)
            if batch.rows >= BATCH:
                yield batch.described(extractor, thumbnails=thumbnails)
        if batch.rows:
            yield batch.described(extractor, thumbnails=thumbnails)


@dataclass(slots=True)
class _Batch:
    """Rows that wait for the extractor, and rows that need not."""

    taken: list[tuple[SourceRow, TakenIn, Position]] = field(default_factory=list)
    rejected: list[RejectedRow] = field(default_factory=list)

    @property
    def rows(self) -> int:
        return len(self.taken) + len(self.rejected)

    def sort_in(self, row: SourceRow, taken: TakenIn | EvidenceError) -> None:
        if isinstance(taken, EvidenceError):
            self.rejected.append(RejectedRow(row.number, row.file, f"{taken.kind}: {taken.message}"))
            return
        position = row.position if isinstance(row.position, Position) else taken.record.exif.position
        if not isinstance(position, Position):
            reason = f"no GPS position in its EXIF ({position})"
            self.rejected.append(RejectedRow(row.number, row.file, reason))
            return
        self.taken.append((row, taken, position))

    def described(self, extractor: Extractor, *, thumbnails: bool) -> DescribedBatch:
        """Return all of it described, and start afresh."""
        photos: tuple[DescribedPhoto, ...] = ()
        if self.taken:
            vectors = extractor.describe(np.stack([taken.pictures[0] for _, taken, _ in self.taken]))
            photos = tuple(
                DescribedPhoto(
                    photo=reference_photo(row, position),
                    sha256=taken.record.sha256,
                    vector=vector,
                    thumbnail=taken.pictures[1].tobytes() if thumbnails else None,
                )
                for (row, taken, position), vector in zip(self.taken, vectors, strict=True)
            )
        done = DescribedBatch(photos, tuple(self.rejected))
        self.taken.clear()
        self.rejected.clear()
        return done


def reference_photo(row: SourceRow, position: Position) -> ReferencePhoto:
    """Return a row of a source as a reference, numbered as in the source."""
    return ReferencePhoto(
        row=row.number,
        reference_id=row.reference_id,
        position=position,
        file=row.file,
        place=row.place,
        photographer=row.photographer,
        captured_at=row.captured_at,
        licence=row.licence,
        url=row.url,
        country=row.country,
    )
