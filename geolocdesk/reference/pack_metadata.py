"""What a pack knows of its photos, over all its segments and without those that were removed."""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from geolocdesk.reference.metadata import Metadata
from geolocdesk.reference.neighbours import ReferencePhoto


class PackMetadata:
    """The metadata of every segment as one; may be used from several threads."""

    def __init__(self, parts: Sequence[tuple[int, Metadata]], removed: NDArray[np.int64]) -> None:
        """Take each segment's first row and metadata, and the rows, ascending, that were removed."""
        self._parts = tuple(parts)
        self._first_rows = [first for first, _ in parts]
        self._removed = removed

    @property
    def count(self) -> int:
        """Return how many references there are."""
        return sum(metadata.count for _, metadata in self._parts) - len(self._removed)

    def photos(self, rows: Sequence[int]) -> tuple[ReferencePhoto, ...]:
        """Return the photos at the given rows, in the order asked. Raises PackError where one is missing."""
        wanted: dict[int, list[int]] = {}
        for row in rows:
            wanted.setdefault(bisect_right(self._first_rows, row) - 1, []).append(int(row))
        found: dict[int, ReferencePhoto] = {}
        for part, in_part in wanted.items():
            first, metadata = self._parts[part]
            photos = metadata.photos([row - first for row in in_part])
            found.update(zip(in_part, (_numbered_from(first, photo) for photo in photos), strict=True))
        return tuple(found[int(row)] for row in rows)

    def hashes(self, rows: Sequence[int]) -> tuple[str, ...]:
        """Return the SHA-256 of the photos at the given rows, empty where nobody knows it, in the order asked."""
        return tuple(
            self._parts[part][1].hash_at(row - self._first_rows[part])
            for row in rows
            for part in (bisect_right(self._first_rows, row) - 1,)
        )

    def rows_with(
        self,
        *,
        reference_ids: Iterable[str] = (),
        places: Iterable[str] = (),
        photographers: Iterable[str] = (),
        sha256s: Iterable[str] = (),
    ) -> NDArray[np.int64]:
        """Return int64[n], ascending: every row whose id, place, photographer or content hash is named."""
        named = [list(values) for values in (reference_ids, places, photographers, sha256s)]
        rows = [
            first
            + metadata.rows_with(
                reference_ids=named[0], places=named[1], photographers=named[2], sha256s=named[3]
            )
            for first, metadata in self._parts
        ]
        return self._without_removed(np.concatenate(rows))

    def rows_in_countries(self, countries: Iterable[str]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return the rows whose country column names one of ``countries``, and those where it is empty."""
        wanted = list(countries)
        found = [(first, *metadata.rows_in_countries(wanted)) for first, metadata in self._parts]
        named = np.concatenate([first + inside for first, inside, _ in found])
        silent = np.concatenate([first + empty for first, _, empty in found])
        return self._without_removed(named), self._without_removed(silent)

    def all_photos(self) -> Iterator[ReferencePhoto]:
        """Yield every photo in row order without holding them all."""
        for photo, _ in self.all_with_hashes():
            yield photo

    def all_with_hashes(self, first_row: int = 0) -> Iterator[tuple[ReferencePhoto, str]]:
        """Yield every photo in row order with the SHA-256 of its content, empty where nobody knows it.

        ``first_row`` is the first row of the segment to begin with.
        """
        removed = iter(self._removed[np.searchsorted(self._removed, first_row) :].tolist())
        next_removed = next(removed, None)
        for first, metadata in self._parts:
            if first < first_row:
                continue
            for photo, sha256 in metadata.all_with_hashes():
                if first + photo.row == next_removed:
                    next_removed = next(removed, None)
                else:
                    yield _numbered_from(first, photo), sha256

    def _without_removed(self, rows: NDArray[np.int64]) -> NDArray[np.int64]:
        return np.setdiff1d(rows, self._removed, assume_unique=True) if len(self._removed) else rows


def _numbered_from(first: int, photo: ReferencePhoto) -> ReferencePhoto:
    return replace(photo, row=first + photo.row) if first else photo
