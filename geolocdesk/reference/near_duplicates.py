"""Finding copies: the same file again, or the same photo scaled, recompressed or trimmed a little."""

import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from geolocdesk.progress import Progress, ProgressCallback
from geolocdesk.reference.copy_distance import SEED
from geolocdesk.reference.index import EXACT_UP_TO, SearchIndex, build_index
from geolocdesk.reference.manifest import INDEX_NAME
from geolocdesk.reference.pack import Pack

_BLOCK = 2048
_ROUNDING = 2e-3
"""How far distances from float32 products of unit vectors may be off; near ones are computed again."""
_NEAREST = 16
_LISTED = 64
"""Of how many earlier photos a photo is shown to be a copy at most: a placeholder may come a million times."""
_MOST = 4096
"""How many neighbours of a photo are looked at beyond ``EXACT_UP_TO``: first, and at most."""


@dataclass(frozen=True, slots=True)
class Copy:
    """A photo that is a copy of an earlier one."""

    row: int
    of_row: int
    """The earlier photo's row among the same photos, or in the pack where ``in_pack``."""
    in_pack: bool
    distance: float
    """Between the two descriptors."""
    same_file: bool
    dropped: bool


@dataclass(frozen=True, slots=True, eq=False)
class CopySearch:
    """Finds the copies among photos, given by their descriptors."""

    vectors: NDArray[np.float32]
    same_files: Mapping[int, int]
    """For a row whose content an earlier one has as well, the first such row."""
    distance: float
    """Up to which two descriptors are of one photo."""
    drop: bool
    pack: Pack | None = None
    """Compared with before the photos themselves."""
    in_pack: Mapping[int, int] = field(default_factory=dict)
    """For a row whose content the pack has as well, the pack's row."""

    def find(self, scratch: Path, progress: ProgressCallback) -> tuple[Copy, ...]:
        """Return every copy, in row order.

        With ``drop`` a photo counts only against those that are not dropped themselves, so that one of each kind
        always stays.
        """
        found: list[Copy] = []
        dropped = np.zeros(len(self.vectors), np.bool_)
        for row, earlier in _earlier_nearby(self.vectors, self.distance, scratch, progress):
            copy = self._of_packs(row) or self._of_earlier(
                row, earlier[~dropped[earlier]] if self.drop else earlier
            )
            if copy is not None:
                found.append(copy)
                dropped[row] = self.drop
        return tuple(found)

    def _of_packs(self, row: int) -> Copy | None:
        if self.pack is None:
            return None
        if row in self.in_pack:
            of_row = self.in_pack[row]
            vector = self.pack.vectors(np.array([of_row]))
            return self._copy(row, of_row, vector, in_pack=True, same_file=True)
        rows, distances = self.pack.nearest(np.asarray(self.vectors[row]), 1)
        if len(rows) and distances[0] <= self.distance:
            vector = self.pack.vectors(rows)
            return self._copy(row, int(rows[0]), vector, in_pack=True, same_file=False)
        return None

    def _of_earlier(self, row: int, earlier: NDArray[np.int64]) -> Copy | None:
        if row in self.same_files:
            of_row = self.same_files[row]
            return self._copy(row, of_row, self.vectors[[of_row]], in_pack=False, same_file=True)
        if len(earlier) == 0:
            return None
        distances = _distances(self.vectors[row], self.vectors[earlier])
        of_row = int(earlier[np.lexsort((earlier, distances))[0]])
        if distances.min() > self.distance:
            return None
        return self._copy(row, of_row, self.vectors[[of_row]], in_pack=False, same_file=False)

    def _copy(
        self, row: int, of_row: int, original: NDArray[np.float32], *, in_pack: bool, same_file: bool
    ) -> Copy:
        distance = float(_distances(self.vectors[row], original)[0])
        return Copy(row, of_row, in_pack, distance, same_file, dropped=self.drop)


def _distances(vector: NDArray[np.float32], others: NDArray[np.float32]) -> NDArray[np.float64]:
    difference = np.asarray(others, np.float64) - np.asarray(vector, np.float64)
    distances: NDArray[np.float64] = np.sqrt(np.einsum("ij,ij->i", difference, difference))
    return distances


def _earlier_nearby(
    vectors: NDArray[np.float32], distance: float, scratch: Path, progress: ProgressCallback
) -> Iterator[tuple[int, NDArray[np.int64]]]:
    """Yield every row, in order, with the earlier rows that may lie within the distance."""
    count = len(vectors)
    search = _compared_with_all if count <= EXACT_UP_TO else _searched
    for row, earlier in search(vectors, distance, scratch, progress):
        if row % _BLOCK == 0:
            progress(Progress("Looking for copies", row, count))
        yield row, earlier
    progress(Progress("Looking for copies", count, count))


def _compared_with_all(
    vectors: NDArray[np.float32], distance: float, _scratch: Path, _progress: ProgressCallback
) -> Iterator[tuple[int, NDArray[np.int64]]]:
    closest = 1.0 - (distance + _ROUNDING) ** 2 / 2.0
    for start in range(0, len(vectors), _BLOCK):
        block = np.ascontiguousarray(vectors[start : start + _BLOCK])
        pairs: list[NDArray[np.int64]] = []
        listed = np.zeros(len(block), np.int64)
        for other in range(0, start + len(block), _BLOCK):
            products = block @ np.ascontiguousarray(vectors[other : other + _BLOCK]).T
            near = np.argwhere(products >= closest) + np.array([start, other])
            pairs.append(_first_few(near[near[:, 1] < near[:, 0]], listed, start))
        found = np.concatenate(pairs)
        found = found[np.lexsort((found[:, 1], found[:, 0]))]
        ends = np.searchsorted(found[:, 0], np.arange(start, start + len(block) + 1))
        for offset in range(len(block)):
            yield start + offset, found[ends[offset] : ends[offset + 1], 1]


def _first_few(near: NDArray[np.int64], listed: NDArray[np.int64], first_row: int) -> NDArray[np.int64]:
    """Return the pairs, ordered by row, less those beyond ``_LISTED`` of a row, and count them in ``listed``."""
    offsets = near[:, 0] - first_row
    begins = np.searchsorted(offsets, np.arange(len(listed)))
    place = np.arange(len(near)) - begins[offsets] + listed[offsets]
    listed += np.bincount(offsets, minlength=len(listed))
    return near[place < _LISTED]


def _searched(
    vectors: NDArray[np.float32], distance: float, scratch: Path, progress: ProgressCallback
) -> Iterator[tuple[int, NDArray[np.int64]]]:
    folder = scratch / "duplicates"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    path = folder / INDEX_NAME
    index = SearchIndex(path, build_index(vectors, path, seed=SEED, progress=progress))
    for row in range(len(vectors)):
        near = _within(index, np.asarray(vectors[row]), distance)
        yield row, np.sort(near[near < row])
    del index
    shutil.rmtree(folder, ignore_errors=True)


def _within(index: SearchIndex, vector: NDArray[np.float32], distance: float) -> NDArray[np.int64]:
    """Return the rows within the distance, the nearest ``_MOST`` of them where there are more."""
    k = _NEAREST
    while True:
        rows, distances = index.search(vector, k)
        if k >= _MOST or len(rows) < k or distances[-1] > distance:
            return rows[distances <= distance]
        k *= 4
