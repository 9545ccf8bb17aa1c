"""One segment of a pack, opened: an index and what is known of its photos. Written once, never changed."""

from contextlib import ExitStack
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray

from geolocdesk.errors import PackError
from geolocdesk.reference.index import SearchIndex
from geolocdesk.reference.manifest import (
    INDEX_NAME,
    METADATA_NAME,
    POSITIONS_NAME,
    THUMBNAILS_NAME,
    SegmentRecord,
)
from geolocdesk.reference.metadata import Metadata
from geolocdesk.reference.thumbnails import Thumbnails


class Segment:
    """An open segment. Its rows are numbered from 0; ``first_row`` is what the pack numbers the first one."""

    def __init__(self, pack: Path, record: SegmentRecord, first_row: int) -> None:
        """Open the segment's files without reading them. Raises PackError in one sentence."""
        self.record = record
        self.folder = pack / record.folder
        self.first_row = first_row
        with ExitStack() as opened:
            self.index = SearchIndex(self.folder / INDEX_NAME, record.index)
            self.metadata = Metadata(self.folder / METADATA_NAME)
            opened.callback(self.metadata.close)
            self.thumbnails = _thumbnails(self.folder)
            if self.thumbnails:
                opened.callback(self.thumbnails.close)
            self.positions = self._positions()
            if not len(self.positions) == self.metadata.count == record.references == self.index.count:
                message = (
                    f"The pack {pack} is damaged: its manifest counts {record.references} references in "
                    f"{self.folder} and the files there {self.metadata.count}; restore it from a copy."
                )
                raise PackError(message)
            self._opened = opened.pop_all()

    @classmethod
    def open_all(cls, pack: Path, records: tuple[SegmentRecord, ...]) -> tuple[Self, ...]:
        """Return every segment, opened, in the order of their rows. Raises PackError."""
        opened: list[Self] = []
        try:
            for record in records:
                opened.append(cls(pack, record, sum(segment.count for segment in opened)))
        except BaseException:
            for segment in opened:
                segment.close()
            raise
        return tuple(opened)

    @property
    def count(self) -> int:
        """Return how many rows there are, those removed from the pack included."""
        return self.record.references

    def close(self) -> None:
        """Close the segment's files."""
        self._opened.close()

    def own_rows(self, rows: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return which of the pack's rows, ascending, lie in this segment, by the segment's own numbers."""
        start, end = np.searchsorted(rows, (self.first_row, self.first_row + self.count))
        return rows[start:end] - self.first_row

    def _positions(self) -> NDArray[np.float64]:
        path = self.folder / POSITIONS_NAME
        try:
            positions: NDArray[np.float64] = np.load(path, mmap_mode="r")
        except (OSError, ValueError) as error:
            message = f"The file {path} is damaged; restore the reference pack from a copy or build it again."
            raise PackError(message) from error
        return positions


def _thumbnails(folder: Path) -> Thumbnails | None:
    path = folder / THUMBNAILS_NAME
    return Thumbnails(path) if path.is_file() else None
