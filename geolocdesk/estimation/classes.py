"""From a descriptor to the cells of the Earth: classification heads, alone or combined.

Several heads are combined over the cells that all their borders together cut out (section 3 of Vo et al. lets
each predict alone; the combination is Seo et al., *CPlaNet*, 2018): the logarithms of what each says of a cell
are averaged. What a head says of its own cell is handed down to the smaller ones by how many photos of the
training each of them holds, with one more photo spread evenly over the whole.
"""

import numpy as np
from numpy.typing import NDArray

from geolocdesk.errors import UsageError
from geolocdesk.estimation.cells import CellDensity
from geolocdesk.estimation.kernel import Float64
from geolocdesk.features.class_heads import ClassHead, ClassHeads
from geolocdesk.features.descriptor import FloatArray
from geolocdesk.geodesy import rectangle_areas_km2

CLASS_EXPONENT = 0.5
"""A neighbour's weight is multiplied by the classes' probability to this power.

Descriptor and classes come from the same features, so that their evidence is only in part independent.
"""


def classify(heads: ClassHeads, vector: FloatArray, cells: int | None = None) -> CellDensity:
    """Return the probability of each cell for a descriptor float32[D].

    ``cells`` chooses the head with so many cells; None combines all. Raises UsageError where there is no such
    head.
    """
    if cells is None and len(heads.heads) > 1:
        return _combined(heads, vector)
    head = heads.heads[0] if cells is None else head_with(heads, cells)
    return CellDensity(head.bounds, head.probabilities(vector[None])[0])


def head_with(heads: ClassHeads, cells: int) -> ClassHead:
    """Return the head with so many cells. Raises UsageError where there is none."""
    for head in heads.heads:
        if len(head) == cells:
            return head
    known = ", ".join(str(len(head)) for head in heads.heads)
    message = f"The model has no head of {cells} cells; its heads have {known}."
    raise UsageError(message)


def class_weights(heads: ClassHeads, vector: FloatArray, positions: Float64) -> Float64:
    """Return float64[n], how probable the classes make each of some references at positions float64[n, 2].

    A cell's probability is shared out evenly among the photos of the training in it, and one more, so that cells
    without any have a share as well.
    """
    density = classify(heads, vector)
    photos = heads.refinement.photos if len(heads.heads) > 1 else heads.heads[0].photos
    shares = density.probabilities / (photos + 1.0)
    south, north, west, east = density.bounds.T
    latitudes, longitudes = positions[:, :1], positions[:, 1:]
    longitudes = np.where(longitudes >= 180.0, longitudes - 360.0, longitudes)
    inside = (latitudes >= south) & ((latitudes < north) | (north == 90.0))
    inside &= (longitudes >= west) & (longitudes < east)
    return np.asarray(shares[inside.argmax(axis=1)], np.float64)


def _combined(heads: ClassHeads, vector: FloatArray) -> CellDensity:
    refinement = heads.refinement
    areas = rectangle_areas_km2(refinement.bounds)
    logarithms = np.zeros(len(areas))
    for head, cells in zip(heads.heads, refinement.cells.T, strict=True):
        shares = _shares(refinement.photos, areas, head, cells)
        logarithms += head.log_probabilities(vector[None])[0][cells] + np.log(shares)
    logarithms /= len(heads.heads)
    probabilities = np.exp(logarithms - logarithms.max())
    return CellDensity(refinement.bounds, probabilities / probabilities.sum())


def _shares(photos: NDArray[np.int64], areas: Float64, head: ClassHead, cells: NDArray[np.int64]) -> Float64:
    """Return what part of its head's cell each smaller cell stands for; the parts of each cell sum to 1."""
    of_area = areas / np.bincount(cells, areas, len(head))[cells]
    return np.asarray((photos + of_area) / (np.bincount(cells, photos, len(head))[cells] + 1.0), np.float64)
