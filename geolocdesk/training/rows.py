"""What the learned part sees of each photo: computed once by the frozen part of the backbone, or anew each time."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from geolocdesk.progress import Progress, ProgressCallback
from geolocdesk.training.pictures import Pictures
from geolocdesk.training.row_file import RowFile

_AT_ONCE = 24

Compute = Callable[[NDArray[np.uint8]], NDArray[Any]]
"""Rows [n, length] from pictures uint8[n, side, side, 3]."""


class Rows(Protocol):
    """Rows of photos, in any of their versions."""

    def plain(self, photos: NDArray[np.int64]) -> NDArray[Any]:
        """Return the rows [n, length] of photos as they are."""

    def shown(self, photos: NDArray[np.int64], epoch: int) -> NDArray[Any]:
        """Return the rows of the versions that an epoch shows."""


@dataclass(frozen=True, slots=True, eq=False)
class StoredRows:
    """Every version's rows from disk."""

    stored: NDArray[Any]
    """[photos × views, length], all views of a photo after one another."""
    views: int
    seed: int

    def plain(self, photos: NDArray[np.int64]) -> NDArray[Any]:
        """Return the rows of photos as they are."""
        return np.asarray(self.stored[photos * self.views])

    def shown(self, photos: NDArray[np.int64], epoch: int) -> NDArray[Any]:
        """Return the rows of a version of each photo, drawn by seed, epoch and photo."""
        return np.asarray(
            self.stored[photos * self.views + drawn_views(photos, epoch, self.views, self.seed)]
        )


@dataclass(frozen=True, slots=True, eq=False)
class LiveRows:
    """Rows computed whenever they are asked for; with ``views`` 0 every epoch shows versions of its own."""

    pictures: Pictures
    compute: Compute
    views: int
    seed: int

    def plain(self, photos: NDArray[np.int64]) -> NDArray[Any]:
        """Return the rows of photos as they are."""
        return self.compute(self.pictures.plain[photos])

    def shown(self, photos: NDArray[np.int64], epoch: int) -> NDArray[Any]:
        """Return the rows of a version of each photo, drawn by seed, epoch and photo."""
        views = (
            np.full(len(photos), epoch + 1)
            if self.views == 0
            else drawn_views(photos, epoch, self.views, self.seed)
        )
        return self.compute(self.pictures.versions(photos.tolist(), views.tolist()))


def drawn_views(photos: NDArray[np.int64], epoch: int, views: int, seed: int) -> NDArray[np.int64]:
    """Return which version of each photo an epoch shows, whatever its companions."""
    if views == 1:
        return np.zeros(len(photos), np.int64)
    draws = np.random.default_rng([seed, epoch, 3]).integers(views, size=int(photos.max(initial=0)) + 1)
    return np.asarray(draws[photos], np.int64)


def store_rows(
    pictures: Pictures,
    compute: Compute,
    folder: Path,
    *,
    length: int,
    dtype: str,
    views: int,
    seed: int,
    progress: ProgressCallback,
) -> StoredRows:
    """Return the rows of every version of every photo, computed into ``folder`` unless they lie there already.

    An interrupted computation goes on where it was. Raises OutputError.
    """
    total = len(pictures.plain) * views
    file = RowFile(folder / "rows.bin", total, (length,), dtype)
    done = file.finished()
    task = "Describing photos"
    if done < total:
        progress(Progress(task, done, total))
        with file.appending() as rows:
            for start in range(done, total, _AT_ONCE):
                which = np.arange(start, min(start + _AT_ONCE, total))
                versions = pictures.versions((which // views).tolist(), (which % views).tolist())
                rows.append(compute(versions))
                progress(Progress(task, int(which[-1]) + 1, total))
    return StoredRows(file.read(), views, seed)
