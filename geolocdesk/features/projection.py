"""Principal components with half whitening: shorter descriptors in which common directions weigh less."""

import hashlib
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import safetensors
import safetensors.numpy
from numpy.typing import NDArray

from geolocdesk.errors import ModelError
from geolocdesk.features.descriptor import FloatArray, unit_rows

MINIMUM_PHOTOS_FOR_PROJECTION = 1000
"""Below this a pack's own photos do not tell the directions well enough; descriptors stay as they are."""

WHITENING_POWER = 0.25
"""Half whitening divides each component by the fourth root of its variance, halfway (in decibels) to equal."""

_BLOCK_ROWS = 2048
_WIDEST_COVARIANCE = 4096
"""Beyond it, fewer descriptors than numbers are not worth a covariance of numbers by numbers."""
_SMALLEST_SHARE = 1e-10
"""Directions with less than this share of the largest variance are rounding, not pictures."""


@dataclass(frozen=True, slots=True, eq=False)
class Projection:
    """``unit((x − mean) · matrix)``; its arrays are read-only and its hash covers them alone."""

    mean: FloatArray
    """float32[D]"""
    matrix: FloatArray
    """float32[D, d]"""
    photos: int
    """How many descriptors it was fitted on."""
    sha256: str = field(init=False)
    _mean: NDArray[np.float64] = field(init=False, repr=False)
    _matrix: NDArray[np.float64] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        fits = self.matrix.ndim == 2 and self.mean.shape == self.matrix.shape[:1] and self.matrix.size > 0
        if not fits or self.mean.dtype != np.float32 or self.matrix.dtype != np.float32:
            message = (
                f"a projection is float32[D] and float32[D, d], not {self.mean.shape}, {self.matrix.shape}"
            )
            raise ValueError(message)
        if not (np.isfinite(self.mean).all() and np.isfinite(self.matrix).all()):
            message = "a projection is made of finite numbers"
            raise ValueError(message)
        self.mean.flags.writeable = False
        self.matrix.flags.writeable = False
        object.__setattr__(self, "sha256", _content_sha256(self.mean, self.matrix))
        object.__setattr__(self, "_mean", self.mean.astype(np.float64))
        object.__setattr__(self, "_matrix", self.matrix.astype(np.float64))

    @property
    def input_dimension(self) -> int:
        """Return D, the length of the descriptors it takes."""
        return int(self.matrix.shape[0])

    @property
    def dimension(self) -> int:
        """Return d, the length of the descriptors it makes."""
        return int(self.matrix.shape[1])

    def apply(self, descriptors: FloatArray) -> FloatArray:
        """Return float32[n, d] of unit length from float32[n, D].

        Computed in float64, so that neither the number of rows nor of threads shows in the result.
        """
        projected = np.empty((len(descriptors), self.dimension), np.float32)
        for start in range(0, len(descriptors), _BLOCK_ROWS):
            block = slice(start, start + _BLOCK_ROWS)
            projected[block] = unit_rows((descriptors[block] - self._mean) @ self._matrix)
        return projected

    def save(self, path: Path) -> None:
        """Write the projection as safetensors: the same bytes for the same projection. Raises OSError."""
        photos = np.array([self.photos], np.int64)
        content = safetensors.numpy.save({"mean": self.mean, "matrix": self.matrix, "photos": photos})
        path.write_bytes(content)

    @classmethod
    def load(cls, path: Path) -> "Projection":
        """Return the projection in a file. Raises ModelError where there is none."""
        try:
            arrays = safetensors.numpy.load(path.read_bytes())
            return cls(arrays["mean"], arrays["matrix"], int(arrays["photos"].item()))
        except OSError as error:
            message = f"The projection {path} cannot be read ({error.strerror or error}); restore the file."
            raise ModelError(message) from error
        except (safetensors.SafetensorError, ValueError, KeyError, TypeError, OverflowError) as error:
            message = f"The projection {path} is damaged; restore it from the original."
            raise ModelError(message) from error


def fit_projection(
    descriptors: NDArray[np.float32], dimension: int = 512, *, whitening: float = 2 * WHITENING_POWER
) -> Projection:
    """Return the projection on the first ``dimension`` principal components, half whitened unless said otherwise.

    ``descriptors`` is float32[n, D]; ``whitening``, from 0 to 1, is the power of its standard deviation by which
    each component is divided. Computed in float64; the sign of each component is such that its largest
    entry is positive, so the same descriptors give the same projection. Fewer components are kept where the
    descriptors do not span ``dimension``. Raises ModelError where they are all the same.
    """
    few = len(descriptors) < descriptors.shape[1] and descriptors.shape[1] > _WIDEST_COVARIANCE
    mean, variances, directions = _components_of_few(descriptors) if few else _components(descriptors)
    greatest = max(float(variances.max(initial=0.0)), 0.0)
    spanned = int(np.count_nonzero(variances > greatest * _SMALLEST_SHARE))
    if spanned == 0:
        message = f"All {len(descriptors)} photos look the same to the model; check the source for copies."
        raise ModelError(message)
    kept = min(dimension, spanned)
    variances, directions = variances[:kept], directions[:, :kept]
    signs = np.sign(directions[np.abs(directions).argmax(axis=0), np.arange(kept)])
    matrix = directions * (signs / variances ** (whitening / 2))
    return Projection(
        mean.astype(np.float32), np.ascontiguousarray(matrix, dtype=np.float32), len(descriptors)
    )


def _components(
    descriptors: NDArray[np.float32],
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Return the mean, the variances, greatest first, and the directions as columns."""
    mean, covariance = _moments(descriptors)
    variances, directions = np.linalg.eigh(covariance)
    return mean, variances[::-1], directions[:, ::-1]


def _components_of_few(
    descriptors: NDArray[np.float32],
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Return the same of fewer descriptors than they have numbers, from their products with each other."""
    centred = descriptors.astype(np.float64)
    mean = centred.mean(axis=0)
    centred -= mean
    variances, combinations = np.linalg.eigh(centred @ centred.T / max(1, len(centred) - 1))
    variances, combinations = variances[::-1], combinations[:, ::-1]
    spanned = variances > max(float(variances[0]), 0.0) * _SMALLEST_SHARE
    lengths = np.sqrt(variances[spanned] * max(1, len(centred) - 1))
    return mean, variances[spanned], centred.T @ (combinations[:, spanned] / lengths)


def _moments(descriptors: NDArray[np.float32]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the mean and the covariance in float64, block by block: the descriptors may lie on disk."""
    count, width = descriptors.shape
    starts = range(0, count, _BLOCK_ROWS)
    total = np.zeros(width)
    for start in starts:
        total += descriptors[start : start + _BLOCK_ROWS].astype(np.float64).sum(axis=0)
    mean = total / max(1, count)
    scatter = np.zeros((width, width))
    for start in starts:
        centred = descriptors[start : start + _BLOCK_ROWS].astype(np.float64) - mean
        scatter += centred.T @ centred
    return mean, scatter / max(1, count - 1)


def _content_sha256(mean: FloatArray, matrix: FloatArray) -> str:
    digest = hashlib.sha256(f"projection float32 {matrix.shape[0]} {matrix.shape[1]}\n".encode("ascii"))
    digest.update(mean.astype("<f4").tobytes())
    digest.update(matrix.astype("<f4").tobytes())
    return digest.hexdigest()
