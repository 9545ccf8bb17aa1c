"""Finding copies: the same file again, or the same photo scaled, recompressed or trimmed a little."""

import shutil
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from geolocdesk.progress import Progress, ProgressCallback
from geolocdesk.reference.copy_distance import COPY_SHARE, LOOK_SHARE, SEED
from geolocdesk.reference.index import EXACT_UP_TO, SearchIndex, build_index
from geolocdesk.reference.manifest import INDEX_NAME
from geolocdesk.reference.pack import Pack
from geolocdesk.reference.picture_match import SAME_PICTURE, correlation

_BLOCK = 2048
_ROUNDING = 2e-3
"""How far distances from float32 products of unit vectors may be off; near ones are computed again."""
_NEAREST = 16
_LOOKED_AT = 3
"""How many of the nearest photos a photo's small picture is compared with."""
_LISTED = 64
"""Of how many earlier photos a photo is shown to be a copy at most: a placeholder may come a million times."""
_MOST = 4096
"""How many neighbours of a photo are looked at beyond ``EXACT_UP_TO``: first, and at most."""


def _no_picture(_row: int) -> bytes | None:
    return None


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
    correlation: float | None
    """Of the small pictures, where they decided."""
    dropped: bool


@dataclass(frozen=True, slots=True, eq=False)
class CopySearch:
    """Finds the copies among photos, given by their descriptors and small pictures.

    Descriptors within ``distance`` are of one photo. Up to ``LOOK_SHARE`` / ``COPY_SHARE`` times as far the small
    pictures decide, where there are any: a copy that was cropped or shrunk looks to the network like another view.
    """

    vectors: NDArray[np.float32]
    same_files: Mapping[int, int]
    """For a row whose content an earlier one has as well, the first such row."""
    distance: float
    drop: bool
    picture: Callable[[int], bytes | None] = _no_picture
    """Returns the small picture of a row as JPEG."""
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
        for row, earlier in _earlier_nearby(
            self.vectors, _Reach(self.distance, self._look_distance), scratch, progress
        ):
            copy = self._of_packs(row) or self._of_earlier(
                row, earlier[~dropped[earlier]] if self.drop else earlier
            )
            if copy is not None:
                found.append(copy)
                dropped[row] = self.drop
        return tuple(found)

    @property
    def _look_distance(self) -> float:
        return self.distance * LOOK_SHARE / COPY_SHARE

    def _of_packs(self, row: int) -> Copy | None:
        if self.pack is None:
            return None
        vector = np.asarray(self.vectors[row])
        if row in self.in_pack:
            of_row = self.in_pack[row]
            apart = float(_distances(vector, self.pack.vectors(np.array([of_row])))[0])
            return Copy(row, of_row, True, apart, same_file=True, correlation=None, dropped=self.drop)
        rows, distances = self.pack.nearest(vector, _LOOKED_AT)
        return self._nearest_copy(row, rows, distances, self.pack.thumbnail, in_pack=True)

    def _of_earlier(self, row: int, earlier: NDArray[np.int64]) -> Copy | None:
        if row in self.same_files:
            of_row = self.same_files[row]
            apart = float(_distances(self.vectors[row], self.vectors[[of_row]])[0])
            return Copy(row, of_row, False, apart, same_file=True, correlation=None, dropped=self.drop)
        if len(earlier) == 0:
            return None
        distances = _distances(self.vectors[row], self.vectors[earlier])
        order = np.lexsort((earlier, distances))[:_LOOKED_AT]
        return self._nearest_copy(row, earlier[order], distances[order], self.picture, in_pack=False)

    def _nearest_copy(
        self,
        row: int,
        others: NDArray[np.int64],
        distances: NDArray[np.float64],
        picture_of: Callable[[int], bytes | None],
        *,
        in_pack: bool,
    ) -> Copy | None:
        """Return the row as a copy of the nearest of the others that it is a copy of, or None."""
        picture: bytes | None = None
        for of_row, apart in zip(others.tolist(), distances.tolist(), strict=True):
            if apart <= self.distance:
                return Copy(row, of_row, in_pack, apart, same_file=False, correlation=None, dropped=self.drop)
            if apart > self._look_distance:
                return None
            picture = picture or self.picture(row)
            other = picture_of(of_row)
            found = correlation(picture, other) if picture and other else -1.0
            if found >= SAME_PICTURE:
                return Copy(
                    row, of_row, in_pack, apart, same_file=False, correlation=found, dropped=self.drop
                )
        return None


def _distances(vector: NDArray[np.float32], others: NDArray[np.float32]) -> NDArray[np.float64]:
    difference = np.asarray(others, np.float64) - np.asarray(vector, np.float64)
    distances: NDArray[np.float64] = np.sqrt(np.einsum("ij,ij->i", difference, difference))
    return distances


@dataclass(frozen=True, slots=True)
class _Reach:
    """How near photos must be to be copies, and to be looked at."""

    copies: float
    looks: float


def _earlier_nearby(
    vectors: NDArray[np.float32], reach: _Reach, scratch: Path, progress: ProgressCallback
) -> Iterator[tuple[int, NDArray[np.int64]]]:
    """Yield every row, in order, with the earlier rows that it may be a copy of, ascending."""
    count = len(vectors)
    search = _compared_with_all if count <= EXACT_UP_TO else _searched
    for row, earlier in search(vectors, reach, scratch, progress):
        if row % _BLOCK == 0:
            progress(Progress("Looking for copies", row, count))
        yield row, earlier
    progress(Progress("Looking for copies", count, count))


def _compared_with_all(
    vectors: NDArray[np.float32], reach: _Reach, _scratch: Path, _progress: ProgressCallback
) -> Iterator[tuple[int, NDArray[np.int64]]]:
    for start in range(0, len(vectors), _BLOCK):
        block = np.ascontiguousarray(vectors[start : start + _BLOCK])
        pairs: list[NDArray[np.int64]] = []
        listed = np.zeros(len(block), np.int64)
        for other in range(0, start + len(block), _BLOCK):
            products = block @ np.ascontiguousarray(vectors[other : other + _BLOCK]).T
            if other == start:
                products[np.triu_indices(len(block))] = -np.inf
            near = _first_few(np.argwhere(products >= _product_at(reach.copies)), listed)
            pairs += [near + np.array([start, other])]
            pairs += [_nearest_few(products, _product_at(reach.looks)) + np.array([start, other])]
        found = np.unique(np.concatenate(pairs), axis=0)
        ends = np.searchsorted(found[:, 0], np.arange(start, start + len(block) + 1))
        for offset in range(len(block)):
            yield start + offset, found[ends[offset] : ends[offset + 1], 1]


def _product_at(distance: float) -> float:
    """Return the least product of two unit vectors that may be so near each other."""
    return 1.0 - (distance + _ROUNDING) ** 2 / 2.0


def _first_few(near: NDArray[np.int64], listed: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the pairs, ordered by row, less those beyond ``_LISTED`` of a row, and count them in ``listed``."""
    offsets = near[:, 0]
    begins = np.searchsorted(offsets, np.arange(len(listed)))
    place = np.arange(len(near)) - begins[offsets] + listed[offsets]
    listed += np.bincount(offsets, minlength=len(listed))
    return near[place < _LISTED]


def _nearest_few(products: NDArray[np.float32], least: float) -> NDArray[np.int64]:
    """Return the pairs of each row with its nearest ``_LOOKED_AT`` others, as far as they reach ``least``."""
    rows = np.flatnonzero((products >= least).any(axis=1))
    few = min(_LOOKED_AT, products.shape[1])
    nearest = np.argpartition(products[rows], products.shape[1] - few, axis=1)[:, -few:]
    pairs = np.column_stack([np.repeat(rows, few), nearest.ravel()])
    return pairs[products[pairs[:, 0], pairs[:, 1]] >= least]


def _searched(
    vectors: NDArray[np.float32], reach: _Reach, scratch: Path, progress: ProgressCallback
) -> Iterator[tuple[int, NDArray[np.int64]]]:
    folder = scratch / "duplicates"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    path = folder / INDEX_NAME
    index = SearchIndex(path, build_index(vectors, path, seed=SEED, progress=progress))
    for row in range(len(vectors)):
        near = _within(index, np.asarray(vectors[row]), reach)
        yield row, np.sort(near[near < row])
    del index
    shutil.rmtree(folder, ignore_errors=True)


def _within(index: SearchIndex, vector: NDArray[np.float32], reach: _Reach) -> NDArray[np.int64]:
    """Return the rows within reach: all that are copies, up to ``_MOST``, and the nearest others."""
    k = _NEAREST
    while True:
        rows, distances = index.search(vector, k)
        if k >= _MOST or len(rows) < k or distances[-1] > reach.copies:
            return rows[distances <= reach.looks]
        k *= 4
