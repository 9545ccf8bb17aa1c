"""Classification heads: which cell of the Earth a descriptor belongs to, with what probability.

Each head is linear over the unit-length descriptor, so the probabilities follow from a stored descriptor without
its photo and without the network. Several heads, one a partition, are combined over the cells that all their
borders together cut out.
"""

import hashlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import safetensors
import safetensors.numpy
from numpy.typing import NDArray

from geolocdesk.errors import ModelError
from geolocdesk.features.descriptor import FloatArray
from geolocdesk.features.embedding import safetensors_bytes

Bounds = NDArray[np.float64]
"""float64[c, 4] in degrees: south, north, west, east."""

_CUT_ROWS = 256


@dataclass(frozen=True, slots=True, eq=False)
class ClassHead:
    """One partition's cells and what tells them apart; its arrays are read-only."""

    bounds: Bounds
    photos: NDArray[np.int64]
    """int64[c]: how many photos of each cell it was trained on."""
    weight: FloatArray
    """float32[c, D], the learned scale included."""
    bias: FloatArray
    """float32[c]"""

    def __post_init__(self) -> None:
        cells = len(self.bounds)
        shapes = (self.bounds.shape, self.photos.shape, self.weight.shape[:1], self.bias.shape)
        kinds = [str(array.dtype) for array in (self.bounds, self.photos, self.weight, self.bias)]
        if shapes != ((cells, 4), (cells,), (cells,), (cells,)) or self.weight.ndim != 2 or cells == 0:
            message = f"a head has as many rows in all its arrays, not {shapes}"
            raise ValueError(message)
        if kinds != ["float64", "int64", "float32", "float32"]:
            message = f"a head is float64, int64 and float32 twice, not {kinds}"
            raise ValueError(message)
        south, north, west, east = self.bounds.T
        on_earth = (south >= -90.0) & (north <= 90.0) & (west >= -180.0) & (east <= 180.0)
        if not (on_earth & (south < north) & (west < east)).all() or (self.photos < 0).any():
            message = "a head's cells are rectangles on the Earth, south before north and west before east"
            raise ValueError(message)
        if not (np.isfinite(self.weight).all() and np.isfinite(self.bias).all()):
            message = "a head is made of finite numbers"
            raise ValueError(message)
        for array in (self.bounds, self.photos, self.weight, self.bias):
            array.flags.writeable = False

    def __len__(self) -> int:
        """Return how many cells there are."""
        return len(self.bounds)

    def log_probabilities(self, vectors: NDArray[np.float32]) -> NDArray[np.float64]:
        """Return float64[n, c], the logarithm of each cell's probability, for descriptors float32[n, D]."""
        logits = vectors.astype(np.float64) @ self.weight.astype(np.float64).T + self.bias
        logits -= logits.max(axis=1, keepdims=True)
        return np.asarray(logits - np.log(np.exp(logits).sum(axis=1, keepdims=True)), np.float64)

    def probabilities(self, vectors: NDArray[np.float32]) -> NDArray[np.float64]:
        """Return float64[n, c] with rows that sum to 1, for descriptors float32[n, D]."""
        return np.exp(self.log_probabilities(vectors))


@dataclass(frozen=True, slots=True, eq=False)
class Refinement:
    """The cells that the borders of all heads together cut the Earth into.

    ``bounds`` is float64[r, 4]; ``cells`` int64[r, heads] says in which cell of each head one lies, and ``photos``
    int64[r] how many photos of the training it holds.
    """

    bounds: Bounds
    cells: NDArray[np.int64]
    photos: NDArray[np.int64]

    def __post_init__(self) -> None:
        rows = len(self.bounds)
        fits = self.bounds.shape == (rows, 4) and self.cells.ndim == 2 and len(self.cells) == rows
        if not fits or self.photos.shape != (rows,) or rows == 0:
            message = "a refinement has as many rows in all its arrays"
            raise ValueError(message)
        for array in (self.bounds, self.cells, self.photos):
            array.flags.writeable = False


@dataclass(frozen=True, slots=True, eq=False)
class ClassHeads:
    """All heads of a model, the one with the fewest cells first; the hash covers their numbers alone."""

    heads: tuple[ClassHead, ...]
    refinement: Refinement
    sha256: str = field(init=False)

    def __post_init__(self) -> None:
        cells = self.refinement.cells
        counts = [len(head) for head in self.heads]
        fits = cells.shape[1] == len(counts) and ((cells >= 0) & (cells < counts)).all()
        if not self.heads or not fits or len({head.weight.shape[1] for head in self.heads}) != 1:
            message = "heads take the same descriptors, and the refinement names their cells"
            raise ValueError(message)
        if sorted(counts) != counts:
            message = "heads are in the order of their numbers of cells"
            raise ValueError(message)
        object.__setattr__(self, "sha256", _content_sha256(self.heads, self.refinement))

    @property
    def dimension(self) -> int:
        """Return the length of the descriptors they take."""
        return int(self.heads[0].weight.shape[1])

    def save(self, path: Path) -> None:
        """Write the heads as safetensors: the same bytes for the same heads. Raises OSError."""
        tensors: dict[str, NDArray[np.generic]] = {
            "refinement.bounds": self.refinement.bounds,
            "refinement.cells": self.refinement.cells,
            "refinement.photos": self.refinement.photos,
        }
        for number, head in enumerate(self.heads):
            tensors[f"head.{number}.bounds"] = head.bounds
            tensors[f"head.{number}.photos"] = head.photos
            tensors[f"head.{number}.weight"] = head.weight
            tensors[f"head.{number}.bias"] = head.bias
        path.write_bytes(safetensors_bytes(tensors))

    @classmethod
    def load(cls, path: Path) -> "ClassHeads":
        """Return the heads in a file. Raises ModelError where there are none."""
        try:
            arrays = safetensors.numpy.load(path.read_bytes())
            count = sum(name.endswith(".weight") for name in arrays)
            heads = tuple(
                ClassHead(
                    arrays[f"head.{number}.bounds"],
                    arrays[f"head.{number}.photos"],
                    arrays[f"head.{number}.weight"],
                    arrays[f"head.{number}.bias"],
                )
                for number in range(count)
            )
            refinement = Refinement(
                arrays["refinement.bounds"], arrays["refinement.cells"], arrays["refinement.photos"]
            )
            return cls(heads, refinement)
        except OSError as error:
            message = (
                f"The model's classes {path} cannot be read ({error.strerror or error}); restore the file."
            )
            raise ModelError(message) from error
        except (safetensors.SafetensorError, ValueError, KeyError, TypeError, IndexError) as error:
            message = f"The model's classes {path} are damaged; restore the file from the original."
            raise ModelError(message) from error


def refine(heads_bounds: tuple[Bounds, ...], cells_of_photos: NDArray[np.int64]) -> Refinement:
    """Return the cells that partitions cut out together, with the photos counted.

    ``cells_of_photos`` is int64[n, heads]: each photo's cell in every partition. Partitions of the same even
    splits are nested, so there are no more cells than in the finest; in general there are more.
    """
    bounds = np.array([[-90.0, 90.0, -180.0, 180.0]])
    cells = np.zeros((1, 0), np.int64)
    for other in heads_bounds:
        bounds, cells = _cut(bounds, cells, other)
    numbers = {tuple(row): number for number, row in enumerate(cells.tolist())}
    photos = np.zeros(len(bounds), np.int64)
    for found, count in zip(*np.unique(cells_of_photos, axis=0, return_counts=True), strict=True):
        photos[numbers[tuple(found.tolist())]] = count
    return Refinement(bounds, cells, photos)


def _cut(bounds: Bounds, cells: NDArray[np.int64], other: Bounds) -> tuple[Bounds, NDArray[np.int64]]:
    """Return the cells cut along the borders of another partition, with its cells' numbers added."""
    cut_bounds, cut_cells = [], []
    for start in range(0, len(bounds), _CUT_ROWS):
        block = bounds[start : start + _CUT_ROWS]
        low = np.maximum(block[:, None, 0::2], other[None, :, 0::2])
        high = np.minimum(block[:, None, 1::2], other[None, :, 1::2])
        mine, theirs = np.nonzero((low < high).all(axis=2))
        corners = np.concatenate([low[mine, theirs], high[mine, theirs]], axis=1)
        cut_bounds.append(corners[:, [0, 2, 1, 3]])  # south, north, west, east
        cut_cells.append(np.column_stack([cells[start + mine], theirs]))
    return np.concatenate(cut_bounds), np.concatenate(cut_cells)


def _content_sha256(heads: tuple[ClassHead, ...], refinement: Refinement) -> str:
    digest = hashlib.sha256(f"class heads {len(heads)}\n".encode("ascii"))
    arrays: list[NDArray[Any]] = [refinement.bounds, refinement.cells, refinement.photos]
    for head in heads:
        arrays += [head.bounds, head.photos, head.weight, head.bias]
    for array in arrays:
        digest.update(f"{array.dtype.kind}{array.dtype.itemsize} {list(array.shape)}\n".encode("ascii"))
        digest.update(array.astype(array.dtype.newbyteorder("<")).tobytes())
    return digest.hexdigest()
