"""An extractor that describes each picture once, however often it is asked."""

import hashlib

import numpy as np
from numpy.typing import NDArray

from geolocdesk.features.descriptor import FloatArray
from geolocdesk.features.extractor import Extractor, WrappedExtractor

_MOST_BYTES = 1 << 29

Memory = dict[bytes, FloatArray]
"""Descriptors by a digest of their pictures."""


class RememberingExtractor(WrappedExtractor):
    """Another extractor's descriptors, kept: several packs and tables of one evaluation share many photos.

    ``memory`` may be shared by extractors of one network, as several trained models have it.
    """

    def __init__(self, inner: Extractor, memory: Memory) -> None:
        super().__init__(inner)
        self._kept = memory
        self._most = _MOST_BYTES // (4 * inner.dimension)

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

    def close(self) -> None:
        """Close the inner extractor and forget."""
        self._kept.clear()
        super().close()
