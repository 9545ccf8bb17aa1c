"""A learned embedding: what training puts between a network's pooled feature maps and the descriptor.

A descriptor is made of parts of unit length, each computed from the network's descriptor by affine layers with
rectifiers between them; the parts are weighed, joined, and scaled to unit length again. So one part may tell
places apart while another keeps what the network saw before it was trained.
"""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import safetensors
import safetensors.numpy
from numpy.typing import NDArray

from geolocdesk.errors import ModelError
from geolocdesk.features.descriptor import FloatArray, unit_rows
from geolocdesk.features.projection import Projection

_BLOCK_ROWS = 2048
_LAYER_TENSOR = re.compile(r"part\.(\d+)\.layer\.(\d+)\.(matrix|bias)")


@dataclass(frozen=True, slots=True, eq=False)
class Layer:
    """``x · matrix + bias``; its arrays are read-only."""

    matrix: FloatArray
    """float32[inputs, outputs]"""
    bias: FloatArray
    """float32[outputs]"""

    def __post_init__(self) -> None:
        fits = self.matrix.ndim == 2 and self.bias.shape == self.matrix.shape[1:] and self.matrix.size > 0
        if not fits or self.matrix.dtype != np.float32 or self.bias.dtype != np.float32:
            message = f"a layer is float32[D, d] and float32[d], not {self.matrix.shape}, {self.bias.shape}"
            raise ValueError(message)
        if not (np.isfinite(self.matrix).all() and np.isfinite(self.bias).all()):
            message = "a layer is made of finite numbers"
            raise ValueError(message)
        self.matrix.flags.writeable = False
        self.bias.flags.writeable = False


@dataclass(frozen=True, slots=True)
class EmbeddingPart:
    """Layers one after the other, at least one, and the part's length in the joined descriptor, above 0."""

    layers: tuple[Layer, ...]
    weight: float = 1.0
    rectified: bool = False
    """Whether the last layer, too, is followed by a rectifier."""

    def __post_init__(self) -> None:
        follows = all(
            before.matrix.shape[1] == after.matrix.shape[0]
            for before, after in zip(self.layers, self.layers[1:], strict=False)
        )
        if not self.layers or not follows or not 0.0 < self.weight < float("inf"):
            message = "the layers of a part follow one another, and its weight is above 0"
            raise ValueError(message)

    def apply(self, descriptors: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the part float64[n, d], each row as long as the part's weight, from float64[n, D]."""
        values = descriptors
        for number, layer in enumerate(self.layers):
            if number:
                values = np.maximum(values, 0.0)
            values = values @ layer.matrix.astype(np.float64) + layer.bias
        if self.rectified:
            values = np.maximum(values, 0.0)
        return self.weight * unit_rows(values).astype(np.float64)


@dataclass(frozen=True, slots=True, eq=False)
class Embedding:
    """All parts joined; its hash covers their numbers alone."""

    parts: tuple[EmbeddingPart, ...]
    photos: int
    """How many photos it was trained on."""
    sha256: str = field(init=False)

    def __post_init__(self) -> None:
        widths = {part.layers[0].matrix.shape[0] for part in self.parts}
        if len(widths) != 1:
            message = "the parts of an embedding take the same descriptors, and there is at least one"
            raise ValueError(message)
        object.__setattr__(self, "sha256", _content_sha256(self.parts))

    @property
    def input_dimension(self) -> int:
        """Return D, the length of the descriptors it takes."""
        return int(self.parts[0].layers[0].matrix.shape[0])

    @property
    def dimension(self) -> int:
        """Return d, the length of the descriptors it makes."""
        return sum(int(part.layers[-1].matrix.shape[1]) for part in self.parts)

    def apply(self, descriptors: FloatArray) -> FloatArray:
        """Return float32[n, d] of unit length from float32[n, D].

        Computed in float64, so that neither the number of rows nor of threads shows in the result.
        """
        embedded = np.empty((len(descriptors), self.dimension), np.float32)
        for start in range(0, len(descriptors), _BLOCK_ROWS):
            block = slice(start, start + _BLOCK_ROWS)
            given = descriptors[block].astype(np.float64)
            embedded[block] = unit_rows(np.concatenate([part.apply(given) for part in self.parts], axis=1))
        return embedded

    def save(self, path: Path) -> None:
        """Write the embedding as safetensors: the same bytes for the same embedding. Raises OSError."""
        tensors: dict[str, NDArray[np.generic]] = {"photos": np.array([self.photos], np.int64)}
        tensors["weights"] = np.array([part.weight for part in self.parts], np.float64)
        tensors["rectified"] = np.array([part.rectified for part in self.parts], np.uint8)
        for number, part in enumerate(self.parts):
            for place, layer in enumerate(part.layers):
                tensors[f"part.{number}.layer.{place}.matrix"] = layer.matrix
                tensors[f"part.{number}.layer.{place}.bias"] = layer.bias
        path.write_bytes(safetensors_bytes(tensors))


def safetensors_bytes(tensors: Mapping[str, NDArray[np.generic]]) -> bytes:
    """Return a safetensors file's content; safetensors itself writes arrays with other strides wrongly."""
    return safetensors.numpy.save({name: np.ascontiguousarray(array) for name, array in tensors.items()})


DescriptorMap = Projection | Embedding
"""What may follow a network: fitted on a pack's photos, or learned."""


def load_descriptor_map(path: Path) -> DescriptorMap:
    """Return the projection or the embedding in a file. Raises ModelError where there is neither."""
    try:
        arrays = safetensors.numpy.load(path.read_bytes())
        return _embedding_of(arrays) if "weights" in arrays else Projection.load(path)
    except OSError as error:
        message = f"The projection {path} cannot be read ({error.strerror or error}); restore the file."
        raise ModelError(message) from error
    except (safetensors.SafetensorError, ValueError, KeyError, TypeError, OverflowError) as error:
        message = f"The projection {path} is damaged; restore it from the original."
        raise ModelError(message) from error


def _embedding_of(arrays: dict[str, NDArray[np.generic]]) -> Embedding:
    weights, rectified = arrays["weights"].tolist(), arrays["rectified"].tolist()
    depths = [0] * len(weights)
    for name in arrays:
        if found := _LAYER_TENSOR.fullmatch(name):
            part, layer = int(found[1]), int(found[2])
            depths[part] = max(depths[part], layer + 1)
    parts = tuple(
        EmbeddingPart(
            tuple(
                Layer(
                    _float32(arrays[f"part.{part}.layer.{layer}.matrix"]),
                    _float32(arrays[f"part.{part}.layer.{layer}.bias"]),
                )
                for layer in range(depth)
            ),
            float(weight),
            bool(is_rectified),
        )
        for part, (depth, weight, is_rectified) in enumerate(zip(depths, weights, rectified, strict=True))
    )
    return Embedding(parts, int(arrays["photos"].item()))


def _float32(array: NDArray[np.generic]) -> FloatArray:
    if array.dtype != np.float32:
        message = f"not float32: {array.dtype}"
        raise ValueError(message)
    return np.asarray(array, np.float32)


def _content_sha256(parts: tuple[EmbeddingPart, ...]) -> str:
    digest = hashlib.sha256(f"embedding float32 {len(parts)}\n".encode("ascii"))
    for part in parts:
        digest.update(f"part {part.weight!r} {part.rectified} {len(part.layers)}\n".encode("ascii"))
        for layer in part.layers:
            digest.update(f"layer {layer.matrix.shape[0]} {layer.matrix.shape[1]}\n".encode("ascii"))
            digest.update(layer.matrix.astype("<f4").tobytes())
            digest.update(layer.bias.astype("<f4").tobytes())
    return digest.hexdigest()
