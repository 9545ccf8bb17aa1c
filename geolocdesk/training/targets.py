"""What the heads are to say of each photo, and how often each photo is shown."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from geolocdesk.errors import UsageError
from geolocdesk.geodesy import angle_rad, unit_vectors
from geolocdesk.geodesy.sphere import EARTH_RADIUS_KM
from geolocdesk.training.partition import Partition

_BLOCK = 1024


def check_classes(partition: Partition, cells: NDArray[np.int64], name: str) -> int:
    """Return how many cells hold no photo of the training. Raises UsageError where only one holds any."""
    held = len(np.unique(cells))
    if held < 2:
        message = f"All photos lie in one cell of {name}; there is nothing to tell apart. Make finer cells."
        raise UsageError(message)
    return len(partition) - held


class CellTargets:
    """The cells of one partition as targets for photos."""

    def __init__(self, partition: Partition, positions: NDArray[np.float64], smooth_km: float) -> None:
        self.cells = partition.cells_of(positions)
        """int64[n]"""
        self._smooth_km = smooth_km
        middles = partition.centres()
        self._middles = unit_vectors(middles[:, 0], middles[:, 1])
        self._photos = unit_vectors(positions[:, 0], positions[:, 1])

    def of(self, photos: NDArray[np.int64]) -> NDArray[np.int64] | NDArray[np.float32]:
        """Return each photo's cell int64[n], or smoothed shares of all cells float32[n, c] with sum 1.

        A cell's share falls by e for every ``smooth_km`` that its middle lies farther from the photo than the middle
        of the photo's own cell does.
        """
        if self._smooth_km == 0.0:
            return self.cells[photos]
        here = self._photos[photos][:, None, :]
        apart_km = angle_rad(here, self._middles[None, :, :]) * EARTH_RADIUS_KM
        own = np.take_along_axis(apart_km, self.cells[photos][:, None], axis=1)
        shares = np.exp(-np.maximum(apart_km - own, 0.0) / self._smooth_km)
        return np.asarray(shares / shares.sum(axis=1, keepdims=True), np.float32)


def showing_chances(cells: Sequence[NDArray[np.int64]], balance: float) -> NDArray[np.float64] | None:
    """Return float64[n], how often each photo is drawn, sum 1; None where each is shown once an epoch.

    Photos of a cell with N of them are drawn in proportion to N^−balance, averaged over the partitions.
    """
    if balance == 0.0 or not cells:
        return None
    chances = np.zeros(len(cells[0]))
    for each in cells:
        weights = np.bincount(each)[each] ** -balance
        chances += weights / weights.sum()
    return np.asarray(chances / chances.sum(), np.float64)


def epoch_order(
    photos: NDArray[np.int64], chances: NDArray[np.float64] | None, *, seed: int, epoch: int
) -> NDArray[np.int64]:
    """Return the photos of an epoch in the order in which they are shown; the same for the same seed."""
    generator = np.random.default_rng([seed, epoch, 1])
    if chances is None:
        return generator.permutation(photos)
    return np.asarray(generator.choice(photos, size=len(photos), p=chances), np.int64)
