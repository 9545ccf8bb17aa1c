"""The value a photo is searched by."""

from dataclasses import dataclass
from typing import Any

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


def unit_rows(vectors: NDArray[np.floating[Any]]) -> FloatArray:
    """Return float32[n, D] with every row scaled to unit length.

    A row of zeros points nowhere; it becomes the row of equal components, so that every descriptor has a length.
    """
    precise = vectors.astype(np.float64)
    lengths = np.linalg.norm(precise, axis=1, keepdims=True)
    precise[lengths[:, 0] == 0.0] = 1.0
    lengths[lengths == 0.0] = np.sqrt(max(1, vectors.shape[1]))
    return np.asarray(precise / lengths, np.float32)
