"""What turns pictures into descriptors, and the identity that says which descriptors may be compared."""

import functools
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from geolocdesk.errors import ModelError
from geolocdesk.evidence.rendition import Rendition
from geolocdesk.features.architecture import Pooling, Precision, precision_named
from geolocdesk.features.descriptor import FloatArray
from geolocdesk.features.embedding import DescriptorMap
from geolocdesk.features.fields import Fields
from geolocdesk.features.preparation import Preparation
from geolocdesk.provenance import JsonValue, sha256_of_json

_ID_DIGITS = 12


@dataclass(frozen=True, slots=True)
class ExtractorIdentity:
    """Everything that decides a descriptor's values; extractors of equal identity are interchangeable.

    The device, the number of threads and the batch size are no part of it: they change a descriptor by rounding.
    """

    name: str
    architecture: str
    weights_sha256: str
    preparation: Preparation
    pooling: tuple[Pooling, ...]
    projection_sha256: str | None
    dimension: int
    """Length of the descriptor, after the projection where there is one."""
    precision: Precision = "float32"
    """What the network computes in. Another than float32 makes descriptors that differ by more than rounding."""

    @property
    def sha256(self) -> str:
        """Return the SHA-256 of the identity's canonical JSON."""
        return _identity_sha256(self)

    @property
    def extractor_id(self) -> str:
        """Return the short form for people and files: the name and the first 12 digits of the hash."""
        return f"{self.name}-{self.sha256[:_ID_DIGITS]}"

    def to_json(self) -> dict[str, JsonValue]:
        """Return the identity as plain JSON values."""
        value: dict[str, JsonValue] = {
            "name": self.name,
            "architecture": self.architecture,
            "weights_sha256": self.weights_sha256,
            "preparation": self.preparation.to_json(),
            "pooling": [part.to_json() for part in self.pooling],
            "projection_sha256": self.projection_sha256,
            "dimension": self.dimension,
        }
        return value if self.precision == "float32" else {**value, "precision": self.precision}

    @classmethod
    def from_json(cls, value: Mapping[str, JsonValue]) -> "ExtractorIdentity":
        """Return the identity that ``to_json`` wrote. Raises ModelError on other input."""
        fields = Fields(value, "identity")
        return cls(
            name=fields.text("name"),
            architecture=fields.text("architecture"),
            weights_sha256=fields.text("weights_sha256"),
            preparation=Preparation.from_json(fields.mapping("preparation")),
            pooling=tuple(Pooling.from_json(part) for part in fields.items("pooling")),
            projection_sha256=fields.optional_text("projection_sha256"),
            dimension=fields.count("dimension"),
            precision=precision_named(
                fields.text("precision") if "precision" in fields.values else "float32"
            ),
        )


@functools.lru_cache(maxsize=64)
def _identity_sha256(identity: ExtractorIdentity) -> str:
    """Return the hash, worked out once: every answer of a batch names it."""
    return sha256_of_json(identity.to_json())


class Extractor(Protocol):
    """Describes pictures. Several threads may ask at once; only closing is for when nobody asks any more."""

    @property
    def identity(self) -> ExtractorIdentity:
        """Return what decides the descriptors."""

    @property
    def rendition(self) -> Rendition:
        """Return the pictures it takes, as asked of the decoder."""

    @property
    def dimension(self) -> int:
        """Return the length of a descriptor."""

    @property
    def device(self) -> str:
        """Return what it computes on, as recorded with every result."""

    @property
    def projection(self) -> DescriptorMap | None:
        """Return the projection its descriptors have gone through."""

    @property
    def takes_projection(self) -> bool:
        """Return whether a projection is still to be fitted on a reference pack's own photos."""

    def describe(self, pictures: NDArray[np.uint8]) -> FloatArray:
        """Return float32[n, dimension] of unit length from uint8[n, height, width, 3] RGB pictures.

        The same picture alone gives the same bits every time; in a batch of another size it may differ by
        rounding, less than 1e-4 in every component (the networks on a CPU do not differ at all).
        Raises ModelError where the model yields no numbers.
        """

    def warm_up(self) -> None:
        """Do now what would make the first picture slower than the next."""

    def close(self) -> None:
        """Let go of the model's memory; nothing can be described afterwards."""


class WrappedExtractor:
    """Another extractor's descriptors, as they are; what changes some of it derives from this."""

    def __init__(self, inner: Extractor) -> None:
        self._inner = inner

    @property
    def identity(self) -> ExtractorIdentity:
        """Return the inner identity."""
        return self._inner.identity

    @property
    def rendition(self) -> Rendition:
        """Return the pictures the inner extractor takes."""
        return self._inner.rendition

    @property
    def dimension(self) -> int:
        """Return the length of an inner descriptor."""
        return self._inner.dimension

    @property
    def device(self) -> str:
        """Return what the inner extractor computes on."""
        return self._inner.device

    @property
    def projection(self) -> DescriptorMap | None:
        """Return the inner extractor's projection."""
        return self._inner.projection

    @property
    def takes_projection(self) -> bool:
        """Return whether the inner extractor is to be followed by a projection."""
        return self._inner.takes_projection

    def describe(self, pictures: NDArray[np.uint8]) -> FloatArray:
        """Return the inner descriptors."""
        return self._inner.describe(pictures)

    def warm_up(self) -> None:
        """Warm up the inner extractor."""
        self._inner.warm_up()

    def close(self) -> None:
        """Close the inner extractor."""
        self._inner.close()


class ProjectedExtractor(WrappedExtractor):
    """Another extractor's descriptors, projected; the projection itself is always on the CPU."""

    def __init__(self, inner: Extractor, projection: DescriptorMap) -> None:
        """Take over the inner extractor. Raises ModelError where the projection does not fit it."""
        if inner.projection is not None:
            message = (
                f"{inner.identity.extractor_id} has a projection already; a second one cannot follow it."
            )
            raise ModelError(message)
        if inner.dimension != projection.input_dimension:
            message = (
                f"The projection is for descriptors of {projection.input_dimension} numbers, but "
                f"{inner.identity.name} makes {inner.dimension}; it belongs to another model."
            )
            raise ModelError(message)
        super().__init__(inner)
        self._projection = projection
        self._identity = replace(
            inner.identity, projection_sha256=projection.sha256, dimension=projection.dimension
        )

    @property
    def inner(self) -> Extractor:
        """Return the extractor before the projection."""
        return self._inner

    @property
    def identity(self) -> ExtractorIdentity:
        """Return the inner identity with the projection's hash and dimension."""
        return self._identity

    @property
    def dimension(self) -> int:
        """Return the length of a projected descriptor."""
        return self._projection.dimension

    @property
    def projection(self) -> DescriptorMap | None:
        """Return the projection."""
        return self._projection

    @property
    def takes_projection(self) -> bool:
        """Return False: it has one."""
        return False

    def describe(self, pictures: NDArray[np.uint8]) -> FloatArray:
        """Return the inner descriptors, projected and of unit length."""
        return self._projection.apply(self._inner.describe(pictures))


def with_projection(extractor: Extractor, projection: DescriptorMap | None) -> Extractor:
    """Return the extractor with the projection after it, or the extractor itself where there is none.

    Raises ModelError where the two do not belong together.
    """
    return extractor if projection is None else ProjectedExtractor(extractor, projection)
