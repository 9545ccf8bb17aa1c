"""The value a photo is searched by."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class Descriptor:
    """A photo's descriptor: ``vector`` float32[D], read-only, of unit length."""

    vector: FloatArray
    extractor_id: str
    """The identity of the extractor that computed it; only equal identities may be compared."""

    def __post_init__(self) -> None:
        if self.vector.ndim != 1 or self.vector.dtype != np.float32:
            message = f"a descriptor is float32[D], not {self.vector.dtype}{list(self.vector.shape)}"
            raise ValueError(message)
        self.vector.flags.writeable = False


def unit_rows(vectors: FloatArray) -> FloatArray:
    """Return float32[n, D] with every row scaled to unit length.

    A row of zeros points nowhere; it becomes the row of equal components, so that every descriptor has a length.
    """
    lengths = np.linalg.norm(vectors.astype(np.float64), axis=1, keepdims=True)
    equal = 1.0 / np.sqrt(max(1, vectors.shape[1]))
    unit: FloatArray = np.where(lengths > 0.0, vectors / np.where(lengths > 0.0, lengths, 1.0), equal).astype(
        np.float32
    )
    return unit
