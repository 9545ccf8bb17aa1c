"""Which photos are to become alike and which different: triplets of anchor, similar and different photo."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from geolocdesk.errors import UsageError
from geolocdesk.geodesy import unit_vectors
from geolocdesk.geodesy.sphere import EARTH_RADIUS_KM
from geolocdesk.whole_file import whole_file

_BLOCK = 256
_MOST_COMPARED = 20_000
"""Different photos are looked for among so many, drawn anew in every epoch."""


@dataclass(frozen=True, slots=True, eq=False)
class Likeness:
    """When two photos are similar, and when different: by distance, or by cell where there are ``cells``."""

    positions: NDArray[np.float64]
    cells: NDArray[np.int64] | None
    similar_km: float
    different_km: float

    def relations(
        self, rows: NDArray[np.int64], columns: NDArray[np.int64]
    ) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
        """Return bool[rows, columns] twice: which pairs are similar (no photo to itself), which different."""
        itself = rows[:, None] == columns[None, :]
        if self.cells is not None:
            same = self.cells[rows][:, None] == self.cells[columns][None, :]
            return same & ~itself, ~same
        one = unit_vectors(self.positions[rows, 0], self.positions[rows, 1])
        other = unit_vectors(self.positions[columns, 0], self.positions[columns, 1])
        chords = np.sqrt(np.maximum(2.0 - 2.0 * one @ other.T, 0.0))
        apart_km = 2.0 * EARTH_RADIUS_KM * np.arcsin(np.minimum(chords / 2.0, 1.0))
        # the chord of equal positions is rounding, about 0.1 m
        return (apart_km <= self.similar_km + 1e-3) & ~itself, apart_km > self.different_km


@dataclass(frozen=True, slots=True, eq=False)
class Triplets:
    """Numbers of photos, int64[n] each."""

    anchors: NDArray[np.int64]
    similar: NDArray[np.int64]
    different: NDArray[np.int64]

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self.anchors)


def epoch_triplets(path: Path, epoch: int, draw: Callable[[], Triplets]) -> Triplets:
    """Return an epoch's triplets, drawn once and kept in a file: mining depends on weights that move on.

    Raises OutputError.
    """
    if path.is_file():
        with np.load(path) as kept:
            if int(kept["epoch"]) == epoch:
                return Triplets(kept["anchors"], kept["similar"], kept["different"])
    drawn = draw()
    with whole_file(path) as partial, partial.open("wb") as stream:
        np.savez(stream, epoch=epoch, anchors=drawn.anchors, similar=drawn.similar, different=drawn.different)
    return drawn


def draw_triplets(
    photos: NDArray[np.int64],
    descriptors: NDArray[np.float32],
    likeness: Likeness,
    *,
    mined: int,
    seed: int,
    epoch: int,
) -> Triplets:
    """Return one triplet for each photo that has a similar one, in a random order that the seed decides.

    The similar photo is drawn from all that are; the different one from the ``mined`` nearest in ``descriptors``
    (float32[n, D], one row a photo of ``photos``) that are, or from all where that is 0. Raises UsageError where no
    photo has both.
    """
    generator = np.random.default_rng([seed, epoch, 2])
    compared = np.arange(len(photos))
    if len(photos) > _MOST_COMPARED:
        compared = np.sort(generator.choice(len(photos), _MOST_COMPARED, replace=False))
    chosen: list[tuple[int, int, int]] = []
    for start in range(0, len(photos), _BLOCK):
        block = np.arange(start, min(start + _BLOCK, len(photos)))
        similar, different = likeness.relations(photos[block], photos[compared])
        nearness = descriptors[block] @ descriptors[compared].T
        for row, number in enumerate(block.tolist()):
            alike, others = np.flatnonzero(similar[row]), np.flatnonzero(different[row])
            if len(alike) == 0 or len(others) == 0:
                continue
            if 0 < mined < len(others):
                others = others[np.argpartition(-nearness[row, others], mined - 1)[:mined]]
            one, other = int(generator.choice(alike)), int(generator.choice(others))
            chosen.append((number, int(compared[one]), int(compared[other])))
    if not chosen:
        message = "No photo has both a similar one and a different one; see --similar, --similar-km and --different-km."
        raise UsageError(message)
    order = generator.permutation(len(chosen))
    anchors, alike, others = photos[np.array(chosen, np.int64)[order]].T
    return Triplets(anchors, alike, others)
