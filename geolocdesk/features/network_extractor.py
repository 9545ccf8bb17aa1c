"""A convolutional network as an extractor: prepare, run, pool, normalise each part, join."""

import numpy as np
from numpy.typing import NDArray

from geolocdesk.errors import ModelError
from geolocdesk.evidence.rendition import Rendition
from geolocdesk.features.descriptor import FloatArray, unit_rows
from geolocdesk.features.embedding import DescriptorMap
from geolocdesk.features.extractor import ExtractorIdentity
from geolocdesk.features.networks import Network


class NetworkExtractor:
    """Describes pictures by one network's pooled feature maps, before any projection."""

    def __init__(self, identity: ExtractorIdentity, network: Network, *, takes_projection: bool) -> None:
        self._identity = identity
        self._network: Network | None = network
        self._device = network.device
        self._takes_projection = takes_projection

    @property
    def identity(self) -> ExtractorIdentity:
        """Return what decides the descriptors."""
        return self._identity

    @property
    def rendition(self) -> Rendition:
        """Return the pictures it takes."""
        return self._identity.preparation.rendition

    @property
    def dimension(self) -> int:
        """Return the length of the joined parts."""
        return self._identity.dimension

    @property
    def device(self) -> str:
        """Return what it computes on."""
        return self._device

    @property
    def projection(self) -> DescriptorMap | None:
        """Return None: a projection comes after this."""
        return None

    @property
    def takes_projection(self) -> bool:
        """Return whether the model is meant to be used with a projection."""
        return self._takes_projection

    def describe(self, pictures: NDArray[np.uint8]) -> FloatArray:
        """Return float32[n, dimension]: every part of unit length, joined, and that of unit length again.

        Raises ModelError where the model yields no numbers.
        """
        side = self._identity.preparation.side_px
        if pictures.dtype != np.uint8 or pictures.shape[1:] != (side, side, 3):
            message = f"pictures are uint8[n, {side}, {side}, 3], not {pictures.dtype}{list(pictures.shape)}"
            raise ValueError(message)
        if self._network is None:
            message = "this extractor has been closed"
            raise RuntimeError(message)
        if len(pictures) == 0:
            return np.zeros((0, self.dimension), np.float32)
        parts = self._network.pool(self._identity.preparation.normalisation.apply(pictures))
        if not all(np.isfinite(part).all() for part in parts):
            message = f"The model {self._identity.name} yields no finite numbers; its weights are unusable."
            raise ModelError(message)
        return unit_rows(np.concatenate([unit_rows(part) for part in parts], axis=1))

    def warm_up(self) -> None:
        """Describe one black picture, so that the libraries have prepared what they need."""
        side = self._identity.preparation.side_px
        self.describe(np.zeros((1, side, side, 3), np.uint8))

    def close(self) -> None:
        """Let go of the network."""
        if self._network is not None:
            self._network.close()
            self._network = None
