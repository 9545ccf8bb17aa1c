"""An extractor that describes each picture once, however often it is asked."""

import hashlib

import numpy as np
from numpy.typing import NDArray

from geolocdesk.evidence.rendition import Rendition
from geolocdesk.features.descriptor import FloatArray
from geolocdesk.features.embedding import DescriptorMap
from geolocdesk.features.extractor import Extractor, ExtractorIdentity

_MOST_BYTES = 1 << 29


class RememberingExtractor:
    """Another extractor's descriptors, kept: several packs and tables of one evaluation share many photos."""

    def __init__(self, inner: Extractor) -> None:
        self._inner = inner
        self._kept: dict[bytes, FloatArray] = {}
        self._most = _MOST_BYTES // (4 * inner.dimension)

    @property
    def identity(self) -> ExtractorIdentity:
        """Return the inner identity: nothing is changed."""
        return self._inner.identity

    @property
    def rendition(self) -> Rendition:
        """Return the pictures the inner extractor takes."""
        return self._inner.rendition

    @property
    def dimension(self) -> int:
        """Return the length of a descriptor."""
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
        """Return float32[n, dimension]; only pictures not seen before go to the inner extractor."""
        digests = [hashlib.blake2b(picture.tobytes(), digest_size=20).digest() for picture in pictures]
        new = [place for place, digest in enumerate(digests) if digest not in self._kept]
        described = np.empty((len(pictures), self.dimension), np.float32)
        if new:
            described[new] = self._inner.describe(pictures[new])
        for place, digest in enumerate(digests):
            if digest in self._kept:
                described[place] = self._kept[digest]
        for place in new:
            if len(self._kept) < self._most:
                self._kept[digests[place]] = described[place].copy()
        return described

    def warm_up(self) -> None:
        """Warm up the inner extractor."""
        self._inner.warm_up()

    def close(self) -> None:
        """Close the inner extractor and forget."""
        self._kept.clear()
        self._inner.close()
